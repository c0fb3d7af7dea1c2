"""Ctrl-C and SIGTERM end a command, but never in the middle of what must be finished."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from engine.errors import Exit

T = TypeVar("T")
CODES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


def carried_out(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; a signal cancels it, however often it comes, and the process ends with that signal's code."""
    told: list[Exit] = []

    async def watched() -> T:
        task = asyncio.ensure_future(work)

        def end(code: Exit) -> None:
            told.append(code)
            task.cancel()

        for number, code in CODES.items():
            asyncio.get_running_loop().add_signal_handler(number, end, code)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        if told:
            sys.exit(told[0])
        raise
