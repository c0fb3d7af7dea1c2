"""One kind of record as a table for a spreadsheet: RFC 4180, UTF-8 with its mark, because Excel reads no UTF-8 without it.

The faithful copy is JSON; a table only shows it. A field in a field is a column `a.b`, a list of values is joined by commas, other lists
are JSON text. No cell is ever shortened: `TableSummary` says how many a spreadsheet would cut. A text that a spreadsheet would take for a
formula has a tab before it.
"""

from __future__ import annotations

from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from itertools import compress, groupby, islice, repeat
from typing import Any, BinaryIO

import msgspec

from engine.language.expressions.lossless_json import dumps, text_of
from engine.package.values import FieldValues, Together

MOST_COLUMNS = 1_000  # Excel has 16,384, and every row has them all; further fields share the last one, as JSON
LONGEST_CELL = 32_767  # Excel cuts what is longer
MOST_FORMS = 64
MOST_KEPT, LONGEST_KEPT = 10_000, 200
FURTHER = "(further fields)"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
TAKEN_FOR_MORE = frozenset((" ", *FORMULA))
END = b"\r\n"
QUOTED = ('"', ",", "\n", "\r")
PIECE = 1 << 20
ROWS = 64  # that are written at once: few enough to stay in the processor's cache


class TableSummary(msgspec.Struct, frozen=True):
    """What a table holds. `long_cells`: longer than a spreadsheet shows; `further`: rows of which fields stand in the last column."""

    rows: int
    columns: int
    long_cells: int
    further: int


class RowForm(msgspec.Struct):
    """Objects that have the same fields in the same order: which of these are values, their columns, and the fields that hold objects."""

    values: tuple[bool, ...]
    columns: range | list[int]
    objects: list[str]


class Level:
    """The fields of an object on one level: the columns of values, and the levels of objects in it; `forms` by the names of the fields."""

    __slots__ = ("below", "columns", "forms", "name")

    def __init__(self, name: str = "") -> None:
        """Begin without fields; `name` is written before theirs."""
        self.name = name
        self.columns: dict[str, int] = {}
        self.below: dict[str, Level] = {}
        self.forms: dict[tuple[str, ...], RowForm] = {}


class TableCells(dict[str, str]):
    """The cells of texts: the same ones come again and again."""

    def __missing__(self, text: str) -> str:
        cell = _cell(_safe(text))
        if len(text) <= LONGEST_KEPT:
            if len(self) >= MOST_KEPT:
                self.clear()
            self[text] = cell
        return cell


