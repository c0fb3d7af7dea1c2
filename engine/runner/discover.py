"""Send the `discover` requests of a spec, before the person is looked up. Their values are kept in memory and never written."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from engine.core.account import Account, needed, own_row, spared
from engine.core.chain import Chain, join_rows
from engine.core.envelope import request_values
from engine.core.ledger import ChainEnd, Entry, Outcome, Tally, at_most_partial, inherited_entry, latest, outcome_of
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions.select import parse_select
from engine.language.expressions.template import Field
from engine.runner.client import Client
from engine.runner.listing import NotListed, listed, side_by_side


class Discovery(Struct):
    """The `discover` requests of an account, each after those whose values it needs and none twice; `tally` counts them."""

    vendor: Vendor
    account: Account
    client: Client
    tally: Tally = field(default_factory=Tally)

    async def run(self, requests: Sequence[Endpoint]) -> bool:
        """Send what these requests need and is not known; whether anything was needed.

        Where one fails, `account` keeps the reason for the requests that wanted its values.
        """
        names = [name for name in needed(self.vendor, requests) if not spared(self.vendor, name, self.account.given)]
        for name in names:
            if name not in self.account.entries:
                await self._discover(self.vendor.discover[name])
        return bool(names)

    async def _discover(self, endpoint: Endpoint) -> None:
        for fields in _children(self.vendor, endpoint.name):
            self.account.rows.pop(fields, None)  # of a run that was cancelled while it asked
        parents = endpoint.parents()
        above = self.account.entries[parents[0].endpoint] if parents else None
        below = inherited_entry(above, endpoint.name) if above is not None else None
        if below is not None:
            self.account.entries[endpoint.name] = below
            return
        outer = self.account.rows.get(parents, []) if parents else [()]
        chains = [join_rows(row, own) for row in outer for own in endpoint.rows]
        ends: list[ChainEnd] = await side_by_side(self._asked(endpoint, row) for row in chains)
        received = sum(end.received for end in ends)
        if parents and self.account.lacking(parents):
            ends.append(ChainEnd(Outcome.FAILED, f"a record of `{parents[0].endpoint}` has no usable `{parents[0].name}`"))
        outcome, reason = outcome_of(ends, 0, received)
        if above is not None:
            outcome, reason = at_most_partial(above, outcome, reason)
        self.account.entries[endpoint.name] = Entry(endpoint.name, outcome, reason, Tally(records=received), again_at=latest(ends))

    async def _asked(self, endpoint: Endpoint, row: Row) -> ChainEnd:
        place = own_row(endpoint, dict(row))
        completed = self.account.complete(endpoint, row)
        if isinstance(completed, ChainEnd):
            end = completed
        else:
            found = await listed(Chain(endpoint, completed), self.client, self.tally)
            if isinstance(found, NotListed):
                end = found.end()
            else:
                records = [record for _, page, _ in found.pages for record in page.records]
                end = self.account.learn(endpoint, completed, records) or self._kept(endpoint, completed, records)
        self.account.ends[endpoint.name, place] = end
        return end

    def _kept(self, endpoint: Endpoint, row: Row, records: Sequence[bytes]) -> ChainEnd:
        """Keep the fields that other requests are sent with: one row per record that has all of them."""
        for fields in _children(self.vendor, endpoint.name):
            columns = request_values(records, [parse_select(".".join(one.path)) for one in fields])
            rows = self.account.rows.setdefault(fields, [])
            for texts in zip(*columns, strict=True):
                if None not in texts:
                    rows.append(
                        join_rows(row, tuple((one.name, text) for one, text in zip(fields, texts, strict=True) if text is not None))
                    )
        return ChainEnd(Outcome.COMPLETE if records else Outcome.EMPTY, None, len(records))


def _children(vendor: Vendor, name: str) -> tuple[tuple[Field, ...], ...]:
    below = (one.parents() for one in vendor.requests())
    return tuple(dict.fromkeys(fields for fields in below if fields and fields[0].endpoint == name))
