"""Private files (0600 in 0700 folders, replaced atomically: write, fsync, rename, fsync of the folder), and locks between processes.

A lock belongs to an open file (flock(2)), so that a killed process holds none.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from engine.connection.lock_queue import FILE, ahead, look_again, ticket
from engine.errors import FULL, DiskError, HabeasError, NotConnected, OutputError

FOLDER = 0o700
OTHERS = 0o077
MOST_BYTES = 1 << 20
PART = ".part"
ROOM_END = ".room"


def prepare(folder: Path) -> None:
    """Create a folder that only its owner can enter, synced to the disk. Raises NotConnected, DiskError, OutputError."""
    try:
        missing = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        for created in reversed(missing):
            sync_folder(created.parent)
    except OSError as error:
        raise cannot_write(folder, error) from None
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder that others can enter, a link, or no folder; one that does not exist is fine. Raises NotConnected."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"{folder} cannot be read ({error.strerror})"
        raise NotConnected(message) from None
    if not stat.S_ISDIR(found.st_mode):
        message = f"{folder} is {'a link' if stat.S_ISLNK(found.st_mode) else 'no folder'}: move it away, or name another with HABEAS_HOME"
        raise NotConnected(message)
    _check(found, folder, FOLDER)


def read_private(path: Path, most: int = MOST_BYTES) -> bytes | None:
    """Give the bytes of a file, at most `most`; None if it does not exist. Raises NotConnected if others could read it, or nobody can."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise NotConnected(message) from None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            message = f"{path} is no file: move it away"
            raise NotConnected(message)
        _check(found, path, FILE)
        return _all(file, most)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise NotConnected(message) from None
    finally:
        os.close(file)


def _all(file: int, most: int) -> bytes:
    """Read to the end, at most `most` bytes."""
    found = bytearray()
    while len(found) < most and (more := os.read(file, most - len(found))):
        found += more
    return bytes(found)


def _check(found: os.stat_result, path: Path, mode: int) -> None:
    if found.st_uid != os.geteuid():
        message = f"{path} belongs to another user: it is not trusted"
        raise NotConnected(message)
    if found.st_mode & OTHERS:
        message = f"{path} can be read by others: chmod {mode:o} {path}"
        raise NotConnected(message)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file atomically. Raises DiskError, OutputError; the old content is kept then."""
    with part_of(path, content) as part:
        put_in_place(part, path)


def create_once(path: Path, content: bytes) -> None:
    """Create a file unless it exists already; either way it is on the disk then. Raises DiskError, OutputError."""
    with part_of(path, content) as part:
        with suppress(FileExistsError):
            os.link(part, path)
        sync_folder(path.parent)


@contextmanager
def part_of(path: Path, content: bytes, room: int = 0) -> Iterator[Path]:
    """Give a file beside `path` with this content and a random name; deleted afterwards, unless it was renamed.

    Process numbers would not make names unique: every container has a process 1. Raises DiskError, OutputError.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PART}")
    ours = True
    try:
        write_new(part, content, room, os.O_EXCL)
        yield part
    except OSError as error:
        ours = not isinstance(error, FileExistsError)
        raise cannot_write(path, error) from None
    finally:
        if ours:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def write_new(path: Path, content: bytes, room: int = 0, only: int = 0) -> None:
    """Write a file through to the disk, padded with blanks to at least `room` bytes. Raises OSError.

    With O_EXCL for `only` it must not exist yet.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | only, FILE)
    try:
        os.fchmod(file, FILE)
        view = memoryview(content.ljust(room))
        while view:
            view = view[os.write(file, view) :]
        os.ftruncate(file, max(len(content), room))
        os.fsync(file)
    finally:
        os.close(file)


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file over another and sync the folder. Raises OSError."""
    part.replace(path)
    sync_folder(path.parent)


def sweep_rooms(folder: Path, start: str = "") -> None:
    """Delete reserved files that killed processes left, if their names begin with `start`: nobody holds a lock on them."""
    for path in folder.glob(f".{start}*{ROOM_END}"):
        with suppress(OSError):
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(file)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk. Raises OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def cannot_write(path: Path, error: OSError) -> HabeasError:
    """Turn an error of the operating system into a DiskError (the disk is full) or an OutputError (any other reason)."""
    if error.errno in FULL:
        return DiskError(f"the disk is full: {path} could not be written; make room; what was there before is kept")
    return OutputError(f"{path} cannot be written ({error.strerror}): name another folder with HABEAS_HOME; what was there before is kept")


FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
POLL, SLOWEST_POLL = 0.02, 1.0  # seconds


class ReadOnly(OutputError):
    """The store can be read and not be written; there is no lock file to lock either."""


class Taken(Exception):
    """Another process or task holds the lock, and the caller did not want to wait, or no longer."""


@asynccontextmanager
async def locked(
    path: Path,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    waiting: Callable[[], None] | None = None,
    *,
    wait: bool = True,
    after: float = 0.0,
    patience: float | None = None,
) -> AsyncIterator[None]:
    """Hold a lock; who waits longest is next. Raises OutputError.

    If another holds it, `waiting` is called once, `after` this many seconds. Without `wait`, or when the seconds of `patience`
    are over, Taken is raised. The lock belongs to the open file, so that two tasks of one process exclude each other too.
    """
    file = None if ahead(path) else _take(path)
    if file is None and not wait:
        raise Taken
    if file is None:
        with ticket(path) as mine:
            file = await _waited_for(path, mine, sleep, waiting, after, patience)
    try:
        yield
    finally:
        os.close(file)


async def _waited_for(
    path: Path,
    mine: Path | None,
    sleep: Callable[[float], Awaitable[None]],
    waiting: Callable[[], None] | None,
    after: float,
    patience: float | None,
) -> int:
    """Look sooner the fewer stand before us, and again soon when the queue has moved: it goes on at the pace of those in it."""
    pause, waited, before = POLL, 0.0, ahead(path, mine)
    while True:
        if waiting is not None and waited >= after:
            waiting()
            waiting = None
        if patience is not None and waited >= patience:
            raise Taken
        seconds = min(pause * (1 + before), SLOWEST_POLL)
        await sleep(seconds)
        look_again(mine)
        last, before = before, ahead(path, mine)
        waited, pause = waited + seconds, min(pause * 1.2, SLOWEST_POLL) if before == last else POLL
        file = None if before else _take(path)
        if file is not None:
            return file


def _take(path: Path) -> int | None:
    """Give the descriptor of the locked file; None if another holds the lock, or the file was deleted in the same moment.

    Only the holder deletes the file, as the last thing under the lock; whoever waits then opens a new one.
    """
    try:
        file = _lock_file(path)
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


def _lock_file(path: Path) -> int:
    """Open a lock file; in a folder that cannot be written, one that is there. Raises ReadOnly if none is, OSError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    except OSError as error:
        if error.errno not in FORBIDDEN:
            raise
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            raise ReadOnly(str(cannot_write(path, error))) from None
