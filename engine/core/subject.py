"""Is the person who answers the one asked for? Decides; asks nobody."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.identity import NOBODY
from engine.core.ledger import Subject
from engine.spec import exact
from engine.spec.effective import Endpoint, Row, Vendor
from engine.spec.template import IDENTIFIERS

FORBIDDEN_CAPTURES = ("", *NOBODY)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up's records say. `row` holds the captured values, never shown."""

    subject: Subject
    reason: str | None = None
    row: Row = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Lack:
    """An identifier that was not given, and the endpoints without which it would not be needed: none, if all need it."""

    identifier: str
    endpoints: tuple[str, ...]


def asked_by(lookup: Endpoint) -> str:
    """Name the identifier a look-up asks by: EMAIL, PHONE or USERNAME."""
    return next(hole.name for hole in lookup.holes() if hole.name in IDENTIFIERS)


def lacking(vendor: Vendor, given: Collection[str], excluded: Collection[str] = ()) -> Lack | None:
    """Find an identifier that a run would need and was not given; what is left out by order needs none."""
    asked = {name: one for name, one in vendor.endpoints.items() if name not in excluded}
    for name in IDENTIFIERS:
        if name in given:
            continue
        if any(hole.name == name for hole in vendor.lookup.holes()):
            return Lack(name, ())
        needing = {one.name for one in asked.values() if _needs(one, name)}
        if needing:
            needing |= _below(asked.values(), needing)
            return Lack(name, tuple(one for one in asked if one in needing) if needing < set(asked) else ())
    return None


def _needs(endpoint: Endpoint, name: str) -> bool:
    """Whether a request holds a name that its own `for` does not give."""
    own = {one for row in endpoint.rows for one, _ in row}
    return name not in own and any(hole.name == name for hole in endpoint.holes())


def _below(endpoints: Collection[Endpoint], parents: Collection[str]) -> set[str]:
    """Name every endpoint that is asked once per record of one of these, or of one below them."""
    found = {one.name for one in endpoints if any(field.endpoint in parents for field in one.parents())}
    return found if found <= set(parents) else found | _below(endpoints, {*parents, *found})


def identify(lookup: Endpoint, records: Sequence[Any], others: int) -> Found:
    """Say who was found: `records` are those that match the identifier asked for, `others` were answered besides.

    Persons are told apart by what is captured of them, else by their records' key.
    """
    if not records:
        if lookup.records is not None and not others:
            return Found(Subject.NO_MATCH, "the vendor knows nobody by this identifier")
        return Found(Subject.MISMATCHED, "the vendor answered with another person than the one asked for")
    decoded = [exact.loads(bytes(record)) for record in records]
    rows = [tuple((name, _captured(select.search(one))) for name, select in lookup.capture) for one in decoded]
    named: list[Hashable] = [exact.text_of(lookup.key.search(one)) or bytes(record) for one, record in zip(decoded, records, strict=True)]
    persons = set(rows if lookup.capture else named)
    if len(persons) > 1:
        return Found(Subject.AMBIGUOUS, f"{len(persons)} persons answer to this identifier")
    missing = [name for name, value in rows[0] if value is None]
    if missing:
        return Found(Subject.UNPROVEN, f"the look-up's answer holds no usable <{missing[0]}>")
    return Found(Subject.MATCHED, None, tuple((name, value) for name, value in rows[0] if value is not None))


def _captured(value: Any) -> str | None:
    text = exact.text_of(value)
    return None if text is None or text.lower() in FORBIDDEN_CAPTURES else text
