"""What owners sent, as it lies in a case: a file that somebody gave, or a mail and the files in it; and what proves that it is the same.

The log holds one sha256: of the file, or of the mail. What the files of a mail must be is read from that mail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from engine.contact.reading import read_mail
from engine.decoding import decoder

ABOUT, MAIL = "about.json", "mail.eml"


class ReceivedFile(msgspec.Struct, frozen=True):
    """A file that came: where it lies, what its sender calls it, and its size as it was noted."""

    path: Path
    called: str = ""
    size: int | None = None


class NotedFile(msgspec.Struct, frozen=True):
    """What was noted of a file; `file` is our name of it, where it came in a mail."""

    file: str = ""
    name: str = ""
    bytes: int | None = None


class NotedFiles(msgspec.Struct, frozen=True):
    """What was noted of all that came at once: of a single file its name and size, of a mail those of its files."""

    sha256: str | None = None
    name: str = ""
    bytes: int | None = None
    files: tuple[NotedFile, ...] = ()


def received_files(folder: Path) -> Iterator[ReceivedFile]:
    """Give what lies there, as it was noted."""
    noted = noted_of(folder)
    in_mail = {one.file: one for one in noted.files}
    for path in sorted(folder.glob("file-*")):
        told = in_mail.get(path.name, noted)
        yield ReceivedFile(path, told.name, told.bytes)


def noted_of(folder: Path) -> NotedFiles:
    """Read what was noted; nothing where that is gone or was damaged."""
    try:
        return decoder(NotedFiles).decode((folder / ABOUT).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return NotedFiles()


def proven(folder: Path, proof: str) -> Mapping[str, str]:
    """Give the sha256 that each file must have, by our names, from the one that stands in the log; of what nothing proves, none."""
    try:
        raw = (folder / MAIL).read_bytes()
    except FileNotFoundError:
        return {path.name: proof for path in folder.glob("file-*")}
    except OSError:
        return {}
    if hashlib.sha256(raw).hexdigest() != proof:
        return {}
    return {
        our_name(number, one.suffix): hashlib.sha256(one.content).hexdigest() for number, one in enumerate(read_mail(raw).attachments, 1)
    }


def our_name(number: int, suffix: str) -> str:
    """Name a file as we call it."""
    return f"file-{number}{suffix}"
