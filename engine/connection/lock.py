"""Locks between processes, by flock(2): they belong to an open file, so that a killed process holds none."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.connection.private_files import FILE, cannot_write
from engine.errors import OutputError

POLL = 0.05
SLOWEST_POLL = 1.0


class Taken(Exception):
    """Another process or task holds the lock, and the caller did not want to wait."""


@asynccontextmanager
async def locked(
    path: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, waiting: Callable[[], None] | None = None, *, wait: bool = True
) -> AsyncIterator[None]:
    """Hold a lock. If another holds it, `waiting` is called once, then we wait; without `wait`, Taken is raised. Raises OutputError.

    The lock belongs to the open file, so that two tasks of one process exclude each other too.
    """
    file, pause = _take(path), POLL
    if file is None and not wait:
        raise Taken
    if file is None and waiting is not None:
        waiting()
    while file is None:
        await sleep(pause)
        pause = min(pause * 1.2, SLOWEST_POLL)
        file = _take(path)
    try:
        yield
    finally:
        os.close(file)


def _take(path: Path) -> int | None:
    """Give the descriptor of the locked file; None if another holds the lock, or the file was deleted in the same moment.

    Only the holder deletes the file, as the last thing under the lock; whoever waits then opens a new one.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.fstat(file).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        held = False
    except OSError as error:
        os.close(file)
        message = f"the file system of {path.parent} has no locks ({error.strerror}): name another folder with HABEAS_HOME"
        raise OutputError(message) from None
    if not held:
        os.close(file)
    return file if held else None
