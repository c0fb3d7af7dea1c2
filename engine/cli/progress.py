"""Show how a run goes on (live lines on a terminal, else one plain line per endpoint), and let Ctrl-C and SIGTERM end asynchronous work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TextIO, TypeVar

from engine.cli.formatting import print_text, put, tell
from engine.core.ledger import BY_ORDER, Entry, Outcome
from engine.errors import Exit, HabeasError
from engine.language.text.mistakes import counted
from engine.runner import Run

TIMES_A_SECOND = 5
CLEAR_LINE = "\x1b[2K"


def plain(entry: Entry, stream: TextIO) -> None:
    """Print on one line how an endpoint ended; nothing for one that was left out by order."""
    if entry.outcome is Outcome.EXCLUDED and entry.reason == BY_ORDER:
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
        put(up + "".join(f"{CLEAR_LINE}{line}\n" for line in lines), self.stream)
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


T = TypeVar("T")
MOMENT = 1.0  # seconds
TERMINATING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
STILL_BUSY = "The vendor was asked already: its answer is stored first."


async def interruptible(work: Coroutine[Any, Any, T]) -> T | Exit:
    """Run `work`; gives its result, or the exit code of the signal that cancelled it. Raises what it raises.

    Work that is still busy a moment after the signal is storing the vendor's answer, and the person is told so.
    """
    loop, signals = asyncio.get_running_loop(), list[Exit]()
    task = asyncio.ensure_future(work)

    def still() -> None:
        if not task.done():
            print_text(STILL_BUSY, err=True)

    def end(code: Exit) -> None:
        if not signals:
            loop.call_later(MOMENT, still)
        signals.append(code)
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, end, Exit.INTERRUPTED)
    for number in TERMINATING:
        loop.add_signal_handler(number, end, Exit.TERMINATED)
    try:
        await asyncio.wait([task])
        if not signals:
            return task.result()
        if not task.cancelled() and isinstance(error := task.exception(), HabeasError):
            print_text(f"error: {error}", err=True)
        elif not task.cancelled():
            task.result()
    finally:
        for number in (signal.SIGINT, *TERMINATING):
            loop.remove_signal_handler(number)
    return signals[0]


def renewing() -> None:
    """Say what is being waited for."""
    print_text("Another process renews or changes a connection here: waiting for it.", err=True)
