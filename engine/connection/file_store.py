"""The store in files of this machine: what `vault` does, for an event loop that must not wait for the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from engine.connection.departure_file import handover_of, nothing_known
from engine.connection.private_files import ReadOnly, locked
from engine.connection.reservation import FileReservation, reserved
from engine.connection.sealed_file import reseal_files
from engine.connection.store import KeptConnection, Waiting, Whereabouts
from engine.connection.stored import PLAIN, Name, StoredConnection
from engine.connection.uninterrupted import in_thread, written
from engine.connection.vault import Sealing, Vault
from engine.net.clock import Clock
from engine.net.handover import Handover


class HeldFile:
    """A connection's file under its lock (see `store.HeldConnection`)."""

    def __init__(self, vault: Vault, name: Name) -> None:
        """The lock is held."""
        self._vault, self._name = vault, name
        self._how: Sealing | None = None
        self.lost = False

    async def read(self) -> StoredConnection:
        """Take over what a killed process left, and read."""

        def read() -> tuple[bool, StoredConnection]:
            return self._vault.recover(self._name), self._vault.read(self._name)

        self.lost, record = await written(read)
        return record

    async def intend(self) -> None:
        """Reserve the room of the answer: an unfinished `.new` file is the mark that the vendor was asked."""
        self._how = await self._reserved()

    async def keep(self, record: StoredConnection) -> None:
        """Replace the file, in the room that was reserved."""
        how = self._how if self._how is not None else await self._reserved()
        await written(partial(self._vault.renew, self._name, record, how))

    async def remove(self) -> None:
        """Delete the connection's files, the lock files last."""
        await written(lambda: self._vault.remove(self._name))

    async def _reserved(self) -> Sealing:
        return await written(partial(self._vault.reserve, self._name))

    async def free(self) -> None:
        """Give back the room, unless it is the mark of a lost answer."""
        if not self.lost and self._how is not None:
            await written(lambda: self._vault.drop(self._name))


class FileStore:
    """The connections of one state folder (see `store.ConnectionStore`)."""

    def __init__(self, vault: Vault) -> None:
        """Use the files of `vault`."""
        self._vault = vault

    def waits(self, *, busy: Waiting | None = None, patient: bool | None = None) -> None:
        """Tell the locks."""
        self._vault.busy = busy or self._vault.busy
        self._vault.patient = self._vault.patient if patient is None else patient

    async def ready(self) -> None:
        """Create a key if there is none; what was kept without one is marked with it. Raises NotConnected, DiskError, OutputError."""
        async with self._vault.whole():
            bare = await in_thread(self._vault.first_key)
            for name, record in bare.items():
                async with self._vault.lock(name):
                    await written(partial(self._vault.write, name, record, plain=True))

    async def where(self) -> Whereabouts:
        """Name the folder, and where its key is."""
        keys = self._vault.keys
        return Whereabouts(str(self._vault.home), await in_thread(keys.where), str(keys.path))

    async def names(self, vendor: str | None = None) -> list[Name]:
        """List the folder."""
        return await in_thread(lambda: self._vault.names(vendor))

    async def find(self, name: Name) -> KeptConnection | None:
        """Read a file."""

        def read() -> KeptConnection | None:
            found, keys = self._vault.find(name), self._vault.keys
            if found is None:
                return None
            record, sealed = found
            if sealed.cipher == PLAIN:
                return KeptConnection(name, record, encrypted=False)
            return KeptConnection(name, record, key=keys.place(sealed.key), current=sealed.key == keys.current_id())

        return await in_thread(read)

    @asynccontextmanager
    async def turn(self, name: Name, clock: Clock, waiting: Waiting, *, wait: bool) -> AsyncIterator[Handover]:
        """Hold the lock file of runs; where the store can only be read, runs do not wait for each other."""
        handover: Handover | None = None
        async with AsyncExitStack() as stack:
            try:
                await in_thread(self._vault.prepare)
                await stack.enter_async_context(locked(self._vault.turn(name), clock.sleep, waiting, wait=wait))
            except ReadOnly as error:
                handover = nothing_known(clock, str(error))
            if handover is None:
                handover = await written(lambda: handover_of(self._vault, name, clock))
            try:
                yield handover
            finally:
                await written(handover.close)

    @asynccontextmanager
    async def renewing(self, name: Name) -> AsyncIterator[HeldFile]:
        """Hold the lock of one connection."""
        async with self._vault.lock(name):
            held = HeldFile(self._vault, name)
            try:
                yield held
            finally:
                await held.free()

    @asynccontextmanager
    async def changing(self, name: Name, waiting: Waiting | None = None) -> AsyncIterator[HeldFile]:
        """Hold every lock of a connection."""
        async with self._taken(waiting, name):
            held = HeldFile(self._vault, name)
            try:
                yield held
            finally:
                await held.free()

    @asynccontextmanager
    async def _taken(self, waiting: Waiting | None, name: Name, *others: Name) -> AsyncIterator[None]:
        """Hold the turn, the whole store and the connections: no run uses it, and nothing else is written."""
        vault = self._vault
        await in_thread(vault.prepare)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(locked(vault.turn(name), waiting=waiting))
            await stack.enter_async_context(vault.whole())
            for locked_name in sorted({name, *others}):
                await stack.enter_async_context(vault.lock(locked_name))
            await written(vault.sweep)
            yield

    @asynccontextmanager
    async def placing(self, name: Name, *, plain: bool) -> AsyncIterator[FileReservation]:
        """Allocate the file."""
        room = reserved(self._vault, name, plain=plain)
        reservation = await written(room.__enter__)
        try:
            yield reservation
        finally:
            await written(lambda: room.__exit__(None, None, None))

    async def rename(self, old: Name, new: Name, waiting: Waiting | None = None) -> None:
        """Rename the file, its new name written into it first."""
        vault = self._vault

        def check() -> None:
            vault.read(old)
            vault.check_free(new)

        def rename() -> None:
            vault.recover(old)
            vault.rename(old, new)
            vault.remove(old)

        await in_thread(check)
        async with self._taken(waiting, old, new):
            await written(rename)

    async def reseal(self) -> tuple[int, int]:
        """Encrypt every connection and sealed document anew. Connections that stay unencrypted are marked with the new key.

        Raises NotConnected if something cannot be read, or a file still names an older key: then both keys are kept.
        """
        vault = self._vault
        encrypted = plain = 0
        await in_thread(vault.prepare)
        async with vault.whole():
            await written(vault.sweep)
            vault.adopting = True
            await in_thread(vault.keys.begin_rekey)
            for name in await in_thread(vault.names):
                async with vault.lock(name):
                    bare = await written(partial(vault.reseal, name))
                encrypted += bare is False
                plain += bare is True
            await written(self._end_rekey)
            vault.adopting = False
        return encrypted, plain

    def _end_rekey(self) -> None:
        reseal_files(self._vault.keys, self._vault.home)
        self._vault.end_rekey()
