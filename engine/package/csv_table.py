"""One kind of record as a table for a spreadsheet: RFC 4180, UTF-8 with its mark, because Excel reads no UTF-8 without it.

The faithful copy is JSON; a table only shows it. A field in a field is a column `a.b`, a list of values is joined by commas, other lists
are JSON text. No cell is ever shortened: `TableSummary` says how many a spreadsheet would cut. A text that a spreadsheet would take for a
formula has a tab before it.
"""

from __future__ import annotations

import csv
from array import array
from typing import Any, BinaryIO

import msgspec

from engine.language.expressions.lossless_json import dumps, text_of

MARK = b"\xef\xbb\xbf"
MOST_COLUMNS = 1_000  # Excel has 16,384, and every row has them all; further fields share the last one, as JSON
LONGEST_CELL = 32_767  # Excel cuts what is longer
FURTHER = "(further fields)"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
TAKEN_FOR_MORE = frozenset((" ", *FORMULA))


class TableSummary(msgspec.Struct, frozen=True):
    """What a table holds. `long_cells`: longer than a spreadsheet shows; `further`: rows of which fields stand in the last column."""

    rows: int
    columns: int
    long_cells: int
    further: int


class Level:
    """The fields of an object on one level: the columns of values, and the levels of objects in it."""

    __slots__ = ("below", "columns", "name")

    def __init__(self, name: str = "") -> None:
        """Begin without fields; `name` is written before theirs."""
        self.name = name
        self.columns: dict[str, int] = {}
        self.below: dict[str, Level] = {}


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
        self._line: list[str] = []
        self._writer = csv.writer(self)

    def add(self, record: Any) -> None:
        """Take a record as it is given, its numbers as they came; one that is no object has a column without a name."""
        row: list[Any] = [None] * len(self._names)
        further: dict[str, Any] = {}
        self._fill(row, record if type(record) is dict else {"": record}, self._root, further)
        if further:
            row.append(dumps(further).decode())
            self._further += 1
        self._writer.writerow(row)
        line = self._line.pop()[:-2]
        if len(line) > LONGEST_CELL:
            self._long += sum(type(cell) is str and len(cell) > LONGEST_CELL for cell in row)
        written = line.encode("utf-8", "backslashreplace")
        self._sizes.append(len(written))
        self._widths.append(len(row))
        self._waiting.write(written)

    def write(self, text: str) -> None:
        """Take a line of the writer of the standard library."""
        self._line.append(text)

    def _fill(self, row: list[Any], record: dict[str, Any], level: Level, further: dict[str, Any]) -> None:
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
                row.append(None)
            plain = value is None or sort is int or (sort is str and value[:1] not in TAKEN_FOR_MORE)
            row[at] = value if plain else _shown(value)

    def finish(self, to: BinaryIO) -> TableSummary:
        """Write the table; every row gets as many cells as there are columns."""
        names = [*self._names, FURTHER] if self._further else self._names
        self._writer.writerow(map(_safe, names))
        to.write(MARK + self._line.pop().encode("utf-8", "backslashreplace"))
        self._waiting.seek(0)
        told = zip(self._sizes, self._widths, strict=True)
        to.writelines(self._waiting.read(size) + b"," * (len(names) - max(width, 1)) + b"\r\n" for size, width in told)
        return TableSummary(len(self._sizes), len(names), self._long, self._further)


def _step(name: str) -> str:
    return name.replace(".", "\\.")


def _shown(value: Any) -> str:
    """Write a value as a cell: a text so that no spreadsheet takes it for a formula, a number as it came."""
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, list):
        texts = [text_of(one) for one in value]
        joined = all(text and ", " not in text for text in texts)
        return _safe(", ".join(map(str, texts)) if texts and joined else dumps(value).decode())
    return "{}" if value == {} else text_of(value) or ""


def _safe(text: str) -> str:
    return f"\t{text}" if text.lstrip(" ")[:1] in FORMULA else text
