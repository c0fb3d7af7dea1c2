"""Files that only their owner may read: 0600 in 0700 folders, replaced in one piece, on the disk before they count."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.errors import FULL, DiskError, HabeasError, NotConnected, OutputError

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
MOST_BYTES = 1 << 20


def prepare(folder: Path) -> None:
    """Make a folder that only we can enter. Raises NotConnected, DiskError, OutputError."""
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        _check(folder.lstat(), folder, FOLDER)
    except OSError as error:
        raise cannot_write(folder, error) from None


def read_private(path: Path) -> bytes | None:
    """Give a file's bytes; None where there is none. Raises NotConnected where others could read it too."""
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
        return os.read(file, MOST_BYTES)
    finally:
        os.close(file)


def _check(found: os.stat_result, path: Path, mode: int) -> None:
    if found.st_uid != os.geteuid():
        message = f"{path} belongs to another user: it is not trusted"
        raise NotConnected(message)
    if found.st_mode & OTHERS:
        message = f"{path} can be read by others: chmod {mode:o} {path}"
        raise NotConnected(message)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one piece. Raises DiskError, OutputError; what was there before then still is."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write_new(part, content)
        put_in_place(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise cannot_write(path, error) from None


def create_once(path: Path, content: bytes) -> None:
    """Write a file unless there is one already. Raises DiskError, OutputError."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write_new(part, content)
        try:
            os.link(part, path)
        except FileExistsError:
            return
        finally:
            part.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from None


def write_new(path: Path, content: bytes, room: int = 0) -> None:
    """Write a file through to the disk, padded with blanks to at least `room` bytes. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
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
    """Rename a whole file over another, and make that last. Raises OSError."""
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def cannot_write(path: Path, error: OSError) -> HabeasError:
    """Say why a file could not be written: no room (DiskError), or a place that cannot be written to (OutputError)."""
    if error.errno in FULL:
        return DiskError(f"the disk is full: {path} could not be written; make room; what was there before is kept")
    return OutputError(f"{path} cannot be written ({error.strerror}): name another folder with HABEAS_HOME; what was there before is kept")
