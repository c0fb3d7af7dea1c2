"""Text for people: tables and spans of time in plain characters, and how text and JSON are printed."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

import msgspec


def tell(text: str, stream: TextIO | None = None) -> None:
    """Print, to standard output by default; where nobody reads any more, such as behind `| head`, go on in silence.

    Raises OSError where standard output takes nothing: what a command says is then lost, and it must not end as if it were not.
    """
    stream = stream or sys.stdout
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


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Lay rows out in columns below a head; `right` are the numbers of the columns that are aligned to the right."""
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    lines = []
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width) for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def span(seconds: float) -> str:
    """Write a span of time: 12.5 s, 8 minutes, 2.5 hours."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def print_json(value: object) -> None:
    """Print a value as indented JSON, for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
