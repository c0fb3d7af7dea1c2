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
from typing import Any, Literal

import msgspec

from engine.connection.private import create_once, read_private, write_private
from engine.errors import NotConnected, UsageError
from engine.net.secret import from_environment

SIZE = 32
SERVICE = "habeas"
HOW = "32 random bytes in base64, as `openssl rand -base64 32` prints them"
Where = Literal["HABEAS_KEY", "keyring", "file"]


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
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != SIZE:
        message = f"{name} is no key: it holds {HOW}"
        raise UsageError(message)
    return Key(secret)


def keyring() -> Any:
    """Give the OS keyring, or None where there is none to be trusted."""
    try:
        import keyring as ring  # noqa: PLC0415  slow, and an extra
        from keyring.backends import fail, null  # noqa: PLC0415

        backend = ring.get_keyring()
    except Exception:  # noqa: BLE001  a backend that cannot even be loaded is none
        return None
    return None if isinstance(backend, (fail.Keyring, null.Keyring)) else backend


class Keys:
    """The keys of one store."""

    def __init__(self, home: Path, environ: Mapping[str, str] = os.environ) -> None:
        """Read what the environment gives; the file is read when it is needed. Raises UsageError."""
        self.path = home / "key.json"
        self.given = _given("HABEAS_KEY", environ)
        self.old = _given("HABEAS_OLD_KEY", environ)

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
        """Say where the key is that is written with; None where there is none yet."""
        if self.given is not None:
            return "HABEAS_KEY"
        found = self._file()
        if found is None:
            return None
        return "keyring" if next(iter(found.keys.values())) is None else "file"

    def begin_rekey(self) -> Key:
        """Give the new key, known beside the old ones from now on."""
        if self.given is not None:
            return self.given
        key, found = Key(secrets.token_bytes(SIZE)), self._file()
        self._write({key.id: _kept(key), **(found.keys if found else {})})
        return key

    def end_rekey(self) -> None:
        """Forget the keys that nothing is written with any more."""
        found = self._file()
        if found is None:
            return
        keep = {} if self.given is not None else dict([next(iter(found.keys.items()))])
        ring = keyring()
        if keep:
            self._write(keep)
        else:
            self.path.unlink(missing_ok=True)
        for name, text in found.keys.items():
            if name not in keep and text is None and ring is not None:
                _forget(ring, name)

    def _file(self) -> KeyFile | None:
        raw = read_private(self.path)
        if raw is None:
            return None
        try:
            found = msgspec.json.decode(raw, type=KeyFile)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if found is None or found.format != 1 or not found.keys:
            message = f"{self.path} is damaged, or of a newer Habeas: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return found

    def _key(self, name: str, found: KeyFile) -> Key:
        text = found.keys[name]
        if text is None:
            ring = keyring()
            try:
                text = ring.get_password(SERVICE, name) if ring is not None else None
            except Exception as error:  # noqa: BLE001  backends raise what they like
                message = f"the OS keyring does not give the key ({type(error).__name__}): unlock it, or set HABEAS_KEY"
                raise NotConnected(message) from None
        if text is None:
            message = "the key is in an OS keyring that is not at hand: log in where it is, or set HABEAS_KEY"
            raise NotConnected(message)
        key = parse_key(text, str(self.path))
        if key.id != name:
            message = f"{self.path} is damaged: put a copy back; without it the connections cannot be read"
            raise NotConnected(message)
        return key

    def _first(self) -> KeyFile:
        """Make the first key; where two processes do so at once, one of them wins."""
        key = Key(secrets.token_bytes(SIZE))
        create_once(self.path, msgspec.json.encode(KeyFile(1, {key.id: _kept(key)})))
        found = self._file()
        if found is None:
            message = f"{self.path} cannot be written"
            raise NotConnected(message)
        return found

    def _write(self, keys: dict[str, str | None]) -> None:
        write_private(self.path, msgspec.json.encode(KeyFile(1, keys)))


def _given(name: str, environ: Mapping[str, str]) -> Key | None:
    text = from_environment(name, environ)
    return parse_key(text, name) if text else None


def _kept(key: Key) -> str | None:
    """Put a key into the keyring; gives what the file must hold where that cannot be."""
    ring = keyring()
    if ring is None:
        return key.text
    try:
        ring.set_password(SERVICE, key.id, key.text)
        return None if ring.get_password(SERVICE, key.id) == key.text else key.text
    except Exception:  # noqa: BLE001  locked, full, of another desktop: the file is the fallback
        return key.text


def _forget(ring: Any, name: str) -> None:
    try:
        ring.delete_password(SERVICE, name)
    except Exception:  # noqa: BLE001  an old key that stays in the keyring opens nothing any more
        return
