"""What happens at one place of a record, as a value."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.release.policy import Pronouncement
from engine.release.reasons import Because

RulingKind = Literal["left_out", "repeated", "secret", "number", "who", "found", "file", "decided"]
STRENGTH: dict[Pronouncement, int] = {"ask": 0, "give": 0, "alias": 1, "mask": 2, "drop": 3, "hold": 4}


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """What happens at one place of a record; `pointer` is empty for the whole record.

    `value` is what is decided about, which may be a part of a text: `parts` says from where to where it stands there. An alias stands for
    these parts alone; whatever else withholds, withholds the whole text. Places with the same `group` in one record are one person, whom
    `person` tells from others; `maybe_own` says that it may be the person who asks.
    """

    pointer: str
    do: Pronouncement
    because: Because
    rule: str
    kind: RulingKind
    value: str = ""
    group: int | None = None
    person: str = ""
    maybe_own: bool = False
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def withholds(self) -> bool:
        """Whether the value is not given."""
        return self.do not in ("ask", "give")
