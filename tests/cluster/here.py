"""Workers in the test's own process: as many as it wants, each with its own sessions; what is waited for is looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from engine.cluster.lease import LeaseTimes
from engine.cluster.worker import Worker, work
from engine.errors import Exit
from tests.cluster.lent import Team


class Eager(LeaseTimes, frozen=True):
    """Leases that last as long as any, of workers that look for work ten times as often: nothing here is about how long that takes."""

    @property
    def poll(self) -> float:
        """Give how often work is looked for."""
        return LeaseTimes(self.seconds).poll / 10


class Here:
    """One worker that works now, and what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.worker: Worker | None = None
        self.began = asyncio.Event()
        self.task: asyncio.Task[Exit] | None = None

    def heard(self, worker: Worker) -> None:
        """Be told of it."""
        self.worker = worker
        self.began.set()

    async def end(self, code: Exit = Exit.TERMINATED) -> Exit:
        """Stop it; gives its exit code."""
        assert self.worker is not None
        assert self.task is not None
        self.worker.stop(code)
        return await self.task


class Workers:
    """Begins workers over a team's store."""

    def __init__(self, team: Team) -> None:
        self.team = team

    @asynccontextmanager
    async def __call__(self, many: int = 50, lease: float = 6.0, enough: float = 600.0) -> AsyncIterator[Here]:
        """Let one work."""
        here = Here()
        here.task = asyncio.create_task(work(str(self.team.kept.address), many, Eager(lease, enough), here.said.append, here.heard))
        began = asyncio.create_task(here.began.wait())
        await asyncio.wait((here.task, began), return_when=asyncio.FIRST_COMPLETED)
        try:
            yield here
        finally:
            began.cancel()
            if not here.task.done() and here.worker is not None:
                await here.end()
            await asyncio.gather(here.task, return_exceptions=True)

    async def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        """Look until something is so."""
        end = asyncio.get_running_loop().time() + seconds
        while not await asyncio.to_thread(condition):
            assert asyncio.get_running_loop().time() < end, (self.team.states(), self.team.sql("select * from connection"))
            await asyncio.sleep(0.05)  # SLEEPS: between two looks at a database

    async def until_done(self) -> None:
        """Wait until nobody is queued or running."""
        await self.until(lambda: not {"queued", "running"} & set(self.team.states()))
