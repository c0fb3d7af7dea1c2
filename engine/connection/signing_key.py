"""The key that packages are signed with: one Ed25519 per installation, made once, sealed like connections and covered by `rekey`.

Its public half lies beside it in the clear, so that a key that was lost is told from one that was never made, and packages are not
suddenly signed by another one.
"""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.connection.keys import Keys
from engine.connection.private_files import create_once, prepare, read_private
from engine.connection.sealed_file import seal_once, unseal_file
from engine.connection.stored import Damaged, StoreError
from engine.connection.vault import Vault
from engine.errors import NotConnected

FILE, PUBLIC = "signing.sealed", "signing.pub"
KIND, NAME, SIZE = "signing key", "packages", 32
NAMESPACE = "habeas-package"
KEY_TYPE = b"ssh-ed25519"
ANOTHER = "packages are then signed by another key, whose fingerprint those who check them must be told anew"


def wire(text: bytes) -> bytes:
    """Write a string as SSH does (RFC 4251): its length in four bytes, then itself."""
    return len(text).to_bytes(4, "big") + text


def fingerprint(blob: bytes) -> str:
    """Give the fingerprint of a public key as ssh-keygen prints it: `SHA256:...`."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


class SigningKey(msgspec.Struct, frozen=True):
    """The key: 32 secret bytes (RFC 8032)."""

    secret: bytes

    def __repr__(self) -> str:
        """Show no secret."""
        return f"SigningKey({self.fingerprint})"

    @property
    def blob(self) -> bytes:
        """Give the public key as SSH writes it."""
        return wire(KEY_TYPE) + wire(Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())

    @property
    def public(self) -> str:
        """Give the public key as a `.pub` file has it."""
        return f"{KEY_TYPE.decode()} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """Give what a person compares: `SHA256:...`."""
        return fingerprint(self.blob)

    def allowed_signers(self, principal: str) -> str:
        """Give the line of an `allowed_signers` file: who signs, with which key, and that it signs packages only."""
        return f'{principal} namespaces="{NAMESPACE}" {self.public}\n'

    def sign(self, data: bytes) -> bytes:
        """Sign: 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(data)


def published_fingerprint(home: Path) -> str | None:
    """Give the fingerprint of the installation's key without opening it; None where none was made yet. Raises NotConnected."""
    raw = read_private(home / PUBLIC)
    words = raw.split() if raw is not None else []
    try:
        return fingerprint(base64.b64decode(words[1], validate=True)) if len(words) > 1 else None
    except ValueError:
        return None


def signing_key(vault: Vault) -> SigningKey:
    """Give the installation's key, which is made when it is first needed. Raises NotConnected, InUse, DiskError, OutputError.

    Damaged, where the sealed half is not what its public half says; NotConnected, where it is missing. It is made while nobody changes
    keys: `rekey` would take away the key that it is sealed with, and packages could never be signed again.
    """
    with suppress(StoreError):  # raised again below, unless it was a rekey that was under way
        if (vault.home / FILE).is_file() and (vault.home / PUBLIC).is_file():
            return _signing_key(vault.keys, vault.home)
    return vault.alone(lambda: _signing_key(vault.keys, vault.home))


def _signing_key(keys: Keys, home: Path) -> SigningKey:
    path, public = home / FILE, home / PUBLIC
    secret, told = unseal_file(keys, path, KIND, NAME), read_private(public)
    if secret is None and told is not None:
        message = f"{path} is missing: put a copy back; if there is none, move {public} away: {ANOTHER}"
        raise NotConnected(message)
    if secret is None:
        prepare(home)
        seal_once(keys, path, KIND, NAME, os.urandom(SIZE))
        secret = unseal_file(keys, path, KIND, NAME)
    if secret is None or len(secret) != SIZE:
        message = f"{path} is damaged: put a copy back; if there is none, move it and {public} away: {ANOTHER}"
        raise Damaged(message)
    key = SigningKey(secret)
    line = f"{key.public}\n".encode()
    if told is None:
        create_once(public, line)
    elif told != line:
        message = f"{public} is not the public half of {path}: put the copies back that belong together; nothing was changed"
        raise Damaged(message)
    return key
