"""Where a new connection will be stored: its room is on the disk before a person is asked, its locks are held before the vendor is.

Nothing is left to fail, then, between the vendor's answer and the disk, and nobody waits while a person consents.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from engine.connection.private_files import FILE, ROOM_END, cannot_write, put_in_place, sweep_rooms, sync_folder, write_new
from engine.connection.stored import ROOM, Name, StoredConnection, seal
from engine.connection.vault import Vault, grown
from engine.errors import DiskError

Store = Callable[[StoredConnection], None]


class Reservation:
    """The place of one connection, with its room; `stored` once it is taken."""

    def __init__(self, vault: Vault, name: Name, room: Path, *, plain: bool) -> None:
        """Take what `held` has made ready."""
        self.name, self._vault, self._room, self._plain = name, vault, room, plain
        self.stored = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        """Hold the locks, and give what stores a connection in the place of an earlier one. Raises NotConnected, OutputError."""
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
    """Hold the room of a new connection; the store is tried by that. Raises NotConnected, DiskError, OutputError."""
    vault.prepare()
    room = vault.folder / f".{name.file}.{secrets.token_hex(8)}{ROOM_END}"
    sweep_rooms(vault.folder, f"{name.file}.")
    file = None
    try:
        try:
            file = _own(room)
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


def _own(room: Path) -> int:
    """Make a file and lock it. Between the two another process may have swept it away: then it is made again."""
    while True:
        file = os.open(room, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)
