"""A stored connection and the bytes of its file: encrypt (`seal`) and decrypt (`unseal`). `connection/vault` reads and writes files.

A file is one JSON object: `habeas` (always "connection"), `format`, `vendor`, `name`, `cipher`, `key` (which key, not the key),
`kept` (where that key was: file, keyring, environment), `serial` (the record's), `nonce` and `data`. The rest is authenticated
together with `data` (AES-256-GCM), so that none of it can be swapped. Where a connection is not encrypted but the store has a key, `nonce`
is a mark made with that key (HMAC-SHA256): nobody else can put such a file there. Format 1 lacks `kept`, `serial` and the mark; it is
read, never written.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from engine.connection.keys import ELSEWHERE, StoreKey
from engine.connection.sealing import CIPHER, as_text, decrypted, encrypted, from_text
from engine.connection.state_folder import NAME, VENDOR
from engine.core.oauth import Tokens
from engine.decoding import converted, decoder
from engine.errors import NotConnected, UsageError
from engine.replaced import replace

FORMAT = 2
PLAIN = "none"
ROOM = 256 * 1024
MOST_FIXED = 64 * 1024
EARLIEST, LATEST = -62135596800.0, 253402300799.0
MOST_WRITES = 1 << 53
KEPT = "nothing was changed"


class StoreError(NotConnected):
    """A stored connection cannot be read or written. The message names the file; nothing was changed."""


class Damaged(StoreError):
    """A file is cut short or was changed."""


class Name(msgspec.Struct, frozen=True, order=True):
    """The name of a connection, shown as `zoom/default`."""

    vendor: str
    name: str = "default"

    def __str__(self) -> str:
        """Show it as it is typed."""
        return f"{self.vendor}/{self.name}"

    @property
    def file(self) -> str:
        """Give the name of its file without the ending: `zoom.default`."""
        return f"{self.vendor}.{self.name}"


def checked_name(vendor: str, name: str) -> Name:
    """Make a name of what was typed. Raises UsageError for other characters than a-z, 0-9, _ and -."""
    if VENDOR.fullmatch(vendor) and NAME.fullmatch(name):
        return Name(vendor, name)
    message = "a connection's name holds a-z, 0-9, _ and -, at most 63 of them"
    raise UsageError(message)


class Bound(msgspec.Struct, frozen=True):
    """Where a credential may go: the hosts and OAuth addresses of the spec when the connection was made; `at`: a simulator."""

    hosts: tuple[str, ...]
    token_url: str | None = None
    authorization_url: str | None = None
    revocation_url: str | None = None
    at: str | None = None


class RegisteredClient(msgspec.Struct, frozen=True):
    """The application that is registered at the vendor. `auth`: how it authenticates (basic, post or none, RFC 6749 section 2.3)."""

    id: str
    secret: str = ""
    auth: str = "basic"

    def __repr__(self) -> str:
        """Show no secret."""
        return "RegisteredClient(...)"


class StoredConnection(msgspec.Struct, frozen=True):
    """One connection. `way` is oauth2, headers or basic; `asks_for` is the scope it sends; `created` is seconds since 1970.

    `settings` are values that the person was asked for and that are no secret. `id` is new with every consent, `serial` grows
    with every write: a run goes on with a newer token, but never with another account. `probe` is a known colleague, by kind of
    identifier: finding them shows that the connection sees people. `moved` is when it was exported: it is
    used elsewhere then, and not here.
    """

    vendor: str
    way: str
    bound: Bound
    created: float
    serial: int = 1
    id: str = msgspec.field(default_factory=lambda: secrets.token_hex(8))
    grant: str | None = None
    client: RegisteredClient | None = None
    account_id: str | None = None
    asks_for: str | None = None
    secret: str | None = None
    plan: str | None = None
    tokens: Tokens | None = None
    settings: dict[str, str] = {}
    probe: dict[str, str] = {}
    moved: float | None = None

    def __repr__(self) -> str:
        """Show no secret."""
        return f"StoredConnection({self.vendor!r}, {self.way!r}, serial={self.serial})"


def renewable(record: StoredConnection) -> bool | None:
    """Whether a connection's token can be renewed; None for a key, which has none."""
    if record.way != "oauth2":
        return None
    return record.tokens is not None and (record.grant != "authorization_code" or record.tokens.refresh is not None)


def lives_until(record: StoredConnection) -> float | None:
    """Give when a connection that cannot be renewed ends, in seconds since 1970; None if it can be, or no end is known."""
    return record.tokens.expires_at if renewable(record) is False and record.tokens is not None else None


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a connection's file, as described above."""

    habeas: str
    format: int
    vendor: str
    name: str
    cipher: str
    key: str
    nonce: str
    data: str
    kept: str = ""
    serial: int = 0

    def bound(self) -> bytes:
        """Give the bytes that are authenticated together with the encrypted data."""
        head = [self.habeas, self.format, self.vendor, self.name, self.cipher, self.key]
        return msgspec.json.encode(head if self.format == 1 else [*head, self.kept, self.serial])


