"""A worker's own row, by which others see that it is there: since when, of which version, and what it holds."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable

from engine import __version__
from engine.cluster.pool import Pool

ARRIVE = "insert into worker (id, version, host, many) values (%s, %s, %s, %s)"
SEEN = """
with told as (update worker set seen = now(), held = %s where id = %s)
select count(*) from worker where seen > now() - make_interval(secs => %s)"""
LEAVE = "delete from worker where id = %s or seen < now() - interval '1 day'"


def new_worker_id() -> str:
    """Make a name for a worker that no other one has, nor this one when it is started again."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


async def arrive(pool: Pool, worker: str, many: int) -> None:
    """Write the row."""
    async with pool.connection() as connection:
        await connection.execute(ARRIVE, (worker, __version__, socket.gethostname(), many))


async def seen(pool: Pool, worker: str, held: Iterable[str], lately: float) -> int:
    """Say that the worker lives, and which connections it holds; gives how many workers did so `lately`, in seconds."""
    async with pool.connection() as connection:
        row = await (await connection.execute(SEEN, (sorted(held), worker, lately))).fetchone()
    return int(row[0]) if row is not None else 1


async def leave(pool: Pool, worker: str) -> None:
    """Delete the row, and those of workers that were not seen for a day."""
    async with pool.connection() as connection:
        await connection.execute(LEAVE, (worker,))
