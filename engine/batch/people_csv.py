"""Read `people.csv` as a stream: its form, and what is wrong with it by line. No message repeats what stands in a cell."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from msgspec import Struct, field

from engine.discreet import Discreet
from engine.errors import Exit, HabeasError, Refused, UsageError
from engine.language.text.mistakes import counted, did_you_mean
from engine.language.text.spec_name import REQUEST_NAME

KINDS = ("email", "phone", "username")
COLUMNS = ("request", *KINDS, "vendor", "connection", "priority", "only", "without", "since")
LONGEST_LINE = 1 << 20
NAMED = re.compile(r".*<[^<>]*>")
PRIORITY = re.compile(r"-?[0-9]{1,4}")
SHOWN = 40
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
UNSPLIT = {  # by what csv says of it
    "new-line character": "a line ends as on old Macs, in CR alone: save the file as CSV UTF-8",
    "larger than field limit": "a cell is longer than 128 KiB: is a quote not closed?",
}
WIDE = (b"\xff\xfe", b"\xfe\xff")


class LineFault(Struct, frozen=True):
    """What is wrong with a line; `code` is the exit code that it leads to."""

    line: int
    words: str
    code: Exit = Exit.USAGE


class Faults(Struct):
    """What is wrong with a file: the first SHOWN of it, and how much there is in all."""

    first: list[LineFault] = field(default_factory=list)
    count: int = 0
    refused: int = 0
    worst: Exit = Exit.COMPLETE

    def add(self, fault: LineFault) -> None:
        """Take in one more."""
        self.count += 1
        self.refused += fault.code is Exit.REFUSED
        if len(self.first) < SHOWN:
            self.first.append(fault)
        self.worst = fault.code if self.worst is Exit.COMPLETE or fault.code is Exit.USAGE else self.worst

    def error(self, besides: Sequence[str] = ()) -> HabeasError:
        """Give all of it as one error, with what is wrong `besides`.

        A file that cannot be read as it is written goes before a person who must not be asked for.
        """
        lines = [f"line {one.line}: {one.words}" for one in self.first]
        lines += [f"and {self.count - SHOWN:,} more"] if self.count > SHOWN else []
        text = "\n".join([f"{counted(self.count, 'line')} cannot be used, and nothing was sent:", *lines, *besides])
        if self.worst is Exit.REFUSED:
            return Refused(f"{text}\n--skip-bad writes these lines to refused.csv and asks for all others")
        left_out = f"\n--skip-bad would leave out {self.refused:,} of these lines; the others must be mended in the file"
        return UsageError(text + (left_out if self.refused else ""))


class PersonLine(Discreet, Struct, frozen=True, kw_only=True):
    """One line: the request and what identifies the person, with what it wishes for. `cells` are as they stood, trimmed."""

    HIDDEN = ("cells",)

    line: int
    cells: dict[str, str]
    trimmed: bool = False

    @property
    def request(self) -> str:
        """Give the request's name."""
        return self.cells["request"]

    @property
    def identifiers(self) -> tuple[tuple[str, str], ...]:
        """Give pairs of kind and value."""
        return tuple((kind, self.cells[kind]) for kind in KINDS if self.cells.get(kind))


def listed(cell: str) -> tuple[str, ...]:
    """Give what a cell lists, between blanks or commas."""
    return tuple(cell.replace(",", " ").split())


class UnreadableTable(Exception):
    """The rest of the file cannot be read; holds the LineFault."""


def read_lines(stream: BinaryIO) -> Iterator[PersonLine | LineFault]:
    """Read a file from its header to its end, in flat memory; a fault after which nothing can be told is the last."""
    try:
        yield from _read(stream)
    except UnreadableTable as error:
        (fault,) = error.args
        yield fault


