"""Give the records of an endpoint by their lines: those that are like others many at once, the rest each for itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from typing import Any

from engine.release.apply import PolicyInForce
from engine.release.given import Giving, HeldRecord, Undecided
from engine.release.given_record import GivenRecord
from engine.release.known_rows import in_batches
from engine.release.ruling import Ruling

GivenLine = tuple[int, GivenRecord | HeldRecord | Undecided, Ruling | None]


def given_lines(
    endpoint: str,
    lines: Iterable[tuple[int, bytes]],
    in_force: PolicyInForce,
    giving: Giving,
    read: Callable[[int, bytes], Any],
    digest: Callable[[bytes], str],
) -> Iterator[GivenLine]:
    """Give what leaves of each line, with its number, and why it is held if it is. Lines come without their ends.

    `read` decodes a line, `digest` gives what decisions name it by; either is asked where it matters only.
    """
    rows, by_record = in_force.rows(endpoint), in_force.on_records
    for batch in in_batches(lines):
        ruled_rows = rows.ruled([line for _, line in batch]) if rows is not None else repeat(None)
        for (number, line), row in zip(batch, ruled_rows, strict=False):
            given = giving.give_row(endpoint, row) if row is not None else None
            if given is not None:
                yield number, given, None
                continue
            record = read(number, line)
            ruled = in_force.ruled(endpoint, record, digest(line) if by_record else "")
            whole = giving.give_ruled(endpoint, line, record, ruled)
            held = isinstance(whole, HeldRecord)
            yield number, whole, next(ruling for ruling in chain.from_iterable(ruled) if ruling.withholds) if held else None
            if rows is not None:
                rows.met(record)
