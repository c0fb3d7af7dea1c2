"""The records of a page, turned on their side: a field over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import Number
from engine.package.cell import ABSENT
from engine.package.fields import FieldNode, ReadRecord
from engine.release.given_record import WithheldPlace

ALIKE = frozenset((str, type(None), object, bool))
COUNTS = frozenset((str, type(None), object, int))


class Column(msgspec.Struct, eq=False):
    """A field over the records of a page: its value in each, ABSENT where a record has none, and what is withheld in it, if anything is."""

    node: FieldNode
    values: list[Any]
    marks: list[Sequence[WithheldPlace]] | None

    def is_same(self) -> bool:
        """Whether every record has it, with the same value and the same places withheld."""
        first = self.values[0]
        same_values = all(value is first or _same(value, first) for value in self.values)
        return same_values and first is not ABSENT and (self.marks is None or all(mark == self.marks[0] for mark in self.marks))

    def few(self) -> list[Any] | None:
        """Give its distinct values, where most stand there more than once and equal ones are written alike; else None."""
        if self.marks is not None or ((kinds := set(map(type, self.values))) - ALIKE and kinds - COUNTS):
            return None
        found = list(dict.fromkeys(self.values))
        return found if 2 * len(found) <= len(self.values) else None


def columns_of(records: Sequence[ReadRecord]) -> list[Column]:
    """Give the fields that a record has, in the order in which they are met."""
    shapes = dict.fromkeys(record.nodes for record in records)
    nodes = list(dict.fromkeys(node for shape in shapes for node in shape))
    places = {shape: [shape.index(node) if node in shape else None for node in nodes] for shape in shapes}
    rows = (
        record.values if len(shapes) == 1 else [ABSENT if at is None else record.values[at] for at in places[record.nodes]]
        for record in records
    )
    found = map(list, zip(*rows, strict=True))
    marked = {node for record in records for node in record.marks}
    return [
        Column(node, values, [record.marks.get(node, ()) for record in records] if node in marked else None)
        for node, values in zip(nodes, found, strict=True)
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
