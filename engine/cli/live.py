"""The live view of a run: one row per endpoint on a terminal and one for the whole run, redrawn in place until it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TextIO

from engine.cli.formatting import put, room, span
from engine.core.ledger import Entry
from engine.core.sizes import size_text
from engine.language.text.mistakes import counted
from engine.runner import Run
from engine.runner.endpoint import EndpointRun

TIMES_A_SECOND = 5
UNKNOWN = (80, 24)
CLEAR_LINE, CLEAR_BELOW = "\x1b[2K", "\x1b[J"
WORTH_TELLING = 1.0  # seconds left


class Live:
    """The rows on a terminal. A terminal that is made narrower breaks the rows it shows: what they take then is drawn over.

    (One that cuts them off instead shows no old rows either, but loses a few of what stood above.)
    """

    def __init__(self, stream: TextIO) -> None:
        """Draw on this terminal."""
        self.stream = stream
        self._drawn: list[int] = []
        self._begun: float | None = None

    async def watch(self, run: Run) -> None:
        """Redraw until cancelled, and once more at the end."""
        try:
            while True:
                self.draw(run)
                await asyncio.sleep(1 / TIMES_A_SECOND)
        finally:
            self.draw(run)

    def draw(self, run: Run) -> None:
        """Draw every row once."""
        now = asyncio.get_running_loop().time()
        self._begun = now if self._begun is None else self._begun
        columns, lines = room(self.stream) or UNKNOWN
        told = [endpoint_row(run, name, columns - 1) for name in run.vendor.endpoints if name not in run.options.selection.excluded]
        self.show([*told, _fitting("", whole_run(run, now - self._begun), columns - 1)][1 - lines :], columns)

    def show(self, rows: list[str], columns: int) -> None:
        """Draw rows over those that stand there, in a terminal of this many columns."""
        above = sum(max(1, -(-length // columns)) for length in self._drawn)
        up = f"\x1b[{above}A" if above else ""
        put(up + "".join(f"{CLEAR_LINE}{row}\n" for row in rows) + CLEAR_BELOW, self.stream)
        self._drawn = [len(row) for row in rows]


def _fitting(head: str, parts: Iterable[str], columns: int) -> str:
    """Put parts behind the head of a row as long as there is room for the next one; none of them is cut."""
    row, between = head, "  " if head else ""
    for part in parts:
        if len(row) + len(between) + len(part) > columns:
            break
        row, between = row + between + part, ", "
    return row[:columns].rstrip()


def endpoint_row(run: Run, name: str, columns: int) -> str:
    """Give an endpoint's row: what it waits for, what it has read of what it knows, or how it ended."""
    width = max(map(len, run.vendor.endpoints))
    entry, reading = run.entries.get(name), run.runs.get(name)
    if entry is not None:
        return _fitting(f"{name:{width}}  {entry.outcome:10}", _ended(entry), columns)
    if reading is None:
        return _fitting(f"{name:{width}}  waiting", (), columns)
    if name in run.files.under_way:
        return _fitting(f"{name:{width}}  {'files':10}", downloaded([run.files.counts[name]]), columns)
    bucket = reading.endpoint.bucket
    held = [f"waits for the limit {bucket}"] if bucket and bucket in run.session.limiter.waiting() else []
    return _fitting(f"{name:{width}}  {'reading':10}", (*_read(reading), *held), columns)


def _ended(entry: Entry) -> Iterator[str]:
    yield counted(entry.tally.records, "record")
    if entry.files is not None and entry.files["downloaded"]:
        yield f"{entry.files['downloaded']:,} of {counted(int(str(entry.files['found'])), 'file')}"
    if entry.reason:
        yield entry.reason


def _read(reading: EndpointRun) -> Iterator[str]:
    """Say how far an endpoint is. A total that the vendor announced is told where its records are counted once only."""
    if reading.slices > 1:
        yield slices(len(reading.ends), reading.slices)
    tally = reading.tally
    announced = tally.announced if not reading.endpoint.overlaps else 0
    records, total = tally.records, f" of {announced:,}" if announced else ""
    yield f"{records:,}{total} records" if total else counted(records, "record")
    yield counted(tally.pages, "page")


def slices(done: int, known: int) -> str:
    """Say how many of the slices are read that are known: spans of time, `for` values, records of the parent."""
    return f"{done:,} of {counted(known, 'slice')}"


def downloaded(files: Iterable[dict[str, int]]) -> Iterator[str]:
    """Say how many of the files were downloaded, how many failed, and how much that is."""
    found, got, failed, size = (sum(one[name] for one in files) for name in ("found", "downloaded", "failed", "bytes"))
    yield f"{got:,} of {counted(found, 'file')}"
    yield size_text(size)
    if failed:
        yield f"{failed:,} missing or in doubt"


def whole_run(run: Run, elapsed: float) -> Iterator[str]:
    """Say of the whole run how long it has taken, how far it is, how long it takes at least, and how often it was held up."""
    yield f"{span(elapsed)} elapsed"
    reading = list(run.runs.values())
    if any(one.slices > 1 for one in reading):
        yield slices(sum(len(one.ends) for one in reading), sum(one.slices for one in reading))
    left = run.session.limiter.least((one.endpoint.bucket, one.endpoint.counted_as, one.unsent) for one in reading)
    if left >= WORTH_TELLING:
        yield f"at least {span(left)} left"
    tallies = [one.tally for one in reading] + [run.search.tally, run.discovered]
    retries, limited = sum(one.retries for one in tallies) + run.files.retries, sum(one.limited for one in tallies) + run.files.limited
    if retries:
        why = f" ({limited:,} for the vendor's limit)" if limited else ""
        yield f"{retries:,} {'retry' if retries == 1 else 'retries'}{why}"
    if run.options.files and run.files.counts:
        yield from downloaded(list(run.files.counts.values()))
