"""Rule records that are like those before them straight from their lines, many at once. Pure.

They have the same fields, who stands on their sides was met before, and besides that only texts of their own fields tell anything. Whatever
is not so is for `PolicyInForce.ruled`, which says the same of these records too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from engine.release.compiled import Compiled, SideValues
from engine.release.known_rows import KnownRows
from engine.release.reading import Leaf, RecordReading, SideFound, WholeSide
from engine.release.row_plan import RowPlan, row_plan_of
from engine.release.ruling import Ruling
from engine.release.telling import Stirring, Telling

Said = tuple[list[tuple[Ruling, ...]], Mapping[str, str]]
AboutLeaf = tuple[Leaf, Compiled, SideFound | None]


class RuledRow(msgspec.Struct, gc=False):
    """A record as a row, which is written as its line, and what was ruled together about texts of its own fields, no text twice.

    `fields` has the row's attribute for each field.
    """

    line: bytes
    row: Any
    ruled: list[tuple[Ruling, ...]]
    fields: Mapping[str, str]

    @property
    def record(self) -> dict[str, Any]:
        """Give the values of its own fields by their names."""
        return {name: getattr(self.row, field) for name, field in self.fields.items()}


class RowsInForce:
    """A policy for the records of one endpoint, in which what happens to a side is the same in every record."""

    def __init__(
        self,
        rules: Compiled,
        stirring: Telling | Stirring,
        sides: Mapping[SideValues, WholeSide | None],
        alike: Mapping[AboutLeaf, tuple[Ruling, ...]],
        begun: Callable[[], RecordReading],
    ) -> None:
        """Take the rules, what says whether texts tell something, what is known of sides and of values, and what begins with a record."""
        self._rules, self._stirring, self._sides, self._alike, self._begun = rules, stirring, sides, alike, begun
        self._known = KnownRows(rules, row_plan_of, as_written=True)

    def met(self, record: Any) -> None:
        """Note a record that had to be read as it is: those that follow may be like it."""
        self._known.met(record)

    def ruled(self, lines: Sequence[bytes]) -> Iterator[RuledRow | None]:
        """Say what happens in records, by their lines without the ends of them; None where one must be read as it is.

        Whoever reads one as it is calls `met` before the next one is asked for: what stands on its sides is known then.
        """
        for line, (row, said) in zip(lines, self._known.each(lines, self._of_rows), strict=True):
            yield None if said is None else RuledRow(line, row, *said)

    def _of_rows(self, plan: RowPlan, rows: list[Any]) -> Iterator[Said | None]:
        """Say what happens in each row, and by which attributes it has its fields; None where that is not known."""
        columns = [*zip(*map(astuple, rows), strict=True)]
        try:
            texts, inside = plan.telling(columns, self._stirring)
        except TypeError:  # fields or items in a text: what is planned holds no longer
            yield from repeat(None, len(rows))
            return
        for place, read in zip(range(len(rows)), plan.read_before(columns, self._sides), strict=False):
            ruled = None if place in inside else _of_sides(read)
            if ruled is not None and (place in texts or plan.others):
                ruled = self._with_texts(plan, ruled, [column[place] for column in columns], texts.get(place, []))
            yield None if ruled is None else (ruled, plan.fields)

    def _with_texts(
        self, plan: RowPlan, sides: list[tuple[Ruling, ...]], row: list[Any], texts: list[int]
    ) -> list[tuple[Ruling, ...]] | None:
        """Read texts that tell something, and fields that are read singly: between the sides, in the order of the fields.

        None where one of them told nothing, which must be noted, or where a side, a name or a field of a field tells something.
        """
        if any(side.places[0] < at < side.places[-1] for at in texts for side in plan.sides):
            return None  # which is not read together then
        reading = self._begun()
        found = [(side.places[0], ruled) for side, ruled in zip(plan.sides, sides, strict=True)]
        for at in (*texts, *plan.others):
            (name, node), value, leaves = plan.form.fields[at], row[at], len(reading.leaves)
            reading.read(value, node, name)
            if len(reading.leaves) == leaves:
                if at in texts:
                    return None
                continue
            leaf = reading.leaves[-1]
            if type(value) is not str or not isinstance(leaf, Leaf) or leaf.side is not None:
                return None  # more than a text of the record itself is to be ruled about
            found.append((at, self._alike[leaf, self._rules, None]))
        if reading.said or reading.named:
            return None
        return [ruled for _, ruled in sorted(found, key=itemgetter(0))]


def _of_sides(sides: Iterable[WholeSide | None]) -> list[tuple[Ruling, ...]] | None:
    """Give what was ruled about the sides of a row, with the numbers that they have there; None where that is not known."""
    found, number = list[tuple[Ruling, ...]](), 0
    for read in sides:
        if read is None or (read.leaves and (read.found is None or read.number != number)):
            return None
        number += bool(read.facts)
        found.append(read.ruled)
    return found
