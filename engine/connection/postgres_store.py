"""The store in a PostgreSQL that a team shares. The database keeps sealed rows and hands out locks; it never has the key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import LockNotAvailable, UniqueViolation

from engine.connection.file_store import FileStore
from engine.connection.postgres_held import HeldRow, Shared, send_unsent, swapped
from engine.connection.postgres_session import Session, away, lock_key, session, taken
from engine.connection.private_files import Taken
from engine.connection.sealed_file import resealed, sealed_files
from engine.connection.spent_column import SpentColumn
from engine.connection.state_folder import named
from engine.connection.store import LONGEST_HOLD, SAID_AFTER, KeptConnection, NotStored, Save, Waiting, Whereabouts, grown, read
from engine.connection.store_address import identity, shown
from engine.connection.stored import Name, StoredConnection, StoreError, key_id
from engine.connection.team_keys import TeamKeys
from engine.connection.uninterrupted import in_thread
from engine.connection.unsent import Unsent
from engine.connection.vault import Vault
from engine.connection.vendor_account import account_of
from engine.errors import InUse, NotConnected, UsageError
from engine.net.clock import Clock
from engine.net.handover import Handover

TURN, CHANGE = "turn", "change"
OPEN = """insert into habeas.connection (name, account) values (%(name)s, %(account)s)
  on conflict (name) do update set account = excluded.account, ended = null"""


class RowReservation:
    """The place of a new connection (see `store.Reservation`): a row needs no room, so nothing is held while a person is asked."""

    def __init__(self, store: PostgresStore, name: Name) -> None:
        """The store was seen to be usable."""
        self.name, self._store = name, store
        self.stored = False
        self.replaced: StoredConnection | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Save]:
        """Hold the connection, and see that the database can be written before the vendor is asked."""
        async with self._store.holding(self.name) as connection:
            found = await self._store.find(self.name)
            before = found.record if found else None
            async with connection.transaction(force_rollback=True):
                await connection.execute(OPEN, {"name": str(self.name), "account": str(self.name)})

            async def save(record: StoredConnection) -> None:
                record = grown(record, before)
                try:
                    await self._put(connection, record, before.serial if before else 0)
                except psycopg.Error as error:
                    message = (
                        f"{away(self._store.shared.address, error)}; the vendor had answered already: "
                        "connect again, because the vendor may have ended an earlier connection by that"
                    )
                    raise NotStored(message) from None
                self.stored, self.replaced = True, before

            yield save

    async def _put(self, connection: Session, record: StoredConnection, before: int) -> None:
        row, raw = str(self.name), self._store.shared.sealed(record, self.name)
        put = (
            "insert into habeas.credential as old (name, serial, sealed) values (%s, %s, %s) on conflict (name) do update "
            "set serial = excluded.serial, sealed = excluded.sealed, asking_since = null where old.serial = %s"
        )
        async with connection.transaction():
            await connection.execute(OPEN, {"name": row, "account": account_of(self.name, record)})
            if (await connection.execute(put, (row, record.serial, raw, before))).rowcount != 1:
                message = f"{self.name} was changed by another process meanwhile, and what that stored is kept: connect again"
                raise NotStored(message)


class PostgresStore:
    """The connections of a team (see `store.ConnectionStore`)."""

    def __init__(self, address: str, home: Path, environ: Mapping[str, str] = os.environ) -> None:
        """Connect to nothing yet. Raises UsageError if HABEAS_KEY is no key."""
        where = shown(address)
        self.shared = Shared(address, where, TeamKeys(environ), Unsent(home, identity(address)))
        self.sleep = asyncio.sleep
        self._home, self._environ, self._patient = home, environ, True
        self._here: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Name, asyncio.Lock]] = WeakKeyDictionary()

    def waits(self, *, busy: Waiting | None = None, patient: bool | None = None) -> None:
        """Tell the locks."""
        self.shared.busy = busy or self.shared.busy
        self._patient = self._patient if patient is None else patient

    async def ready(self) -> None:
        """Check the database and the key, which must be that of the rows there are. Raises NotConnected."""
        self.shared.keys.current()
        async with session(self.shared.address) as connection:
            found = await (await connection.execute("select name, sealed from habeas.credential order by name limit 1")).fetchone()
        if found is not None and self.shared.keys.find(key_id(bytes(found[1])) or "") is None:
            message = f"HABEAS_KEY is another key than the one that {found[0]} in {self.shared.where} is sealed with: set it to your team's"
            raise NotConnected(message)

    async def where(self) -> Whereabouts:
        """Name the database."""
        return Whereabouts(self.shared.where, self.shared.keys.where(), "")

    async def names(self, vendor: str | None = None) -> list[Name]:
        """List the rows."""
        async with session(self.shared.address) as connection:
            rows = await (await connection.execute("select name from habeas.credential")).fetchall()
        files = (f"{str(row[0]).replace('/', '.', 1)}.json" for row in rows)  # what is no name of ours is none here either
        return sorted(Name(*found) for found in named(files) if vendor in (None, found[0]))

    async def find(self, name: Name) -> KeptConnection | None:
        """Read a row; what could not be sent before is sent first."""
        self.shared.keys.current()
        async with session(self.shared.address) as connection:
            await send_unsent(self.shared, connection, name)
            row = await (await connection.execute("select serial, sealed from habeas.credential where name = %s", (str(name),))).fetchone()
        return None if row is None else self.shared.opened(name, int(row[0]), bytes(row[1]))

    async def send_unsent(self) -> None:
        """Send everything that this machine could not send before. Raises NotConnected."""
        names = await in_thread(self.shared.unsent.names)
        if names:
            async with session(self.shared.address) as connection:
                for name in names:
                    await send_unsent(self.shared, connection, name)

    @asynccontextmanager
    async def turn(self, name: Name, clock: Clock, waiting: Waiting, *, wait: bool) -> AsyncIterator[Handover]:
        """Hold a lock of the session: those who wait for it come in the order in which they came."""
        async with session(self.shared.address) as connection:
            await self._turn(connection, name, waiting, wait=wait)
            column = SpentColumn(connection, name)
            handover = await column.opened(clock)
            try:
                yield handover
            finally:
                await column.close(handover)

    async def _turn(self, connection: Session, name: Name, waiting: Waiting | None, *, wait: bool) -> None:
        if await taken(connection, lock_key(TURN, name)):
            return
        if not wait:
            raise Taken
        if waiting is not None:
            waiting()
        await connection.execute("select pg_advisory_lock(%s)", (lock_key(TURN, name),))

    @asynccontextmanager
    async def renewing(self, name: Name) -> AsyncIterator[HeldRow]:
        """Hold a row by a lock of the session."""
        async with self.holding(name) as connection, self._held(connection, name) as held:
            yield held

    @asynccontextmanager
    async def changing(self, name: Name, waiting: Waiting | None = None) -> AsyncIterator[HeldRow]:
        """Hold the turn too."""
        async with session(self.shared.address) as connection:
            await self._turn(connection, name, waiting, wait=True)
            async with self.renewing(name) as held:
                yield held

    @asynccontextmanager
    async def _held(self, connection: Session, name: Name) -> AsyncIterator[HeldRow]:
        held = HeldRow(self.shared, connection, name, self.sleep)
        try:
            yield held
        finally:
            await held.free()

    @asynccontextmanager
    async def holding(self, name: Name) -> AsyncIterator[Session]:
        """Give a session that holds a connection against all others; of one process only one task asks the database for it."""
        here = self._here.setdefault(asyncio.get_running_loop(), {}).setdefault(name, asyncio.Lock())
        if here.locked() and not self._patient:
            raise self._in_use(name)
        async with here, session(self.shared.address) as connection:
            await self._hold(connection, name)
            yield connection

    async def _hold(self, connection: Session, name: Name) -> None:
        key = lock_key(CHANGE, name)
        if await taken(connection, key):
            return
        for seconds in (SAID_AFTER, LONGEST_HOLD) if self._patient else ():
            try:
                await connection.execute("select set_config('lock_timeout', %s, false)", (f"{int(seconds * 1000)}",))
                await connection.execute("select pg_advisory_lock(%s)", (key,))
                await connection.execute("select set_config('lock_timeout', '0', false)")
            except LockNotAvailable:
                if seconds == SAID_AFTER:
                    self.shared.busy()
            else:
                return
        raise self._in_use(name)

    def _in_use(self, name: Name) -> InUse:
        long = f" for {LONGEST_HOLD / 60:.0f} minutes: it may hang" if self._patient else ""
        again = "run again later" + ("" if self._patient else ", or without --no-wait")
        return InUse(f"another process has been renewing or changing {name}{long}: {again}")

    @asynccontextmanager
    async def placing(self, name: Name, *, plain: bool) -> AsyncIterator[RowReservation]:
        """Check the store before a person is asked; nothing is written without encryption. Raises UsageError, NotConnected."""
        if plain:
            message = "a shared store is always encrypted: leave --insecure-storage out, and set HABEAS_KEY to your team's key"
            raise UsageError(message)
        await self.ready()
        yield RowReservation(self, name)

    async def rename(self, old: Name, new: Name, waiting: Waiting | None = None) -> None:
        """Change both rows at once; the name stands in what is sealed too."""
        await read(self, old)
        async with AsyncExitStack() as stack:
            turn = await stack.enter_async_context(session(self.shared.address))
            await self._turn(turn, old, waiting, wait=True)
            for name in sorted({old, new}):  # in one order, or two of them would wait for each other
                connection = await stack.enter_async_context(self.holding(name))
            record = await (await stack.enter_async_context(self._held(connection, old))).read()
            row = (str(new), self.shared.sealed(record, new), str(old), record.serial)
            try:
                async with connection.transaction():
                    renamed = "update habeas.connection set name = %(new)s, account = case account when name then %(new)s else account end"
                    await connection.execute(f"{renamed} where name = %(old)s", {"new": row[0], "old": row[2]})
                    done = await connection.execute(
                        "update habeas.credential set sealed = %s where name = %s and serial = %s", (row[1], row[0], row[3])
                    )
                    if done.rowcount != 1:
                        message = f"{old} was changed by another process just now: run again"
                        raise StoreError(message)
            except UniqueViolation:
                message = f"there is a connection {new} already: remove it first, or choose another name"
                raise UsageError(message) from None

    async def reseal(self) -> tuple[int, int]:
        """Encrypt every row with HABEAS_KEY, and what this machine keeps of cases. Raises NotConnected if one cannot be read."""
        names = await self.names()
        for name in names:
            async with self.holding(name) as connection, self._held(connection, name) as held:
                record = await held.read()
                await swapped(connection, name, record.serial, record.serial, self.shared.sealed(record, name))
        async with session(self.shared.address) as connection:
            for batch, raw in await (await connection.execute("select id, sealed from habeas.batch")).fetchall():
                again = resealed(self.shared.keys, f"the key of the batch {batch} in {self.shared.where}", bytes(raw))
                await connection.execute("update habeas.batch set sealed = %s where id = %s", (again, batch))
        if any(sealed_files(self._home)):
            await FileStore(Vault(self._home, self._environ)).reseal()
        return len(names), 0
