"""Find the person, and learn whether the connection can see people at all: the look-ups, to their ends, beside `verify`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.core.account import Account
from engine.core.identity import Identifier
from engine.core.ledger import Subject, Tally
from engine.core.proof import NO_PROBE, proven_nobody, unproven_nobody
from engine.core.subject import LookupResult, possible
from engine.core.verify_request import shows_people, verified_words
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions.template import IDENTIFIERS
from engine.runner.client import Client
from engine.runner.listing import WholeList
from engine.runner.lookup import Answers, Lookups, row_of, unproven
from engine.runner.verify import ask_verify


@dataclass
class Search:
    """The look-ups and the `verify` call of one run; `lookup` is the one that answered last.

    `probe` is the identifier of a known colleague: it is looked up where `verify` lists nobody and the person is not found.
    """

    vendor: Vendor
    person: Mapping[str, Identifier]
    client: Client
    account: Account
    probe: Mapping[str, Identifier] = field(default_factory=dict, repr=False)
    tally: Tally = field(default_factory=Tally)
    verified: str = "not asked"
    found: LookupResult | None = None
    answers: list[Answers] = field(default_factory=list)
    unanswered: bool = False
    _verifying: asyncio.Task[bool] | None = None

    async def run(self, group: asyncio.TaskGroup) -> LookupResult:
        """Ask both; believe a "not found" only of a connection that was shown to see people.

        Only then is `verify` waited for: otherwise it goes on in the group until `settle`.
        """
        self._verifying = group.create_task(self._verify())
        found = await self._look_up()
        if found.subject is Subject.NO_MATCH:
            found = await self._believed(found, listed=await self._verifying)
        self.found = found
        return found

    def settle(self) -> None:
        """Wait no longer for `verify`: nothing depends on it any more."""
        if self._verifying is not None and not self._verifying.done():
            self._verifying.cancel()
            self.unanswered = True
            self.verified = "verify was not answered before the run ended"

    @property
    def lookup(self) -> Endpoint | None:
        """Give the look-up that was asked last."""
        return self.answers[-1].lookup if self.answers else None

    @property
    def lists(self) -> Sequence[WholeList]:
        """Give the lists of the look-up that was asked last."""
        return self.answers[-1].lists if self.answers else ()

    @property
    def others(self) -> int:
        """How many records of other people that look-up answered with."""
        return self.answers[-1].others if self.answers else 0

    def identifiers(self) -> Row:
        """Give what was asked for, as the values of requests."""
        return row_of(self.person)

    async def _verify(self) -> bool:
        """Ask `verify`; whether it listed a person."""
        found = await ask_verify(self.vendor, self.account, self.client, Tally())
        self.verified = verified_words(self.vendor, found)
        return shows_people(self.vendor, found)

    async def _believed(self, found: LookupResult, *, listed: bool) -> LookupResult:
        """Say whether "nobody" is believed."""
        if listed:
            return proven_nobody(found, "verify")
        asked = tuple(one.lookup for one in self.answers)
        probed = await self._lookups().seek_probe(asked, self.probe) if self.probe else NO_PROBE
        return proven_nobody(found, "probe") if probed is None else unproven_nobody(self.vendor, asked, self.verified, probed)

    async def _look_up(self) -> LookupResult:
        """Ask one look-up after the other until one finds somebody, or cannot say."""
        lacking = [hole.name for hole in self.vendor.lookups[0].holes() if hole.name in IDENTIFIERS and hole.name not in self.person]
        found = unproven(f"<{lacking[0]}> has no value" if lacking else "nothing was asked")
        for lookup in possible(self.vendor, self.person):
            answers = await self._lookups().ask(lookup, self.person)
            self.answers.append(answers)
            found = answers.found
            if found.subject is not Subject.NO_MATCH:
                break
        return found

    def _lookups(self) -> Lookups:
        return Lookups(self.vendor, self.client, self.account, self.tally)
