"""One row of a shared store, held by one process: read, renewed by compare-and-swap of its serial number, removed.

The lock is the session's. A row lock would end with the commit of the intent (`asking_since`), and the intent must be committed before the
vendor is asked: it is what a killed process leaves behind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from engine.connection.postgres_session import Session, away, session
from engine.connection.store import KeptConnection, NotStored, StoreAway, Waiting, absent
from engine.connection.stored import PLAIN, Name, StoredConnection, StoreError, seal, unseal
from engine.connection.team_keys import TeamKeys
from engine.connection.uninterrupted import written
from engine.connection.unsent import Unsent
from engine.errors import DiskError, HabeasError, NotConnected, OutputError

GRACE = 60.0  # seconds: who lost its session may still be waiting for the vendor's answer
SETTLE = 10.0  # seconds: whoever has an answer that the database could not take needs a moment to send it once it is back
GIVEN_UP = 1e9  # seconds: so long ago is what was left by whoever knew that its answer was lost
PAUSES = (0.5, 1.0, 2.0)
UNUSED = """
delete from habeas.connection where name = %(name)s and not exists (select from habeas.target where connection = %(name)s)
"""  # what a batch is lent for stays, without what opens it
ROW = "select serial, sealed, extract(epoch from now() - asking_since) from habeas.credential where name = %s"


class Shared:
    """What all uses of one shared store have in common: its address, its keys, what it could not take, and how to wait."""

    def __init__(self, address: str, where: str, keys: TeamKeys, unsent: Unsent) -> None:
        """`where` is the address as it may be shown."""
        self.address, self.where, self.keys, self.unsent = address, where, keys, unsent
        self.busy: Waiting = lambda: None

    def opened(self, name: Name, serial: int, raw: bytes) -> KeptConnection:
        """Decrypt a row, which must hold what its own columns say. Raises NotConnected."""
        place = f"{name} in {self.where}"
        record, sealed = unseal(raw, self.keys.find, place, self.keys.mend)
        if Name(sealed.vendor, sealed.name) != name or record.serial != serial or sealed.cipher == PLAIN:
            message = (
                f"{place} is not what Habeas stored there (number {record.serial} of {sealed.vendor}/{sealed.name}, where number {serial} "
                f"belongs): put a copy of the row back, or remove it and connect again; nothing was changed"
            )
            raise StoreError(message)
        return KeptConnection(name, record, key=self.keys.place(sealed.key), current=sealed.key == self.keys.current().id)

    def sealed(self, record: StoredConnection, name: Name) -> bytes:
        """Encrypt a record for the row of a name. Raises NotConnected."""
        return seal(record, self.keys.current(), name.name)


def _awaited(asking: float | None, waited: float) -> bool:
    """Whether an answer of the vendor, asked for so long ago, may still come, also where the database was away for longer."""
    if asking is None or asking >= GIVEN_UP or waited >= GRACE:
        return False
    return asking < GRACE or waited < SETTLE


class HeldRow:
    """A connection under its lock (see `store.HeldConnection`)."""

    def __init__(self, shared: Shared, connection: Session, name: Name, sleep: Callable[[float], Awaitable[None]]) -> None:
        """The lock is held by the session."""
        self._shared, self._session, self._name, self._sleep = shared, connection, name, sleep
        self._serial, self._asks = 0, False
        self.lost = False

    async def read(self) -> StoredConnection:
        """Send what could not be sent, wait for one that may still be asking, and read."""
        await send_unsent(self._shared, self._session, self._name)
        found, told, waited = await self._row(), False, 0.0
        while found is not None and _awaited(found[2], waited):
            if not told:
                self._shared.busy()
            told, waited = True, waited + 1.0
            await self._sleep(1.0)
            found = await self._row()
        if found is None:
            raise absent(self._name)
        self._serial, self.lost = found[0], found[2] is not None
        return self._shared.opened(self._name, found[0], found[1]).record

    async def intend(self) -> None:
        """Commit that the vendor is asked: the database can be written, and whoever comes after a killed process knows.

        Where the database goes away meanwhile the answer has a folder here.
        """
        await written(self._shared.unsent.ready)
        mark = "update habeas.credential set asking_since = now() where name = %s and serial = %s"
        if (await self._session.execute(mark, (self._name_text, self._serial))).rowcount != 1:
            message = f"{self._name} was changed by another process just now, so the vendor was not asked: run again"
            raise StoreAway(message)
        self._asks = True

    async def keep(self, record: StoredConnection) -> None:
        """Swap the row if it is still what was read. Where the database takes nothing, the answer is safe in a file of this machine."""
        raw = self._shared.sealed(record, self._name)
        try:
            stored = await swapped(self._session, self._name, self._serial, record.serial, raw)
        except psycopg.Error as error:
            stored = await self._later(record, raw, away(self._shared.address, error))
        if not stored:
            message = f"{self._name} was changed by another process while the vendor was asked, and what that stored is kept: run again"
            raise NotStored(message)
        self._serial, self._asks = record.serial, False

    async def remove(self) -> None:
        """Delete the rows."""
        await self._session.execute("delete from habeas.credential where name = %s", (self._name_text,))
        await self._session.execute(UNUSED, {"name": self._name_text})
        await written(lambda: self._shared.unsent.drop(self._name) if self._shared.unsent.path(self._name).exists() else None)

    async def free(self) -> None:
        """Take the intent back; where an answer was lost, leave a mark that is not waited for. A dead session leaves it as it is."""
        if self._asks:
            mark = "update habeas.credential set asking_since = case when %s then 'epoch'::timestamptz end where name = %s and serial = %s"
            with suppress(psycopg.Error):
                await self._session.execute(mark, (self.lost, self._name_text, self._serial))

    async def _later(self, record: StoredConnection, raw: bytes, why: StoreAway) -> bool:
        """Put an answer into a file, and try a few times more to store it. Raises NotStored where it is nowhere."""
        unwritten: HabeasError | None = None
        try:
            await written(lambda: self._shared.unsent.write(self._name, raw))
        except (NotConnected, DiskError, OutputError) as error:
            unwritten = error
        for pause in PAUSES:
            await self._sleep(pause)
            with suppress(StoreAway):
                async with session(self._shared.address) as again:
                    stored = await swapped(again, self._name, self._serial, record.serial, raw)
                    if unwritten is None:
                        await written(lambda: self._shared.unsent.drop(self._name))
                    return stored
        if unwritten is not None:
            self.lost = True
            message = f"the vendor's answer could not be stored ({why}), nor put into a file ({unwritten}): connect again"
            raise NotStored(message)
        return True

    async def _row(self) -> tuple[int, bytes, float | None] | None:
        return await _row_of(self._session, self._name)

    @property
    def _name_text(self) -> str:
        return str(self._name)


async def swapped(connection: Session, name: Name, before: int, serial: int, raw: bytes) -> bool:
    """Put a row in the place of the one with the number `before`; whether that was still there. Raises psycopg.Error."""
    swap = "update habeas.credential set serial = %s, sealed = %s, asking_since = null where name = %s and serial = %s"
    return (await connection.execute(swap, (serial, raw, str(name), before))).rowcount == 1


async def send_unsent(shared: Shared, connection: Session, name: Name) -> None:
    """Send what the database could not take before, unless it has something newer. Raises NotConnected, psycopg.Error.

    The swap needs no lock: whoever holds that may be waiting for this very answer.
    """
    raw = await written(lambda: shared.unsent.read(name))
    if raw is None:
        return
    record, _ = unseal(raw, shared.keys.find, str(shared.unsent.path(name)))
    found = await _row_of(connection, name)
    if found is not None and found[0] < record.serial and shared.opened(name, found[0], found[1]).record.id == record.id:
        await swapped(connection, name, found[0], record.serial, shared.sealed(record, name))
    await written(lambda: shared.unsent.drop(name, raw))


async def _row_of(connection: Session, name: Name) -> tuple[int, bytes, float | None] | None:
    found = await (await connection.execute(ROW, (str(name),))).fetchone()
    return None if found is None else (int(found[0]), bytes(found[1]), None if found[2] is None else float(found[2]))
