"""The fields of records as a reader sees them: what each is called, what its codes mean, and which values stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from engine.package.cell import LEFT_OUT
from engine.package.decoded_records import decoded
from engine.package.values import HOLDING, FieldValues, Together
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.labels import Labels

Step = str | int
MOST_STANDING = 10_000


class FieldNode:
    """A field: its path, in which a number is a place in a list; its label, None where it has none; the meanings of its codes."""

    __slots__ = ("below", "codes", "label", "path")

    def __init__(self, path: tuple[Step, ...], label: str | None, codes: Mapping[str, str]) -> None:
        """Begin with nothing below it."""
        self.path = path
        self.label = label
        self.codes = codes
        self.below: dict[Step, FieldNode] = {}

    @property
    def name(self) -> str:
        """Its path as it is written: `owner.phone_numbers.number`."""
        return ".".join(step for step in self.path if isinstance(step, str))

    @property
    def place(self) -> str:
        """Its places in the lists that it stands in, from 1: `2`, `2.1`; empty where it stands in none."""
        return ".".join(str(step + 1) for step in self.path if isinstance(step, int))


Values = dict[FieldNode, Any]
PlacedFields = Sequence[tuple[FieldNode, tuple[WithheldPlace]]]


class ReadRecord(msgspec.Struct, gc=False):
    """One record: the fields that it has, their values, and what is withheld in them."""

    nodes: tuple[FieldNode, ...]
    values: tuple[Any, ...]
    marks: dict[FieldNode, list[WithheldPlace]]


class _NotAlike(Exception):
    """That lists do not hold the same in all records."""


class RecordFields:
    """The fields of one kind of record, met as its records are read."""

    def __init__(self, labels: Labels, endpoint: str) -> None:
        """Begin with none."""
        self._labels = labels
        self._endpoint = endpoint
        self._root = FieldNode((), None, {})
        self._shapes: dict[tuple[str, ...], tuple[FieldNode, ...]] = {}
        self._pointed: dict[str, FieldNode] = {}
        self._standing: dict[tuple[WithheldPlace, ...], PlacedFields] = {}

    def read(self, given: GivenRecord) -> ReadRecord:
        """Read one record."""
        return self.read_decoded(given, decoded(given.line))

    def read_decoded(self, given: GivenRecord, record: Any) -> ReadRecord:
        """Read one record that was decoded before."""
        nodes, values = self._nodes_of(tuple(record)), tuple(record.values())
        if not HOLDING.isdisjoint(map(type, values)):
            nodes, values = self._walked(nodes, values)
        marks: dict[FieldNode, list[WithheldPlace]] = {}
        for place in given.withheld:
            node = self.at(place.pointer, record)
            if place.operation == "drop" and node not in nodes:
                nodes, values = (*nodes, node), (*values, LEFT_OUT)
            marks.setdefault(node, []).append(place)
        return ReadRecord(nodes, values, marks)

    def at(self, pointer: str, record: Any) -> FieldNode:
        """Give the field that a pointer into a record names."""
        return self._pointed.get(pointer) or self._find(pointer, record)

    def standing(self, together: tuple[WithheldPlace, ...]) -> PlacedFields | None:
        """Give each place with its field, the same in every record; None where that was not asked before, or is another one in each."""
        found = self._standing.get(together)
        if found is None and all(place.pointer in self._pointed for place in together):
            found = tuple((self._pointed[place.pointer], (place,)) for place in together)
            if len(self._standing) >= MOST_STANDING:
                self._standing.clear()
            self._standing[together] = found
        return found

    def of_all(self, records: Together) -> list[tuple[FieldNode, FieldValues]] | None:
        """Give the fields of records that were turned on their side; None where lists in them are not alike."""
        try:
            return list(self._beside(records, self._root))
        except _NotAlike:
            return None

    def _beside(self, records: Together, holder: FieldNode) -> Iterator[tuple[FieldNode, FieldValues]]:
        for name, field in zip(records.names, records.fields, strict=True):
            node = holder.below.get(name) or self._made(holder, name)
            yield from self._beside(field, node) if isinstance(field, Together) else self._items_beside(field, node)

    def _items_beside(self, field: FieldValues, node: FieldNode) -> Iterator[tuple[FieldNode, FieldValues]]:
        items = field.items()
        if items is None:
            raise _NotAlike
        for at, item in enumerate(items):
            child = node.below.get(at) or self._made(node, at)
            yield from self._beside(item, child) if isinstance(item, Together) else ((child, item),)
        if not items:
            yield node, field

    def _nodes_of(self, names: tuple[str, ...]) -> tuple[FieldNode, ...]:
        """Give the fields of a record that holds plain values only: most records of a list have the same."""
        known = self._shapes.get(names)
        if known is None:
            below = self._root.below
            known = self._shapes[names] = tuple(below.get(name) or self._made(self._root, name) for name in names)
        return known

    def _walked(self, nodes: tuple[FieldNode, ...], values: tuple[Any, ...]) -> tuple[tuple[FieldNode, ...], tuple[Any, ...]]:
        """Put what stands in fields that hold others in their place."""
        met, found, done = list[FieldNode](), list[Any](), 0
        for at, value in enumerate(values):
            if type(value) in HOLDING and value:
                inside: Values = {}
                self._hold(value, nodes[at], inside)
                met += (*nodes[done:at], *inside)
                found += (*values[done:at], *inside.values())
                done = at + 1
        return (*met, *nodes[done:]), (*found, *values[done:])

    def _walk(self, value: dict[str, Any], node: FieldNode, values: Values) -> None:
        below = node.below
        for name, part in value.items():
            child = below.get(name) or self._made(node, name)
            if type(part) in HOLDING:
                self._hold(part, child, values)
            else:
                values[child] = part

    def _hold(self, part: Any, node: FieldNode, values: Values) -> None:
        """Walk an object, or a list that holds more than plain values."""
        if type(part) is dict and part:
            self._walk(part, node, values)
        elif type(part) is list and any(type(item) is dict or type(item) is list for item in part):
            self._walk_list(part, node, values)
        else:
            values[node] = part

    def _walk_list(self, items: Sequence[Any], node: FieldNode, values: Values) -> None:
        """Walk a list that holds more than plain values."""
        for at, item in enumerate(items):
            child = node.below.get(at) or self._made(node, at)
            if type(item) is dict and item:
                self._walk(item, child, values)
            elif type(item) is list and item:
                self._walk_list(item, child, values)
            else:
                values[child] = item

    def _made(self, node: FieldNode, step: Step) -> FieldNode:
        path = (*node.path, step)
        names = tuple(one for one in path if isinstance(one, str))
        own = self._labels.found(self._endpoint, names) if names else None
        label = self._labels.of(self._endpoint, names)[0] if own is not None else None
        made = node.below[step] = FieldNode(path, label, own.codes if own is not None else {})
        return made

    def _find(self, pointer: str, record: Any) -> FieldNode:
        """Give the field that a pointer names; in a list of plain values that is the list."""
        node, value, through_lists = self._root, record, False
        for token in pointer.split("/")[1:]:
            name: Step = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list):
                through_lists = True
                if not any(isinstance(item, (dict, list)) for item in value):
                    return node
                name = int(name)
            node = node.below.get(name) or self._made(node, name)
            value = _inside(value, name)
        if not through_lists:
            self._pointed[pointer] = node
        return node


def _inside(value: Any, step: Step) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None
