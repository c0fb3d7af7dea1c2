"""Reserve the file of a new connection: allocate it before the person is asked, and lock it before the vendor is.

So neither a full disk nor another process can lose the vendor's answer, and no process waits while a person consents.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from engine.connection.lock_queue import own_file
from engine.connection.private_files import ROOM_END, cannot_write, put_in_place, sweep_rooms, sync_folder, write_new
from engine.connection.stored import ROOM, Name, StoredConnection, seal
from engine.connection.vault import Vault, grown
from engine.errors import DiskError

Save = Callable[[StoredConnection], None]


class Reservation:
    """The reserved file of one new connection; `stored` turns true when the connection is in it. Made by `reserved`."""

    def __init__(self, vault: Vault, name: Name, room: Path, *, plain: bool) -> None:
        """Take the allocated file `room`; `plain`: the connection is stored unencrypted."""
        self.name, self._vault, self._room, self._plain = name, vault, room, plain
        self.stored = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Save]:
        """Hold the locks, and give the function that stores the connection; it raises DiskError. Raises NotConnected, OutputError."""
        vault, name = self._vault, self.name
        async with vault.whole(), vault.lock(name):
            vault.recover(name)
            before, key = vault.find(name), None if self._plain else vault.keys.current()

            def store(record: StoredConnection) -> None:
                try:
                    write_new(self._room, seal(grown(record, before[0] if before else None), key, name.name))
                    put_in_place(self._room, vault.path(name))
                except OSError as error:
                    message = (
                        f"{vault.path(name)} could not be written ({error.strerror}), and the vendor had answered already: "
                        "connect again, because the vendor may have ended an earlier connection by that"
                    )
                    raise DiskError(message) from None
                self.stored = True
                vault.drop(name)
                vault.sweep()

            yield store


@contextmanager
def reserved(vault: Vault, name: Name, *, plain: bool) -> Iterator[Reservation]:
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
        yield Reservation(vault, name, room, plain=plain)
    finally:
        with suppress(OSError):
            room.unlink(missing_ok=True)
        if file is not None:
            os.close(file)
