"""Who is met in the records of a case: the people of fields that a policy's `others` names, to be looked for in all other text. Pure."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from engine.release.apply import PolicyInForce
from engine.release.reading import Leaf, WholeSide

NO_NAME = re.compile(r"(?:^|_)(?:site|location|city|country|region|department|company|group|queue|team|room|device|title|channel)(?:_|$)")
FREE_TEXT = re.compile(r"(?:^|_)(?:text|body|subject|comments?|description|content|notes?|summary|message)$")
MOST_NOTED = 1_000_000
MOST_SAID = 20_000  # values, and sides that are read together: what is met again is not looked at again
ID = re.compile(r"(?:^|[_.-])(?:id|uuid)$|[a-z0-9](?:Id|ID|Uuid)$", re.ASCII)
Record = TypeVar("Record")


class NamingRecords:
    """Which of many records name somebody who was not named before, by their place among them; behind `all_from` any of them may."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places = array("L")
        self._all_from: int | None = None

    def note(self, place: int) -> None:
        """Note a record, behind those that were noted before."""
        if len(self._places) < MOST_NOTED:
            self._places.append(place)
        elif self._all_from is None:
            self._all_from = place

    def among(self, records: Iterable[Record]) -> Iterator[tuple[Record, bool]]:
        """Say of each record, in the same order, whether it may name somebody new."""
        noted, last = iter(self._places), self._all_from
        following = next(noted, None)
        for place, record in enumerate(records):
            if place == following:
                following = next(noted, None)
                yield record, True
            else:
                yield record, last is not None and place >= last


def met(
    in_force: PolicyInForce,
    records: Iterable[tuple[str, Any]],
    naming: NamingRecords | None = None,
    said: set[Leaf | WholeSide] | None = None,
) -> Iterator[str]:
    """Give names, addresses and numbers of other people, as they stand in their fields; each record comes with its endpoint.

    Which of the records named them is noted in `naming`. Who was named is added to `said`: of a record that names nobody else None will do.
    """
    said = set[Leaf | WholeSide]() if said is None else said
    for place, (endpoint, record) in enumerate(records):
        if record is None or in_force.names_nobody_new(endpoint, record, said):
            continue
        if naming is not None:
            naming.note(place)
        for read in in_force.people(endpoint, record, said):
            yield from (text for pointer, text in read.places if _tells_somebody(pointer, text))
        if len(said) > MOST_SAID:
            said.clear()


def _tells_somebody(pointer: str, text: str) -> bool:
    return names_somebody(pointer) and not (is_id(pointer) and any(char.isdigit() for char in text))


@lru_cache(maxsize=4096)
def names_somebody(pointer: str) -> bool:
    """Whether a value of a person's field may be looked for in all texts: not where they sit, where they write, or what they wrote."""
    steps = pointer.lower().split("/")
    return not any(NO_NAME.search(step) for step in steps) and FREE_TEXT.search(steps[-1]) is None


@lru_cache(maxsize=4096)
def is_id(pointer: str) -> bool:
    """Whether a field holds an identifier: a long number there is no telephone number."""
    return ID.search(pointer.rpartition("/")[2]) is not None
