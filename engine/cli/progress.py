"""Show how a run goes on: live lines on a terminal, else one plain line for each endpoint that has ended."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TextIO

from engine.cli.formatting import tell
from engine.core.ledger import Entry, Outcome
from engine.language.text.wording import counted
from engine.runner import Run

TIMES_A_SECOND = 5
CLEAR_LINE = "\x1b[2K"


def plain(entry: Entry, stream: TextIO) -> None:
    """Print on one line how an endpoint ended; nothing for one that was excluded."""
    if entry.outcome is Outcome.EXCLUDED:
        return
    reason = f": {entry.reason}" if entry.reason else ""
    tell(f"{entry.name}: {entry.outcome}, {counted(entry.tally.records, 'record')}{reason}\n", stream)


class Live:
    """One line per endpoint on a terminal, redrawn in place until the run has ended."""

    def __init__(self, stream: TextIO) -> None:
        """Draw on this terminal."""
        self.stream = stream
        self._drawn = 0

    async def watch(self, run: Run) -> None:
        """Redraw until cancelled, and once more at the end."""
        try:
            while True:
                self.draw(run)
                await asyncio.sleep(1 / TIMES_A_SECOND)
        finally:
            self.draw(run)

    def draw(self, run: Run) -> None:
        """Draw every endpoint's line once."""
        waiting = run.session.limiter.waiting()
        lines = [self._line(run, name, waiting) for name in run.vendor.endpoints if name not in run.options.selection.excluded]
        columns, rows = _room(self.stream)
        lines = [line[: columns - 1] for line in lines[-(rows - 1) :]]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        tell(up + "".join(f"{CLEAR_LINE}{line}\n" for line in lines), self.stream)
        self._drawn = len(lines)

    def _line(self, run: Run, name: str, waiting: object) -> str:
        width = max(map(len, run.vendor.endpoints))
        entry, reading = run.entries.get(name), run.runs.get(name)
        if entry is not None:
            return f"{name:{width}}  {entry.outcome:10}  {counted(entry.tally.records, 'record')}"
        if reading is None:
            return f"{name:{width}}  waiting"
        tally = reading.tally
        expected = f" of {reading.store.announced:,}" if reading.store.announced else ""
        bucket = run.vendor.endpoints[name].bucket
        held = f"  throttled by {bucket}" if bucket and bucket in waiting else ""  # type: ignore[operator]
        return f"{name:{width}}  reading     {counted(tally.pages, 'page')}, {tally.records:,}{expected} records{held}"


def _room(stream: TextIO) -> tuple[int, int]:
    """Give the terminal's columns and rows, 80 by 24 where they are unknown; a line that wraps would spoil the drawing."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns = rows = 0
    return columns or 80, rows or 24


def is_terminal(stream: TextIO) -> bool:
    """Whether live lines can be drawn on a stream."""
    return stream.isatty() and sys.platform != "win32"
