"""Work on a batch: at every connection side by side, people as the limits have room for them, until nobody is left or it is stopped.

A row is `done` only when its files are on the disk: people who ended are written down in groups, after one sync. What a killed
process had under way goes on (`resuming.going_on`).
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress

from msgspec import Struct, field

from engine.assembly import person_of
from engine.batch import results
from engine.batch.batch_folder import PEOPLE, WORK, BatchFolder, BatchKey, label_of
from engine.batch.cases import BatchCases
from engine.batch.database import QueuedPerson
from engine.batch.states import Ending, ending
from engine.batch.targets import BatchTarget
from engine.case.fetch import Stopping
from engine.core.http import NoAnswer
from engine.core.window import rfc3339
from engine.errors import Exit, HabeasError, InUse, NotConnected
from engine.net.clock import Clock, wall_clock
from engine.open_account import SIDE_BY_SIDE, OpenAccount, open_account
from engine.resuming import going_on

GROUP, PERIOD = 16, 1.0
SOON = 5.0


class EndedPerson(Struct, frozen=True):
    """A person whose run has ended, and where its result lies; it is told when it is safe on the disk."""

    person: QueuedPerson
    ending: Ending
    folder: str | None = None
    sha256: str | None = None


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
        self._ended: list[EndedPerson] = []
        self._writing = asyncio.Lock()
        self._stopped = asyncio.Event()
        self._pauses: dict[str, float] = {}

    def stop(self, code: Exit) -> None:
        """Let nobody new in; runs under way end, what they received is kept."""
        self._stopped.set()
        self.stopping.stop(code)

    async def run(self, targets: Mapping[str, BatchTarget], *, wait: bool = True) -> None:
        """Ask for everybody. Raises the first DiskError or OutputError, which ends it, or InUse when all else is done.

        Whatever happens, what has ended is written down.
        """
        self._recover()
        writing = asyncio.create_task(self._write_often())
        try:
            await asyncio.gather(*(self._drained(name, target, wait=wait) for name, target in targets.items()))
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self._write()
        if (error := self.error or self.in_use) is not None:
            raise error
        self._sweep()

    def _recover(self) -> None:
        """Queue what a killed process had under way; so too whoever failed for the connection alone."""
        database = self.folder.database
        running = list(database.all("select id, request, connection, sha256 from person where state='running'"))
        for number, request, connection, sha256 in running:
            place = self.folder.place(request, label_of(connection))
            if results.manifest_of(place) != sha256:  # else it is the result of an earlier try
                results.taken_back(place, self.folder.path / WORK / str(number) / connection.partition("/")[0])
        database.run("update person set state='queued', attempts=attempts-1 where state='running'")
        database.run("update person set state='queued', attempts=0 where state='failed' and exit_code=?", int(Exit.NOT_CONNECTED))
        database.run("update connection set ended=null")
        self._sweep()

    def _sweep(self) -> None:
        """Delete what was begun for people who are not asked any more."""
        queued = {str(number) for (number,) in self.folder.database.all("select id from person where state='queued'")}
        work = self.folder.path / WORK
        for left in list(work.iterdir()) if work.is_dir() else ():
            if left.name not in queued:
                shutil.rmtree(left, ignore_errors=True)
        with suppress(OSError):
            work.rmdir()

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
        while not self._stopped.is_set() and account.end is None and self.error is None:
            async with asyncio.TaskGroup() as group:
                for _ in range(SIDE_BY_SIDE):
                    group.create_task(self._people(name, target, account))
            await self._write()
            until = self.folder.database.waits_until(name)
            if until is None:
                break
            until = max(until, self._pauses.get(name, 0.0))
            self.folder.database.run("update connection set not_before=? where name=?", until, name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), max(0.0, min(until - self.clock.timestamp(), SOON)))
        self.folder.database.run("update connection set not_before=null where name=?", name)
        if account.end is not None:
            self._end_connection(name, account.end)

    def _end_connection(self, name: str, words: str) -> None:
        self.folder.database.run("update connection set ended=? where name=?", words, name)
        self.watch.told(name, words)

    async def _people(self, name: str, target: BatchTarget, account: OpenAccount) -> None:
        """Ask for one person after the other."""
        while True:
            async with account.place():
                now = self.clock.timestamp()
                halted = self._stopped.is_set() or account.end is not None or self.error is not None
                person = None if halted or now < self._pauses.get(name, 0.0) else self.folder.database.claim(name, now)
                if person is None:
                    return
                try:
                    await self._person(person, target, account)
                except HabeasError as error:
                    self._note(EndedPerson(person, Ending("queued", spent=False)))
                    self.error = self.error or error

    async def _person(self, person: QueuedPerson, target: BatchTarget, account: OpenAccount) -> None:
        place, made = self.folder.place(person.request, label_of(person.connection)), self.folder.path / WORK / str(person.id)
        results.set_aside(place)
        silent = False

        def heard(_: object, answer: object) -> None:
            nonlocal silent
            silent = isinstance(answer, NoAnswer)

        told = json.loads(self.key.unseal(person.request, person.identifiers))
        order = await going_on(target.order(person, person_of(told), self.folder.options, made), told, account.session)
        report = await account.carry_out(order, watch=self.stopping.watch, heard=heard)
        end = ending(report, person.attempts, self.clock.timestamp(), unreachable=silent)
        if end.pause is not None:
            self._pauses[person.connection] = end.pause
        if report.exit_code in (Exit.INTERRUPTED, Exit.TERMINATED) or not report.finished:
            self._note(EndedPerson(person, end))
            return
        name, sha256 = await asyncio.to_thread(results.put_in_place, report.folder, place, pack=self.folder.options.pack)
        self._note(EndedPerson(person, end, f"{PEOPLE}/{person.request}/{name}", sha256))
        if len(self._ended) >= GROUP:
            await self._write()

    def _note(self, ended: EndedPerson) -> None:
        self._ended.append(ended)

    async def _write_often(self) -> None:
        while True:
            await self.clock.sleep(PERIOD)
            await self._write()
            self._write_rates()

    async def _write(self) -> None:
        """Write down who has ended, once their files are on the disk."""
        async with self._writing:
            group, self._ended = self._ended, []
            if not group:
                return
            await asyncio.to_thread(results.synced, self.folder.path)
            moment = rfc3339(self.clock.now())
            self.folder.database.end([_row(one, moment) for one in group])
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


def _row(one: EndedPerson, moment: str) -> tuple[object, ...]:
    end = one.ending
    code = None if end.code is None else int(end.code)
    return (end.state, end.again, code, end.reason, one.folder, one.sha256, moment, 0 if end.spent else 1, one.person.id)
