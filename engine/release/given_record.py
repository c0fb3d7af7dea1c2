"""A record as it leaves, and what is withheld in it: as a value."""

from __future__ import annotations

from itertools import chain
from typing import Literal

import msgspec

from engine.release.reasons import Because


class WithheldPlace(msgspec.Struct, frozen=True, cache_hash=True):
    """A place of a record that is withheld, as a JSON pointer into the record as it is given.

    `shown` is what stands there now, at characters `start` to `end` of the text of that place: `[withheld: another person]`, `person 3`.
    A dropped field is no longer there: its pointer says where it was, `shown` is empty.
    """

    pointer: str
    operation: Literal["drop", "mask", "alias"]
    because: Because
    shown: str = ""
    start: int = 0
    end: int = 0


class GivenRecord(msgspec.Struct, frozen=True):
    """One record as it leaves: `line` is a JSON object on one line, every value that is not withheld as the vendor sent it.

    `together` has what is withheld in it: places that are withheld together in many records are one and the same tuple in each of them.
    """

    line: bytes
    together: tuple[tuple[WithheldPlace, ...], ...] = ()

    @property
    def withheld(self) -> tuple[WithheldPlace, ...]:
        """Give every place that is withheld."""
        return tuple(chain.from_iterable(self.together))