def _read(stream: BinaryIO) -> Iterator[PersonLine | LineFault]:
    lines = _texts(stream)
    first = next(lines, "")
    delimiter = next((mark for mark in DELIMITERS if mark in first), ",")
    names = _header([name.strip().lower() for name in next(_cells(iter([first]), delimiter, 1), (0, []))[1]])
    for line, cells in _cells(lines, delimiter, 2):
        if not any(map(str.strip, cells)):
            continue
        if len(cells) != len(names):
            hint = f"is a {DELIMITERS[delimiter]} not in quotes?" if len(cells) > len(names) else "an empty cell needs its place too"
            yield LineFault(line, f"has {counted(len(cells), 'cell')}, and the header {len(names)}: {hint}")
            continue
        told = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        fault = _fault(told)
        trimmed = any(told[name] != cell for name, cell in zip(names, cells, strict=True))
        yield LineFault(line, fault) if fault else PersonLine(line=line, cells=told, trimmed=trimmed)


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Decode line by line. Raises UnreadableTable."""
    number = 0
    while raw := stream.readline(LONGEST_LINE):
        number += 1
        if number == 1 and raw.startswith(WIDE):
            raise UnreadableTable(LineFault(1, "the file is UTF-16: save it as CSV UTF-8"))
        if b"\0" in raw:
            raise UnreadableTable(LineFault(number, "holds a NUL character: the file is no text, or UTF-16; save it as CSV UTF-8"))
        if len(raw) == LONGEST_LINE:
            raise UnreadableTable(LineFault(number, "is longer than a mebibyte: the file is no table of people"))
        try:
            yield (raw.removeprefix(BOM_UTF8) if number == 1 else raw).decode("utf-8")
        except UnicodeDecodeError:
            raise UnreadableTable(LineFault(number, "is not UTF-8: save the file as CSV UTF-8")) from None


def _cells(lines: Iterator[str], delimiter: str, number: int) -> Iterator[tuple[int, list[str]]]:
    """Split lines, the first of which is of that number, into cells, with the number at which each row begins. Raises UnreadableTable."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        began = reader.line_num + number
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = next((told for sign, told in UNSPLIT.items() if sign in str(error)), "a quote is not closed, or stands within a cell")
            raise UnreadableTable(LineFault(began, words)) from None
        yield began, cells


def _header(names: list[str]) -> list[str]:
    """Check the first line. Raises UnreadableTable."""
    known = [name for name in names if name in COLUMNS]
    if not known:
        words = "there is no header" if any(names) else "the file is empty"
        raise UnreadableTable(LineFault(1, f"{words}: the first line names the columns: {', '.join(COLUMNS)}"))
    for name in names:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) if name.isascii() and name.isidentifier() else None
            place = names.index(name) + 1
            raise UnreadableTable(LineFault(1, f"column {place} has an unknown name; {hint or 'there are ' + ', '.join(COLUMNS)}"))
    if len(set(names)) < len(names):
        raise UnreadableTable(LineFault(1, "a column stands there twice"))
    if "request" not in names or not set(names) & set(KINDS):
        raise UnreadableTable(LineFault(1, "there must be the column request, and at least one of email, phone and username"))
    return names


def _fault(cells: dict[str, str]) -> str | None:
    """Say what is wrong with a row by itself, identifiers aside."""
    given = [(kind, cells[kind]) for kind in KINDS if cells.get(kind)]
    if not REQUEST_NAME.fullmatch(cells["request"]) or ".." in cells["request"]:
        return "the request is no name: 1 to 64 of A-Z, a-z, 0-9, `.`, `_`, `-`, the first a letter or digit"
    if not given:
        return "the person has no identifier: an email, a phone or a username"
    if any(value.lower() == cells["request"].lower() or value.lstrip("+") == cells["request"] for _, value in given):
        return "the request is the person's own identifier, and names a folder: give it a number of yours"
    for kind, value in given:
        if value[0] in "=@":
            return f"the {kind} is a formula: save the values, not what computes them"
        if NAMED.fullmatch(value):
            return f"the {kind} is a name with an address in <>: keep the address alone"
    if cells.get("priority") and not PRIORITY.fullmatch(cells["priority"]):
        return "the priority is a whole number, at most four digits; the highest is asked for first"
    return None
