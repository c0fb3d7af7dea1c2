"""Folders and files in which something is made before it gets its name in a case; the next process sweeps what a killed one left.

What is in use is locked (flock(2)): a killed process holds no lock.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from engine.connection.private_files import cannot_write, prepare, sync_folder

END = ".new"


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a private folder in `parent`, deleted afterwards unless it was renamed. Raises NotConnected, DiskError, OutputError."""

    def made() -> Path:
        part = parent / f".{secrets.token_hex(8)}{END}"
        prepare(part)
        return part

    prepare(parent)
    try:
        sweep(parent, f".*{END}")
        part, file = locked(made)
    except OSError as error:
        raise cannot_write(parent, error) from None
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(file)


@contextmanager
def renamed(parts: Sequence[Path], places: Sequence[Path]) -> Iterator[None]:
    """Give folders their names, for as long as all goes well: where what follows fails, they are called as before.

    Raises NotConnected, DiskError, OutputError.
    """
    with ExitStack() as undoing:
        for part, place in zip(parts, places, strict=True):
            prepare(place.parent)
            try:
                part.rename(place)
            except OSError as error:
                raise cannot_write(place, error) from None
            undoing.callback(place.rename, part)
        for folder in {place.parent for place in places}:
            sync_folder(folder)
        yield
        undoing.pop_all()


def locked(made: Callable[[], Path]) -> tuple[Path, int]:
    """Make something, lock it and give its descriptor; what somebody swept before it was locked is made again. Raises OSError."""
    while True:
        part = made()
        with suppress(FileNotFoundError):
            file = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            with suppress(BlockingIOError, FileNotFoundError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(file), part.stat()):
                    return part, file
            os.close(file)


def sweep(parent: Path, names: str) -> None:
    """Remove what killed processes left under names like these: nobody holds a lock on it."""
    for left in parent.glob(names):
        with suppress(OSError):
            file = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
            finally:
                os.close(file)
