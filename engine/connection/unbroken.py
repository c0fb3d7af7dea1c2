"""Work that must come to its end once it has begun, whoever cancels it: between a question and the storing of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from engine.connection.keeper import Time


async def unbroken(work: Callable[[Time], Coroutine[Any, Any, None]], time: Time) -> None:
    """Do it to its end; who cancels meanwhile waits for that. Raises what it raises.

    Where it only waits before it asks once more, there is nothing to lose: there it ends, with CancelledError.
    """
    told = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits = [asyncio.ensure_future(one) for one in (time.sleep(seconds), told.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        if told.is_set():
            raise asyncio.CancelledError

    task = asyncio.ensure_future(work(replace(time, sleep=sleep)))
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            told.set()
    task.result()