class CsvTable:
    """Takes records one by one, then writes the table: its columns are known only then. Rows wait in a file, so that memory stays flat."""

    def __init__(self, waiting: BinaryIO) -> None:
        """Take an empty file, open for reading and writing."""
        self._waiting = waiting
        self._root = Level()
        self._names: list[str] = []
        self._sizes = array("Q")
        self._widths = array("H")
        self._further = self._long = 0
        self._cells = TableCells()

    def add(self, record: Any) -> None:
        """Take a record as it is given, its numbers as they came; one that is no object has a column without a name."""
        row = [""] * len(self._names)
        further: dict[str, Any] = {}
        record = record if type(record) is dict else {"": record}
        if not self._fill_as_before(row, record, self._root):
            self._fill(row, record, self._root, further)
        if further:
            row.append(_cell(dumps(further).decode()))
            self._further += 1
        self._write([_row(row)], len(row))
        self._count_long(len(_row(row)), row)

    def add_all(self, records: Sequence[Any], turned: Together | None) -> None:
        """Take records; `turned` are they on their side, where they are of one form: a field of all of them is then written at once."""
        first = 0 if turned is None else 1
        for record in islice(records, first):
            self.add(record)  # which has a column for each of their fields then, as long as there are columns
        cells = list[Sequence[str] | None]([None] * len(self._names))
        if turned is None or len(cells) < 2 or not self._fill_all(cells, turned, self._root):
            for record in islice(records, first, None):
                self.add(record)
            return
        columns = [repeat("", len(records) - first) if column is None else column[first:] for column in cells]
        parted = zip(*columns, strict=True)
        while part := list(islice(parted, ROWS)):
            rows = list(map(",".join, part))
            self._write(rows, len(cells))
            if max(map(len, rows)) > LONGEST_CELL:
                for row, of_row in zip(rows, part, strict=True):
                    self._count_long(len(row), of_row)

    def _fill_all(self, cells: list[Sequence[str] | None], turned: Together, level: Level) -> bool:
        """Fill the columns with objects of one form; whether all of their fields have one."""
        for name, field in zip(turned.names, turned.fields, strict=True):
            if isinstance(field, Together):
                below = level.below.get(name)
                if below is None or not self._fill_all(cells, field, below):
                    return False
            elif name not in level.columns:
                return False
            else:
                cells[level.columns[name]] = self._column(field)
        return True

    def _column(self, field: FieldValues) -> Sequence[str]:
        """Write the values of a field as cells; where they are few, each once."""
        values, few = field.values, field.few
        if few is not None:
            return list(map({value: self._value(value) for value in few}.__getitem__, values))
        if field.kinds == {int}:
            return list(map(str, values))
        if field.kinds != {str}:
            return list(map(self._value, values))
        joined = "".join(values)
        as_they_are = not any(mark in joined for mark in QUOTED) and TAKEN_FOR_MORE.isdisjoint([text[:1] for text in values])
        return values if as_they_are else list(map(self._cells.__getitem__, values))

    def _value(self, value: Any) -> str:
        return self._cells[value] if type(value) is str else "" if value is None else _shown(value)

    def _write(self, rows: list[str], width: int) -> None:
        """Let rows wait, with how long and how wide they are."""
        written = [row.encode("utf-8", "backslashreplace") for row in rows]
        self._sizes.extend(map(len, written))
        self._widths.extend(repeat(width, len(rows)))
        self._waiting.write(END.join((*written, b"")))

    def _count_long(self, length: int, row: Sequence[str]) -> None:
        if length > LONGEST_CELL:
            self._long += sum(_length(cell) > LONGEST_CELL for cell in row)

    def _fill_as_before(self, row: list[str], record: dict[str, Any], level: Level) -> bool:
        """Fill a row with an object of a known form; whether it is of one, down to the last of the objects in it."""
        form = level.forms.get(tuple(record))
        if form is None:
            return False
        texts = self._cells
        try:
            cells = [
                texts[value] if type(value) is str else "" if value is None else str(value) if type(value) is int else _shown(value)
                for value in compress(record.values(), form.values)
            ]
        except TypeError:  # an object where another one had a value
            return False
        if type(form.columns) is range:
            row[form.columns.start : form.columns.stop] = cells
        else:
            for at, cell in zip(form.columns, cells, strict=True):
                row[at] = cell
        return all(type(record[name]) is dict and record[name] for name in form.objects) and all(
            self._fill_as_before(row, record[name], level.below[name]) for name in form.objects
        )

    def _note(self, record: dict[str, Any], level: Level) -> None:
        """Note the form of an object, all of whose fields have a column."""
        values = tuple(not (type(value) is dict and value) for value in record.values())
        columns = [level.columns[name] for name in compress(record, values)]
        straight = range(columns[0], columns[0] + len(columns)) if columns else range(0)
        objects = [name for name, value in zip(record, values, strict=True) if not value]
        if len(level.forms) >= MOST_FORMS:
            level.forms.clear()
        level.forms[tuple(record)] = RowForm(values, straight if list(straight) == columns else columns, objects)

    def _fill(self, row: list[str], record: dict[str, Any], level: Level, further: dict[str, Any]) -> None:
        columns = level.columns
        for name, value in record.items():
            sort = type(value)
            if sort is dict and value:
                below = level.below.get(name)
                if below is None:
                    below = level.below[name] = Level(f"{level.name}{_step(name)}.")
                self._fill(row, value, below, further)
                continue
            at = columns.get(name)
            if at is None:
                if len(self._names) == MOST_COLUMNS:
                    further[level.name + _step(name)] = value
                    continue
                at = columns[name] = len(self._names)
                self._names.append(level.name + _step(name))
                row.append("")
            row[at] = self._value(value)
        if not further:
            self._note(record, level)

    def finish(self, to: BinaryIO) -> TableSummary:
        """Write the table; every row gets as many cells as there are columns."""
        names = [*self._names, FURTHER] if self._further else self._names
        to.write(BOM_UTF8 + _row([self._cells[name] for name in names]).encode("utf-8", "backslashreplace") + END)
        self._waiting.seek(0)
        for width, told in groupby(zip(self._widths, self._sizes, strict=True), lambda one: one[0]):
            lacking = len(names) - max(width, 1)
            if lacking:
                to.writelines(self._waiting.read(size + len(END))[: -len(END)] + b"," * lacking + END for _, size in told)
            else:
                to.writelines(_pieces(self._waiting, sum(size + len(END) for _, size in told)))
        return TableSummary(len(self._sizes), len(names), self._long, self._further)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Read so many bytes, some at a time."""
    for at in range(0, size, PIECE):
        yield file.read(min(PIECE, size - at))


def _step(name: str) -> str:
    return name.replace(".", "\\.")


def _shown(value: Any) -> str:
    """Write what is no text as a cell, a number as it came. Raises TypeError for an object."""
    if isinstance(value, list):
        if value and type(value[0]) is dict:  # the usual list that is no list of values
            return _cell(_safe(dumps(value).decode()))
        texts = [text_of(one) for one in value]
        joined = all(text and ", " not in text for text in texts)
        return _cell(_safe(", ".join(map(str, texts)) if texts and joined else dumps(value).decode()))
    if value and type(value) is dict:
        raise TypeError
    return "{}" if value == {} else _cell(_safe(value)) if isinstance(value, str) else text_of(value) or ""


def _safe(text: str) -> str:
    """Write a text so that no spreadsheet takes it for a formula."""
    return f"\t{text}" if text[:1] in TAKEN_FOR_MORE and text.lstrip(" ")[:1] in FORMULA else text


def _cell(text: str) -> str:
    """Write a cell so that it can be read back (RFC 4180)."""
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text or "\r" in text else text


def _length(cell: str) -> int:
    """Count the characters of a text by its cell."""
    return len(cell) - 2 - cell[1:-1].count('"') // 2 if cell[:1] == '"' else len(cell)


def _row(cells: list[str]) -> str:
    return ",".join(cells) if cells != [""] else '""'  # an empty line would be no row
