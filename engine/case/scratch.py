"""Folders in which something is made before it gets its name in a case; what a killed process left of them is swept by the next one.

A folder that is in use is locked (flock(2)): a killed process holds no lock.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.connection.private_files import cannot_write, prepare, sync_folder

END = ".new"


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a private folder in `parent`, deleted afterwards unless it was renamed. Raises NotConnected, DiskError, OutputError."""
    prepare(parent)
    _sweep(parent)
    part, file = _taken(parent)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(file)


@contextmanager
def renamed(part: Path, place: Path) -> Iterator[None]:
    """Give a folder its name, for as long as all goes well: where what follows fails, it is called as before.

    Raises NotConnected, DiskError, OutputError.
    """
    prepare(place.parent)
    try:
        part.rename(place)
    except OSError as error:
        raise cannot_write(place, error) from None
    try:
        sync_folder(place.parent)
        yield
    except BaseException:
        place.rename(part)
        raise


def _taken(parent: Path) -> tuple[Path, int]:
    """Make a folder and lock it; one that somebody swept before it was locked is made again."""
    while True:
        part = parent / f".{secrets.token_hex(8)}{END}"
        prepare(part)
        try:
            file = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise cannot_write(part, error) from None
        with suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), part.stat()):
                return part, file
        os.close(file)


def _sweep(parent: Path) -> None:
    for left in parent.glob(f".*{END}"):
        with suppress(OSError):
            file = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(file)
