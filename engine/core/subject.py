"""Is the person who answers the one asked for? Decides; asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.identity import Identifier, same_person
from engine.core.ledger import Subject
from engine.core.request import Chain, text_of
from engine.spec import exact
from engine.spec.effective import Endpoint, Row
from engine.spec.template import IDENTIFIERS

FORBIDDEN_CAPTURES = ("", ".", "..", "me")


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up's records say. `row` holds the captured values, never shown."""

    subject: Subject
    reason: str | None = None
    row: Row = field(default=(), repr=False)
    records: tuple[Any, ...] = field(default=(), repr=False)


def asked_by(lookup: Endpoint) -> str:
    """Name the identifier a look-up asks by: EMAIL, PHONE or USERNAME."""
    return next(hole.name for hole in lookup.holes() if hole.name in IDENTIFIERS)


def identify(lookup: Endpoint, records: Sequence[Any], person: Mapping[str, Identifier]) -> Found:
    """Compare each record with the identifier asked for, and capture what the endpoints need."""
    decoded = [exact.loads(bytes(record)) for record in records]
    matching = [index for index, record in enumerate(decoded) if _is(lookup, record, person)]
    if not matching:
        if lookup.records is not None and not decoded:
            return Found(Subject.NO_MATCH, "the vendor knows nobody by this identifier")
        return Found(Subject.MISMATCHED, "the vendor answered with another person than the one asked for")
    rows = {tuple((name, _captured(select.search(decoded[index]))) for name, select in lookup.capture) for index in matching}
    if len(rows) > 1:
        return Found(Subject.AMBIGUOUS, f"{len(rows)} persons answer to this identifier")
    (row,) = rows
    missing = [name for name, value in row if value is None]
    if missing:
        return Found(Subject.UNPROVEN, f"the look-up's answer holds no usable <{missing[0]}>")
    kept = tuple(records[index] for index in matching)
    return Found(Subject.MATCHED, None, tuple((name, value) for name, value in row if value is not None), kept)


def _captured(value: Any) -> str | None:
    text = exact.text_of(value)
    return None if text is None or text.lower() in FORBIDDEN_CAPTURES else text


def _is(lookup: Endpoint, record: Any, person: Mapping[str, Identifier]) -> bool:
    """Whether every check of the look-up holds for a record."""
    chain = Chain(lookup, tuple((name, one.value) for name, one in person.items()))
    for select, template in lookup.match:
        found = select.search(record)
        values = [exact.text_of(one) for one in (found if isinstance(found, list) else [found])]
        name = asked_by(lookup) if template is None else None
        asked = person[name].value if name else text_of(template, chain)  # type: ignore[arg-type]
        kind = person[name].kind if name else "username"
        if not any(value is not None and same_person(kind, asked, value) for value in values):
            return False
    return True
