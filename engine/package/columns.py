"""The records of a page, turned on their side: a field over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import Number
from engine.package.cell import ABSENT, LEFT_OUT
from engine.package.fields import FieldNode, ReadRecord, RecordFields
from engine.package.values import FieldValues, Together
from engine.release.given_record import GivenRecord, WithheldPlace

ONE_KIND = frozenset((str, int, bool, type(None), object))  # of which equal ones are written alike


class Column(msgspec.Struct, eq=False):
    """A field over the records of a page: its value in each, ABSENT where a record has none, and what is withheld in it, if anything is."""

    node: FieldNode
    of: FieldValues
    marks: Sequence[Sequence[WithheldPlace]] | None

    @property
    def values(self) -> Sequence[Any]:
        """Give its values, in the order of the records."""
        return self.of.values

    def is_same(self) -> bool:
        """Whether every record has it, with the same value and the same places withheld."""
        values, few = self.of.values, self.of.few
        first = values[0]
        if first is ABSENT or len(self.of.kinds) > 1 or (few is not None and len(few) > 1):
            return False
        if self.marks is not None and any(mark != self.marks[0] for mark in self.marks):
            return False
        if self.of.kinds <= ONE_KIND:
            return values[-1] == first and values.count(first) == len(values)
        return all(value is first or _same(value, first) for value in values)

    def few(self) -> list[Any] | None:
        """Give its distinct values, where most stand there more than once and equal ones are written alike; else None."""
        return None if self.marks is not None else self.of.few


def columns_together(fields: RecordFields, given: Sequence[GivenRecord], records: Sequence[Any], turned: Together | None) -> list[Column]:
    """Give the fields that a record has; `turned` are the records on their side, where they are of one form."""
    found = fields.of_all(turned) if turned is not None else None
    if found is None:
        return columns_of([fields.read_decoded(one, record) for one, record in zip(given, records, strict=True)])
    there = {node for node, _ in found}
    marks = _marks(fields, given, records)
    for node, of_all in marks.items():
        values = [LEFT_OUT if any(place.operation == "drop" for place in here) else ABSENT for here in of_all] if node not in there else []
        if LEFT_OUT in values:
            found.append((node, FieldValues(values)))
    return [Column(node, values, marks.get(node)) for node, values in found]


def _marks(fields: RecordFields, given: Sequence[GivenRecord], records: Sequence[Any]) -> dict[FieldNode, list[Sequence[WithheldPlace]]]:
    """Give what is withheld in each record, by fields."""
    marks = dict[FieldNode, list[Sequence[WithheldPlace]]]()
    for at, of_record in enumerate(given):
        record = None  # decoded once, where a place is in a list
        for together in of_record.together:
            standing = fields.standing(together)
            if standing is None:
                record = records[at] if record is None else record
                standing = [(fields.at(place.pointer, record), (place,)) for place in together]
            for node, here in standing:
                of_all = marks.get(node)
                if of_all is None:
                    of_all = marks[node] = [()] * len(given)
                of_all[at] = (*of_all[at], *here) if of_all[at] else here
    return marks


def columns_of(records: Sequence[ReadRecord]) -> list[Column]:
    """Give the fields that a record has, in the order in which they are met."""
    shapes = dict.fromkeys(record.nodes for record in records)
    nodes = list(dict.fromkeys(node for shape in shapes for node in shape))
    places = {shape: [shape.index(node) if node in shape else None for node in nodes] for shape in shapes}
    rows = (
        record.values if len(shapes) == 1 else [ABSENT if at is None else record.values[at] for at in places[record.nodes]]
        for record in records
    )
    marked = {node for record in records for node in record.marks}
    return [
        Column(node, FieldValues(values), [record.marks.get(node, ()) for record in records] if node in marked else None)
        for node, values in zip(nodes, zip(*rows, strict=True), strict=True)
    ]


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Number):
        return bool(one.text == other.text)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
