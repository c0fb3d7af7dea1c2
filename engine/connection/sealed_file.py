"""Small private documents that are sealed like connections and are none, such as a case's person.

A file is one JSON object: `habeas` (what it is), `format`, `name`, `cipher`, `key` (which key, not the key), `kept` (where that key
was), `nonce` and `data`. All but the last is authenticated together with `data` (AES-256-GCM), so that no file passes for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from engine.connection.keys import Keys, StoreKey
from engine.connection.private_files import create_once, read_private, write_private
from engine.connection.sealing import CIPHER, as_text, decrypted, encrypted, from_text
from engine.connection.stored import Damaged, StoreError, key_id, needs_key_file
from engine.decoding import decoder
from engine.replaced import replace

FORMAT = 1
END = ".sealed"
CASES = "cases"


class FoundKeys(Protocol):
    """Keys that documents are read with: those of this machine, or a team's."""

    def current(self) -> StoreKey:
        """Give the key to encrypt with."""

    def find(self, name: str) -> StoreKey | None:
        """Give the key with this id; None where it is not at hand."""

    def mend(self, kept: str) -> str:
        """Say how one that is not at hand is brought back, by where it was kept."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a sealed file, as described above."""

    habeas: str
    format: int
    name: str
    cipher: str
    key: str
    kept: str
    nonce: str = ""
    data: str = ""

    def bound(self) -> bytes:
        """Give the bytes that are authenticated together with the encrypted data."""
        return msgspec.json.encode([self.habeas, self.format, self.name, self.cipher, self.key, self.kept])


def seal_file(keys: Keys, path: Path, kind: str, name: str, data: bytes) -> None:
    """Write a document, encrypted with the store's current key; the first one is made. Raises NotConnected, DiskError, OutputError."""
    write_private(path, sealed(keys.current(), kind, name, data))


def seal_once(keys: Keys, path: Path, kind: str, name: str, data: bytes) -> None:
    """Write a document as `seal_file` does, unless there is one already. Raises NotConnected, DiskError, OutputError."""
    create_once(path, sealed(keys.current(), kind, name, data))


def unseal_file(keys: Keys, path: Path, kind: str, name: str) -> bytes | None:
    """Read a document; None if there is none. Raises NotConnected, Damaged, StoreError."""
    before, raw = None, read_private(path)
    while raw is not None:
        try:
            return unsealed(keys, str(path), raw, kind, name)
        except StoreError:
            before, raw = raw, read_private(path)
            if raw == before:  # else a rekey wrote it anew meanwhile
                raise
    return None


def unsealed(keys: FoundKeys, place: str, raw: bytes, kind: str, name: str) -> bytes:
    """Give what a document holds that lies at a `place`. Raises NotConnected, Damaged, StoreError where it is another one's."""
    head, data = _opened(keys, place, raw)
    if (head.habeas, head.name) != (kind, name):
        message = f"{place} holds the {head.habeas} of {head.name}: move it back to where it belongs; nothing was changed"
        raise StoreError(message)
    return data


def sealed_files(home: Path) -> Iterator[Path]:
    """Give every sealed document below the state folder, in the order of their names."""
    yield from sorted(home.glob(f"*{END}"))
    yield from sorted((home / CASES).glob(f"*/*{END}"))


def reseal_files(keys: Keys, home: Path) -> None:
    """Encrypt every document with the current key. Raises NotConnected, DiskError, OutputError."""
    for path in sealed_files(home):
        raw = read_private(path)
        if raw is not None:
            write_private(path, resealed(keys, str(path), raw))


def resealed(keys: FoundKeys, place: str, raw: bytes) -> bytes:
    """Encrypt a document with the current key. Raises NotConnected, Damaged, StoreError."""
    head, data = _opened(keys, place, raw)
    return sealed(keys.current(), head.habeas, head.name, data)


def files_need_key_file(home: Path) -> bool:
    """Whether a document may be encrypted with a key that only `key.json` names. Raises NotConnected."""
    return any(needs_key_file(read_private(path) or b"") for path in sealed_files(home))


def files_of_keys(home: Path, keys: frozenset[str]) -> Iterator[Path]:
    """Give the documents that name one of some keys. Raises NotConnected."""
    return (path for path in sealed_files(home) if key_id(read_private(path) or b"") in keys)


def sealed(key: StoreKey, kind: str, name: str, data: bytes) -> bytes:
    """Encrypt a document, whatever it is kept in."""
    head = Head(kind, FORMAT, name, CIPHER, key.id, key.kept)
    nonce, data = encrypted(key.secret, data, head.bound())
    return msgspec.json.encode(replace(head, nonce=as_text(nonce), data=as_text(data))) + b"\n"


def _opened(keys: FoundKeys, place: str, raw: bytes) -> tuple[Head, bytes]:
    damaged = Damaged(f"{place} is damaged, or of a newer Habeas: put a copy back; nothing was changed")
    try:
        head = decoder(Head).decode(raw)
        nonce, data = from_text(head.nonce), from_text(head.data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError, ValueError):
        raise damaged from None
    key = keys.find(head.key) if head.format == FORMAT and head.cipher == CIPHER else None
    if key is None and head.format == FORMAT:
        message = f"{place} is encrypted with another key than the ones at hand: {keys.mend(head.kept)}; nothing was changed"
        raise StoreError(message)
    try:
        return head, decrypted(key.secret if key else b"", nonce, data, head.bound())
    except ValueError:
        raise damaged from None
