"""Delete what a case that has ended no longer needs, class by class, once its time is over; its log stays, and tells what was deleted.

The files are put aside, then the act is written, then they are deleted. What a killed call had put aside and not told of is put back by
the next one, and what it had told of is deleted: no class is ever half there.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from engine.case.acts import Closed, Concluded, Denied, Purged, Withdrawn
from engine.case.fold import ENDED
from engine.case.folder import OpenCase
from engine.connection.private_files import cannot_write, prepare, sync_folder
from engine.core.window import back
from engine.errors import InUse
from engine.language.model.units import Duration

CACHE = "findings.sqlite*"  # of what was fetched and of what was sent, so it goes with either
CLASSES: Mapping[str, tuple[str, ...]] = {
    "raw": ("runs", CACHE),
    "received": ("received", CACHE),
    "release": ("releases",),
    "person": ("person.sealed*", "letters", "mails"),
}
ASIDE = ".purging"
NO_DATA = (".lock",)
Retention = Mapping[str, Duration]


class PurgedFiles(msgspec.Struct, frozen=True):
    """What was deleted of a class, or would be."""

    name: str
    files: int
    size: int


def ended_at(case: OpenCase) -> datetime | None:
    """Give when a case ended; None while it has not: then it needs everything."""
    if case.case.phase not in ENDED:
        return None
    return next((line.at for line in case.lines if isinstance(line.act, (Closed, Concluded, Denied, Withdrawn))), None)


def over(case: OpenCase, kept: Retention, now: datetime) -> tuple[PurgedFiles, ...]:
    """Give the classes whose time is over and of which something is there."""
    ended = ended_at(case)
    due = [name for name, span in kept.items() if ended is not None and ended <= back(now, span)]
    counted, found = set[Path](), list[PurgedFiles]()
    for name in CLASSES:
        files = [one for one in _files(case, name) if one not in counted] if name in due else []
        counted.update(files)
        found += [PurgedFiles(name, len(files), sum(one.lstat().st_size for one in files))] if files else []
    return tuple(found)


def purge(case: OpenCase, kept: Retention, now: datetime) -> tuple[PurgedFiles, ...]:
    """Delete the classes whose time is over: all of them, or none; gives what was deleted.

    Raises InUse, UsageError, Stale, DiskError, OutputError.
    """
    with _alone(case):
        aside = case.folder / ASIDE
        _put_back(case.folder, [path for path in _aside(case) if path not in _told(case)])
        _delete(aside, _told(case))
        due = over(case, kept, now)
        if due:
            done = [Purged(what=(one.name,), files=one.files, size=one.size) for one in due]
            case.acts(done, now, doing=_moved(case, [one.name for one in due]))
            _delete(aside, _told(case))
        return due


@contextmanager
def _alone(case: OpenCase) -> Iterator[None]:
    """Let one call at a time delete. Raises InUse, OutputError."""
    try:
        file = os.open(case.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_write(case.folder, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        message = f"another command deletes files of {case.reference}: wait until it has ended"
        raise InUse(message) from None
    finally:
        os.close(file)


def _in(folder: Path, names: Iterable[str], below: str = "") -> list[Path]:
    return list(dict.fromkeys(path for name in names for pattern in CLASSES[name] for path in sorted(folder.glob(below + pattern))))


def _aside(case: OpenCase) -> list[Path]:
    return _in(case.folder / ASIDE, CLASSES, "*/")


def _told(case: OpenCase) -> list[Path]:
    """Give what was put aside and is told in the log."""
    return _in(case.folder / ASIDE, [name for name in CLASSES if name in case.case.purged], "*/")


def _files(case: OpenCase, name: str) -> list[Path]:
    every = (one for top in _in(case.folder, [name]) for one in (top.rglob("*") if top.is_dir() else [top]))
    return [one for one in every if one.is_file() and one.name not in NO_DATA]


@contextmanager
def _moved(case: OpenCase, names: Sequence[str]) -> Iterator[None]:
    """Put classes aside for as long as all goes well: where the act cannot be written, they are where they were."""
    put, moved = case.folder / ASIDE / secrets.token_hex(8), list[Path]()
    prepare(put)
    try:
        for path in _in(case.folder, names):
            path.rename(put / path.name)
            moved.append(put / path.name)
        sync_folder(put)
        sync_folder(case.folder)
        yield
    except BaseException:
        _put_back(case.folder, moved)
        raise


def _put_back(folder: Path, paths: Iterable[Path]) -> None:
    """Put back what a call that ended early had put aside. Raises DiskError, OutputError."""
    for path in paths:
        try:
            path.rename(folder / path.name)
        except OSError as error:
            raise cannot_write(path, error) from None


def _delete(aside: Path, paths: Iterable[Path]) -> None:
    """Delete what is told to be deleted, and the empty folders in which it lay. Raises DiskError, OutputError."""
    try:
        for path in paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if aside.is_dir():
            for folder in (*aside.iterdir(), aside):
                if not any(folder.iterdir()):
                    folder.rmdir()
            sync_folder(aside.parent)
    except OSError as error:
        raise cannot_write(aside, error) from None
