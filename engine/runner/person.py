"""Find the person, and learn whether the connection can see people at all. Sends two requests, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.core.identity import Identifier
from engine.core.ledger import Subject, Tally
from engine.core.request import Chain, opening
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.core.subject import Found, asked_by, identify
from engine.runner.ask import Answered, Asker
from engine.spec.effective import Row, Vendor


@dataclass
class Search:
    """The look-up and the `verify` call of one run."""

    vendor: Vendor
    person: Mapping[str, Identifier]
    asker: Asker
    tally: Tally = field(default_factory=Tally)
    verified: str = "not asked"
    found: Found | None = None
    page: tuple[Chain, Page, Answered] | None = None
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
        lower = given.value.lower()
        if found.subject is Subject.NO_MATCH and given.kind == "email" and lower != given.value:
            found = await self._ask({**self.person, name: replace(given, value=lower)})
        return found

    async def _ask(self, person: Mapping[str, Identifier]) -> Found:
        chain = Chain(self.vendor.lookup, tuple((name, one.value) for name, one in person.items()))
        answer = await self.asker.ask(opening(chain), self.tally)
        if isinstance(answer, GiveUp):
            words = f"the look-up failed: {answer.words}"
            return Found(Subject.UNPROVEN, answer.words if answer.dead else words)
        if isinstance(answer.reading, Refusal) and answer.reading.means == "absent":
            return Found(Subject.NO_MATCH, "the vendor knows nobody by this identifier")
        if not isinstance(answer.reading, Page):
            return Found(Subject.UNPROVEN, f"the look-up failed: {answer.reading.words}")
        found = identify(self.vendor.lookup, answer.reading.records, person)
        if found.subject is Subject.MATCHED:
            self.page = (chain, answer.reading, answer)
        return found
