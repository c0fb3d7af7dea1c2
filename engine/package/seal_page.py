"""A sealed package as one page: any browser opens it offline with the passphrase, and gives the zip of the bag. Nothing is to be installed.

The key is PBKDF2-SHA256 of the passphrase; the zip is cut into chunks of 4 MiB, each AES-256-GCM. The nonce is the chunk's number, which
is safe since every page has a salt and so a key of its own. Number, count and size are authenticated with each chunk, so that none can be
left out, moved or added; chunk 0 is empty and tells a wrong passphrase from a page that was changed.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.package.aside import aside
from engine.package.stored_zip import zip_into
from engine.pages.environment import environment, marked_up, style
from engine.pages.texts import texts

ITERATIONS = 600_000
CHUNK = 4 << 20
PACKAGE = "engine.package"
BY_SCRIPT = ("sealed.working", "sealed.wrong", "sealed.cut", "sealed.changed", "sealed.old")
HERE = "<!-- chunks -->"


def write_page(folder: Path, path: Path, language: Literal["en", "de"], passphrase: str) -> None:
    """Seal a bag into a page, whole or not at all. Raises OutputError, InUse, DiskError.

    The zip is made first, in a file without a name: its length is authenticated with every chunk.
    """
    with aside(path) as page, tempfile.TemporaryFile(dir=path.parent) as zipped:
        zip_into(folder, zipped, path.stem)
        size = zipped.tell()
        zipped.seek(0)
        salt = os.urandom(16)
        key = AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, 32))
        count = -(-size // CHUNK)
        head: dict[str, str | int] = {
            "salt": _text(salt),
            "iterations": ITERATIONS,
            "chunk": CHUNK,
            "count": count,
            "size": size,
            "name": f"{path.stem}.zip",
        }
        before, after = _rendered({**head, "check": _text(_sealed(key, b"", 0, count, size))}, language).split(HERE)
        page.write(before.encode())
        for number, chunk in enumerate(_chunks(zipped), 1):
            page.write(b'<script type="text/plain" id="c%d">' % number)
            page.write(base64.b64encode(_sealed(key, chunk, number, count, size)))
            page.write(b"</script>\n")
        page.write(after.encode())


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _sealed(key: AESGCM, chunk: bytes, number: int, count: int, size: int) -> bytes:
    return key.encrypt(number.to_bytes(12, "big"), chunk, f"habeas page 1: {number} of {count}, {size}".encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _rendered(head: Mapping[str, str | int], language: Literal["en", "de"]) -> str:
    """Render the page; its policy allows the one script and the one sheet that stand in it, and no address at all."""
    told = texts(PACKAGE, language)
    script, own = (style(PACKAGE, f"templates/{name}") for name in ("sealed.js", "sealed.css"))
    sheet = style() + own
    words = {name.partition(".")[2]: told.entries[name] for name in BY_SCRIPT}
    inside = msgspec.json.encode({**head, "words": words}).decode().replace("<", "\\u003c")
    return (
        environment(PACKAGE)
        .get_template("sealed.html")
        .render(
            language=language,
            t=told,
            name=head["name"],
            head=marked_up(inside),
            script=script,
            script_sum=_text(hashlib.sha256(script.encode()).digest()),
            sheet=sheet,
            sheet_sum=_text(hashlib.sha256(sheet.encode()).digest()),
            here=marked_up(HERE),
        )
    )
