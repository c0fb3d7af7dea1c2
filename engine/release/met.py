"""Who is met in the records of a case: the people of fields that a policy's `others` names, to be looked for in all other text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from engine.release.apply import PolicyInForce
from engine.release.reading import Leaf, WholeSide

NO_NAME = re.compile(r"(?:^|_)(?:site|location|city|country|region|department|company|group|queue|team|room|device|title|channel)(?:_|$)")
FREE_TEXT = re.compile(r"(?:^|_)(?:text|body|subject|comments?|description|content|notes?|summary|message)$")
MOST_SAID = 20_000  # values, and sides that are read together: what is met again is not looked at again
ID = re.compile(r"(?:^|[_.-])(?:id|uuid)$|[a-z0-9](?:Id|ID|Uuid)$", re.ASCII)


def met(in_force: PolicyInForce, records: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Give names, addresses and numbers of other people, as they stand in their fields; each record comes with its endpoint."""
    said = set[Leaf | WholeSide]()
    for endpoint, record in records:
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
