"""The turns of a worker at its connections: locks of one session, by which commands such as `habeas run` and workers exclude each other.

The server ends them with the session. A worker that was stopped would keep its session, and with it the locks: whoever owns the lease by
now ends it. Where that is not theirs to do, and for commands, which own no lease, the server does when nothing came over it for a lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from engine.cluster.pool import OURS, WORKER, configured
from engine.connection.open import parse_name
from engine.connection.postgres_session import Session, lock_key, taken
from engine.connection.postgres_store import TURN

ENDED_WITHIN, LOOK_AGAIN = 2.0, 0.05
END_WORKER = """
select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
 where locktype = 'advisory' and objsubid = 1 and granted and (classid::bigint << 32 | objid::bigint) = %s
   and database = (select oid from pg_database where datname = current_database()) and application_name = %s and pid <> pg_backend_pid()"""


class Turns:
    """The turns that this worker holds. Used by one task at a time."""

    def __init__(self, address: str, idle: float) -> None:
        """Connect to nothing yet. `idle`: after how many seconds without `kept` the server ends the session."""
        self._address, self._idle = address, f"{idle * 1000:.0f}"
        self._session: Session | None = None
        self._held: set[str] = set()
        self._using = asyncio.Lock()

    async def take(self, names: Iterable[str]) -> bool:
        """Take the turns of connections that this worker owns, or none. Raises psycopg.Error."""
        async with self._using:
            connection, begun = await self._connected(), set[str]()
            for name in sorted(names):
                if not await self._taken(connection, name):
                    await self._free(connection, begun)
                    return False
                begun.add(name)
            self._held |= begun
            return True

    async def free(self, names: Iterable[str]) -> None:
        """Give turns back; with a session that is gone they are."""
        async with self._using:
            gone = self._held & set(names)
            self._held -= gone
            if self._session is not None and not self._session.closed:
                with suppress(psycopg.Error):
                    await self._free(self._session, gone)

    async def kept(self) -> set[str]:
        """Name the turns that are held; where their session was ended they are taken anew, and some may be lost. Raises psycopg.Error."""
        async with self._using:
            if self._session is not None:
                try:
                    await self._session.execute("select 1")
                except psycopg.Error:
                    await self._session.close()
                else:
                    return set(self._held)
            if not self._held:
                return set()
            connection = await self._connected()
            self._held = {name for name in self._held if await self._taken(connection, name)}
            return set(self._held)

    async def close(self) -> None:
        """End the session."""
        if self._session is not None:
            await self._session.close()

    async def _connected(self) -> Session:
        if self._session is None or self._session.closed:
            self._session = await AsyncConnection.connect(make_conninfo(self._address, **OURS), autocommit=True)
            await configured(self._session, idle_session_timeout=self._idle)
        return self._session

    async def _taken(self, connection: Session, name: str) -> bool:
        """Take a turn. A worker that has it has it no more: who asks owns the lease."""
        key, waited = lock_key(TURN, parse_name(name)), 0.0
        if await taken(connection, key):
            return True
        try:
            ended = await (await connection.execute(END_WORKER, (key, WORKER))).fetchall()
        except InsufficientPrivilege:  # that of another user of the database
            return False
        while ended and waited < ENDED_WITHIN:
            if await taken(connection, key):
                return True
            await asyncio.sleep(LOOK_AGAIN)
            waited += LOOK_AGAIN
        return False

    async def _free(self, connection: Session, names: Iterable[str]) -> None:
        for name in names:
            await connection.execute("select pg_advisory_unlock(%s)", (lock_key(TURN, parse_name(name)),))
