"""Let Ctrl-C and SIGTERM cancel asynchronous work, and wait until it has ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

from engine.errors import Exit, HabeasError

T = TypeVar("T")
MOMENT = 1.0  # seconds
STILL_BUSY = "The vendor was asked already: its answer is stored first."


async def interruptible(work: Coroutine[Any, Any, T]) -> T | Exit:
    """Run `work`; gives its result, or the exit code of the signal that cancelled it. Raises what it raises.

    Work that is still busy a moment after the signal is storing the vendor's answer, and the person is told so.
    """
    loop, signals = asyncio.get_running_loop(), list[Exit]()
    task = asyncio.ensure_future(work)

    def still() -> None:
        if not task.done():
            typer.echo(STILL_BUSY, err=True)

    def end(code: Exit) -> None:
        if not signals:
            loop.call_later(MOMENT, still)
        signals.append(code)
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, end, Exit.INTERRUPTED)
    loop.add_signal_handler(signal.SIGTERM, end, Exit.TERMINATED)
    try:
        await asyncio.wait([task])
        if not signals:
            return task.result()
        if not task.cancelled() and isinstance(error := task.exception(), HabeasError):
            typer.echo(f"error: {error}", err=True)
        elif not task.cancelled():
            task.result()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
    return signals[0]
