"""Work on a batch: at every connection side by side, people as the limits have room for them, until nobody is left or it is stopped.

A row is `done` only when its files are on the disk: people who ended are written down in groups, after one sync. What a killed
process had under way goes on (`resuming.going_on`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress

from msgspec import Struct, field

from engine.batch import results
from engine.batch.asking import Assignment, EndedGroup, EndedPerson, ask_for_all
from engine.batch.batch_folder import WORK, BatchFolder, BatchKey, label_of
from engine.batch.batch_proof import batch_code, write_proof
from engine.batch.cases import BatchCases
from engine.batch.left_behind import recover, sweep
from engine.batch.states import Ending, ending
from engine.batch.targets import BatchTarget
from engine.case.fetch import Stopping
from engine.core.http import NoAnswer, Response
from engine.core.window import rfc3339
from engine.errors import Exit, HabeasError, InUse, NotConnected
from engine.net.clock import Clock, wall_clock
from engine.open_account import OpenAccount, open_account
from engine.runner import Report

SOON = 5.0


class BatchWatch(Struct):
    """Who wants to hear of a batch: `ended` of each person, `told` and `waiting` of each connection, `accounts` that are open."""

    ended: Callable[[EndedPerson], None] = lambda _: None
    told: Callable[[str, str], None] = lambda _, __: None
    waiting: Callable[[str], None] = lambda _: None
    accounts: dict[str, OpenAccount] = field(default_factory=dict)


class BatchWork:
    """One process's work on a batch."""

    def __init__(self, folder: BatchFolder, key: BatchKey, share: float, watch: BatchWatch, clock: Clock | None = None) -> None:
        """`share` is how much of each vendor's limit is used."""
        self.folder, self.key, self.share, self.watch = folder, key, share, watch
        self.clock = clock or wall_clock()
        self.stopping = Stopping()
        self.cases = BatchCases(folder, key) if folder.options.regime is not None else None
        self.error: HabeasError | None = None
        self.in_use: InUse | None = None
        self.ended = EndedGroup(self._write, self.clock)
        self.stopped = asyncio.Event()
        self.pauses: dict[str, float] = {}

    def stop(self, code: Exit) -> None:
        """Let nobody new in; runs under way end, what they received is kept."""
        self.stopped.set()
        self.stopping.stop(code)

    async def run(self, targets: Mapping[str, BatchTarget], *, wait: bool = True) -> None:
        """Ask for everybody. Raises the first DiskError or OutputError, which ends it, or InUse when all else is done.

        Whatever happens, what has ended is written down.
        """
        recover(self.folder)
        if self.cases is not None:
            await asyncio.to_thread(self.cases.take_all)
        write_proof(self.folder, self.clock.now(), batch_code(self.folder))  # a kill would leave that of before
        writing = asyncio.create_task(self.ended.often(self._write_rates))
        try:
            await asyncio.gather(*(self._drained(name, target, wait=wait) for name, target in targets.items()))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)  # what it could not write is written now, or told now
            await self.ended.write()
        if (error := self.error or self.in_use) is not None:
            raise error
        sweep(self.folder)

    async def _drained(self, name: str, target: BatchTarget, *, wait: bool) -> None:
        limits = (target.order_plan(self.folder.options), self.share)
        opening = open_account(
            target.chosen, limits, wait=wait, waiting=lambda: self.watch.waiting(name), told=lambda words: self.watch.told(name, words)
        )
        try:
            async with AsyncExitStack() as stack:
                with self.stopping.before():
                    account = await stack.enter_async_context(opening)
                self.watch.accounts[name] = account
                await self._rounds(name, target, account)
        except asyncio.CancelledError:
            if self.stopping.code is None:
                raise
        except NotConnected as error:
            self._end_connection(name, str(error))
        except InUse as error:
            self.in_use = error
        except HabeasError as error:
            self.error = self.error or error

    async def _rounds(self, name: str, target: BatchTarget, account: OpenAccount) -> None:
        """Ask for people until none is left; where the rest has to wait, wait."""
        while not self.stopped.is_set() and account.end is None and self.error is None:
            await ask_for_all(FolderQueue(self, target, account), account, self.stopping)
            await self.ended.write()
            until = self.folder.database.waits_until(name)
            if until is None:
                break
            until = max(until, self.pauses.get(name, 0.0))
            self.folder.database.run("update connection set not_before=? where name=?", until, name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), max(0.0, min(until - self.clock.timestamp(), SOON)))
        self.folder.database.run("update connection set not_before=null where name=?", name)
        if account.end is not None:
            self._end_connection(name, account.end)

    def _end_connection(self, name: str, words: str) -> None:
        self.folder.database.run("update connection set ended=? where name=?", words, name)
        self.watch.told(name, words)

    async def _write(self, group: list[EndedPerson]) -> None:
        """Write down who has ended, once their files are on the disk. Where that cannot be, nobody else is asked."""
        try:
            self.folder.check_there()
            await asyncio.to_thread(results.synced, self.folder.path)
            moment = rfc3339(self.clock.now())
            self.folder.database.end([_row(one, moment) for one in group])
        except HabeasError as error:
            self.error = self.error or error
            raise
        if self.cases is not None:
            await asyncio.to_thread(self.cases.take_all)
        for person in group:
            self.watch.ended(person)

    def _write_rates(self) -> None:
        for name, rate in self.rates().items():
            self.folder.database.run("update connection set rate=? where name=?", json.dumps(rate), name)

    def rates(self) -> dict[str, dict[str, object]]:
        """Give of each connection what has left of its busiest bucket, and how much may leave in a second."""
        found: dict[str, dict[str, object]] = {}
        for name, account in self.watch.accounts.items():
            sent = [(count / allowed, bucket, count, allowed) for bucket, count, allowed in account.session.limiter.sent()]
            if sent:
                _, bucket, count, allowed = max(sent)
                found[name] = {"bucket": bucket, "sent": count, "allowed": round(allowed, 3), "at": self.clock.timestamp()}
        return found


