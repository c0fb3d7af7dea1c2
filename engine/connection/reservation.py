"""Reserve the file of a new connection: allocate it before the person is asked, and lock it before the vendor is.

So neither a full disk nor another process can lose the vendor's answer, and no process waits while a person consents.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from engine.connection.lock_queue import own_file
from engine.connection.private_files import ROOM_END, cannot_write, put_in_place, sweep_rooms, sync_folder, write_new
from engine.connection.store import Save, grown
from engine.connection.stored import ROOM, Name, Sealed, StoredConnection, seal
from engine.connection.uninterrupted import written
from engine.connection.vault import Sealing, Vault
from engine.errors import DiskError


class FileReservation:
    """The reserved file of one new connection (see `store.Reservation`); made by `reserved`."""

    def __init__(self, vault: Vault, name: Name, room: Path, *, plain: bool) -> None:
        """Take the allocated file `room`; `plain`: the connection is stored unencrypted."""
        self.name, self._vault, self._room, self._plain = name, vault, room, plain
        self.stored = False
        self.replaced: StoredConnection | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Save]:
        """Hold the locks, and give the function that stores the connection; it raises DiskError. Raises NotConnected, OutputError."""
        vault, name = self._vault, self.name
        async with vault.whole(), vault.lock(name):
            before, how = await written(self._before)

            async def store(record: StoredConnection) -> None:
                await written(lambda: self._put(grown(record, before[0] if before else None), how))
                self.stored, self.replaced = True, before[0] if before else None

            yield store

    def _before(self) -> tuple[tuple[StoredConnection, Sealed] | None, Sealing]:
        self._vault.recover(self.name)
        return self._vault.find(self.name), self._vault.sealing(plain=self._plain)

    def _put(self, record: StoredConnection, how: Sealing) -> None:
        vault, path = self._vault, self._vault.path(self.name)
        try:
            write_new(self._room, seal(record, how.key, self.name.name, plain=how.plain))
            put_in_place(self._room, path)
        except OSError as error:
            message = (
                f"{path} could not be written ({error.strerror}), and the vendor had answered already: "
                "connect again, because the vendor may have ended an earlier connection by that"
            )
            raise DiskError(message) from None
        vault.drop(self.name)
        vault.sweep()


@contextmanager
def reserved(vault: Vault, name: Name, *, plain: bool) -> Iterator[FileReservation]:
    """Allocate the file of a new connection, which also tests the store; freed at the end. Raises NotConnected, DiskError, OutputError."""
    vault.prepare()
    room = vault.folder / f".{name.file}.{secrets.token_hex(8)}{ROOM_END}"
    sweep_rooms(vault.folder, f"{name.file}.")
    file = None
    try:
        try:
            file = own_file(room)
            write_new(room, b"", ROOM)
            sync_folder(vault.folder)
        except OSError as error:
            raise cannot_write(vault.folder, error) from None
        yield FileReservation(vault, name, room, plain=plain)
    finally:
        with suppress(OSError):
            room.unlink(missing_ok=True)
        if file is not None:
            os.close(file)
