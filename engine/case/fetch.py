"""Fetch at the vendors of a case, side by side in one process, and take each run in as it ends.

A run is written beside the runs of the case under a name that begins with a dot, and is put in place when it has ended. What a killed
process left there proves nothing; the next one goes on with it, where it asks for the same.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.assembly import Order, RunArguments, order_of
from engine.case import take
from engine.case.acts import IdentifierRefused, TakenIn
from engine.case.folder import OpenCase
from engine.case.person import Person
from engine.case.taken_run import read_run
from engine.connection.private_files import Taken, locked, prepare
from engine.core.ledger import Entry
from engine.core.proof import kinds_of
from engine.errors import Exit, HabeasError, InUse, Refused, UsageError
from engine.language.effective import Vendor
from engine.open_account import carry_out
from engine.resuming import going_on
from engine.runner import Report, Run, Session

PART = ".run-"
TRIES = 3


class Fetched(msgspec.Struct):
    """What came of one vendor: the report of its run and the act that took it in, or why there is none; `stopped`: it did not begin."""

    vendor: str
    report: Report | None = None
    taken: TakenIn | None = None
    error: HabeasError | None = None
    stopped: Exit | None = None

    @property
    def exit_code(self) -> Exit:
        """Give the exit code of this vendor's part."""
        if self.error is not None:
            return self.error.exit_code
        return self.stopped or (self.report.exit_code if self.report is not None else Exit.DEFECT)


class Stopping:
    """Ends what a fetch has under way: runs are interrupted, what they received is kept; what waits for its turn does not begin."""

    def __init__(self) -> None:
        """Nothing is stopped yet."""
        self.code: Exit | None = None
        self._runs: list[Run] = []
        self._waiting: set[asyncio.Task[Any]] = set()

    def stop(self, code: Exit) -> None:
        """Stop everything; `code` is the exit code that says why."""
        self.code = code
        for run in self._runs:
            run.interrupt(code)
        for task in self._waiting:
            task.cancel()

    @contextmanager
    def before(self) -> Iterator[None]:
        """Hold a vendor whose run has not begun."""
        task = asyncio.current_task()
        if task is not None:
            self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    @asynccontextmanager
    async def watch(self, run: Run) -> AsyncIterator[None]:
        """Hold a run from its beginning to its end: of many people's runs none may stay."""
        self._waiting.discard(asyncio.current_task())
        self._runs.append(run)
        if self.code is not None:
            run.interrupt(self.code)
        try:
            yield
        finally:
            self._runs.remove(run)


class Fetching(msgspec.Struct):
    """What a fetch needs besides the case: who is asked for, when, and who wants to hear of it."""

    person: Person
    clock: Callable[[], datetime]
    files: bool = False
    at: Mapping[str, str] = {}
    ended: Callable[[str, Entry], None] = lambda _, __: None
    waiting: Callable[[str], None] = lambda _: None
    told: Callable[[str, str], None] = lambda _, __: None
    stopping: Stopping = msgspec.field(default_factory=Stopping)


async def fetch(case: OpenCase, vendors: Sequence[Vendor], how: Fetching) -> list[Fetched]:
    """Run at every vendor and take the runs in; no vendor touches another. Raises InUse, DiskError, OutputError."""
    async with _alone(case) as folder:
        return list(await asyncio.gather(*(_fetched(case, vendor, folder, how) for vendor in vendors)))


@asynccontextmanager
async def _alone(case: OpenCase) -> AsyncIterator[Path]:
    """Let one process fetch for a case at a time. Raises InUse, DiskError, OutputError."""
    folder = case.folder / "runs"
    prepare(folder)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(locked(folder / ".lock", wait=False))
        except Taken:
            message = f"another process fetches for {case.reference}: wait until it has ended; nothing was sent"
            raise InUse(message) from None
        yield folder


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
        with how.stopping.before():
            result.report = await carry_out(
                await _order(case, vendor, folder, how),
                ended=lambda entry: how.ended(vendor.name, entry),
                waiting=lambda: how.waiting(vendor.name),
                told=lambda words: how.told(vendor.name, words),
                watch=how.stopping.watch,
                before=lambda order, session: _going_on(order, session, how),
            )
        if result.report.finished:
            result.taken = _taken(case, result.report, how)
    except asyncio.CancelledError:
        if how.stopping.code is None:
            raise
        result.stopped = how.stopping.code
    except HabeasError as error:
        result.error = error
        if isinstance(error, Refused):
            act = IdentifierRefused(kind=", ".join(kinds_of(vendor)), reason=str(error), vendor=vendor.name)
            case.insist(act, how.clock())
    finally:
        if result.report is not None and result.report.finished:
            shutil.rmtree(folder / f"{PART}{vendor.name}", ignore_errors=True)
    return result


async def _going_on(order: Order, session: Session, how: Fetching) -> Order:
    """Give the order that goes on with what a killed process left, and say so. Raises DiskError, OutputError."""
    order = await going_on(order, given_to(order.vendor, how.person), session, TRIES)
    if order.earlier is not None:
        how.told(order.vendor.name, "goes on with a run that broke off; lists that had ended are not asked again")
    return order


async def _order(case: OpenCase, vendor: Vendor, folder: Path, how: Fetching) -> Order:
    arguments = RunArguments(
        person=given_to(vendor, how.person),
        at=how.at.get(vendor.name),
        out=folder / f"{PART}{vendor.name}",
        files=how.files,
        reference=case.reference,
    )
    order = await order_of(vendor, arguments, how.clock())
    simulated = order.chosen.simulated
    if simulated != case.opened.simulated:
        what = "would be asked at a simulator, and the case is real" if simulated else "would really be asked, and the case is simulated"
        mend = "take its address out" if simulated else f"say where its simulator listens, as {vendor.name}=http://127.0.0.1:8900"
        where = f"--at, in a browser the field at Fetch, HABEAS_{vendor.name.upper()}_AT and where its connection goes"
        message = f"{vendor.title} {what}: {mend} ({where}); nothing was sent"
        raise UsageError(message)
    return order


def _taken(case: OpenCase, report: Report, how: Fetching) -> TakenIn:
    """Put a run in place and record it. Raises Refused where it is not of this person, DiskError, OutputError."""
    run = read_run(report.folder)
    same = take.may_take(case, run, vendor=None, confirmed=True)
    runs = case.folder / "runs"

    def act(place: Path) -> TakenIn:
        return take.act_of_run(case, place, run, same=same)

    return case.take(report.folder, lambda: take.free_place(runs, run.vendor), act, how.clock())
