"""Ask for the people of one connection, one after the other and side by side: what a batch of one machine and a worker both do.

Where the people come from, and where it is written down what came of them, is a `PeopleQueue`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Container
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from engine.assembly import person_of
from engine.batch import results
from engine.batch.batch_folder import PEOPLE, BatchKey, BatchOptions
from engine.batch.database import QueuedPerson
from engine.batch.states import Ending
from engine.batch.targets import BatchTarget
from engine.case.fetch import Stopping
from engine.core.http import NoAnswer, Response
from engine.errors import HabeasError
from engine.net.clock import Clock
from engine.open_account import SIDE_BY_SIDE, OpenAccount
from engine.replaced import replace
from engine.resuming import going_on
from engine.runner import Report
from engine.runner.facts import AccountFacts

GROUP, PERIOD = 16, 1.0


class Assignment(Struct, frozen=True):
    """A person who was taken to be asked for: how, where the run is `made`, and the `place` where its result goes."""

    person: QueuedPerson
    target: BatchTarget
    options: BatchOptions
    key: BatchKey
    made: Path
    place: Path


class EndedPerson(Struct, frozen=True):
    """A person whose run has ended, and where its result lies; it is told when it is safe on the disk."""

    person: QueuedPerson
    ending: Ending
    folder: str | None = None
    sha256: str | None = None


class PeopleQueue(Protocol):
    """The people of one connection."""

    async def claim(self) -> Assignment | None:
        """Take the next person; None where nobody more is to be asked for now."""

    async def prepare(self, taken: Assignment) -> None:
        """Make room for the result. Raises DiskError, OutputError."""

    def judge(self, taken: Assignment, report: Report, *, unreachable: bool, others: bool) -> Ending:
        """Say where the row stands after a run (`states.ending`). An ending without a code puts nothing in its place. Raises DiskError."""

    async def put(self, ended: EndedPerson) -> None:
        """Note how somebody ended."""

    def heard(self, answer: Response | NoAnswer) -> None:
        """Hear each answer of the vendor."""

    async def failed(self, taken: Assignment, error: HabeasError) -> None:
        """Hear that a person could not be asked for, for a reason that is not theirs."""


async def ask_for_all(queue: PeopleQueue, account: OpenAccount, stopping: Stopping) -> None:
    """Ask for people over an account as long as the limits have room and somebody is there."""
    async with asyncio.TaskGroup() as group:
        for _ in range(SIDE_BY_SIDE):
            group.create_task(_one_after_the_other(queue, account, stopping))


async def _one_after_the_other(queue: PeopleQueue, account: OpenAccount, stopping: Stopping) -> None:
    while True:
        async with account.place():
            taken = await queue.claim()
            if taken is None:
                return
            try:
                await queue.put(await _asked(queue, taken, account, stopping))
            except HabeasError as error:
                await queue.failed(taken, error)


async def _asked(queue: PeopleQueue, taken: Assignment, account: OpenAccount, stopping: Stopping) -> EndedPerson:
    """Ask for one person, and put what was found in its place."""
    await queue.prepare(taken)
    facts = await _learnt(account, stopping)
    if facts is None:
        return EndedPerson(taken.person, Ending("queued", spent=False))
    silent_since: int | None = None

    def heard(_: object, answer: Response | NoAnswer) -> None:
        nonlocal silent_since
        if isinstance(answer, NoAnswer):
            silent_since = account.answered if silent_since is None else silent_since
        else:
            account.answered, silent_since = account.answered + 1, None
        queue.heard(answer)

    person = taken.person
    told = json.loads(taken.key.unseal(person.request, person.identifiers))
    asked = replace(taken.target.order(person, person_of(told), taken.options, taken.made), digests=taken.key.digests)
    order = await going_on(asked, told, account.session)
    report = await account.carry_out(order, watch=stopping.watch, heard=heard, facts=facts)
    others = silent_since is not None and account.answered > silent_since
    end = queue.judge(taken, report, unreachable=silent_since is not None, others=others)
    if end.code is None or not report.finished:
        return EndedPerson(person, end)
    name, sha256 = await asyncio.to_thread(results.put_in_place, report.folder, taken.place, pack=taken.options.pack)
    return EndedPerson(person, end, f"{PEOPLE}/{person.request}/{name}", sha256)


async def _learnt(account: OpenAccount, stopping: Stopping) -> AccountFacts | None:
    """Ask the account what it is asked before anybody; None where all was stopped before it had answered."""
    if stopping.code is not None:
        return None
    try:
        with stopping.before():
            return await account.learnt()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if stopping.code is None or task is None:
            raise
        task.uncancel()
        return None


class EndedGroup:
    """People who have ended and are not written down yet: that is done in groups of GROUP, or each PERIOD."""

    def __init__(self, write: Callable[[list[EndedPerson]], Awaitable[list[EndedPerson] | None]], clock: Clock) -> None:
        """`write` writes a group down; gives who of it could not be written down yet, if anybody."""
        self._do, self._clock = write, clock
        self._ended: list[EndedPerson] = []
        self._writing = asyncio.Lock()

    def note(self, ended: EndedPerson) -> None:
        """Add somebody."""
        self._ended.append(ended)

    async def add(self, ended: EndedPerson) -> None:
        """Add somebody, and write where that makes a group."""
        self.note(ended)
        if len(self._ended) >= GROUP:
            await self.write()

    async def write(self) -> None:
        """Write down who has ended. Who could not be written down is tried again with the next group."""
        async with self._writing:
            group, self._ended = self._ended, []
            try:
                later = await self._do(group) if group else None
            except BaseException:
                self._ended = group + self._ended
                raise
            self._ended = [*(later or ()), *self._ended]

    def waits_for(self, connections: Container[str]) -> bool:
        """Whether somebody who has ended at one of these connections is not written down yet."""
        return any(ended.person.connection in connections for ended in self._ended)

    async def forget(self, connections: Container[str]) -> None:
        """Never write down who has ended at these connections: they are to be asked for again."""
        async with self._writing:
            self._ended = [ended for ended in self._ended if ended.person.connection not in connections]

    async def often(self, also: Callable[[], None] = lambda: None) -> None:
        """Write each PERIOD, and do something else then."""
        while True:
            await self._clock.sleep(PERIOD)
            await self.write()
            also()
