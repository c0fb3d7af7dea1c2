"""Ask one look-up about one person: every chain of it read to its end, then a decision over all that answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from engine.core.account import Account
from engine.core.chain import Chain, join_rows
from engine.core.identity import Identifier, lowered
from engine.core.ledger import ChainEnd, Outcome, Subject, Tally, latest
from engine.core.proof import not_found_by, unasked
from engine.core.request import Request
from engine.core.response import Page
from engine.core.subject import NOBODY_KNOWN, LookupResult, asked_by, identify, possible
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row, Vendor
from engine.replaced import replace
from engine.runner.client import Answered, Client
from engine.runner.listing import NotListed, WholeList, listed, side_by_side


class Answers(Discreet, Struct, frozen=True):
    """What one look-up came to: whom it found, and the lists that it read (none where it could not say; `outcome` says how it ended)."""

    HIDDEN = ("lists",)

    lookup: Endpoint
    found: LookupResult
    lists: Sequence[WholeList] = ()
    outcome: Outcome = Outcome.FAILED

    @property
    def others(self) -> int:
        """How many records of other people the look-up answered with."""
        return sum(one.others for one in self.lists)

    @property
    def pages(self) -> Sequence[tuple[Request, Page, Answered]]:
        """Give every page that was read."""
        return [page for one in self.lists for page in one.pages]


class Lookups(Struct, frozen=True):
    """Sends a vendor's look-ups; `tally` counts their requests."""

    vendor: Vendor
    client: Client
    account: Account
    tally: Tally

    async def ask(self, lookup: Endpoint, person: Mapping[str, Identifier]) -> Answers:
        """Ask one look-up about a person. An e-mail address that nobody has is asked once more in lower case."""
        name = asked_by(lookup)
        answers = await self._ask(lookup, person)
        given = person[name]
        lower = lowered(given.value)
        if answers.found.subject is Subject.NO_MATCH and given.kind == "email" and lower != given.value:
            answers = await self._ask(lookup, {**person, name: replace(given, value=lower)})
        return answers

    async def seek_probe(self, lookups: Sequence[Endpoint], probe: Mapping[str, Identifier]) -> str | None:
        """Look for the probe with each of these look-ups; None where each finds it, else words that say which does not."""
        fitting = possible(self.vendor, probe)
        for lookup in lookups:
            if lookup not in fitting:
                return unasked(self.vendor, lookup)
            answers = await self.ask(lookup, probe)
            if answers.found.subject is not Subject.MATCHED:
                return not_found_by(self.vendor, lookup, answers.found)
        return None

    async def _ask(self, lookup: Endpoint, person: Mapping[str, Identifier]) -> Answers:
        outer = self._outer(lookup)
        if isinstance(outer, LookupResult):
            return Answers(lookup, outer)
        rows = [join_rows(row, own) for row in outer for own in lookup.rows]
        answers: list[WholeList | NotListed] = await side_by_side(self._listed(lookup, (*row_of(person), *row)) for row in rows)
        failed = [one for one in answers if isinstance(one, NotListed) and not one.nobody]
        excused = len(failed) < len(answers) and all(one.outcome is Outcome.UNLICENSED for one in failed)
        if failed and not excused:
            worst = max(failed, key=lambda one: (one.dead, one.outcome is Outcome.FAILED, one.outcome is Outcome.DENIED))
            said = LookupResult(Subject.UNPROVEN, worst.words) if worst.dead else unproven(worst.words, latest(one.end() for one in failed))
            return Answers(lookup, said, outcome=worst.outcome)
        lists = [one for one in answers if isinstance(one, WholeList)]
        if not lists:
            return Answers(lookup, LookupResult(Subject.NO_MATCH, NOBODY_KNOWN))
        names = set(person) | {name for name, _ in self.account.given}
        answered = [
            (tuple(pair for pair in request.chain.row if pair[0] not in names), record)
            for whole in lists
            for request, page, _ in whole.pages
            for record in page.records
        ]
        return Answers(lookup, identify(lookup, answered, sum(one.others for one in lists), named=any(one.named for one in lists)), lists)

    def _outer(self, lookup: Endpoint) -> Sequence[Row] | LookupResult:
        """Give the rows of `discover` that a look-up is asked for each of, or why they are not all known."""
        parents = lookup.parents()
        if not parents:
            return [()]
        entry = self.account.entries[parents[0].endpoint]
        if entry.outcome not in (Outcome.COMPLETE, Outcome.EMPTY):
            return unproven(f"`{entry.name}` is {entry.outcome}" + (f" ({entry.reason})" if entry.reason else ""), entry.again_at)
        if self.account.lacking(parents):
            return unproven(f"a record of `{entry.name}` has no usable `{parents[0].name}`")
        return self.account.rows.get(parents, [])

    async def _listed(self, lookup: Endpoint, row: Row) -> WholeList | NotListed:
        completed = self.account.complete(lookup, row)
        if isinstance(completed, ChainEnd):
            return NotListed(
                completed.reason or "what it needs of the account is not known", completed.outcome, again_at=completed.again_at
            )
        return await listed(Chain(lookup, completed), self.client, self.tally)


def row_of(person: Mapping[str, Identifier]) -> Row:
    """Give a person's identifiers as the values of requests."""
    return tuple((name, one.value) for name, one in person.items())


def unproven(words: str, again_at: datetime | None = None) -> LookupResult:
    """Say why a look-up could not say whether it knows the person; `again_at`: when the vendor's limit lets it."""
    return LookupResult(Subject.UNPROVEN, f"the look-up failed: {words}", again_at=again_at)
