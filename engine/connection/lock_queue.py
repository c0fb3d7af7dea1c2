"""Fair locks: whoever waits for a lock file holds a ticket beside it, and the oldest ticket is next.

A ticket is a locked file (flock(2)) whose name holds the moment it was taken. Its lock is gone with its process, so a killed one
is passed over. Whoever waits touches it at each look, so one that was stopped (Ctrl-Z) is passed over too until it goes on.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE = 0o600
END = ".ticket"
SILENT = 10.0  # seconds, ten times as long as anybody waits before the next look


def own_file(path: Path) -> int:
    """Create and lock a file; gives its descriptor. Another process may delete it in between: then it is created again. Raises OSError."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)


@contextmanager
def ticket(path: Path) -> Iterator[Path | None]:
    """Stand in the queue of a lock file; gives the ticket, None where none can be written: then others may go first."""
    mine = path.with_name(f"{path.name}.{time.monotonic_ns():020d}.{secrets.token_hex(4)}{END}")
    try:
        file = own_file(mine)
    except OSError:
        yield None
        return
    try:
        yield mine
    finally:
        with suppress(OSError):
            mine.unlink(missing_ok=True)
        os.close(file)


def ahead(path: Path, mine: Path | None = None) -> int:
    """How many have waited for a lock file for longer than the holder of the ticket `mine`; without one, how many wait.

    One that was killed or stopped counts until it comes to the front. 0: the holder is next.
    """
    before = sorted(one for one in path.parent.glob(f"{path.name}.*{END}") if mine is None or one.name < mine.name)
    while before and not _waits(before[0]):
        del before[0]
    return len(before)


def look_again(mine: Path | None) -> None:
    """Say by its ticket that somebody still waits."""
    if mine is not None:
        with suppress(OSError):
            os.utime(mine)


def _waits(other: Path) -> bool:
    """Whether the process of a ticket lives and looks; the ticket of a killed one is deleted."""
    try:
        file = os.open(other, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(OSError):
            other.unlink(missing_ok=True)
    except OSError:
        return os.fstat(file).st_mtime > time.time() - SILENT
    finally:
        os.close(file)
    return False
