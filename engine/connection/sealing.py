"""AES-256-GCM: the one way in which files of the store are encrypted, and how bytes stand in their JSON. Knows no file."""

from __future__ import annotations

import base64
import os

CIPHER = "AES-256-GCM"
NONCE_BYTES = 12


def encrypted(secret: bytes, data: bytes, bound: bytes) -> tuple[bytes, bytes]:
    """Give a new nonce and the encrypted data; `bound` is authenticated together with it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    return nonce, AESGCM(secret).encrypt(nonce, data, bound)


def decrypted(secret: bytes, nonce: bytes, data: bytes, bound: bytes) -> bytes:
    """Give the data. Raises ValueError where it was not encrypted with this secret, or any of it was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(secret).decrypt(nonce, data, bound)
    except InvalidTag:
        message = "not what was encrypted"
        raise ValueError(message) from None


def as_text(raw: bytes) -> str:
    """Write bytes as they stand in JSON."""
    return base64.b64encode(raw).decode()


def from_text(text: str) -> bytes:
    """Read bytes as they stand in JSON. Raises ValueError."""
    return base64.b64decode(text, validate=True)
