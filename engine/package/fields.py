"""The fields of records as a reader sees them: what each is called, what its codes mean, and which values stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from engine.language.expressions import lossless_json
from engine.language.expressions.lossless_json import Number
from engine.package.cell import LEFT_OUT
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.labels import Labels

Step = str | int
FAST = msgspec.json.Decoder(float_hook=Number)


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


class ReadRecord(msgspec.Struct):
    """One record: its values by field, and what is withheld in them."""

    values: Values
    marks: dict[FieldNode, list[WithheldPlace]]


class RecordFields:
    """The fields of one kind of record, met as its records are read."""

    def __init__(self, labels: Labels, endpoint: str) -> None:
        """Begin with none."""
        self._labels = labels
        self._endpoint = endpoint
        self._root = FieldNode((), None, {})
        self._pointed: dict[str, FieldNode] = {}

    def read(self, given: GivenRecord) -> ReadRecord:
        """Read one record."""
        record = _decoded(given.line)
        values: Values = {}
        self._walk(record, self._root, values)
        marks: dict[FieldNode, list[WithheldPlace]] = {}
        for place in given.withheld:
            node = self._pointed.get(place.pointer) or self._find(place.pointer, record)
            if place.operation == "drop" and node not in values:
                values[node] = LEFT_OUT
            marks.setdefault(node, []).append(place)
        return ReadRecord(values, marks)

    def _walk(self, value: dict[str, Any], node: FieldNode, values: Values) -> None:
        below = node.below
        for name, part in value.items():
            child = below.get(name) or self._made(node, name)
            kind = type(part)
            if kind is dict and part:
                self._walk(part, child, values)
            elif kind is list and any(type(item) is dict or type(item) is list for item in part):
                self._walk_list(part, child, values)
            else:
                values[child] = part

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


def _decoded(line: bytes) -> Any:
    """Decode a record, fast where that tells the same."""
    if b"-0" not in line:
        try:
            return FAST.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # half a character, written as its escape
    return lossless_json.loads(line)


def same_in_all(records: Sequence[ReadRecord]) -> list[FieldNode]:
    """Give the fields that every record has, with the same value and the same places withheld, in the order of the first."""
    first = records[0]
    kept = [(node, value, first.marks.get(node)) for node, value in first.values.items()]
    for record in records[1:]:
        values, marks = record.values, record.marks
        kept = [
            (node, value, mark) for node, value, mark in kept if node in values and _same(values[node], value) and marks.get(node) == mark
        ]
    return [node for node, _, _ in kept]


def in_their_order(records: Iterable[ReadRecord]) -> list[FieldNode]:
    """Give every field that a record has, in the order in which they are met."""
    return list(dict.fromkeys(node for record in records for node in record.values))


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
