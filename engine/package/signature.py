"""Signatures as OpenSSH writes them (its PROTOCOL.sshsig), by Ed25519: made, read and verified; `ssh-keygen -Y verify` reads the same.

Who may sign stands in an `allowed_signers` file: a line names principals, options and a key. Reads no file and no clock.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from engine.connection.signing_key import KEY_TYPE, NAMESPACE, SigningKey, fingerprint, wire

MAGIC, VERSION = b"SSHSIG", 1
BEGIN, END, WIDTH = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----", 70
HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
OPTION = re.compile(r'([a-z-]+)(?:="([^"]*)")?(?:,|(?=\s))')
TIME = re.compile(r"(\d{8})(?:(\d{4}|\d{6}))?(Z?)")
LONGEST = 1 << 16


class NoSignature(ValueError):
    """A text that is no signature of this kind; the message says why."""


class SshSignature(msgspec.Struct, frozen=True):
    """What a signature says: the public key as SSH writes it, for what it was made, and 64 bytes."""

    blob: bytes
    namespace: str
    hash: str
    signed: bytes

    @property
    def fingerprint(self) -> str:
        """Give the fingerprint of the key."""
        return fingerprint(self.blob)

    def covers(self, message: bytes) -> bool:
        """Whether the key signed these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.blob[-32:]).verify(self.signed, _covered(self.namespace, self.hash, message))
        except (InvalidSignature, ValueError):
            return False
        return True


def sign_bytes(key: SigningKey, message: bytes) -> str:
    """Sign bytes as a package's tag manifest is signed."""
    signed = wire(KEY_TYPE) + wire(key.sign(_covered(NAMESPACE, "sha512", message)))
    parts = (key.blob, NAMESPACE.encode(), b"", b"sha512", signed)
    text = base64.b64encode(MAGIC + VERSION.to_bytes(4, "big") + b"".join(map(wire, parts))).decode()
    return "\n".join([BEGIN, *(text[at : at + WIDTH] for at in range(0, len(text), WIDTH)), END, ""])


def parse_signature(text: bytes) -> SshSignature:
    """Read a signature. Raises NoSignature."""
    lines = text.decode("ascii", "replace").strip().splitlines()
    if len(text) > LONGEST or len(lines) < 3 or (lines[0].strip(), lines[-1].strip()) != (BEGIN, END):
        message = f"does not stand between {BEGIN} and {END}"
        raise NoSignature(message)
    try:
        raw = base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True)
        blob, namespace, _, hashed, signed = _parts(raw, len(MAGIC) + 4, 5)
        found = SshSignature(blob, namespace.decode(), hashed.decode(), signed[-64:])
    except (binascii.Error, ValueError):
        message = "is cut or changed"
        raise NoSignature(message) from None
    if not raw.startswith(MAGIC + VERSION.to_bytes(4, "big")) or found.hash not in HASHES:
        message = "is of a version or kind that is not known"
        raise NoSignature(message)
    if (blob, signed) != (wire(KEY_TYPE) + wire(blob[-32:]), wire(KEY_TYPE) + wire(signed[-64:])):
        message = f"is of another kind of key than {KEY_TYPE.decode()}"
        raise NoSignature(message)
    return found


def _covered(namespace: str, hashed: str, message: bytes) -> bytes:
    return MAGIC + b"".join(map(wire, (namespace.encode(), b"", hashed.encode(), HASHES[hashed](message).digest())))


def _parts(raw: bytes, start: int, count: int) -> list[bytes]:
    """Read strings as SSH writes them, to the end. Raises ValueError."""
    found = []
    for _ in range(count):
        end = start + 4 + int.from_bytes(raw[start : start + 4], "big")
        found.append(raw[start + 4 : end])
        if end > len(raw) or start + 4 > len(raw):
            raise ValueError
        start = end
    if start != len(raw):
        raise ValueError
    return found


class AllowedSigner(msgspec.Struct, frozen=True):
    """Somebody whose key is known."""

    principal: str
    blob: bytes
    namespaces: tuple[str, ...] = ()
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def refusal(self, signature: SshSignature, now: datetime) -> str | None:
        """Say why a signature by this key does not count; None if it does."""
        if self.namespaces and not any(fnmatch.fnmatchcase(signature.namespace, one) for one in self.namespaces):
            return f"the key of {self.principal} is known for {', '.join(self.namespaces)} only"
        if self.valid_after is not None and now < self.valid_after:
            return f"the key of {self.principal} is not valid before {self.valid_after:%Y-%m-%d %H:%M:%SZ}"
        if self.valid_before is not None and now > self.valid_before:
            return f"the key of {self.principal} is not valid after {self.valid_before:%Y-%m-%d %H:%M:%SZ}"
        return None


def signer_of(signature: SshSignature, signers: Sequence[AllowedSigner], now: datetime) -> tuple[AllowedSigner | None, str | None]:
    """Give who signed, and why that does not count; no one for a key that is not known."""
    mine = [(signer, signer.refusal(signature, now)) for signer in signers if signer.blob == signature.blob]
    return min(mine, key=lambda found: found[1] is not None, default=(None, None))


def parse_signers(text: str) -> Iterator[AllowedSigner]:
    """Read the lines of an `allowed_signers` file. Raises ValueError with the number of the line and what is wrong with it."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            yield _signer(line.strip())
        except (ValueError, binascii.Error) as error:
            message = f"{number}: {error or 'no line of an allowed_signers file'}"
            raise ValueError(message) from None


def _signer(line: str) -> AllowedSigner:
    quoted = re.match(r'"([^"]*)"\s+|(\S+)\s+', line)
    if quoted is None:
        message = "expects principals, options and a key"
        raise ValueError(message)
    rest, options = line[quoted.end() :], dict[str, str]()
    while not re.match(r"(ssh|ecdsa|sk-)[\w@.-]*\s", rest):
        option = OPTION.match(rest)
        if option is None or option[1] not in ("namespaces", "valid-after", "valid-before"):
            message = f"`{ascii(rest[:40])[1:-1]}` is not understood: namespaces, valid-after and valid-before are, then the key"
            raise ValueError(message)
        options[option[1]], rest = option[2] or "", rest[option.end() :].lstrip()
    blob = base64.b64decode(rest.split()[1] if len(rest.split()) > 1 else "", validate=True)
    if not blob.startswith(wire(rest.split()[0].encode())):
        message = "holds no whole key"
        raise ValueError(message)
    spaces = tuple(one for one in options.get("namespaces", "").split(",") if one)
    return AllowedSigner(quoted[1] or quoted[2], blob, spaces, _time(options.get("valid-after")), _time(options.get("valid-before")))


def _time(text: str | None) -> datetime | None:
    """Read a time as ssh-keygen does: 20261231, 202612312359, 20261231235959; with a Z it is UTC, else local time."""
    if text is None:
        return None
    found = TIME.fullmatch(text)
    if found is None:
        message = f"`{ascii(text[:40])[1:-1]}` is no time: 20261231Z or 20261231235959Z is"
        raise ValueError(message)
    digits = found[1] + (found[2] or "").ljust(6, "0")
    if found[3]:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return datetime.strptime(digits, "%Y%m%d%H%M%S").astimezone(UTC)
