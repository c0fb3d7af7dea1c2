"""Read one chain of pages to its end, and once more where it broke off or fell short.

The next request comes from `core/pagination.py`. A chain is read once more when its page token expired, and when fewer
records came than the vendor announced.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.core.chain import Chain, Unresolved
from engine.core.ledger import MEANINGS, ChainEnd, Outcome
from engine.core.pagination import Broken, follow
from engine.core.request import Request, opening
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.core.scopes import allowed, scope_hint
from engine.core.trail import Trail
from engine.runner.client import Answered, Client
from engine.runner.store import Store

MOST_RESTARTS = 3


class _Again:
    """The page token expired: read the chain from its beginning."""


@dataclass
class ChainReader:
    """One chain of pages; `trail` holds what is remembered between pages."""

    chain: Chain
    client: Client
    store: Store
    label: str
    trail: Trail = field(default_factory=Trail)

    @property
    def received(self) -> int:
        """How many records came so far."""
        return self.trail.received

    async def read(self, answer: Answered | GiveUp | None = None) -> ChainEnd:
        """Read to the end; `answer` is that of the opening request, if it was sent already. Raises DiskError."""
        try:
            return await self._to_its_end(answer)
        finally:
            if self.trail.total is not None:
                self.store.tally.expected = (self.store.tally.expected or 0) + self.trail.total

    async def _to_its_end(self, answer: Answered | GiveUp | None) -> ChainEnd:
        restarts, short = 0, False
        while True:
            end = await self._once(answer)
            answer = None
            if isinstance(end, _Again):
                restarts += 1
                if restarts > MOST_RESTARTS:
                    return self._end(Outcome.FAILED, "the page token expired again and again")
            elif end is not None:
                return end
            elif self.trail.short and not short:
                short = True
            else:
                return self._whole()
            self.store.read_again(self.trail)

    def _whole(self) -> ChainEnd:
        trail = self.trail
        if trail.short:
            words = f"the vendor announced {trail.total} records and delivered {trail.received}, twice"
            return self._end(Outcome.FAILED, words)
        return self._end(Outcome.COMPLETE if trail.mine else Outcome.EMPTY)

    async def _once(self, answer: Answered | GiveUp | None) -> ChainEnd | _Again | None:
        """Read the pages one after the other; None at the list's end."""
        try:
            request: Request | None = opening(self.chain)
        except Unresolved as error:
            return self._end(Outcome.FAILED, str(error))
        while request is not None:
            answer = answer or await self.client.ask(request, self.store.tally)
            if isinstance(answer, GiveUp):
                return self._given_up(answer)
            reading = answer.reading
            if not isinstance(reading, Page):
                self.store.refused(request, answer)
                return self._refused(request, reading) if isinstance(reading, Refusal) else self._end(Outcome.FAILED, reading.words)
            following = self._page(request, reading, answer)
            if isinstance(following, ChainEnd):
                return following
            request, answer = following, None
        return None

    def _page(self, request: Request, page: Page, answered: Answered) -> Request | ChainEnd | None:
        if page.first and page.first in self.trail.firsts:
            return self._end(Outcome.FAILED, "the vendor gave the same page twice")
        self.trail.firsts.add(page.first)
        try:
            self.store.take(request, page, answered, self.trail)
        except RecursionError:
            return self._end(Outcome.FAILED, "a record is nested deeper than Habeas reads")
        if self.trail.endless:
            return self._end(Outcome.FAILED, f"the vendor gave {self.trail.empty} empty pages in a row, each with a page to follow")
        following = follow(request, page, self.trail.marks)
        if following is None:
            return None
        if isinstance(following, Broken):
            return self._end(Outcome.FAILED, following.words)
        self.trail.marks.add(following.mark)
        return following.request

    def _refused(self, request: Request, refusal: Refusal) -> ChainEnd | _Again:
        if refusal.means == "restart":
            return _Again()
        if refusal.means == "gone":
            return self._end(Outcome.FAILED, f"the vendor removed it ({refusal.words})", final=True)
        outcome = MEANINGS.get(refusal.means or "", Outcome.FAILED)
        if outcome.whole and request.page > 1:
            return self._end(Outcome.FAILED, f"the list broke off at page {request.page} ({refusal.words})")
        if outcome.whole and self.trail.before is not None:
            return self._end(Outcome.FAILED, f"the list was refused when it was read again ({refusal.words})")
        if outcome is Outcome.DENIED:
            return self._end(outcome, f"the vendor denies it ({refusal.words}){self._scopes()}")
        return self._end(outcome, f"the vendor refused ({refusal.words})")

    def _scopes(self) -> str:
        """Name the scope that would help; empty where the token is known to have it."""
        granted = self.client.credentials.granted
        entries = self.chain.endpoint.granted_by
        return "" if granted is not None and allowed(entries, granted) else scope_hint(entries)

    def _given_up(self, given_up: GiveUp) -> ChainEnd:
        words = given_up.words
        if given_up.again_at is not None:
            words += f"; it can go on at {given_up.again_at:%Y-%m-%d %H:%M:%S} UTC"
        end = self._end(Outcome.FAILED, words, final=given_up.dead or given_up.exhausted or given_up.final)
        return ChainEnd(end.outcome, end.reason, end.received, end.label, end.final, given_up.again_at)

    def _end(self, outcome: Outcome, reason: str | None = None, *, final: bool = False) -> ChainEnd:
        return ChainEnd(outcome, reason, self.trail.received, self.label, final)
