"""Say how an endpoint ended, where no live view shows it, and let Ctrl-C and SIGTERM end asynchronous work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TextIO, TypeVar

from engine.cli.formatting import print_text, tell
from engine.cli.signals import STILL_BUSY, no_signals, on_signals
from engine.core.ledger import BY_ORDER, Entry, Outcome
from engine.errors import Exit, HabeasError
from engine.language.text.mistakes import counted


def plain(entry: Entry, stream: TextIO, vendor: str | None = None) -> None:
    """Print on one line how an endpoint ended, of which vendor where there are several; nothing for one that was left out by order."""
    if entry.outcome is Outcome.EXCLUDED and entry.reason == BY_ORDER:
        return
    reason = f": {entry.reason}" if entry.reason else ""
    tell(f"{f'{vendor}/' if vendor else ''}{entry.name}: {entry.outcome}, {counted(entry.tally.records, 'record')}{reason}\n", stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether live lines can be drawn on a stream."""
    return stream.isatty() and sys.platform != "win32"


T = TypeVar("T")
MOMENT = 1.0  # seconds


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

    on_signals(end)
    try:
        await asyncio.wait([task])
        if not signals:
            return task.result()
        if not task.cancelled() and isinstance(error := task.exception(), HabeasError):
            print_text(f"error: {error}", err=True)
        elif not task.cancelled():
            task.result()
    finally:
        no_signals()
    return signals[0]


def renewing() -> None:
    """Say what is being waited for."""
    print_text("Another process renews or changes a connection here: waiting for it.", err=True)
