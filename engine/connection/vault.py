"""The store of connections: one encrypted file per connection, one writer at a time, atomic writes.

Locks are always taken in this order: a connection's turn (runs, renaming, removing), the whole store (whoever changes names
or keys, and every writer of `.part` files), a connection.

A new token is written into a `.new` file, which is allocated before the vendor is asked, and then renamed. The `.new` file
of a killed process is either whole, and used, or shows that a vendor's answer was lost.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from engine.connection.keys import Keys, StoreKey
from engine.connection.private_files import (
    PART,
    Taken,
    cannot_write,
    check_folder,
    locked,
    prepare,
    put_in_place,
    read_private,
    sweep_rooms,
    sync_folder,
    write_new,
    write_private,
)
from engine.connection.sealed_file import files_need_key_file, files_of_keys
from engine.connection.state_folder import named
from engine.connection.store import LONGEST_HOLD, SAID_AFTER, absent
from engine.connection.stored import (
    PLAIN,
    ROOM,
    Damaged,
    Name,
    Sealed,
    StoredConnection,
    StoreError,
    key_id,
    needs_key_file,
    seal,
    unseal,
)
from engine.errors import InUse, NotConnected, UsageError

T = TypeVar("T")
LONGEST_CHANGE = 2 * LONGEST_HOLD  # whoever changes the store may wait for a renewal, and then ask a vendor as long


class Sealing(Struct, frozen=True):
    """How a connection is written: encrypted with `key`; or `plain`, marked with it where the store has one."""

    key: StoreKey | None
    plain: bool


class Vault:
    """The connections of one state folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
        """Name the folder and its keys; no file is opened. Raises UsageError if HABEAS_KEY is no key.

        `busy` is called once when another process has held a connection's lock for SAID_AFTER seconds; without `patient` nobody
        waits for it. While `adopting` it takes connections without encryption that it did not make. All may be set by who uses the store.
        """
        self.busy: Callable[[], None] = lambda: None
        self.patient, self.adopting, self.sleep = True, False, asyncio.sleep
        self.home, self.folder = folder, folder / "connections"
        self.keys = Keys(folder, environ, needed=self._needs_key_file)

    def prepare(self) -> None:
        """Create the folders. Raises NotConnected, DiskError, OutputError."""
        prepare(self.home)
        prepare(self.folder)

    def names(self, vendor: str | None = None) -> list[Name]:
        """Give the names of all stored connections, readable or not. Raises NotConnected."""
        return sorted(Name(*found) for found in named(self._files()) if vendor in (None, found[0]))

    def path(self, name: Name) -> Path:
        """Give the path of a connection's file."""
        return self.folder / f"{name.file}.json"

    def find(self, name: Name) -> tuple[StoredConnection, Sealed] | None:
        """Read a connection and the header of its file; None if there is none. Raises NotConnected."""
        self._check()
        path = self.path(name)
        raw = read_private(path)
        return None if raw is None else self._opened(raw, path, name)

    def read(self, name: Name) -> StoredConnection:
        """Read a connection. Raises NotConnected."""
        return self._stored(name)[0]

    def write(self, name: Name, record: StoredConnection, *, plain: bool = False) -> None:
        """Write a connection atomically; the caller holds its lock. Raises NotConnected, DiskError, OutputError."""
        self.prepare()
        self._put(name, record, self.sealing(plain=plain))

    def sealing(self, *, plain: bool) -> Sealing:
        """Give how a new connection is written; the store's first key is created unless it is `plain`. Raises NotConnected."""
        key = None if plain and self.keys.current_id() is None else self.keys.current()
        return Sealing(key, plain)

    @asynccontextmanager
    async def lock(self, name: Name) -> AsyncIterator[None]:
        """Hold the lock of a connection: one writer at a time. Raises InUse after the longest time that a writer may need."""
        async with self._held(self._beside(name, ".lock"), f"renewing or changing {name}", LONGEST_HOLD):
            yield

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[None]:
        """Hold the lock of the store, for changes of keys or names and for new connections; it is taken before any connection's lock.

        Raises InUse after the longest time that such a change may need.
        """
        async with self._held(self.folder / ".lock", f"changing the connections in {self.home}", LONGEST_CHANGE):
            yield

    def alone(self, work: Callable[[], T]) -> T:
        """Do what must not meet a change of keys, such as sealing a file: `rekey` would take away its key. Raises InUse, as `whole`."""

        async def held() -> T:
            async with self.whole():
                return work()

        return asyncio.run(held())

    @asynccontextmanager
    async def _held(self, path: Path, doing: str, longest: float) -> AsyncIterator[None]:
        self.prepare()
        async with AsyncExitStack() as stack:
            try:
                patience = longest if self.patient else None
                await stack.enter_async_context(locked(path, self.sleep, self.busy, wait=self.patient, after=SAID_AFTER, patience=patience))
            except Taken:
                long = f" for {longest / 60:.0f} minutes: it may hang" if self.patient else ""
                again = "run again later" + ("" if self.patient else ", or without --no-wait")
                message = f"another process has been {doing}{long}: {again}"
                raise InUse(message) from None
            yield

    def turn(self, name: Name) -> Path:
        """Give the lock file by which runs of a connection take turns."""
        return self._beside(name, ".run.lock")

    def first_key(self) -> dict[Name, StoredConnection]:
        """Create a key if there is none; the caller holds `whole`. Raises NotConnected, DiskError, OutputError.

        Gives what the store kept without one, to be marked with it: from now on nothing else without encryption is taken.
        """
        bare = dict(self._unmarked()) if self.keys.current_id() is None else {}
        self.keys.current()
        return bare

    def _unmarked(self) -> Iterator[tuple[Name, StoredConnection]]:
        """Give the connections that no key has to do with; what cannot be read stays as it is."""
        for name in self.names():
            with suppress(StoreError):
                found = self.find(name) if key_id(read_private(self.path(name)) or b"") is None else None
                if found is not None:
                    yield name, found[0]

    def sweep(self) -> None:
        """Delete the unfinished files that killed processes left; the caller holds `whole`. Raises DiskError, OutputError."""
        for folder in (self.home, self.folder):
            for part in folder.glob(f"*{PART}"):
                try:
                    part.unlink(missing_ok=True)
                except OSError as error:
                    raise cannot_write(part, error) from None
        sweep_rooms(self.folder)

    def recover(self, name: Name) -> bool:
        """Use the `.new` file that a killed process may have left; the caller holds the connection's lock. Raises NotConnected.

        A whole one replaces the connection. An unfinished one gives True: a token was asked for and its answer is lost, so
        that the refresh token may be invalid.
        """
        new = self._beside(name, ".new")
        raw = read_private(new)
        if raw is None:
            return False
        try:
            record, _ = self._opened(raw.rstrip(b" "), new, name)
        except Damaged:
            return True
        found = self.find(name)
        if found is not None and record.serial > found[0].serial:
            self._place(new, self.path(name))
        else:
            self.drop(name)
        return False

    def reserve(self, name: Name) -> Sealing:
        """Allocate the `.new` file before the vendor is asked for a token, so that storing its answer cannot fail for lack of space.

        Gives how it is written: with the connection's present key, which only `rekey` changes. Raises NotConnected, DiskError,
        OutputError.
        """
        how = self._sealing(self._stored(name)[1])
        new = self._beside(name, ".new")
        try:
            write_new(new, b"", ROOM)
            sync_folder(self.folder)
        except OSError as error:
            raise cannot_write(new, error) from None
        return how

    def renew(self, name: Name, record: StoredConnection, how: Sealing) -> None:
        """Replace a connection by its renewed one, in the file that `reserve` allocated. Raises DiskError, OutputError."""
        new = self._beside(name, ".new")
        try:
            write_new(new, seal(record, how.key, name.name, plain=how.plain))
        except OSError as error:
            raise cannot_write(new, error) from None
        self._place(new, self.path(name))

    def drop(self, name: Name) -> None:
        """Delete the file that `reserve` allocated: it is not needed."""
        with suppress(OSError):
            self._beside(name, ".new").unlink(missing_ok=True)

    def check_free(self, name: Name) -> None:
        """Refuse a name that is taken. Raises UsageError."""
        if os.path.lexists(self.path(name)):
            message = f"there is a connection {name} already: remove it first, or choose another name"
            raise UsageError(message)

    def rename(self, old: Name, new: Name) -> None:
        """Give a connection another name; the caller holds all locks. Raises UsageError, NotConnected, DiskError, OutputError.

        The new name is written into the file before the file is renamed. Interrupted in between, there is still one connection,
        and reading it says what to do. Two copies would invalidate each other's tokens.
        """
        self.check_free(new)
        record, sealed = self._stored(old)
        self.drop(new)
        self._put(new, record, self._sealing(sealed), self.path(old))
        self._place(self.path(old), self.path(new))
        with suppress(OSError):
            self._beside(old, ".departures").replace(self._beside(new, ".departures"))

    def remove(self, name: Name) -> None:
        """Delete a connection and, last, its lock files; the caller holds the locks. Raises DiskError, OutputError."""
        try:
            for end in (".departures.next", ".departures", ".new", ".json"):
                self._beside(name, end).unlink(missing_ok=True)
            sync_folder(self.folder)
            for end in (".run.lock", ".lock"):
                self._beside(name, end).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.path(name), error) from None

    def reseal(self, name: Name) -> bool | None:
        """Write a connection with the current key; the caller holds its lock. Gives whether it is unencrypted; None if there is none."""
        self.recover(name)
        found = self.find(name)
        if found is None:
            return None
        plain = found[1].cipher == PLAIN
        self.write(name, found[0], plain=plain)
        return plain

    def end_rekey(self) -> None:
        """Delete the old keys, unless a file still names one; the caller holds `whole`. Raises NotConnected, OutputError."""
        before = self.keys.outdated()
        for file in self._files():
            path = self.folder / file
            if path.suffix in (".json", ".new") and key_id(read_private(path) or b"") in before:
                message = (
                    f"{path} still names an older key, so that key is kept: "
                    "if the file is no connection, move it away; then habeas connections rekey"
                )
                raise StoreError(message)
        for path in files_of_keys(self.home, before):
            message = f"{path} still names an older key, so that key is kept: habeas connections rekey"
            raise StoreError(message)
        self.keys.end_rekey()

    def _needs_key_file(self) -> bool:
        """Whether a stored connection may be encrypted with a key that only `key.json` names. Raises NotConnected."""
        paths = (self.folder / file for file in self._files() if file.endswith((".json", ".new")))
        return any(needs_key_file(read_private(path) or b"") for path in paths) or files_need_key_file(self.home)

    def _files(self) -> list[str]:
        """Give the names of all files of the store. Raises NotConnected."""
        self._check()
        try:
            return sorted(one.name for one in self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"{self.folder} cannot be read ({error.strerror})"
            raise NotConnected(message) from None

    def _check(self) -> None:
        check_folder(self.home)
        check_folder(self.folder)

    def _opened(self, raw: bytes, path: Path, name: Name) -> tuple[StoredConnection, Sealed]:
        """Decrypt a file, which must hold the connection that its name says. Raises StoreError."""
        record, sealed = unseal(raw, self.keys.find, str(path), self.keys.mend)
        holds = Name(sealed.vendor, sealed.name)
        if holds != name:
            message = f"{path} holds the connection {holds}: name it {holds.file}{path.suffix}; nothing was changed"
            raise StoreError(message)
        if sealed.cipher == PLAIN and not sealed.key and not self.adopting and self.keys.current_id() is not None:
            message = (
                f"{path} is not encrypted, and this store, which has a key, did not make it: if you did, with --insecure-storage, "
                f"habeas connections rekey takes it over; else habeas connections remove {name} --no-revoke; nothing was changed"
            )
            raise StoreError(message)
        return record, sealed

    def _stored(self, name: Name) -> tuple[StoredConnection, Sealed]:
        found = self.find(name)
        if found is None:
            raise absent(name)
        return found

    def _sealing(self, sealed: Sealed) -> Sealing:
        return Sealing(self.keys.find(sealed.key) if sealed.key else None, sealed.cipher == PLAIN)

    def _put(self, name: Name, record: StoredConnection, how: Sealing, path: Path | None = None) -> None:
        write_private(path or self.path(name), seal(record, how.key, name.name, plain=how.plain))

    def _beside(self, name: Name, end: str) -> Path:
        return self.folder / f"{name.file}{end}"

    def _place(self, part: Path, path: Path) -> None:
        try:
            put_in_place(part, path)
        except OSError as error:
            raise cannot_write(path, error) from None
