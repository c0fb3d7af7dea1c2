"""The public half of the key that packages are signed with, as others need it to check them."""

from __future__ import annotations

from pathlib import Path

from engine.case.regimes import office
from engine.connection.signing_key import PUBLIC, SigningKey, signing_key
from engine.connection.vault import Vault
from engine.package.content import Sender
from engine.package.signature import AllowedSigner, parse_signers
from engine.package.write import principal_of


def signers_line(home: Path, key: SigningKey) -> str:
    """Give the line to be published: who signs, and with which key. Raises UsageError where office.yaml cannot be read."""
    return key.allowed_signers(principal_of(Sender(contact=office(home).contact))).rstrip("\n")


def key_here(home: Path) -> SigningKey | None:
    """Give the key where one was made; to ask makes none. Raises NotConnected, UsageError where it cannot be opened."""
    return signing_key(Vault(home)) if (home / PUBLIC).is_file() else None


def own_signers(home: Path) -> list[AllowedSigner]:
    """Give this installation as a signer that is known, where it has a key. Raises as `key_here`."""
    key = key_here(home)
    return list(parse_signers(signers_line(home, key))) if key is not None else []
