"""Find the person, and learn whether the connection can see people at all: the look-up, to its end, beside `verify`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.core.http import Malformed
from engine.core.identity import Identifier, lowered
from engine.core.ledger import Subject, Tally
from engine.core.pagination import Broken, follow
from engine.core.request import Chain, Request, Unresolved, opening
from engine.core.response import Page, Refusal, Unusable
from engine.core.retry import GiveUp
from engine.core.subject import Found, asked_by, identify
from engine.runner.ask import Answered, Asker
from engine.spec.effective import Row, Vendor

MOST_PAGES = 1000


@dataclass
class Search:
    """The look-up and the `verify` call of one run."""

    vendor: Vendor
    person: Mapping[str, Identifier]
    asker: Asker
    tally: Tally = field(default_factory=Tally)
    verified: str = "not asked"
    found: Found | None = None
    pages: list[tuple[Request, Page, Answered]] = field(default_factory=list)
    _verifying: asyncio.Task[bool] | None = None

    async def run(self, group: asyncio.TaskGroup) -> Found:
        """Ask both; believe a "not found" only of a connection that was shown to see people.

        Only then is `verify` waited for: otherwise it goes on in the group until `settle`.
        """
        self._verifying = group.create_task(self._verify())
        found = await self._look_up()
        if found.subject is Subject.NO_MATCH and not (await self._verifying or self._may_look_up()):
            words = f"the vendor says it knows nobody, but nothing shows that this connection sees people ({self.verified})"
            found = replace(found, subject=Subject.UNPROVEN, reason=words)
        self.found = found
        return found

    def settle(self) -> None:
        """Wait no longer for `verify`: nothing depends on it any more."""
        if self._verifying is not None and not self._verifying.done():
            self._verifying.cancel()
            self.verified = "verify was not answered before the run ended"

    @property
    def others(self) -> int:
        """How many records of other people the look-up answered with."""
        return sum(page.others for _, page, _ in self.pages)

    def identifiers(self) -> Row:
        """Give what was asked for, as the values of requests."""
        return tuple((name, one.value) for name, one in self.person.items())

    def _may_look_up(self) -> bool:
        """Whether the token answer listed a scope of the look-up."""
        entries, granted = self.vendor.lookup.granted_by, self.asker.credentials.granted
        return granted is not None and any(entry <= granted for entry in entries)

    async def _verify(self) -> bool:
        answer = await self.asker.ask(opening(Chain(self.vendor.verify)), Tally())
        if isinstance(answer, GiveUp):
            self.verified = f"verify: {answer.words}"
            return False
        if isinstance(answer.reading, Page):
            self.verified = "verify was answered"
            return True
        words = answer.reading.words
        if isinstance(answer.reading, Refusal) and answer.reading.means == "denied":
            needed = " or ".join(" and ".join(sorted(entry)) for entry in self.vendor.verify.granted_by)
            words += f"; it needs the scope {needed}" if needed else ""
        self.verified = f"verify was refused: {words}"
        return False

    async def _look_up(self) -> Found:
        name = asked_by(self.vendor.lookup)
        found = await self._ask(self.person)
        given = self.person[name]
        lower = lowered(given.value)
        if found.subject is Subject.NO_MATCH and given.kind == "email" and lower != given.value:
            found = await self._ask({**self.person, name: replace(given, value=lower)})
        return found

    async def _ask(self, person: Mapping[str, Identifier]) -> Found:
        """Read the look-up to its end, then decide over all that answered: a part of a list proves nobody's absence."""
        self.pages = []
        try:
            request: Request | None = opening(Chain(self.vendor.lookup, tuple((name, one.value) for name, one in person.items())))
        except Unresolved as error:
            return _unproven(str(error))
        marks, firsts = set[str](), set[int]()
        while request is not None:
            answer = await self.asker.ask(request, self.tally)
            if isinstance(answer, GiveUp):
                return Found(Subject.UNPROVEN, answer.words) if answer.dead else _unproven(answer.words)
            page = answer.reading
            if not isinstance(page, Page):
                return _unanswered(page, request.page)
            if page.first and page.first in firsts:
                return _unproven("the vendor gave the same page twice")
            firsts.add(page.first)
            self._keep(request, page, answer)
            following = follow(request, page, marks)
            if isinstance(following, Broken):
                return _unproven(following.words)
            if following is not None and request.page >= MOST_PAGES:
                return _unproven(f"its list goes on after {MOST_PAGES:,} pages")
            marks |= {following.mark} if following is not None else set()
            request = following.request if following is not None else None
        return self._decided()

    def _keep(self, request: Request, page: Page, answer: Answered) -> None:
        """Hold the person's own records until it is known whether they may be written; of others only their number."""
        own = replace(page, records=[bytes(record) for record in page.records])
        self.pages.append((request, own, answer.light(own)))

    def _decided(self) -> Found:
        received = sum(page.count for _, page, _ in self.pages)
        total = next((page.total for _, page, _ in reversed(self.pages) if page.total is not None), 0)
        if received < total:
            return _unproven(f"the vendor announced {total} records and delivered {received}")
        return identify(self.vendor.lookup, [record for _, page, _ in self.pages for record in page.records], self.others)


def _unproven(words: str) -> Found:
    return Found(Subject.UNPROVEN, f"the look-up failed: {words}")


def _unanswered(reading: Refusal | Malformed | Unusable, page: int) -> Found:
    """Say what it means that no page came: nobody, if the vendor says so at once."""
    if page > 1:
        return _unproven(f"its list broke off at page {page} ({reading.words})")
    if isinstance(reading, Refusal) and reading.means == "absent":
        return Found(Subject.NO_MATCH, "the vendor knows nobody by this identifier")
    return _unproven(reading.words)
