"""The account: values known before the person is asked for, from the connection (settings, token answer) and from `discover`.

A value that was discovered for each value of a `for`, such as OBJECT, belongs to the requests whose row has the same OBJECT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from engine.core.identity import means_nothing
from engine.core.ledger import ChainEnd, Entry, Outcome
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions import lossless_json
from engine.language.expressions.template import Field


class Account(Discreet, Struct, dict=True):
    """What is known: `values` by name and row, `rows` of records that others ask about, how each request ended.

    The connection `brought` its own values; `from_token` gives those that came with the token in use, which may change when it is renewed.
    """

    HIDDEN = ("brought", "from_token", "values", "rows")

    vendor: Vendor
    brought: Row = ()
    from_token: Callable[[], Row] = tuple
    values: dict[tuple[str, Row], str] = field(default_factory=dict)
    rows: dict[tuple[Field, ...], list[Row]] = field(default_factory=dict)
    ends: dict[tuple[str, Row], ChainEnd] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    @cached_property
    def _captures(self) -> dict[str, Endpoint]:
        """Index the requests of `discover` by the names that they capture."""
        return {name: one for one in self.vendor.discover.values() for name, _ in one.capture}

    @property
    def given(self) -> Row:
        """Give the connection's own values as they are now: they may change when the token is renewed."""
        return tuple({**dict(self.brought), **dict(self.from_token())}.items())

    @property
    def names(self) -> frozenset[str]:
        """Give the names that `discover` captures."""
        return frozenset(self._captures)

    def rows_of(self, name: str) -> frozenset[str]:
        """Give the names of the `for` values that a discovered value depends on."""
        found = self._captures[name]
        return frozenset(one for one, _ in found.rows[0])

    def complete(self, endpoint: Endpoint, row: Row) -> Row | ChainEnd:
        """Add to a row every value of the account that a request needs; a ChainEnd says why one is missing.

        Where finding it out needs a scope of its own, the endpoint's own scope would not help.
        """
        known = {**dict(self.given), **{name: value for name, value in row if name not in self._captures}, **dict(self.from_token())}
        for hole in endpoint.holes():
            if hole.name in known or hole.name not in self._captures:
                continue
            found = self._captures[hole.name]
            place = own_row(found, known)
            value = self.values.get((hole.name, place))
            if value is None:
                end = self.ends.get((found.name, place))
                reason = f"`{found.name}` was not found out" + (f": {end.reason}" if end is not None and end.reason else "")
                outcome = end.outcome if end is not None and end.outcome is not Outcome.COMPLETE else Outcome.FAILED
                another = bool(found.granted_by) and found.granted_by != endpoint.granted_by
                again = end.again_at if end is not None else None
                return ChainEnd(outcome, reason, again_at=again, helpless=another or (end is not None and end.helpless))
            known[hole.name] = value
        return tuple(known.items())

    def lacking(self, fields: tuple[Field, ...]) -> int:
        """Count the records of a discovered list that lack one of these fields, so that nothing can be asked about them."""
        return self.entries[fields[0].endpoint].tally.records - len(self.rows.get(fields, []))

    def rows_for(self, fields: tuple[Field, ...], person: Row) -> list[Row]:
        """Give a person's row joined with each discovered record. A person found with one record is not joined with another."""
        known = {name: value for name, value in person if name not in self._captures}
        return [(*person, *row) for row in self.rows.get(fields, []) if not _parted(known, row)]

    def learn(self, endpoint: Endpoint, row: Row, records: Sequence[Any]) -> ChainEnd | None:
        """Keep the values that a request captures; a ChainEnd if its answer holds none, or several different ones, for a name."""
        if endpoint.capture and any(lossless_json.repeats(bytes(record)) for record in records):
            return ChainEnd(Outcome.FAILED, "its answer holds a member twice, so that it cannot be read in one way")
        decoded = [lossless_json.loads(bytes(record)) for record in records]
        for name, select in endpoint.capture:
            found = {value for one in decoded if (value := captured(select.search(one))) is not None}
            if len(found) != 1:
                what = "no usable value" if not found else "several values"
                return ChainEnd(Outcome.FAILED, f"its answer holds {what} for <{name}>")
            self.values[name, own_row(endpoint, dict(row))] = found.pop()
        return None


def _parted(known: dict[str, str], row: Row) -> bool:
    """Whether two rows hold fields of different records: they share a field and differ in a value. `for` values alone do not count."""
    shared = [(name, value) for name, value in row if name in known]
    return any("." in name for name, _ in shared) and any(known[name] != value for name, value in shared)


def captured(value: Any) -> str | None:
    """Turn what a path found into a value: a text as it is, a number, true or a list as JSON; None for an object and no value."""
    if value is None or value == [] or isinstance(value, dict) or means_nothing(value):
        return None
    return value if isinstance(value, str) else lossless_json.Json(lossless_json.dumps(value).decode("utf-8"))


def own_row(endpoint: Endpoint, values: dict[str, str]) -> Row:
    """Give the part of a row that comes from the request's own `for`."""
    return tuple((name, values[name]) for name, _ in endpoint.rows[0] if name in values)


def needed(vendor: Vendor, requests: Iterable[Endpoint]) -> tuple[str, ...]:
    """Give the names of the `discover` requests that these requests need, in an order in which each comes after those it needs."""
    captures = {name: one for one in vendor.discover.values() for name, _ in one.capture}
    order: list[str] = []

    def visit(endpoint: Endpoint) -> None:
        names = [captures[hole.name].name for hole in endpoint.holes() if hole.name in captures]
        names += [one.endpoint for one in endpoint.parents() if one.endpoint in vendor.discover]
        for name in dict.fromkeys(names):
            if name not in order:
                visit(vendor.discover[name])
                order.append(name)

    for endpoint in requests:
        visit(endpoint)
    return tuple(order)


def spared(vendor: Vendor, name: str, given: Row) -> bool:
    """Whether a `discover` request can be skipped: the connection has all that it captures, and no request needs its records."""
    parents = {one.endpoint for request in vendor.requests() for one in request.parents()}
    names = {one for one, _ in vendor.discover[name].capture}
    return bool(names) and name not in parents and names <= {one for one, _ in given}
