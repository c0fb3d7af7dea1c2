"""The key of the store and where it is: HABEAS_KEY, else the OS keyring, else a file only its owner can read.

`key.json` says which keys there are and, where there is no keyring, holds them. While a rekey is under way there are
two, so that it can be broken off at any moment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from engine.connection.keyring import Ring
from engine.connection.private_files import cannot_write, create_once, read_private, sync_folder, write_private
from engine.errors import NotConnected, UsageError
from engine.net.secret import from_environment

SIZE = 32
HOW = "32 random bytes in base64, as `openssl rand -base64 32` prints them"
Where = Literal["HABEAS_KEY", "HABEAS_OLD_KEY", "keyring", "file"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the store; `id` tells it from others and tells nothing about it."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Name it."""
        return hashlib.sha256(b"habeas store key" + self.secret).hexdigest()[:16]

    @property
    def text(self) -> str:
        """Write it as HABEAS_KEY holds it."""
        return base64.b64encode(self.secret).decode()


class KeyFile(msgspec.Struct, frozen=True):
    """`key.json`: the current key first; a key that is in the keyring has no text here."""

    format: int
    keys: dict[str, str | None]


def parse_key(text: str, name: str) -> Key:
    """Read a key as a variable holds it. Raises UsageError."""
    key = _key_in(text)
    if key is None:
        message = f"{name} is no key: it holds {HOW}"
        raise UsageError(message)
    return key


def _key_in(text: str) -> Key | None:
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Key(secret) if len(secret) == SIZE else None


class Keys:
    """The keys of one store."""

    def __init__(self, home: Path, environ: Mapping[str, str] = os.environ, ring: Ring | None = None) -> None:
        """Read what the environment gives; the file is read when it is needed, and the keyring asked once. Raises UsageError."""
        self.path = home / "key.json"
        self.given = _given("HABEAS_KEY", environ)
        self.old = _given("HABEAS_OLD_KEY", environ)
        self._ring = ring or Ring()
        self._asked: dict[str, Key] = {}

    def current(self) -> Key:
        """Give the key to write with; one is made where there is none. Raises NotConnected."""
        if self.given is not None:
            return self.given
        found = self._file() or self._first()
        return self._key(next(iter(found.keys)), found)

    def find(self, name: str) -> Key | None:
        """Give the key a file was written with; None where it is not at hand. Raises NotConnected."""
        for key in (self.given, self.old):
            if key is not None and key.id == name:
                return key
        found = self._file()
        return self._key(name, found) if found is not None and name in found.keys else None

    def where(self) -> Where | None:
        """Say where the key is that is written with; None where there is none yet. Raises NotConnected."""
        name = self.current_id()
        return None if name is None else self.place(name)

    def place(self, name: str) -> Where | None:
        """Say where a key is; None where it is not at hand. Raises NotConnected."""
        if self.given is not None and self.given.id == name:
            return "HABEAS_KEY"
        if self.old is not None and self.old.id == name:
            return "HABEAS_OLD_KEY"
        found = self._file()
        if found is None or name not in found.keys:
            return None
        return "keyring" if found.keys[name] is None else "file"

    def current_id(self) -> str | None:
        """Name the key that is written with; None where there is none yet. Raises NotConnected."""
        if self.given is not None:
            return self.given.id
        found = self._file()
        return None if found is None else next(iter(found.keys))

    def outdated(self) -> frozenset[str]:
        """Name the keys that are kept and no longer written with. Raises NotConnected."""
        found = self._file()
        return frozenset(found.keys if found else ()) - {self.current_id()}

    def begin_rekey(self) -> Key:
        """Give the new key, known beside the old ones from now on."""
        if self.given is not None:
            return self.given
        key, found = Key(secrets.token_bytes(SIZE)), self._file()
        self._write({key.id: self._kept(key), **(found.keys if found else {})})
        return key

    def end_rekey(self) -> None:
        """Forget the keys that nothing is written with any more."""
        found = self._file()
        if found is None:
            return
        keep = {} if self.given is not None else dict([next(iter(found.keys.items()))])
        if keep:
            self._write(keep)
        else:
            self._delete()
        for name, text in found.keys.items():
            if name not in keep and text is None:
                self._ring.forget(name)

    def _file(self) -> KeyFile | None:
        raw = read_private(self.path)
        if raw is None:
            return None
        try:
            found = msgspec.json.decode(raw, type=KeyFile)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if found is None or found.format != 1 or not found.keys:
            message = f"{self.path} is damaged, or of a newer Habeas: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return found

    def _key(self, name: str, found: KeyFile) -> Key:
        text = found.keys[name]
        if text is None:
            return self._from_ring(name)
        key = _key_in(text)
        if key is None or key.id != name:
            message = f"{self.path} is damaged: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return key

    def _from_ring(self, name: str) -> Key:
        if name in self._asked:
            return self._asked[name]
        text = self._ring.get(name)
        if text is None:
            message = "the key is in an OS keyring that is not at hand: log in where it is, or set HABEAS_KEY"
            raise NotConnected(message)
        key = _key_in(text)
        if key is None or key.id != name:
            message = "what the OS keyring holds is not the key: put that back, or set HABEAS_KEY"
            raise NotConnected(message)
        self._asked[name] = key
        return key

    def _kept(self, key: Key) -> str | None:
        """Put a key into the keyring; gives what the file must hold where that cannot be."""
        if not self._ring.put(key.id, key.text):
            return key.text
        self._asked[key.id] = key
        return None

    def _first(self) -> KeyFile:
        """Make the first key; where two processes do so at once, one of them wins."""
        key = Key(secrets.token_bytes(SIZE))
        create_once(self.path, msgspec.json.encode(KeyFile(1, {key.id: self._kept(key)})))
        found = self._file()
        if found is None:
            message = f"{self.path} cannot be written"
            raise NotConnected(message)
        return found

    def _write(self, keys: dict[str, str | None]) -> None:
        write_private(self.path, msgspec.json.encode(KeyFile(1, keys)))

    def _delete(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise cannot_write(self.path, error) from None


def _given(name: str, environ: Mapping[str, str]) -> Key | None:
    text = from_environment(name, environ)
    return parse_key(text, name) if text else None
