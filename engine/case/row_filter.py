"""Which rows of the findings are shown, and how many each choice would show: by what became of them, and as what they were found.

Pure: it holds the questions, and asks none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

RowState = Literal["undecided", "hand", "rule", "changed"]
STATES: Mapping[RowState, str] = {
    "undecided": "undecided > 0",
    "hand": "undecided = 0 AND act > 0",
    "rule": "undecided = 0 AND act = 0",
    "changed": "(act > :since OR id IN (SELECT value FROM json_each(:undone)))",
}
OF_KIND = "kinds & (SELECT max(bit) FROM whys WHERE kind = :kind)"
KINDS = "SELECT kind, max(bit) FROM whys GROUP BY kind ORDER BY min(id)"
TOGETHER = "SELECT {}, kinds, count(*) FROM rows GROUP BY 1, 2, 3, 4, 5"
GROUPS = TOGETHER.format(", ".join(f"coalesce({told}, 0)" for told in STATES.values()))
IN_ORDER = "SELECT id, count, undecided FROM rows WHERE {} ORDER BY undecided > 0 DESC, count DESC, id LIMIT :most OFFSET :skip"


class RowFilter(msgspec.Struct, frozen=True):
    """What is shown: all of it by default, of any kind. `changed` is what was decided after the act `since`, or is in a row of `undone`."""

    state: RowState | None = None
    kind: str = ""
    since: int | None = None
    undone: tuple[int, ...] = ()

    @property
    def listing(self) -> str:
        """Ask for the rows, in the order of the list."""
        every = [*([STATES[self.state]] if self.state is not None else []), *([OF_KIND] if self.kind else [])]
        return IN_ORDER.format(" AND ".join(every) or "TRUE")

    @property
    def asked_by(self) -> dict[str, Any]:
        """Give what the questions name."""
        return {"kind": self.kind, "since": self.since, "undone": msgspec.json.encode(self.undone).decode()}


EVERY_ROW = RowFilter()


class RowCounts(msgspec.Struct, frozen=True):
    """How many rows there are: those shown, and those that each other choice would show beside what else was chosen."""

    shown: int
    states: Mapping[RowState | None, int]
    kinds: Mapping[str, int]


def counted(only: RowFilter, groups: Sequence[tuple[int, ...]], bits: Mapping[str, int]) -> RowCounts:
    """Count, from what GROUPS and KINDS give."""
    every: Mapping[str, int] = {"": -1, **bits}
    places: Mapping[RowState | None, int | None] = {None: None, **{state: place for place, state in enumerate(STATES)}}

    def count(of: int | None, bit: int) -> int:
        return sum(times for *states, kinds, times in groups if kinds & bit and (of is None or states[of]))

    here, bit = places[only.state], every.get(only.kind, 0)
    states = {state: count(place, bit) for state, place in places.items()}
    return RowCounts(states[only.state], states, {kind: count(here, one) for kind, one in every.items()})
