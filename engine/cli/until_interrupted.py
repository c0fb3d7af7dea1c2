"""Serve until Ctrl-C or SIGTERM, which is how a server is meant to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine


async def until_interrupted(work: Callable[[], Coroutine[object, object, None]]) -> None:
    """Do what serves, until the user or the system ends it."""
    serving = asyncio.create_task(work())
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return
