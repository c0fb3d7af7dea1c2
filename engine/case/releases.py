"""The packages of a case, `releases/<n>/<REF>/`: made beside their place and renamed whole, so that no half one has a final name.

Beside the bag, `built.json` says what it was made from and what its check found. A package that nobody released gives way to the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from engine.case.folder import OpenCase
from engine.case.slipped import SlippedValue
from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write, prepare, read_private, sync_folder, write_private
from engine.decoding import decoder
from engine.errors import InUse, UsageError

RELEASES, BUILT, MAKING = "releases", "built.json", ".building"


class BuiltPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that was built: the sha256 that stands for it, the number of the act it stands on, and what its check found.

    `elsewhere` names the places of values that are withheld at one place and given at another by decision, and `given_too` the values, by
    their digests; an older package does not. `whole` counts the short
    or common values that were compared as whole values only, `opaque` the files handed over that are no text and were not searched.
    `withheld` counts places inside of records, `held` whole records, `held_files` files; None where it was not counted yet.
    """

    sha256: str
    stands_on: int
    records: int
    withheld: int
    files: int
    elsewhere: tuple[str, ...] = ()
    whole: int = 0
    opaque: int = 0
    held: int = 0
    held_files: int | None = None
    given_too: tuple[SlippedValue, ...] = ()


class Package(msgspec.Struct, frozen=True):
    """A package of a case: its number, the folder of its bag, and what was said when it was built."""

    number: int
    bag: Path
    built: BuiltPackage


def place_of(case: OpenCase) -> Path:
    """Give the folder that the next package of a case has: that of the one which was not released, if there is one."""
    return case.folder / RELEASES / str(len({one.folder for one in case.case.releases}) + 1)


def package_of(case: OpenCase) -> Package | None:
    """Give the package that was built and is not released; None where there is none. Raises UsageError where it cannot be read."""
    return _package(case, place_of(case))


def released_package(case: OpenCase) -> Package | None:
    """Give the package that was released last."""
    return _package(case, (case.folder / case.case.releases[-1].folder).parent) if case.case.releases else None


def _package(case: OpenCase, place: Path) -> Package | None:
    raw = read_private(place / BUILT)
    if raw is None:
        return None
    try:
        return Package(int(place.name), place / case.reference, decoder(BuiltPackage).decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        message = f"{place / BUILT} is damaged: habeas package build {case.reference} makes the package anew"
        raise UsageError(message) from None


@contextmanager
def making(case: OpenCase) -> Iterator[Path]:
    """Give an empty folder to build in, which is gone afterwards; one command at a time. Raises InUse, DiskError, OutputError."""
    folder = case.folder / RELEASES
    prepare(folder)
    work = folder / MAKING
    try:
        file = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        _take(case, file)
        try:
            shutil.rmtree(work, ignore_errors=True)
            prepare(work)
            yield work
        except OSError as error:
            raise cannot_write(work, error) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(file)


def _take(case: OpenCase, file: int) -> None:
    """Take the lock, so that what another command makes is not touched. Raises InUse."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"another command builds or releases a package of {case.reference}: wait until it has ended"
        raise InUse(message) from None


def put_in_place(case: OpenCase, work: Path, built: BuiltPackage) -> Package:
    """Give a built package its final name; the same one that is there already stays. Raises UsageError, DiskError, OutputError."""
    place, bag = place_of(case), work / case.reference
    with suppress(UsageError):
        there = package_of(case)
        if there is not None and there.built == built and there.bag.is_dir():
            return there
    new = work / "new"
    try:
        new.mkdir(mode=0o700)
        bag.rename(new / case.reference)
        write_private(new / BUILT, msgspec.json.encode(built) + b"\n")
        if place.exists():
            place.rename(work / "old")
        new.rename(place)
        sync_folder(place.parent)
    except OSError as error:
        raise cannot_write(place, error) from None
    return Package(int(place.name), place / case.reference, built)
