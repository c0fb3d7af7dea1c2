"""See straight from lines which records name nobody new: most name those alone who were named before. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import astuple

from engine.release.compiled import Compiled
from engine.release.known_rows import KnownRows
from engine.release.reading import Leaf, WholeSide
from engine.release.row_plan import RowPlan, people_plan


class RowsMet:
    """The people of the records of one endpoint; who was `said` before is known, `sides` has what was read together."""

    def __init__(self, rules: Compiled, sides: Mapping[Any, WholeSide | None], said: Container[Leaf | WholeSide | None]) -> None:
        """Take the rules, and what is added to while records are read."""
        self._sides, self._said = sides, said
        self._known = KnownRows(rules, people_plan, as_written=False)

    def met(self, record: Any) -> None:
        """Note a record that had to be read as it is: those that follow may be like it."""
        self._known.met(record)

    def new(self, lines: Sequence[bytes]) -> Iterator[bool]:
        """Say of records, by their lines without the ends of them, which may name somebody new.

        Whoever reads one for that calls `met` before the next one is asked for.
        """
        for _, sides in self._known.each(lines, self._of_rows):
            yield sides is None or not all(map(self._said.__contains__, sides))

    def _of_rows(self, plan: RowPlan, rows: list[Any]) -> Iterator[tuple[WholeSide | None, ...] | None]:
        yield from plan.read_before([*zip(*map(astuple, rows), strict=True)], self._sides)