class FolderQueue:
    """The people of one connection of a batch (see `asking.PeopleQueue`)."""

    def __init__(self, work: BatchWork, target: BatchTarget, account: OpenAccount) -> None:
        """Take them from the batch's own database."""
        self._work, self._target, self._account = work, target, account

    async def claim(self) -> Assignment | None:
        """Take the next one whose time has come."""
        work, name, now = self._work, self._target.name, self._work.clock.timestamp()
        if work.stopped.is_set() or self._account.end is not None or work.error is not None or now < work.pauses.get(name, 0.0):
            return None
        person = work.folder.database.claim(name, now)
        if person is None:
            return None
        made, place = work.folder.path / WORK / str(person.id), work.folder.place(person.request, label_of(name))
        return Assignment(person, self._target, work.folder.options, work.key, made, place)

    async def prepare(self, taken: Assignment) -> None:
        """Keep the result of an earlier try under another name."""
        self._work.folder.check_there()
        results.set_aside(taken.place)

    def judge(self, taken: Assignment, report: Report, *, unreachable: bool, others: bool) -> Ending:
        """Decide as states.py says; where the vendor allows nothing more now, nobody else is asked either. Nobody fails for a full disk."""
        if report.error is not None:
            raise report.error
        end = ending(report, taken.person.attempts, self._work.clock.timestamp(), unreachable=unreachable, others=others)
        if end.pause is not None:
            self._work.pauses[taken.person.connection] = end.pause
        return end

    async def put(self, ended: EndedPerson) -> None:
        """Write it down with the next group."""
        await self._work.ended.add(ended)

    def heard(self, answer: Response | NoAnswer) -> None:
        """Count nothing: the limiter says how fast requests left."""

    async def failed(self, taken: Assignment, error: HabeasError) -> None:
        """End the batch: its folder takes nothing more."""
        self._work.ended.note(EndedPerson(taken.person, Ending("queued", spent=False)))
        self._work.error = self._work.error or error


def _row(one: EndedPerson, moment: str) -> tuple[object, ...]:
    end = one.ending
    code = None if end.code is None else int(end.code)
    return (end.state, end.again, code, end.reason, one.folder, one.sha256, moment, 0 if end.spent else 1, one.person.id)
