"""Many tasks that draw on one limiter, and how many left in a window."""

from __future__ import annotations

import asyncio

from engine.net.limiter import Limiter
from tests.clock import passing


async def departures(limiter: Limiter, count: int, bucket: str | None = "b", latency: float = 0.0, until: float = 1e9) -> list[float]:
    """Forty tasks send so many requests; gives when each left."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    queue = iter(range(count))

    async def work() -> None:
        for _ in queue:
            if loop.time() >= until:
                return
            async with limiter.slot(bucket, "line"):
                times.append(loop.time())
                if latency:
                    await passing(latency)

    async with asyncio.TaskGroup() as group:
        for _ in range(40):
            group.create_task(work())
    return sorted(times)


def most_in_a_window(times: list[float], seconds: float) -> int:
    """Slide a window over the times; gives how many it holds at most."""
    first, most = 0, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - seconds + 1e-9:
            first += 1
        most = max(most, last - first + 1)
    return most
