"""Who is met in the records of a case: the people of fields that a policy's `others` names, to be looked for in all other text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from engine.release.apply import PolicyInForce

NO_NAME = re.compile(r"(?:^|_)(?:site|location|city|country|region|department|company|group|queue|team|room|device|title)(?:_|$)")


def met(in_force: PolicyInForce, records: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Give names, addresses and numbers of other people, as they stand in their fields; each record comes with its endpoint."""
    for endpoint, record in records:
        yield from (text for pointer, text in in_force.people(endpoint, record) if names_somebody(pointer))


@lru_cache(maxsize=4096)
def names_somebody(pointer: str) -> bool:
    """Whether a value of a person's field may be looked for in all texts: not where they sit, or for which department they work."""
    return not any(NO_NAME.search(step) for step in pointer.lower().split("/"))
