"""An event loop whose time passes only when nothing is left to do: hours take no time, and every run is the same."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
TICK = 1e-6  # as on a real machine, each turn takes a moment: rounding never stops the clock


class _Selector(selectors.DefaultSelector):
    """Never waits: it moves the loop's clock instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        """Go on to the next timer at once. Raises RuntimeError where there is none."""
        if timeout is None:
            message = "every task waits for something that will never come"
            raise RuntimeError(message)
        self.loop.now += max(timeout, TICK)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still until the next timer."""

    def __init__(self) -> None:
        """Begin at some moment."""
        selector = _Selector()
        selector.loop = self
        self.now = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        """Give the seconds of virtual time."""
        return self.now


async def passing(seconds: float) -> None:
    """Let virtual time pass."""
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
