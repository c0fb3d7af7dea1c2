"""Move a connection to another machine: export it into one file, sealed with a passphrase, and import it there.

The file is one JSON object: `habeas` (always "exported connection"), `format`, `salt`, and `connection`: what the store keeps
(see engine/connection/stored.py), sealed with a key that scrypt (RFC 7914) makes of the passphrase.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from engine.connection.keys import SIZE, StoreKey
from engine.connection.store import ConnectionStore, read
from engine.connection.stored import Name, StoredConnection, StoreError, checked_name, seal, unseal
from engine.decoding import decoder
from engine.errors import NotConnected, UsageError
from engine.net.clock import Clock
from engine.new_file import check_name_is_free, write_new
from engine.replaced import replace

MARK = "exported connection"
COST, BLOCK, PARALLEL = 1 << 16, 8, 1  # scrypt: 64 MiB of memory for each guess
SALT = 16
SHORTEST = 12
MOST_BYTES = 1 << 20
PRIVATE = 0o600


class Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of an exported file, as described above."""

    habeas: str
    format: int
    salt: bytes
    connection: msgspec.Raw


def checked_passphrase(text: str) -> str:
    """Refuse a passphrase that is guessed too easily: whoever has the file can try as many as they like. Raises UsageError."""
    if len(text) < SHORTEST:
        message = f"the passphrase is too short: at least {SHORTEST} characters, such as four random words"
        raise UsageError(message)
    return text


def _key(passphrase: str, salt: bytes) -> StoreKey:
    return StoreKey(Scrypt(salt=salt, length=SIZE, n=COST, r=BLOCK, p=PARALLEL).derive(passphrase.encode()))


def packed(record: StoredConnection, name: Name, passphrase: str) -> bytes:
    """Give the content of an exported file."""
    salt = os.urandom(SALT)
    sealed = seal(record, _key(passphrase, salt), name.name)
    return msgspec.json.encode(Exported(MARK, 1, salt, msgspec.Raw(sealed.strip()))) + b"\n"


def unpacked(raw: bytes, passphrase: str, where: str) -> tuple[Name, StoredConnection]:
    """Read an exported file; `where` names it in messages. Raises UsageError."""
    try:
        found = decoder(Exported).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if found is None or found.habeas != MARK or found.format != 1:
        message = f"{where} is no exported connection, or of a newer Habeas"
        raise UsageError(message)
    key = _key(passphrase, found.salt)
    try:
        record, sealed = unseal(bytes(found.connection), {key.id: key}.get, where)
    except StoreError:
        message = f"{where} is sealed with another passphrase, or damaged; nothing was changed"
        raise UsageError(message) from None
    if not sealed.key:
        message = f"{where} is not sealed: it is not taken"
        raise UsageError(message)
    return checked_name(sealed.vendor, sealed.name), record


async def export_connection(
    store: ConnectionStore, name: Name, passphrase: str, out: Path, clock: Clock, waiting: Callable[[], None] | None = None
) -> None:
    """Write a connection into a new file, then disable it here: two copies would use up each other's refresh tokens.

    Nothing is asked of the vendor. Raises NotConnected, UsageError, OutputError, DiskError; before the file is whole nothing is changed.
    """
    await read(store, name)
    check_name_is_free(out)
    async with store.changing(name, waiting) as held:
        record = await held.read()
        text = packed(replace(record, moved=None), name, passphrase).decode()
        await held.intend()
        write_new(out, text, PRIVATE)
        await held.keep(replace(record, moved=clock.timestamp(), serial=record.serial + 1))


async def import_connection(store: ConnectionStore, file: Path, passphrase: str, name: Name | None = None) -> Name:
    """Store a connection that was exported; gives its name. It may take the place of the one that it was exported from, of no other.

    Raises UsageError, NotConnected, OutputError, DiskError.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES)
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    exported, record = unpacked(raw, passphrase, str(file))
    name = name or exported
    if name.vendor != exported.vendor:
        message = f"{file} holds a connection of {exported.vendor}: --as {exported.vendor}/NAME"
        raise UsageError(message)
    await store.ready()
    async with store.placing(name, plain=False) as place, place.opened() as save:
        before = await store.find(name)
        if before is not None and (before.record.moved is None or before.record.id != record.id):
            message = f"there is a connection {name} already: give another name with --as {name.vendor}/NAME"
            raise NotConnected(message)
        await save(record)
    return name
