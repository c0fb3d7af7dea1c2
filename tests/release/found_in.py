"""What finders give for the texts of a record, without any policy."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.release.finders import Finders
from engine.release.record_values import ENOUGH_FOR_A_NUMBER, escaped


class FlaggedPlace(NamedTuple):
    """A value at a JSON pointer of a record, and why it was flagged."""

    pointer: str
    value: str
    kind: str
    rule: str


def found_in(record: Any, look: Finders) -> list[FlaggedPlace]:
    """Give what finders find in the texts of a record, and in whole numbers long enough to be a card's."""
    found: list[FlaggedPlace] = []
    _walk(record, "", look, found)
    return found


def _walk(value: Any, pointer: str, look: Finders, found: list[FlaggedPlace]) -> None:
    known = look.remembered.get
    for step, inner in value.items() if type(value) is dict else enumerate(value) if type(value) is list else (("", value),):
        sort = type(inner)
        if sort is str:
            hits = known(inner)
            if hits is None:
                hits = look(inner)
        elif sort is int and inner > ENOUGH_FOR_A_NUMBER:
            hits = look(str(inner))
        else:
            if (sort is dict or sort is list) and inner:
                _walk(inner, f"{pointer}/{escaped(str(step))}", look, found)
            continue
        if hits:
            here = f"{pointer}/{escaped(str(step))}" if inner is not value else ""
            found += [FlaggedPlace(here, hit.value, hit.kind, f"find.{hit.kind}") for hit in hits]
