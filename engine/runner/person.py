"""Find the person: try the look-ups one after the other, while `verify` shows whether the connection can see people at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.core.account import Account
from engine.core.chain import Chain, join_rows
from engine.core.identity import Identifier, lowered
from engine.core.ledger import ChainEnd, Outcome, Subject, Tally
from engine.core.request import Request
from engine.core.response import Page
from engine.core.scopes import allowed, scope_hint
from engine.core.subject import LookupResult, asked_by, identify, possible
from engine.core.verify_request import NotAsked, VerifyAnswer
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions.template import IDENTIFIERS
from engine.runner.client import Answered, Client
from engine.runner.listing import NotListed, WholeList, listed, side_by_side
from engine.runner.verify import ask_verify

NOBODY = "the vendor knows nobody by this identifier"


@dataclass
class Search:
    """The look-ups and the `verify` request of one run; `lookup` is the one that was asked last, `lists` its answers."""

    vendor: Vendor
    person: Mapping[str, Identifier]
    client: Client
    account: Account
    tally: Tally = field(default_factory=Tally)
    verified: str = "not asked"
    found: LookupResult | None = None
    lookup: Endpoint | None = None
    lists: list[WholeList] = field(default_factory=list)
    unanswered: bool = False
    _verifying: asyncio.Task[bool] | None = None

    async def run(self, group: asyncio.TaskGroup) -> LookupResult:
        """Send the look-ups beside `verify`. "Not found" counts only if `verify` or a scope shows that the connection sees people.

        Only in that case is `verify` waited for; otherwise it goes on in the group until `settle`.
        """
        self._verifying = group.create_task(self._verify())
        found = await self._look_up()
        if found.subject is Subject.NO_MATCH and not (await self._verifying or self._may_look_up()):
            words = f"the vendor says it knows nobody, but nothing shows that this connection sees people ({self.verified})"
            found = replace(found, subject=Subject.UNPROVEN, reason=words)
        self.found = found
        return found

    def settle(self) -> None:
        """Cancel `verify` if it is still unanswered: nothing depends on it any more."""
        if self._verifying is not None and not self._verifying.done():
            self._verifying.cancel()
            self.unanswered = True
            self.verified = "verify was not answered before the run ended"

    @property
    def others(self) -> int:
        """How many records of other people the look-up's answers held."""
        return sum(one.others for one in self.lists)

    @property
    def pages(self) -> Sequence[tuple[Request, Page, Answered]]:
        """Give the pages on which the person was found."""
        return [page for one in self.lists for page in one.pages]

    def identifiers(self) -> Row:
        """Give the person's identifiers as a row of values."""
        return _row(self.person)

    def _may_look_up(self) -> bool:
        """Whether the token answer listed a scope of every look-up that was asked."""
        granted = self.client.credentials.granted
        return granted is not None and all(allowed(one.granted_by, granted) for one in possible(self.vendor, self.person))

    async def _verify(self) -> bool:
        """Send `verify`; True if it was answered, which shows that the connection sees people."""
        found = await ask_verify(self.vendor, self.account, self.client, Tally())
        if isinstance(found, NotAsked):
            self.verified = f"verify was not asked: {found.words}"
        elif found.answered:
            self.verified = "verify was answered"
        elif found.given_up:
            self.verified = f"verify: {found.words}"
        else:
            hint = scope_hint(self.vendor.verify.granted_by) if found.denied else ""
            self.verified = f"verify was refused: {found.words}{hint}"
        return isinstance(found, VerifyAnswer) and found.answered

    async def _look_up(self) -> LookupResult:
        """Ask the look-ups in order until one finds somebody or fails."""
        lacking = [hole.name for hole in self.vendor.lookups[0].holes() if hole.name in IDENTIFIERS and hole.name not in self.person]
        found = _unproven(f"<{lacking[0]}> has no value" if lacking else "nothing was asked")
        for lookup in possible(self.vendor, self.person):
            found = await self._by(lookup)
            if found.subject is not Subject.NO_MATCH:
                break
        return found

    async def _by(self, lookup: Endpoint) -> LookupResult:
        name = asked_by(lookup)
        found = await self._ask(lookup, self.person)
        given = self.person[name]
        lower = lowered(given.value)
        if found.subject is Subject.NO_MATCH and given.kind == "email" and lower != given.value:
            found = await self._ask(lookup, {**self.person, name: replace(given, value=lower)})
        return found

    async def _ask(self, lookup: Endpoint, person: Mapping[str, Identifier]) -> LookupResult:
        """Read every chain of a look-up to its end, then decide over all answers together."""
        self.lookup, self.lists = lookup, []
        outer = self._outer(lookup)
        if isinstance(outer, str):
            return _unproven(outer)
        rows = [join_rows(row, own) for row in outer for own in lookup.rows]
        answers: list[WholeList | NotListed] = await side_by_side(self._listed(lookup, (*_row(person), *row)) for row in rows)
        failed = [one for one in answers if isinstance(one, NotListed) and not one.nobody]
        excused = len(failed) < len(answers) and all(one.outcome is Outcome.UNLICENSED for one in failed)
        if failed and not excused:
            worst = max(failed, key=lambda one: (one.dead, one.outcome is Outcome.FAILED))
            return LookupResult(Subject.UNPROVEN, worst.words) if worst.dead else _unproven(worst.words)
        self.lists = [one for one in answers if isinstance(one, WholeList)]
        if not self.lists:
            return LookupResult(Subject.NO_MATCH, NOBODY)
        names = set(person) | {name for name, _ in self.account.given}
        answered = [
            (tuple(pair for pair in request.chain.row if pair[0] not in names), record)
            for request, page, _ in self.pages
            for record in page.records
        ]
        return identify(lookup, answered, self.others)

    def _outer(self, lookup: Endpoint) -> Sequence[Row] | str:
        """Give the rows of `discover` that a look-up is asked once each for, or the reason why they are not all known."""
        parents = lookup.parents()
        if not parents:
            return [()]
        entry = self.account.entries[parents[0].endpoint]
        if entry.outcome not in (Outcome.COMPLETE, Outcome.EMPTY):
            return f"`{entry.name}` is {entry.outcome}" + (f" ({entry.reason})" if entry.reason else "")
        if self.account.lacking(parents):
            return f"a record of `{entry.name}` has no usable `{parents[0].name}`"
        return self.account.rows.get(parents, [])

    async def _listed(self, lookup: Endpoint, row: Row) -> WholeList | NotListed:
        completed = self.account.complete(lookup, row)
        if isinstance(completed, ChainEnd):
            return NotListed(completed.reason or "what it needs of the account is not known", completed.outcome)
        return await listed(Chain(lookup, completed), self.client, self.tally)


def _row(person: Mapping[str, Identifier]) -> Row:
    return tuple((name, one.value) for name, one in person.items())


def _unproven(words: str) -> LookupResult:
    return LookupResult(Subject.UNPROVEN, f"the look-up failed: {words}")
