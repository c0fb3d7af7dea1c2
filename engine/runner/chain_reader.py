"""Read one chain of an endpoint, and say in an outcome and words how it ended."""

from __future__ import annotations

from msgspec import Struct

from engine.core.chain import Chain
from engine.core.ledger import MEANINGS, ChainEnd, Outcome
from engine.core.response import Refusal
from engine.core.retry import GiveUp
from engine.core.scopes import beyond_scopes, scope_remedy
from engine.replaced import replace
from engine.runner.client import Answered, Client
from engine.runner.list_reader import ListReader, Stopped
from engine.runner.store import ChainStore


class ChainReader(Struct):
    """One chain of an endpoint; `label` names it."""

    chain: Chain
    client: Client
    pages: ChainStore
    label: str

    async def read(self, answer: Answered | GiveUp | None = None) -> ChainEnd:
        """Read to the end; `answer` is that of the opening request, if it was sent already. Raises DiskError."""
        reader = ListReader(self.chain, self.client, self.pages, self.pages.trail)
        try:
            stopped = await reader.read(answer)
        finally:
            self.pages.ended(reader.notes)
        whole = Outcome.COMPLETE if self.pages.trail.mine else Outcome.EMPTY
        end = self._end(whole) if stopped is None else self._stopped(stopped)
        self.pages.log(end, reader.opened)
        self.pages.put_down()
        return end

    def _stopped(self, stopped: Stopped) -> ChainEnd:
        if isinstance(stopped.why, GiveUp):
            return self._given_up(stopped.why)
        return self._refused(stopped.why, stopped.page) if isinstance(stopped.why, Refusal) else self._end(Outcome.FAILED, stopped.why)

    def _refused(self, refusal: Refusal, page: int) -> ChainEnd:
        if refusal.means == "gone":
            return self._end(Outcome.FAILED, f"the vendor removed it ({refusal.words})", final=True)
        outcome = MEANINGS.get(refusal.means or "", Outcome.FAILED)
        if outcome.whole and page > 1:
            return self._end(Outcome.FAILED, f"the list broke off at page {page} ({refusal.words})")
        if outcome.whole and self.pages.trail.readings > 1:
            return self._end(Outcome.FAILED, f"the list was refused when it was read again ({refusal.words})")
        if outcome is Outcome.DENIED:
            reason = f"the vendor denies it ({refusal.words}){self._scopes(refusal)}"
            answered = page > 1 or self.pages.trail.readings > 1
            return replace(self._end(outcome, reason), helpless=answered or beyond_scopes(refusal.rule))
        unknown = self._scopes(refusal) if refusal.means is None and refusal.status in (401, 403) else ""
        return self._end(outcome, f"the vendor refused ({refusal.words}){unknown}")

    def _scopes(self, refusal: Refusal) -> str:
        """Name the scope that would help; empty where the token is known to have it, or none would."""
        return scope_remedy(self.chain.endpoint.granted_by, self.client.credentials.granted, refusal.rule)

    def _given_up(self, given_up: GiveUp) -> ChainEnd:
        end = self._end(Outcome.FAILED, given_up.said, final=given_up.dead or given_up.exhausted or given_up.final)
        return replace(end, again_at=given_up.again_at)

    def _end(self, outcome: Outcome, reason: str | None = None, *, final: bool = False) -> ChainEnd:
        return ChainEnd(outcome, reason, self.pages.trail.different, self.label, final)
