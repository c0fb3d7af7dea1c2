"""Find the person: try the look-ups one after the other, while `verify` shows whether the connection can see people at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from engine.core.identity import Identifier
from engine.core.ledger import Entry, Subject, Tally
from engine.core.lookups import Sought, combined, values_of
from engine.core.proof import NO_PROBE, SAME_PERSON, is_probe, proven_nobody, unproven_nobody
from engine.core.subject import LookupResult, groups, possible
from engine.core.trail import Trail
from engine.core.verify_request import shows_people, verified_words
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions.template import IDENTIFIERS
from engine.replaced import replace
from engine.runner.client import Client
from engine.runner.facts import AccountFacts
from engine.runner.listing import side_by_side
from engine.runner.lookup import Answers, Lookups, row_of, unproven
from engine.runner.store import Store


class Search(Discreet, Struct):
    """The look-ups and the `verify` call of one run. `answers` are those that ended each group of alternatives.

    `probe` is the identifier of a known colleague: it is looked up where `verify` lists nobody and the person is not found.
    `lacking` says how an endpoint ends that needs what no look-up captured.
    """

    HIDDEN = ("probe",)

    vendor: Vendor
    person: Mapping[str, Identifier]
    client: Client
    facts: AccountFacts
    probe: Mapping[str, Identifier] = {}
    tally: Tally = field(default_factory=Tally)
    verified: str = "not asked"
    found: LookupResult | None = None
    answers: list[Answers] = field(default_factory=list)
    asked: dict[str, Subject] = field(default_factory=dict)
    unanswered: bool = False
    lacking: Callable[[Endpoint], Entry | None] = lambda _: None
    _verifying: asyncio.Task[bool] | None = None

    async def run(self, group: asyncio.TaskGroup) -> LookupResult:
        """Ask all; believe a "not found" only of a connection that was shown to see people.

        Only in that case is `verify` waited for; otherwise it goes on in the group until `settle`.
        """
        self._verifying = group.create_task(self._verify())
        ways = [self._alternatives(one) for one in groups(possible(self.vendor, self.person))]
        asked: list[list[Answers]] = [await ways[0]] if len(ways) == 1 else await side_by_side(ways)
        if not asked:
            names = [hole.name for hole in self.vendor.lookups[0].holes() if hole.name in IDENTIFIERS and hole.name not in self.person]
            self.found = unproven(f"<{names[0]}> has no value" if names else "nothing was asked")
            return self.found
        self.answers = [answers[-1] for answers in asked]
        self.asked = {one.lookup.name: one.found.subject for answers in asked for one in answers}
        sought = [await self._sought([one.lookup for one in answers], answers[-1], self._verifying) for answers in asked]
        together = combined(sought)
        self.found, self.lacking = together.found, together.entry
        return self.found

    def settle(self) -> None:
        """Cancel `verify` if it is still unanswered: nothing depends on it any more."""
        if self._verifying is not None and not self._verifying.done():
            self._verifying.cancel()
            self.unanswered = True
            self.verified = "verify was not answered before the run ended"

    @property
    def others(self) -> int:
        """How many records of other people the last look-up of each group answered with."""
        return sum(one.others for one in self.answers)

    def identifiers(self) -> Row:
        """Give what was asked for, as the values of requests."""
        return row_of(self.person)

    async def _verify(self) -> bool:
        """Ask `verify`; whether it listed a person."""
        found = await self.facts.verify()
        self.verified = verified_words(self.vendor, found)
        return shows_people(self.vendor, found)

    async def _sought(self, lookups: Sequence[Endpoint], last: Answers, verifying: asyncio.Task[bool]) -> Sought:
        """Say what a group of alternatives came to; "nobody" only where it is believed."""
        found = last.found
        if found.subject is Subject.NO_MATCH:
            await verifying
            found = await self._believed(found, tuple(lookups), listed=await self._verify())
        return Sought(values_of(lookups), found, last.outcome)

    async def _believed(self, found: LookupResult, asked: tuple[Endpoint, ...], *, listed: bool) -> LookupResult:
        if listed:
            return proven_nobody(found, "verify")
        if is_probe(self.person, self.probe):
            return unproven_nobody(self.vendor, asked, self.verified, SAME_PERSON)
        probed = await self.facts.seek_probe(asked, self.probe, self.tally) if self.probe else NO_PROBE
        return proven_nobody(found, "probe") if probed is None else unproven_nobody(self.vendor, asked, self.verified, probed)

    async def _alternatives(self, lookups: Sequence[Endpoint]) -> list[Answers]:
        """Ask one look-up after the other until one finds somebody, or cannot say."""
        asked: list[Answers] = []
        for lookup in lookups:
            asked.append(await self._lookups().ask(lookup, self.person))
            if asked[-1].found.subject is not Subject.NO_MATCH:
                break
        return asked

    def _lookups(self) -> Lookups:
        return Lookups(self.vendor, self.client, self.facts.account, self.tally)

    def deliver(self, store: Store) -> None:
        """Write the person's own record, as the look-ups found it. Raises DiskError."""
        for answers in self.answers:
            store.endpoint = replace(answers.lookup, name="lookup")
            for whole_list in answers.lists if answers.found.subject is Subject.MATCHED else ():
                if whole_list.pages:
                    pages = store.begin(whole_list.pages[0][0].chain, Trail(answers.lookup.key))
                    for request, page, answered in whole_list.pages:
                        pages.take(request, page, answered, pages.trail)
                    pages.put_down()
