"""Write a new file beside its place and rename it when it is whole: a killed process leaves nothing under the final name.

What it leaves is called `NAME.part`, and the next call writes over it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.connection.private_files import PART, put_in_place
from engine.errors import InUse, OutputError
from engine.new_file import ANOTHER_FILE, check_name_is_free, not_made

PRIVATE = 0o600
NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES)


@contextmanager
def aside(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which has its name when the block ends; where that fails, nothing is left.

    Raises OutputError where the name is taken or the file cannot be made, InUse where another process writes it, DiskError.
    """
    check_name_is_free(path)
    part = path.with_name(path.name + PART)
    try:
        file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except OSError as error:
        raise not_made(part, error, ANOTHER_FILE) from None
    stream = os.fdopen(file, "r+b")
    try:
        _lock(file, part, path)
        try:
            stream.truncate()
            yield stream
            stream.flush()
            os.fsync(file)
            check_name_is_free(path)
            put_in_place(part, path)
        except BaseException as error:
            with suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise not_made(path, error, ANOTHER_FILE) from None
            raise
    finally:
        with suppress(OSError):  # what could not be written was said
            stream.close()


def _lock(file: int, part: Path, path: Path) -> None:
    """See that nobody else writes this file, and that it was not renamed meanwhile; where there are no locks, that is all. Raises InUse."""
    free = True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        free = not isinstance(error, BlockingIOError)
    if not (free and part.exists() and os.path.samestat(os.fstat(file), part.lstat())):
        message = f"another process is writing {path}: wait until it has ended"
        raise InUse(message)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system cannot, copy it through to the disk. Raises OutputError, DiskError."""
    if source.is_symlink() or not source.is_file():
        message = f"{source} is no file: put it back; nothing was changed"
        raise OutputError(message)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise not_made(target, error, "build again") from None
        with source.open("rb") as stream, aside(target) as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
