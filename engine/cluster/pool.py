"""The sessions of a worker: a few for all its connections, replaced where the database has ended them."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from engine.connection.postgres_session import ITS_SIDE, OUR_SIDE, VERSION, Session, away, version_of
from engine.connection.store import StoreAway
from engine.connection.store_address import shown

WORKER = "habeas worker"
MOST = 8
LIFETIME = 60.0  # seconds: a session may be one of a server, or with settings, that can only be read since
Pool = AsyncConnectionPool[Session]
OURS = {**OUR_SIDE, "application_name": WORKER}


async def configured(connection: AsyncConnection[Any], **settings: str) -> None:
    """Make a new session one of ours: statements commit one by one, the tables of what dispatches are found in our schema."""
    await connection.set_autocommit(True)
    settings = {**ITS_SIDE, "search_path": "habeas", **settings}
    await connection.execute("select " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items()))


def pool_of(address: str, patience: float) -> Pool:
    """Make the pool, not opened yet. A session is looked at before it is given.

    `patience` is how many seconds one is waited for. A transaction that stands still for as long is ended: a worker that was stopped in
    one would keep its successors waiting.
    """
    return AsyncConnectionPool(
        make_conninfo(address, **OURS),
        min_size=1,
        max_size=MOST,
        open=False,
        timeout=patience,
        reconnect_timeout=patience,
        max_lifetime=LIFETIME,
        configure=partial(configured, idle_in_transaction_session_timeout=f"{patience * 1000:.0f}"),
        check=AsyncConnectionPool.check_connection,
        name="habeas",
    )


async def check_version(pool: Pool, address: str) -> None:
    """See that the tables are still those of this version. Raises StoreAway where they are not, psycopg.Error."""
    async with pool.connection() as connection:
        found = await version_of(connection)
    if found != VERSION:
        than = "a newer" if found > VERSION else "an older"
        message = (
            f"the store {shown(address)} is of {than} Habeas now (version {found}, this one knows {VERSION}): start workers of one version"
        )
        raise StoreAway(message)


async def opened_pool(pool: Pool, address: str) -> None:
    """Open it. Raises StoreAway."""
    try:
        await pool.open(wait=True)
    except psycopg.Error as error:
        raise away(address, error) from None