def seal(record: StoredConnection, key: StoreKey | None, name: str, *, plain: bool = False) -> bytes:
    """Give the bytes of a connection's file: encrypted with `key`; not encrypted without one or if `plain`, which marks it with the key.

    The part that a renewal never changes has a limit of its own, so that whatever was stored once can be renewed. Raises StoreError
    if it is too large.
    """
    nonce, plain = b"", plain or key is None
    named, kept = (key.id, key.kept) if key else ("", "")
    head = Sealed("connection", FORMAT, record.vendor, name, PLAIN if plain else CIPHER, named, "", "", kept, record.serial)
    data, fixed = msgspec.json.encode(record), msgspec.json.encode(replace(record, tokens=None))
    if len(fixed) > MOST_FIXED or not _sound(record):
        message = f"the connection {record.vendor}/{name} is none that can be stored (a secret is too long, or the clock is wrong): {KEPT}"
        raise StoreError(message)
    if key is not None:
        nonce, data = (_mark(key, head, data), data) if plain else encrypted(key.secret, data, head.bound())
    whole = replace(head, nonce=as_text(nonce), data=as_text(data))
    raw = msgspec.json.encode(whole) + b"\n"
    if len(raw) > ROOM:
        message = f"the connection {record.vendor}/{name} is too large to be stored ({len(raw)} bytes, at most {ROOM}): {KEPT}"
        raise StoreError(message)
    return raw


def _mark(key: StoreKey, head: Sealed, data: bytes) -> bytes:
    return hmac.digest(b"habeas plain record" + key.secret, head.bound() + data, "sha256")


def unseal(
    raw: bytes, find: Callable[[str], StoreKey | None], where: str, mend: Callable[[str], str] = lambda _: "set HABEAS_KEY to it"
) -> tuple[StoredConnection, Sealed]:
    """Read the bytes of a connection's file. Raises only StoreError.

    `find` gives the key of an id, `mend` says how one that is not at hand is brought back (by its head's `kept`); `where` names
    the file in messages. Whether one without encryption and without a mark may be used is for the store to say.
    """
    sealed = _sealed(raw, where)
    data = _bytes(sealed.data, where)
    if sealed.cipher not in (CIPHER, PLAIN):
        message = f"{where} is encrypted in a way this version does not know: install a newer Habeas; nothing was changed"
        raise StoreError(message)
    if sealed.cipher == CIPHER or sealed.key:
        key = find(sealed.key)
        if key is None:
            what = "encrypted" if sealed.cipher == CIPHER else "marked"
            message = f"{where} is {what} with another key than the ones at hand: {mend(sealed.kept)}; nothing was changed"
            raise StoreError(message)
        data = _proven(sealed, data, key, where)
    try:
        record = decoder(StoredConnection).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _damaged(where) from None
    if record.vendor != sealed.vendor or not _sound(record) or (sealed.format > 1 and record.serial != sealed.serial):
        raise _damaged(where)
    return record, sealed


def key_id(raw: bytes) -> str | None:
    """Give the id of the key that a file is encrypted with, without decrypting it; None if it names none."""
    name = _loose(raw).get("key")
    return name if isinstance(name, str) and name else None


def needs_key_file(raw: bytes) -> bool:
    """Whether a file's key may be known to `key.json` alone: it names one, and none that was in the environment."""
    return key_id(raw) is not None and _loose(raw).get("kept") != ELSEWHERE


def _loose(raw: bytes) -> dict[str, Any]:
    """Give the JSON object that some bytes are; empty if they are none."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sound(record: StoredConnection) -> bool:
    """Whether a connection's times, serial number and addresses are in the range that the rest of the code can handle."""
    tokens = record.tokens
    moments = (record.created, record.moved, *((tokens.issued_at, tokens.expires_at) if tokens else ()))
    addresses = (record.bound.token_url, record.bound.authorization_url, record.bound.revocation_url, record.bound.at)
    try:
        for address in addresses:
            urlsplit(address or "").port  # noqa: B018  raises what is wrong with it
    except ValueError:
        return False
    return 0 <= record.serial <= MOST_WRITES and all(EARLIEST <= one <= LATEST for one in moments if one is not None)


def _sealed(raw: bytes, where: str) -> Sealed:
    try:
        loose = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _damaged(where) from None
    if not isinstance(loose, dict) or loose.get("habeas") != "connection":
        message = f"{where} is no connection of Habeas: move it away; nothing was changed"
        raise StoreError(message)
    version: Any = loose.get("format")
    if isinstance(version, int) and version > FORMAT:
        message = f"{where} was written by a newer Habeas (format {version}, this one reads {FORMAT}): upgrade; nothing was changed"
        raise StoreError(message)
    try:
        return converted(loose, Sealed)
    except msgspec.ValidationError:
        raise _damaged(where) from None


def _proven(sealed: Sealed, data: bytes, key: StoreKey, where: str) -> bytes:
    """Give the data of a file that was written with a key. Raises Damaged if it was not."""
    nonce = _bytes(sealed.nonce, where)
    if sealed.cipher == PLAIN:
        if hmac.compare_digest(nonce, _mark(key, sealed, data)):
            return data
        raise _damaged(where)
    try:
        return decrypted(key.secret, nonce, data, sealed.bound())
    except ValueError:
        raise _damaged(where) from None


def _damaged(where: str) -> Damaged:
    return Damaged(f"{where} is damaged: put a copy back, or move it away and connect again; nothing was changed")


def _bytes(text: str, where: str) -> bytes:
    try:
        return from_text(text)
    except ValueError:
        raise _damaged(where) from None
