"""An event loop with virtual time: its clock jumps to the next timer when nothing else is left to do, so no run waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
TICK = 1e-6  # as on a real machine, each turn takes a moment: rounding never stops the clock


class _Selector(selectors.DefaultSelector):
    """A selector that moves the loop's clock instead of waiting."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        """Move to the next timer. Raises RuntimeError where there is none: every task would wait for ever."""
        if timeout is None:
            message = "every task waits for something that will never come"
            raise RuntimeError(message)
        self.loop.now += max(timeout, TICK)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time moves from timer to timer."""

    def __init__(self) -> None:
        """Begin at 1,000 seconds."""
        selector = _Selector()
        selector.loop = self
        self.now = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        """Give the virtual time in seconds."""
        return self.now


async def passing(seconds: float) -> None:
    """Sleep in virtual time, also where `asyncio.sleep` is replaced."""
    moment = asyncio.get_running_loop().create_future()
    timer = asyncio.get_running_loop().call_later(seconds, moment.set_result, None)
    try:
        await moment
    finally:
        timer.cancel()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
