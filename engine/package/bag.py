"""The bag: tag files of BagIt 1.0 (RFC 8493) over a folder, and its signature. The same content makes the same bytes.

`manifest-sha256.txt` lists the payload in `data/`, `tagmanifest-sha256.txt` every other file, and both are read by `sha256sum -c`.
The sha256 of the tag manifest stands for the whole package: nothing of it can change without changing that.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import msgspec

from engine.connection.private_files import PART, sync_folder
from engine.connection.signing_key import SigningKey
from engine.errors import OutputError
from engine.new_file import not_made
from engine.package.aside import aside
from engine.package.bag_names import BAG_INFO, BAGIT, MANIFEST, PAYLOAD, PROFILE, SIGNATURE, TAG_MANIFEST, name_fault
from engine.package.signature import sign_bytes

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class BagInfo(msgspec.Struct, frozen=True):
    """What `bag-info.txt` says: the reference of the request, the day of its answer, and what wrote the bag, such as `Habeas 0.1.0`."""

    reference: str
    made: date
    software: str


def close_bag(folder: Path, info: BagInfo, known: Mapping[str, str] | None = None) -> str:
    """Write the tag files over what lies in a folder; gives the sha256 of the tag manifest, which stands for the package.

    `known` has the sha256 of files that were hashed already, by their names in the bag. What was closed before is closed anew; its
    signature goes. Raises OutputError, DiskError.
    """
    try:
        return _closed(folder, info, known or {})
    except OSError as error:
        raise not_made(folder, error, "build again") from None


def _closed(folder: Path, info: BagInfo, known: Mapping[str, str]) -> str:
    for name in (SIGNATURE, TAG_MANIFEST, MANIFEST, BAG_INFO, BAGIT):
        for end in ("", PART):
            (folder / f"{name}{end}").unlink(missing_ok=True)
    files = files_of(folder)
    payload = [name for name in files if name.startswith(PAYLOAD)]
    size = sum((folder / name).stat().st_size for name in payload)
    _write(folder / BAGIT, DECLARATION)
    _write(folder / BAG_INFO, _info(info, size, len(payload)))
    _write(folder / MANIFEST, _sums(folder, payload, known))
    tags = sorted({*files, BAGIT, BAG_INFO, MANIFEST} - set(payload))
    sums = _sums(folder, tags, known)
    _write(folder / TAG_MANIFEST, sums)
    return hashlib.sha256(sums).hexdigest()


def sign(folder: Path, key: SigningKey, work: Path) -> None:
    """Sign a closed bag: the signature covers its tag manifest, and so everything. Raises OutputError, DiskError.

    It is written into `work`, a folder on the same disk, and renamed: a killed process leaves nothing in the bag that no manifest lists.
    """
    (work / SIGNATURE).unlink(missing_ok=True)
    _write(work / SIGNATURE, sign_bytes(key, (folder / TAG_MANIFEST).read_bytes()).encode())
    try:
        (work / SIGNATURE).replace(folder / SIGNATURE)
        sync_folder(folder)
    except OSError as error:
        raise not_made(folder / SIGNATURE, error, "build again") from None


def files_of(folder: Path) -> list[str]:
    """Give every file below a folder, by its name in the bag. Raises OutputError for what a bag cannot hold."""
    return sorted(_files(folder))


def _files(folder: Path) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(base, name)
            inside = path.relative_to(folder).as_posix()
            fault = "is a link" if path.is_symlink() else name_fault(inside)
            if fault is not None:
                message = f"{path} {fault}: a package holds none; build it again"
                raise OutputError(message)
            if name in names:
                yield inside


def _info(info: BagInfo, size: int, count: int) -> bytes:
    told = {
        "Bag-Software-Agent": info.software,
        "BagIt-Profile-Identifier": PROFILE,
        "Bagging-Date": info.made.isoformat()[:10],
        "External-Identifier": info.reference,
        "Payload-Oxum": f"{size}.{count}",
    }
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in told.items()).encode()


def _sums(folder: Path, names: list[str], known: Mapping[str, str]) -> bytes:
    return "".join(f"{known.get(name) or sha256_of(folder / name)}  {name}\n" for name in names).encode()


def sha256_of(path: Path) -> str:
    """Read a file once and give its sha256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with aside(path) as stream:
        stream.write(content)
