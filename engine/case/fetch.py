"""Fetch at the vendors of a case, side by side in one process, and take each run in as it ends.

A run is written beside the runs of the case under a name that begins with a dot, and is put in place when it has ended; what a killed
process left there proves nothing and is swept by the next one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from engine.assembly import Order, RunArguments, Watch, carry_out, order_of
from engine.case import take
from engine.case.acts import IdentifierRefused, TakenIn
from engine.case.folder import OpenCase
from engine.case.person import Person
from engine.connection.digest_key import PersonDigest
from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write, prepare, sync_folder
from engine.core.ledger import Entry
from engine.core.proof import kinds_of
from engine.errors import HabeasError, InUse, Refused, UsageError
from engine.language.effective import Vendor
from engine.runner import Report

PART = ".run-"


class Fetched(msgspec.Struct):
    """What came of one vendor: the report of its run and the act that took it in, or why there is none."""

    vendor: str
    report: Report | None = None
    taken: TakenIn | None = None
    error: HabeasError | None = None


class Fetching(msgspec.Struct):
    """What a fetch needs besides the case: who is asked for, when, and who wants to hear of it."""

    person: Person
    digest: PersonDigest
    clock: Callable[[], datetime]
    files: bool = False
    at: Mapping[str, str] = {}
    ended: Callable[[str, Entry], None] = lambda _, __: None
    waiting: Callable[[str], None] = lambda _: None
    told: Callable[[str, str], None] = lambda _, __: None
    watch: Watch | None = None


async def fetch(case: OpenCase, vendors: Sequence[Vendor], how: Fetching) -> list[Fetched]:
    """Run at every vendor and take the runs in; no vendor touches another. Raises InUse, DiskError, OutputError."""
    with alone(case) as folder:
        return list(await asyncio.gather(*(_fetched(case, vendor, folder, how) for vendor in vendors)))


@contextmanager
def alone(case: OpenCase) -> Iterator[Path]:
    """Let one process fetch for a case at a time; what killed ones left is swept. Raises InUse, DiskError, OutputError."""
    folder = case.folder / "runs"
    prepare(folder)
    try:
        file = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE)
    except OSError as error:
        raise cannot_write(folder / ".lock", error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.glob(f"{PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield folder
    except BlockingIOError:
        message = f"another process fetches for {case.reference}: wait until it has ended; nothing was sent"
        raise InUse(message) from None
    finally:
        os.close(file)


def given_to(vendor: Vendor, person: Person) -> tuple[tuple[str, str], ...]:
    """Give the identifiers a vendor is asked by. Raises UsageError where it knows people by none of the person's."""
    kinds = kinds_of(vendor)
    found = tuple((kind, value) for kind, value in person.for_vendor(vendor.name) if kind in kinds)
    if not found:
        message = f"{vendor.title} knows people by {' or '.join(kinds)}, and the case has none: add it with habeas case name"
        raise UsageError(message)
    return found


async def _fetched(case: OpenCase, vendor: Vendor, folder: Path, how: Fetching) -> Fetched:
    result = Fetched(vendor.name)
    try:
        order = _order(case, vendor, folder, how)
        result.report = await carry_out(
            order,
            ended=lambda entry: how.ended(vendor.name, entry),
            waiting=lambda: how.waiting(vendor.name),
            told=lambda words: how.told(vendor.name, words),
            watch=how.watch,
        )
        result.taken = _taken(case, result.report, how)
    except HabeasError as error:
        result.error = error
        if isinstance(error, Refused):
            case.act(IdentifierRefused(kind=", ".join(kinds_of(vendor)), reason=str(error), vendor=vendor.name), how.clock())
    return result


def _order(case: OpenCase, vendor: Vendor, folder: Path, how: Fetching) -> Order:
    arguments = RunArguments(
        person=given_to(vendor, how.person),
        at=how.at.get(vendor.name),
        out=folder / f"{PART}{vendor.name}",
        files=how.files,
        reference=case.reference,
    )
    order = order_of(vendor, arguments, how.clock())
    simulated = order.chosen.simulated
    if simulated != case.opened.simulated:
        what = "would be asked at a simulator, and the case is real" if simulated else "would really be asked, and the case is simulated"
        message = f"{vendor.title} {what}: see --at, HABEAS_{vendor.name.upper()}_AT and where its connection goes; nothing was sent"
        raise UsageError(message)
    return order


def _taken(case: OpenCase, report: Report, how: Fetching) -> TakenIn:
    """Put a run in place and record it. Raises Refused where it is not of this person, DiskError, OutputError."""
    run = take.read_run(report.folder)
    same = take.may_take(case, run, how.digest, vendor=None, confirmed=True)
    place = take.free_place(case.folder / "runs", run.vendor)
    try:
        report.folder.rename(place)
        report.folder.parent.rmdir()
        sync_folder(place.parent)
    except OSError as error:
        raise cannot_write(place, error) from None
    act = take.act_of_run(case, place, run, same=same)
    case.act(act, how.clock())
    return act
