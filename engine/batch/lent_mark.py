"""`dispatched.json`: the mark that a batch's people are lent to workers of a shared store, so that no process works on it by itself.

It is there before the first person is lent, and goes after the last one is back: whatever is killed in between, the same command mends it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from engine.connection.private_files import put_in_place, sync_folder, write_new
from engine.connection.store_address import identity, shown
from engine.decoding import decoder
from engine.errors import FULL, DiskError, OutputError, UsageError

MARK = "dispatched.json"


class LentMark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a batch is lent to: `store` is the database's address without a password.

    `whole`: the database has its people; else it may know nothing of the batch, and then everything is as `batch.db` says.
    """

    habeas: str = "dispatched"
    format: int = 1
    store: str
    batch: str
    dispatched: datetime
    whole: bool = False


def read_mark(folder: Path) -> LentMark | None:
    """Read the mark; None where the batch is not lent. Raises UsageError where it cannot be read: then nobody may work on the batch."""
    path = folder / MARK
    try:
        mark = decoder(LentMark).decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        mark = None
    if mark is None or (mark.habeas, mark.format) != ("dispatched", 1):
        message = f"{path} cannot be read, or is of a newer Habeas; it says where this batch is lent to: put a copy of it back"
        raise UsageError(message)
    return mark


def check_lent_to(folder: Path, mark: LentMark | None, address: str) -> None:
    """See that a batch is lent to no other store than this. Raises UsageError."""
    if mark is not None and identity(mark.store) != identity(address):
        message = f"{folder} is lent to {shown(mark.store)} already: habeas resume {folder} takes it back first; nothing was changed"
        raise UsageError(message)


def write_mark(folder: Path, mark: LentMark) -> None:
    """Write it, whole and on the disk. Raises DiskError, OutputError."""
    path = folder / MARK
    part = path.with_name(f".{MARK}.part")
    try:
        write_new(part, msgspec.json.format(msgspec.json.encode(mark), indent=1) + b"\n")
        put_in_place(part, path)
    except OSError as error:
        raise _unwritten(path, error) from None


def remove_mark(folder: Path) -> None:
    """Say that the batch is at home again. Raises DiskError, OutputError."""
    path = folder / MARK
    try:
        path.unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> DiskError | OutputError:
    if error.errno in FULL:
        return DiskError(f"the disk is full: {path} could not be written; make room, and give the same command again; nothing is lost")
    return OutputError(f"{path} cannot be written ({error.strerror}): mend that, and give the same command again; nothing is lost")
