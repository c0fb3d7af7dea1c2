"""One limit in time, kept by aiolimiter as a token bucket. It may begin with what earlier runs have taken from it."""

from __future__ import annotations

from aiolimiter import AsyncLimiter

from engine.core.pace import Pace

PRECISION = 1 / 1024


class PacedLimit:
    """A token bucket. aiolimiter's `level` is how many requests it counts as taken, at most its `max_rate`.

    A level above the pace's capacity (an earlier run used a larger share) is held in a larger limiter of the same refill, of
    which `room` stays free: so nothing leaves before the level has come down to what the pace allows.
    """

    def __init__(self, pace: Pace) -> None:
        """Begin full: as many requests may leave at once as the pace's capacity."""
        self.pace, self._room = pace, 0.0
        self._limiter = AsyncLimiter(pace.capacity, pace.seconds)

    async def begin(self, level: float) -> None:
        """Count so many requests as taken already."""
        if level > 0:
            most = max(self.pace.capacity, level)
            self._room = most - self.pace.capacity
            self._limiter = AsyncLimiter(most, most * self.pace.seconds / self.pace.capacity)
            await self._limiter.acquire(level)

    def lacking(self) -> float:
        """Give the seconds until it lets one more request through, if nobody else draws on it, to a thousandth of its step.

        aiolimiter does not show its level, but says whether an amount would pass: so the level is found by bisection.
        """
        needed = 1.0 + self._room
        if self._limiter.has_capacity(needed):
            return 0.0
        free, wanted = 0.0, needed
        while wanted - free > PRECISION:
            middle = (free + wanted) / 2
            free, wanted = (middle, wanted) if self._limiter.has_capacity(middle) else (free, middle)
        return (needed - free) * self.pace.seconds / self.pace.capacity

    async def take(self) -> None:
        """Draw one request; where `lacking` is 0 this does not wait."""
        await self._limiter.acquire()
