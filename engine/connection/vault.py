"""The store: one sealed file per connection, one writer at a time, nothing half written and nothing lost.

Locks are taken in one order: a connection's turn (runs, and what takes a connection away), the whole store (what changes
names or the key, and every writer of `.part` files), a connection.

A new token is written into a `.new` file that lay ready on the disk before the vendor was asked, then renamed. What a
killed process leaves behind is either whole, and taken over, or tells that an answer was lost.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import msgspec

from engine.connection.keys import Key, Keys
from engine.connection.lock import locked
from engine.connection.private_files import (
    PART,
    cannot_write,
    check_folder,
    prepare,
    put_in_place,
    read_private,
    sweep_rooms,
    sync_folder,
    write_new,
    write_private,
)
from engine.connection.stored import NAME, PLAIN, ROOM, VENDOR, Damaged, Name, Sealed, StoredConnection, StoreError, key_id, seal, unseal
from engine.errors import NotConnected, UsageError
from engine.language.effective import Vendor


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the state folder, with no link on the way: HABEAS_HOME, else the place that XDG names. Raises UsageError."""
    try:
        if environ.get("HABEAS_HOME"):
            return Path(environ["HABEAS_HOME"]).expanduser().resolve()
        state = environ.get("XDG_STATE_HOME", "")
        return ((Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "habeas").resolve()
    except (RuntimeError, OSError):
        given = environ.get("HABEAS_HOME")
        what = f"HABEAS_HOME names no folder: {given}" if given else "there is no home folder to keep connections in: set HABEAS_HOME"
        raise UsageError(what) from None


class Vault:
    """All connections of one state folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ) -> None:
        """Open nothing yet. Raises UsageError where HABEAS_KEY is no key."""
        self.home, self.folder = folder, folder / "connections"
        self.keys = Keys(folder, environ)

    def prepare(self) -> None:
        """Make the folders. Raises NotConnected, DiskError, OutputError."""
        prepare(self.home)
        prepare(self.folder)

    def names(self, vendor: str | None = None) -> list[Name]:
        """Name what is stored, whether it can be read or not. Raises NotConnected."""
        found = []
        for file in (one for one in self._files() if one.endswith(".json")):
            first, _, second = file.removesuffix(".json").partition(".")
            if VENDOR.fullmatch(first) and NAME.fullmatch(second) and vendor in (None, first):
                found.append(Name(first, second))
        return sorted(found)

    def path(self, name: Name) -> Path:
        """Name a connection's file."""
        return self.folder / f"{name.file}.json"

    def find(self, name: Name) -> tuple[StoredConnection, Sealed] | None:
        """Read a connection and how it is sealed; None where there is none. Raises NotConnected."""
        self._check()
        path = self.path(name)
        raw = read_private(path)
        return None if raw is None else self._opened(raw, path, name)

    def read(self, name: Name) -> StoredConnection:
        """Read a connection. Raises NotConnected."""
        return self._stored(name)[0]

    def write(self, name: Name, record: StoredConnection, *, plain: bool = False) -> None:
        """Write a connection in one piece; its lock is held. Raises NotConnected, DiskError, OutputError."""
        self.prepare()
        self._put(name, record, None if plain else self.keys.current())

    def lock(self, name: Name) -> AbstractAsyncContextManager[None]:
        """Keep every other writer of a connection away."""
        self.prepare()
        return locked(self._beside(name, ".lock"))

    def whole(self) -> AbstractAsyncContextManager[None]:
        """Keep a change of the key, of names, and a new connection apart; taken before the lock of any connection."""
        self.prepare()
        return locked(self.folder / ".lock")

    def turn(self, name: Name) -> Path:
        """Name the file by which runs take turns."""
        return self._beside(name, ".run.lock")

    async def first_key(self) -> None:
        """Have a key before a person is asked for anything. Raises NotConnected, DiskError, OutputError."""
        async with self.whole():
            self.keys.current()

    def sweep(self) -> None:
        """Delete what killed writers left, keys too; all others are kept away (`whole`). Raises DiskError, OutputError."""
        for folder in (self.home, self.folder):
            for part in folder.glob(f"*{PART}"):
                try:
                    part.unlink(missing_ok=True)
                except OSError as error:
                    raise cannot_write(part, error) from None
        sweep_rooms(self.folder)

    def recover(self, name: Name) -> bool:
        """Take over what a killed process had already written; its lock is held. Raises NotConnected.

        True where a token was asked for and its answer was never stored: the grant may be used up.
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

    def reserve(self, name: Name) -> Key | None:
        """Take the room for the next token on the disk before the vendor is asked; gives the key it is sealed with now.

        Nothing is left to fail, then, between the vendor's answer and the disk. Only `rekey` changes a connection's key.
        Raises NotConnected, DiskError, OutputError.
        """
        key = self._key(self._stored(name)[1])
        new = self._beside(name, ".new")
        try:
            write_new(new, b"", ROOM)
            sync_folder(self.folder)
        except OSError as error:
            raise cannot_write(new, error) from None
        return key

    def renew(self, name: Name, record: StoredConnection, key: Key | None) -> None:
        """Put a renewed connection in the place of the old one. Raises DiskError, OutputError."""
        new = self._beside(name, ".new")
        try:
            write_new(new, seal(record, key, name.name))
        except OSError as error:
            raise cannot_write(new, error) from None
        self._place(new, self.path(name))

    def drop(self, name: Name) -> None:
        """Forget what was reserved: no answer came that would need it."""
        with suppress(OSError):
            self._beside(name, ".new").unlink(missing_ok=True)

    def check_free(self, name: Name) -> None:
        """Refuse a name that a connection has. Raises UsageError."""
        if os.path.lexists(self.path(name)):
            message = f"there is a connection {name} already: remove it first, or choose another name"
            raise UsageError(message)

    def rename(self, old: Name, new: Name) -> None:
        """Give a connection another name; all locks are held. Raises UsageError, NotConnected, DiskError, OutputError.

        The file says its new name before it has it: broken off in between, there is still one connection, and reading it
        says what to do. Two of them would use up each other's tokens.
        """
        self.check_free(new)
        record, sealed = self._stored(old)
        self.drop(new)
        self._put(new, record, self._key(sealed), self.path(old))
        self._place(self.path(old), self.path(new))

    def remove(self, name: Name) -> None:
        """Delete a connection and its locks; all of them are held, and it is the last thing done. Raises DiskError, OutputError."""
        try:
            for end in (".new", ".json"):
                self._beside(name, end).unlink(missing_ok=True)
            sync_folder(self.folder)
            for end in (".run.lock", ".lock"):
                self._beside(name, end).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.path(name), error) from None

    def end_rekey(self) -> None:
        """Forget the keys of before, unless a file still names one; others are kept away. Raises NotConnected, OutputError."""
        before = self.keys.outdated()
        for file in self._files():
            path = self.folder / file
            if path.suffix in (".json", ".new") and key_id(read_private(path) or b"") in before:
                message = (
                    f"{path} still names an older key, so that key is kept: "
                    "if the file is no connection, move it away; then habeas connections rekey"
                )
                raise StoreError(message)
        self.keys.end_rekey()

    def _files(self) -> list[str]:
        """Name the files of the store. Raises NotConnected."""
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
        """Read a file, which must hold the connection whose name it has."""
        record, sealed = unseal(raw, self.keys.find, str(path))
        holds = Name(sealed.vendor, sealed.name)
        if holds != name:
            message = f"{path} holds the connection {holds}: name it {holds.file}{path.suffix}; nothing was changed"
            raise StoreError(message)
        return record, sealed

    def _stored(self, name: Name) -> tuple[StoredConnection, Sealed]:
        found = self.find(name)
        if found is None:
            message = f"there is no connection {name}: habeas connect {name.vendor}{option(name)}"
            raise NotConnected(message)
        return found

    def _key(self, sealed: Sealed) -> Key | None:
        return None if sealed.cipher == PLAIN else self.keys.find(sealed.key)

    def _put(self, name: Name, record: StoredConnection, key: Key | None, path: Path | None = None) -> None:
        write_private(path or self.path(name), seal(record, key, name.name))

    def _beside(self, name: Name, end: str) -> Path:
        return self.folder / f"{name.file}{end}"

    def _place(self, part: Path, path: Path) -> None:
        try:
            put_in_place(part, path)
        except OSError as error:
            raise cannot_write(path, error) from None


def grown(record: StoredConnection, before: StoredConnection | None) -> StoredConnection:
    """Give a record a serial above the one it replaces, so that whoever holds that sees the change."""
    return msgspec.structs.replace(record, serial=(before.serial if before else 0) + 1)


def option(name: Name) -> str:
    """Write the option that names a connection, where it needs one."""
    return "" if name.name == "default" else f" --connection {name.name}"


def connect_again(vendor: Vendor, name: Name | None = None) -> str:
    """Write the one command that mends a connection, or makes a vendor's first."""
    return f"habeas connect {shlex.quote(vendor.word or vendor.name)}{option(name) if name else ''}"
