"""What a worker uses of a vendor's limits, in the rows of the account: written as long as the account is owned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg

from engine.cluster.ownership import Lease, read_spent, write_spent
from engine.cluster.pool import Pool
from engine.connection.spent_column import SpentColumn

AGAIN = 0.2


class LeasedSpent(SpentColumn):
    """The column of an account that is owned (see `SpentColumn`). A database that is away is tried again while it is."""

    def __init__(self, pool: Pool, lease: Lease, over: Callable[[], bool]) -> None:
        """`over` says that the lease is over."""
        self._pool, self._lease, self._over = pool, lease, over
        self._next: bytes | None = None
        self._task: asyncio.Task[None] | None = None
        self.failed = False

    async def _read(self) -> tuple[str | None, float]:
        return await read_spent(self._pool, self._lease)

    async def _write(self, content: bytes) -> None:
        while True:
            try:
                self.failed = not await write_spent(self._pool, self._lease, content.decode())
            except psycopg.Error:
                if self._over():
                    raise
                await asyncio.sleep(AGAIN)
            else:
                return
