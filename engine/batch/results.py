"""Put a person's result in its place: whole, safe on the disk before anybody is told, packed where that was asked for."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path

from engine.batch.batch_folder import FOLDER, PRIVATE
from engine.connection.private_files import cannot_write
from engine.errors import disk_error
from engine.sink import MANIFEST

PACKED = ".tar"


def put_in_place(made: Path, place: Path, *, pack: bool) -> tuple[str, str]:
    """Move a run's folder to its place; gives the folder or file, relative to the batch, and the manifest's sha256. Raises DiskError."""
    try:
        sha256 = hashlib.sha256((made / MANIFEST).read_bytes()).hexdigest()
        place.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        if pack:
            place = place.with_name(place.name + PACKED)
            _packed(made, made.with_name(made.name + PACKED)).replace(place)
            shutil.rmtree(made)
        else:
            made.rename(place)
    except OSError as error:
        raise disk_error(error) from None
    with suppress(OSError):  # a desktop or a network file system may have put something there; `sweep` deletes it
        made.parent.rmdir()
    return place.name, sha256


def _packed(folder: Path, part: Path) -> Path:
    """Write a folder into one stored tar, the same bytes for the same content."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode = 0o700 if member.isdir() else 0o600
        return member

    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(folder, folder.name, filter=plain)
    return part


def manifest_of(place: Path) -> str | None:
    """Give the sha256 of the manifest of a result, packed or not; None where there is none."""
    raw = read_manifest(place)
    return None if raw is None else hashlib.sha256(raw).hexdigest()


def read_manifest(place: Path) -> bytes | None:
    """Read the manifest of a result, packed or not, by the name of either; None where there is none."""
    packed = place if place.name.endswith(PACKED) else place.with_name(place.name + PACKED)
    try:
        if packed.is_file():
            with tarfile.open(packed) as archive:
                stream = archive.extractfile(next(one for one in archive if one.name.partition("/")[2] == MANIFEST))
                return stream.read() if stream is not None else None
        folder = place if place.is_dir() else place.with_name(place.name.removesuffix(PACKED))
        return (folder / MANIFEST).read_bytes()
    except (OSError, tarfile.TarError, StopIteration):
        return None


def set_aside(place: Path) -> None:
    """Keep the result of an earlier try under a name of its own. Raises DiskError, OutputError."""
    for found in (place, place.with_name(place.name + PACKED)):
        if os.path.lexists(found):
            names = (found.with_name(f"{found.name}.try-{number}") for number in itertools.count(1))
            try:
                found.rename(next(one for one in names if not os.path.lexists(one)))
            except OSError as error:
                raise cannot_write(found, error) from None


def taken_back(place: Path, made: Path) -> None:
    """Put a result that nobody was told of back to where it was made, to be gone on from; one that is packed is deleted.

    Its process was killed before it could say that it was done, so that it need not be on the disk.
    """
    with suppress(OSError):
        made.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        if place.is_dir():
            place.rename(made)
    shutil.rmtree(place, ignore_errors=True)
    place.with_name(place.name + PACKED).unlink(missing_ok=True)


def synced(folder: Path) -> None:
    """Write everything of a folder's file system to the disk. Raises DiskError."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        os.sync()
        return
    try:
        file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise disk_error(error) from None
    try:
        if library.syncfs(file):
            raise disk_error(OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno())))
    finally:
        os.close(file)
