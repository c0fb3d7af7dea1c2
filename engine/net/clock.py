"""The clock that a run, a connection and their tests are given: the time, how to sleep, and random numbers.

No other module reads the system's clock for a decision: whoever needs the time takes a `Clock`, and a test passes its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct


class Clock(Struct, frozen=True):
    """`now` gives the time in UTC, `sleep` waits for some seconds, `dice` gives a random number from 0 up to but not including 1."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    dice: Callable[[], float]

    def timestamp(self) -> float:
        """Give the time in seconds since 1970-01-01T00:00:00Z, as stored connections hold it."""
        return self.now().timestamp()


def wall_clock() -> Clock:
    """Give the real time, real sleep and real dice."""
    return Clock(lambda: datetime.now(UTC), asyncio.sleep, random.random)


def clock_from(
    start: datetime, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, dice: Callable[[], float] = random.random
) -> Clock:
    """Give a clock that shows `start` now, and from then on the milliseconds that pass in the running event loop."""
    loop = asyncio.get_running_loop()
    begun, start = loop.time(), start.astimezone(UTC)
    return Clock(lambda: start + timedelta(milliseconds=int((loop.time() - begun) * 1000)), sleep, dice)
