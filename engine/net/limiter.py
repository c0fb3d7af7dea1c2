"""Pace requests so that a vendor's limit is used and never exceeded. Decides no retry: it is told what to hold.

aiolimiter's bucket lets `capacity + rate x time` through. With N the vendor's limit in a period, the capacity is what
our share leaves free, so that any window of that length holds at most N.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

from engine.spec.rate import Rate

IN_FLIGHT = 16
MARGIN = 0.5


def paced(rate: Rate, share: float) -> AsyncLimiter:
    """Build the pace for a limit of so many requests in so many seconds.

    In any window at most floor(capacity + rate) leave. Near a share of 1 nothing is left free, so the rate gives way by
    half a request a window: then capacity + rate stays below N + 1.
    """
    seconds = rate.seconds or 1.0
    capacity = max(1, math.floor(rate.count * (1 - share)))
    in_a_window = min(rate.count * share, rate.count + 1 - capacity - MARGIN)
    return AsyncLimiter(capacity, capacity * seconds / in_a_window)


@dataclass
class Bucket:
    """One bucket: its paces, how many may be in flight, and until when it is held."""

    paces: tuple[AsyncLimiter, ...] = ()
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    held_until: float = 0.0
    waiting: int = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count someone among those who wait here."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def pass_through(self) -> None:
        """Wait for the hold, then for each pace; a hold made meanwhile is waited for too."""
        loop = asyncio.get_running_loop()
        for pace in self.paces:
            await pace.acquire()
        while (left := self.held_until - loop.time()) > 0:
            await asyncio.sleep(left)
            for pace in self.paces:
                await pace.acquire()


class Limiter:
    """The buckets of one connection, for one event loop.

    At most IN_FLIGHT requests of a bucket are under way: the gate comes before the pace, so that what has been let
    through leaves at once and cannot pile up into a burst.
    """

    def __init__(self, limits: Mapping[str, tuple[Rate, ...]], share: float) -> None:
        """Take the vendor's limits by bucket, and our share of them (0 < share <= 1)."""
        self._limits, self._share = limits, share
        self._buckets: dict[tuple[str, str], Bucket] = {}

    @asynccontextmanager
    async def slot(self, bucket: str | None, line: str) -> AsyncIterator[float]:
        """Wait for leave to send one request; gives the seconds waited. `line` names the request line, for `each`."""
        loop = asyncio.get_running_loop()
        drawn = self._drawn(bucket, line)
        started = loop.time()
        async with AsyncExitStack() as stack:
            for one in drawn:
                with one.counted():
                    await stack.enter_async_context(one.gate)
                    await one.pass_through()
            yield loop.time() - started

    def hold(self, bucket: str | None, until: float) -> None:
        """Hold everyone in a bucket until a moment of the loop's clock; a longer hold wins."""
        for (name, _), one in self._buckets.items():
            if name == (bucket if bucket in self._limits else "all"):
                one.held_until = max(one.held_until, until)

    def waiting(self) -> frozenset[str]:
        """Name the buckets in which someone waits."""
        return frozenset(name for (name, _), one in self._buckets.items() if one.waiting)

    def _drawn(self, bucket: str | None, line: str) -> tuple[Bucket, ...]:
        names = [name for name in dict.fromkeys((bucket, "all")) if name in self._limits] or ["all"]
        return tuple(self._bucket(name, line) for name in names if name is not None)

    def _bucket(self, name: str, line: str) -> Bucket:
        rates = self._limits.get(name, ())
        place = (name, line if any(rate.each for rate in rates) else "")
        if place not in self._buckets:
            at_once = [rate.count for rate in rates if rate.seconds is None]
            self._buckets[place] = Bucket(
                paces=tuple(paced(rate, self._share) for rate in rates if rate.seconds is not None),
                gate=asyncio.Semaphore(min([IN_FLIGHT, *at_once])),
            )
        return self._buckets[place]
