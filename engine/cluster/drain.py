"""Drain the connections of one account while its lease lasts: ask for everybody who can be asked for now, then give them back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import psycopg

from engine.assembly import session_over
from engine.batch.asking import Assignment, EndedGroup, EndedPerson, ask_for_all
from engine.batch.database import QueuedPerson
from engine.batch.states import Ending, ending
from engine.batch.targets import BatchTarget
from engine.case.fetch import Stopping
from engine.cluster import ownership, people
from engine.cluster.lease import boot_seconds
from engine.cluster.lent_batches import ANSWERS_WITHIN, LentBatches, WorkableBatch
from engine.cluster.metrics import UsedBucket, WorkerCounts
from engine.cluster.ownership import Lease, ToldState
from engine.cluster.people import LeasedPerson
from engine.cluster.pool import Pool
from engine.cluster.shared_folder import check_shared, made_of, make_ready, place_of
from engine.cluster.spent import LeasedSpent
from engine.connection.open import parse_name
from engine.connection.store import StoreAway
from engine.connection.stored import StoreError
from engine.connection.uninterrupted import in_thread
from engine.connection.vendor_account import account_of
from engine.core.http import NoAnswer, Response
from engine.errors import DiskError, Exit, HabeasError, NotConnected, OutputError
from engine.net.clock import Clock, wall_clock
from engine.open_account import OpenAccount
from engine.replaced import replace
from engine.runner import Report

LOOK_AGAIN = 1.0
AFTER_TROUBLE = 60.0
WHILE_IN_USE = 5.0
MANIFESTS_WITHIN = 10.0


class Drain:
    """The work of one owner at one account. `over` once nothing more may be sent; it never begins again.

    `closing`: nobody new is taken; `begun`: it has its turn; `left`: there are people whom this worker leaves to others; `pause`: for how
    long nobody should take the account; `orderly`: what it used of the limits is written down.
    """

    def __init__(
        self, pool: Pool, lease: Lease, batches: LentBatches, ended: EndedGroup, counts: WorkerCounts, clock: Clock | None = None
    ) -> None:
        """Begin with a lease that was just taken."""
        self.counts = counts
        self.pool, self.lease, self.batches, self.ended = pool, lease, batches, ended
        self.clock = clock or wall_clock()
        self.since = boot_seconds()
        self.stopping = Stopping()
        self.begun = self.over = self.closing = False
        self._ending = asyncio.Event()
        self.pause: float | None = None
        self.left, self.orderly = False, True
        self.under_way: dict[int, LeasedPerson] = {}
        self.states = Counter[str]()
        self.account: OpenAccount | None = None
        self.name = ""

    def permitted(self) -> bool:
        """Whether a request may leave: not later than a third of the lease before its end, and then never again."""
        if not self.over and boot_seconds() >= self.lease.deadline:
            self.end(Exit.TERMINATED)
        return not self.over

    def end(self, code: Exit) -> None:
        """Send nothing more: what is under way ends with a manifest and goes on at the next owner."""
        self.over = self.closing = True
        self.stopping.stop(code)
        self._ending.set()

    def close(self) -> None:
        """Take nobody new; what is under way ends by itself."""
        self.closing = True

    async def run(self, first: str) -> None:
        """Drain one connection of the account, then the others. Raises psycopg.Error, StoreAway."""
        draining, ending_ = asyncio.create_task(self._run(first)), asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait((draining, ending_), return_when=asyncio.FIRST_COMPLETED)
            if not draining.done():
                await asyncio.wait((draining,), timeout=MANIFESTS_WITHIN)
        finally:
            ending_.cancel()
            draining.cancel()
            await asyncio.wait((draining, ending_))
        if not draining.cancelled():
            draining.result()

    async def _run(self, first: str) -> None:
        for name in (first, *(one for one in self.lease.names if one != first)):
            while not self.closing and await self._drained(name):
                pass

    async def _drained(self, name: str) -> bool:
        """Ask for people of batches that share their limits; whether it is worth looking again."""
        found = await people.batches(self.pool, name)
        able = await self.batches.workable(found, name)
        if not able:
            self.left = self.left or bool(found)
            return False
        target = self.batches.target(able[0], name)
        try:
            return await self._opened(name, target, able)
        except StoreAway:
            raise
        except StoreError as error:
            for batch in able:
                self.batches.leave(batch.lent.id, name, str(error))
            return False
        except NotConnected as error:
            await self._end_connection(name, str(error))
            return False

    async def _opened(self, name: str, target: BatchTarget, able: list[WorkableBatch]) -> bool:
        chosen, lent = target.chosen, able[0].lent
        opened = await chosen.open()
        account = account_of(parse_name(name), opened.record)
        if account != self.lease.account:
            await ownership.set_account(self.pool, self.lease, name, account)
            self.close()
            return False
        spent = LeasedSpent(self.pool, self.lease, lambda: self.over)
        handover = await spent.opened(self.clock, orderly=self.lease.orderly)
        if handover.words is not None:
            self.batches.say(f"{name}: {handover.words}")
        try:
            chosen.transport.permitted = self.permitted
            async with chosen.transport:
                opened = replace(opened, handover=handover)
                self.account = OpenAccount(
                    session_over(opened, chosen.transport, target.order_plan(lent.options), lent.share), opened, many=True
                )
                self.name = name
                return await self._asked(LeasedQueue(self, self.account, target, able), name)
        finally:
            self.account = None
            await spent.close(handover)
            self.orderly = self.lease.orderly = self.orderly and not spent.failed

    async def _asked(self, queue: LeasedQueue, name: str) -> bool:
        """Ask for everybody; whether there may be more."""
        await ask_for_all(queue, queue.account, self.stopping)
        end = queue.account.session.grant.state.end
        if end is not None and end.dead:
            await self._end_connection(name, end.words)
        elif end is not None:  # a database that was away is back when this is written
            pause = WHILE_IN_USE if queue.account.connection.credentials.away else AFTER_TROUBLE
            await ownership.end_connection(self.pool, self.lease, name, None, pause)
        return end is None and queue.claimed > 0

    async def _end_connection(self, name: str, words: str) -> None:
        await ownership.end_connection(self.pool, self.lease, name, words)
        self.batches.say(f"{name}: {words}")

    def told(self) -> dict[str, ToldState]:
        """Give what is told of the connections with a beat."""
        rate = None
        if self.account is not None:
            sent = [(count / allowed, bucket, count, allowed) for bucket, count, allowed in self.account.session.limiter.sent()]
            if sent:
                _, bucket, count, allowed = max(sent)
                self.counts.limits[self.name] = UsedBucket(bucket, count, allowed)
                rate = json.dumps({"bucket": bucket, "sent": count, "allowed": round(allowed, 3), "at": self.clock.timestamp()})
        return {self.name: ToldState(rate, len(self.under_way))} if self.name else {}


class LeasedQueue:
    """The people of one leased connection (see `asking.PeopleQueue`)."""

    def __init__(self, drain: Drain, account: OpenAccount, target: BatchTarget, able: list[WorkableBatch]) -> None:
        """Take people of these batches."""
        self._drain, self.account, self._target = drain, account, target
        self.claimed = 0
        self._batches = {batch.lent.id: batch for batch in able}
        self._known = dict(self._batches)  # one that is left may have somebody who was just claimed
        self._nobody_until, self._claiming = 0.0, asyncio.Lock()

    async def claim(self) -> Assignment | None:
        """Take the next person; while others are under way, look again for some who came since."""
        drain = self._drain
        while not drain.closing and drain.permitted() and self.account.end is None and self._batches:
            async with self._claiming:
                if boot_seconds() >= self._nobody_until and (taken := await self._claimed()) is not None:
                    return taken
            if not drain.under_way:
                return None
            await asyncio.sleep(LOOK_AGAIN)
        return None

    async def _claimed(self) -> Assignment | None:
        drain = self._drain
        try:
            person = await people.claim(drain.pool, drain.lease, self._target.name, list(self._batches))
        except psycopg.Error:
            return None  # until the deadline the database may come back
        if person is None:
            self._nobody_until = max(self._nobody_until, boot_seconds() + LOOK_AGAIN)
            return None
        drain.under_way[person.id] = person
        self.claimed += 1
        batch = self._known[person.batch]
        return Assignment(person, self._target, batch.lent.options, batch.key, made_of(batch.lent, person), place_of(batch.lent, person))

    async def prepare(self, taken: Assignment) -> None:
        """Delete what others left, take over what was kept."""
        person = leased(taken.person)
        await in_thread(lambda: make_ready(self._known[person.batch].lent, person))

    def judge(self, taken: Assignment, report: Report, *, unreachable: bool, others: bool) -> Ending:
        """Decide as states.py says; but nobody fails for a folder that takes nothing more, or a connection that can be used no more."""
        if report.error is not None:
            raise report.error
        if not self._drain.permitted():
            return Ending("queued", spent=False)
        now = self._drain.clock.timestamp()
        end = ending(report, taken.person.attempts, now, unreachable=unreachable, others=others)
        if end.pause is not None:  # it is written down with the next group, and nobody is to be taken until then either
            self._nobody_until = max(self._nobody_until, boot_seconds() + end.pause - now)
        gone = end.code is Exit.NOT_CONNECTED or self.account.end is not None
        return end if end.state == "done" or not gone else Ending("queued", reason=end.reason, spent=False)

    async def put(self, ended: EndedPerson) -> None:
        """Write it down with the next group of this worker; a defect is none where the batch's folder went away meanwhile."""
        self._drain.under_way.pop(ended.person.id, None)
        if ended.ending.code is Exit.DEFECT and await self._gone(leased(ended.person)):
            ended = EndedPerson(ended.person, Ending("queued", spent=False))
        await self._drain.ended.add(ended)

    async def _gone(self, person: LeasedPerson) -> bool:
        """Whether a batch's folder is not the one here any more; then the batch is left to others."""
        batch = self._batches.get(person.batch)
        if batch is None:
            return True
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await in_thread(lambda: check_shared(batch.lent))
        except (HabeasError, TimeoutError) as error:
            self._batches.pop(person.batch, None)
            self._drain.batches.leave(person.batch, person.connection, str(error) or f"{batch.lent.folder} does not answer here")
            return True
        return False

    def heard(self, answer: Response | NoAnswer) -> None:
        """Count it."""
        self._drain.counts.heard(self._target.name, answer)

    async def failed(self, taken: Assignment, error: HabeasError) -> None:
        """Leave the batch to others where its folder takes nothing more here; else it is this person alone who cannot be asked for."""
        person = leased(taken.person)
        if not isinstance(error, (DiskError, OutputError)):
            await self.put(EndedPerson(person, Ending("failed", error.exit_code, str(error))))
            return
        lost = not self._drain.permitted()  # then it is the next owner who took the folder away
        if not lost and self._batches.pop(person.batch, None) is not None:
            self._drain.batches.leave(person.batch, person.connection, str(error))
        await self.put(EndedPerson(person, Ending("queued", spent=False)))


def leased(person: QueuedPerson) -> LeasedPerson:
    """Give a person as what they are."""
    if not isinstance(person, LeasedPerson):
        raise TypeError
    return person
