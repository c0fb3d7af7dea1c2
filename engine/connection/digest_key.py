"""The key under which this installation's digests of people are made: whether two runs asked for the same person, without a name.

It is a file of its own (`digest.key`, 0600), made once and kept by `rekey`; whoever has it can try out identifiers, whoever has a
manifest alone cannot. A digest of another installation has another `key_id` and cannot be compared.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from engine.connection.private_files import create_once, prepare, read_private
from engine.core.identity import Identifier, lowered
from engine.errors import NotConnected

FILE, SIZE = "digest.key", 32
SHOWN = 32  # hexadecimal digits of a digest: 128 bits


class PersonDigest(msgspec.Struct, frozen=True):
    """Digests of a person's identifiers, by kind, and the id of the key they were made with."""

    key_id: str
    by_kind: Mapping[str, tuple[str, ...]]

    def same(self, other: PersonDigest) -> bool | None:
        """Whether both hold an identifier of one person: None if they cannot be compared, because another key made them."""
        if self.key_id != other.key_id:
            return None
        return any(set(found) & set(other.by_kind.get(kind, ())) for kind, found in self.by_kind.items())

    @property
    def all(self) -> tuple[str, ...]:
        """Give every digest, with its kind: `email:5f2c...`."""
        return tuple(sorted(f"{kind}:{one}" for kind, found in self.by_kind.items() for one in found))


def digest_of_texts(key_id: str, texts: Iterable[str]) -> PersonDigest:
    """Read digests as `all` wrote them."""
    found: dict[str, list[str]] = {}
    for text in texts:
        kind, _, digest = text.partition(":")
        found.setdefault(kind, []).append(digest)
    return PersonDigest(key_id, {kind: tuple(digests) for kind, digests in found.items()})


class DigestKey(msgspec.Struct, frozen=True):
    """The key; its `id` is a hash of it."""

    secret: bytes

    def __repr__(self) -> str:
        """Show no secret."""
        return f"DigestKey({self.id})"

    @property
    def id(self) -> str:
        """Give the id of the key: 16 hexadecimal digits."""
        return hashlib.sha256(b"habeas digest key" + self.secret).hexdigest()[:16]

    @property
    def of_chains(self) -> bytes:
        """Give a key made of this one: for the digests by which a run that broke off knows its lists again."""
        return hmac.digest(self.secret, b"habeas chains", "sha256")

    def of(self, identifiers: Iterable[Identifier]) -> PersonDigest:
        """Digest identifiers: e-mail addresses whatever their case, the others as they are."""
        found: dict[str, list[str]] = {}
        for identifier in identifiers:
            told = f"{identifier.kind}\n{lowered(identifier.value) if identifier.kind == 'email' else identifier.value}"
            digest = hmac.digest(self.secret, told.encode("utf-8", "surrogatepass"), "sha256").hex()[:SHOWN]
            found.setdefault(identifier.kind, []).append(digest)
        return PersonDigest(self.id, {kind: tuple(sorted(set(digests))) for kind, digests in found.items()})


def digest_key(home: Path) -> DigestKey:
    """Give the key, which is made when it is first needed. Raises NotConnected, DiskError, OutputError."""
    path = home / FILE
    secret = read_private(path)
    if secret is None:
        prepare(home)
        create_once(path, secrets.token_bytes(SIZE))
        secret = read_private(path)
    if secret is None or len(secret) != SIZE:
        message = f"{path} is damaged: put a copy back, or move it away, after which earlier runs cannot be compared with new ones"
        raise NotConnected(message)
    return DigestKey(secret)
