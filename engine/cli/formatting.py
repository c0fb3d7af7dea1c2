"""Text for people: sentences and tables that break between words only, spans of time, and how text and JSON are printed.

Text is broken where a terminal shows it; a file or a pipe gets every sentence on one line, so that programs can look for it.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from textwrap import wrap
from typing import TextIO

import msgspec
import typer

LEAST_ROOM = 20  # a last column narrower than this is read better below its row
BELOW = "    "
BULLET = re.compile(r"\s*(?:(?:-|[0-9]+\.) +)?")
SHELL_WORD = re.compile(r"#.*|(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")


def print_text(text: str, *, err: bool = False) -> None:
    """Print sentences, broken between words where a terminal shows them, and a line break."""
    typer.echo(fitted(text, width_of(sys.stderr if err else sys.stdout)), err=err)


def room(stream: TextIO) -> os.terminal_size | None:
    """Give the columns and rows of a terminal; None where a stream is none, or does not know them."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream.isatty() else None
    except (OSError, ValueError):
        return None
    return size if size is not None and size.columns and size.lines else None


def width_of(stream: TextIO) -> int | None:
    """Give the columns of a terminal; None where nothing is to be broken."""
    size = room(stream)
    return size.columns if size is not None else None


def fitted(text: str, width: int | None) -> str:
    """Break lines that are wider than `width` between words, below their own beginning; a wider word stands alone, and whole."""
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    lead = BULLET.match(line)[0]  # type: ignore[index]
    return _wrapped(line[len(lead) :], width, lead, " " * len(lead) + ("  " if lead.isspace() else ""))


def _wrapped(text: str, width: int, first: str, hang: str) -> list[str]:
    """Break a text; a word that fits only without the indentation goes without it."""
    lines = wrap(text, width, initial_indent=first, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return [line.lstrip() if len(line) > width and len(line.split()) == 1 else line for line in lines] or [first.rstrip()]


def shell_line(command: str, width: int | None) -> str:
    """Break a command for the shell so that it can be copied: a backslash ends each line, and what stands in quotes stays together."""
    if width is None or len(command) <= width:
        return command
    indent, lines = command[: len(command) - len(command.lstrip())], list[str]()
    for word in SHELL_WORD.findall(command):
        if lines and len(lines[-1]) + len(word) + 1 <= width - 2:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{indent}{'  ' if lines else ''}{word}")
    return " \\\n".join(lines)


def tell(text: str, stream: TextIO | None = None) -> None:
    """Write sentences, to standard output by default, broken between words where a terminal shows them; see `put`."""
    stream = stream or sys.stdout
    put(fitted(text, width_of(stream)), stream)


def put(text: str, stream: TextIO) -> None:
    """Write a text as it is; where nobody reads any more, such as behind `| head`, go on in silence.

    Raises OSError where standard output takes nothing: what a command says is then lost, and it must not end as if it were not.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            raise
        drop(stream)


def drop(stream: TextIO) -> None:
    """Lead a stream to nowhere, so that what is still buffered is not tried again."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class ClosedStream(io.TextIOBase):
    """Standard output that the caller has closed: nothing can be said there."""

    def write(self, _text: str, /) -> int:
        """Raise OSError."""
        raise OSError(errno.EBADF, "it is closed")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = (), width: int | None = None) -> str:
    """Lay rows out in columns below a head; `right` are the numbers of the columns that are aligned to the right.

    Where `width` is too small for all, the last column is broken between words; where that leaves it no room, the last columns stand
    below each row, each with its name.
    """
    widths = [max(_columns_of(row[index]) for row in [head, *rows]) for index in range(len(head))]
    count = _side_by_side(widths, max((len(word) for row in rows for word in row[-1].split()), default=0), width)
    last = widths[-1]
    if width is not None and count == len(head):
        last = min(last, width - sum(widths[:-1]) - 2 * (count - 1))
    widths = [*widths[:-1], last][:count]
    lines = []
    for row in [head, ["-" * size for size in widths], *rows]:
        gaps = [" " * (size - _columns_of(cell)) for cell, size in zip(row, widths, strict=False)]
        cells = [gap + cell if at in right else cell + gap for at, (cell, gap) in enumerate(zip(row, gaps, strict=False))]
        if count == len(head) and len(cells[-1]) > last:
            before = "".join(f"{cell}  " for cell in cells[:-1])
            lines += _wrapped(cells[-1], len(before) + last, before, " " * len(before))
        else:
            lines.append("  ".join(cells))
        lines += _below(head[count:], row[count:], width) if row is not head else []
    return "\n".join(line.rstrip() for line in lines)


def _columns_of(text: str) -> int:
    """Count the columns that a text takes on a terminal: a Chinese, Japanese or Korean sign takes two, an accent of its own none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def columns(rows: Sequence[tuple[str, str]], width: int | None) -> str:
    """Lay names and what they mean out in two columns without a head, the second broken between words."""
    room = max((len(name) for name, _ in rows), default=0) + 2
    if width is not None and width - room < LEAST_ROOM:
        return fitted("\n".join(f"{name}: {text}" for name, text in rows), width)
    return "\n".join(
        line.rstrip() for name, text in rows for line in _wrapped(text, width or len(text) + room, name.ljust(room), " " * room)
    )


def _side_by_side(widths: Sequence[int], longest: int, width: int | None) -> int:
    """Give how many columns of a table stand side by side; `longest` is the longest word of the last."""
    gaps = 2 * (len(widths) - 1)
    if width is None or sum(widths) + gaps <= width or sum(widths[:-1]) + gaps + max(longest, LEAST_ROOM) <= width:
        return len(widths)
    return next((count for count in range(len(widths) - 1, 1, -1) if sum(widths[:count]) + 2 * (count - 1) <= width), 1)


def _below(names: Sequence[str], cells: Sequence[str], width: int | None) -> Iterator[str]:
    for name, cell in zip(names, cells, strict=False):
        if cell:
            yield from _wrapped(f"{name}: {cell}", width or len(cell), BELOW, f"{BELOW}  ")


def span(seconds: float) -> str:
    """Write a span of time: 12.5 s, 8 minutes, 2.5 hours."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def people(number: int, is_one: str = "", are_many: str = "") -> str:
    """Write how many people, and the verb that fits: `1 person is`, `2,000 people are`."""
    words, verb = ("1 person", is_one) if number == 1 else (f"{number:,} people", are_many)
    return f"{words} {verb}".rstrip()


def print_json(value: object) -> None:
    """Print a value as indented JSON, for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
