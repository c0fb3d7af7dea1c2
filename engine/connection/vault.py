"""The store: one sealed file per connection, one writer at a time, nothing half written and nothing lost.

A new token is written into a `.new` file that lay ready on the disk before the vendor was asked, then renamed. What a
killed process leaves behind is either whole, and taken over, or tells that an answer was lost.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import msgspec

from engine.connection.key import Key, Keys
from engine.connection.lock import locked
from engine.connection.private import cannot_write, prepare, put_in_place, read_private, sync_folder, write_new, write_private
from engine.connection.record import NAME, PLAIN, VENDOR, Damaged, Name, Record, Sealed, StoreError, seal, unseal
from engine.errors import NotConnected, UsageError

ROOM = 256 * 1024  # more than the largest record: see core/oauth.py and cli/ask.py


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the state folder: HABEAS_HOME, else the place that XDG names."""
    if environ.get("HABEAS_HOME"):
        return Path(environ["HABEAS_HOME"]).expanduser().absolute()
    state = environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "habeas"


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
        """Name what is stored, whether it can be read or not."""
        found = []
        for path in self.folder.glob("*.json"):
            first, _, second = path.name.removesuffix(".json").partition(".")
            if VENDOR.fullmatch(first) and NAME.fullmatch(second) and vendor in (None, first):
                found.append(Name(first, second))
        return sorted(found)

    def path(self, name: Name) -> Path:
        """Name a connection's file."""
        return self.folder / f"{name.file}.json"

    def find(self, name: Name) -> tuple[Record, Sealed] | None:
        """Read a connection and how it is sealed; None where there is none. Raises NotConnected."""
        raw = read_private(self.path(name))
        if raw is None:
            return None
        record, sealed = unseal(raw, self.keys.find, str(self.path(name)))
        if record.vendor != name.vendor:
            message = f"{self.path(name)} holds a connection of {record.vendor}: rename it back; nothing was changed"
            raise StoreError(message)
        return record, sealed

    def read(self, name: Name) -> Record:
        """Read a connection. Raises NotConnected."""
        found = self.find(name)
        if found is None:
            message = f"there is no connection {name}: habeas connect {name.vendor}{option(name)}"
            raise NotConnected(message)
        return found[0]

    def write(self, name: Name, record: Record, *, plain: bool = False) -> None:
        """Write a connection in one piece; its lock is held. Raises NotConnected, DiskError, OutputError."""
        self.prepare()
        write_private(self.path(name), seal(record, None if plain else self.keys.current()))

    def lock(self, name: Name) -> AbstractAsyncContextManager[None]:
        """Keep every other writer of a connection away."""
        self.prepare()
        return locked(self._beside(name, ".lock"))

    def whole(self) -> AbstractAsyncContextManager[None]:
        """Keep a change of the key and a new connection apart; taken before any other lock."""
        self.prepare()
        return locked(self.folder / ".lock")

    def turn(self, name: Name) -> Path:
        """Name the file by which runs take turns."""
        return self._beside(name, ".run.lock")

    def recover(self, name: Name) -> bool:
        """Take over what a killed process had already written; its lock is held. Raises NotConnected.

        True where a token was asked for and its answer was never stored: the grant may be used up.
        """
        new = self._beside(name, ".new")
        raw = read_private(new)
        if raw is None:
            return False
        try:
            record, _ = unseal(raw.rstrip(b" "), self.keys.find, str(new))
        except Damaged:
            return True
        found = self.find(name)
        if found is not None and record.serial > found[0].serial and record.vendor == found[0].vendor:
            self._place(new, self.path(name))
        else:
            self.drop(name)
        return False

    def reserve(self, name: Name) -> Key | None:
        """Take the room for the next token on the disk before the vendor is asked; gives the key to seal it with, as now.

        Nothing is left to fail, then, between the vendor's answer and the disk. Raises NotConnected, DiskError, OutputError.
        """
        found = self.find(name)
        key = None if found is not None and found[1].cipher == PLAIN else self.keys.current()
        new = self._beside(name, ".new")
        try:
            write_new(new, b"", ROOM)
            sync_folder(self.folder)
        except OSError as error:
            raise cannot_write(new, error) from None
        return key

    def renew(self, name: Name, record: Record, key: Key | None) -> None:
        """Put a renewed connection in the place of the old one. Raises DiskError, OutputError."""
        new = self._beside(name, ".new")
        try:
            write_new(new, seal(record, key))
        except OSError as error:
            raise cannot_write(new, error) from None
        self._place(new, self.path(name))

    def drop(self, name: Name) -> None:
        """Forget what was reserved: no answer came that would need it."""
        with suppress(OSError):
            self._beside(name, ".new").unlink(missing_ok=True)

    def rename(self, old: Name, new: Name) -> None:
        """Give a connection another name; both locks are held. Raises UsageError, NotConnected."""
        if self.path(new).exists():
            message = f"there is a connection {new} already: remove it first, or choose another name"
            raise UsageError(message)
        self._place(self.path(old), self.path(new))

    def remove(self, name: Name) -> None:
        """Delete a connection; its lock is held. Raises NotConnected."""
        try:
            for end in (".json", ".new", ".run.lock", ".lock"):
                self._beside(name, end).unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise cannot_write(self.path(name), error) from None

    def _beside(self, name: Name, end: str) -> Path:
        return self.folder / f"{name.file}{end}"

    def _place(self, part: Path, path: Path) -> None:
        try:
            put_in_place(part, path)
        except OSError as error:
            raise cannot_write(path, error) from None


def grown(record: Record, before: Record | None) -> Record:
    """Give a record a serial above the one it replaces, so that whoever holds that sees the change."""
    return msgspec.structs.replace(record, serial=(before.serial if before else 0) + 1)


def option(name: Name) -> str:
    """Write the option that names a connection, where it needs one."""
    return "" if name.name == "default" else f" --connection {name.name}"
