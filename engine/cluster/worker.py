"""A worker: it owns connections for a while, asks for their people, and gives them back; killed at any moment it loses nobody.

Beside the drains leases are renewed (`_beats`), the clock is watched so that nothing leaves too late (`_watched`), connections without
anybody are handed out (`_sweeps`), and tokens that the database could not take are sent (`_sends`). Each goes on when it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from engine.batch.asking import EndedGroup
from engine.cluster import ownership, presence
from engine.cluster.dispatcher import Dispatcher
from engine.cluster.drain import AFTER_TROUBLE, WHILE_IN_USE, Drain
from engine.cluster.ends import LeasedEnds
from engine.cluster.lease import LeaseTimes, boot_seconds, held_too_long, until_next_sweep
from engine.cluster.lent_batches import TRY_AGAIN, LentBatches
from engine.cluster.metrics import WorkerCounts, metrics_text, shared_state, write_metrics
from engine.cluster.ownership import ToldState
from engine.cluster.people import LeasedEnd
from engine.cluster.pool import Pool, check_version, opened_pool, pool_of
from engine.cluster.procrastinate_dispatcher import ProcrastinateDispatcher
from engine.cluster.turns import Turns
from engine.connection.postgres_session import away
from engine.connection.postgres_store import PostgresStore
from engine.connection.state_folder import home
from engine.connection.store import StoreAway
from engine.connection.store_address import shown
from engine.connection.uninterrupted import finished, in_thread
from engine.errors import Exit, HabeasError, defect
from engine.net.clock import wall_clock

END_WITHIN = 25.0
AGAIN = 0.2
METRICS_EVERY, METRICS_WITHIN = 15.0, 3.0
WHILE_AWAY = "whoever is under way goes on until the lease ends, everybody else when it can be used again"


class Worker:
    """One worker process. `say` hears a line for each connection that is taken and given back."""

    def __init__(
        self, pool: Pool, store: PostgresStore, dispatcher: Dispatcher, many: int, times: LeaseTimes, say: Callable[[str], None]
    ) -> None:
        """Take an open pool."""
        self.metrics: Path | None = None
        self._told_last = ""
        self.pool, self.dispatcher, self.many, self.times, self.say = pool, dispatcher, many, times, say
        self.id, self.code = presence.new_worker_id(), Exit.COMPLETE
        self.error: HabeasError | None = None
        self.drains: dict[str, Drain] = {}
        self._store, self._address, self._clock = store, store.shared.address, wall_clock()
        self._turns, self._batches = Turns(self._address, times.seconds), LentBatches(store, say)
        self._ends = LeasedEnds(pool, self._batches, self._clock, self._counted, self._late)
        self._ended = EndedGroup(self._ends.write, self._clock)
        self._counts = WorkerCounts()
        self._left: dict[str, float] = {}
        self._owned_tasks: set[asyncio.Task[None]] = set()
        self._stopped: float | None = None
        self._workers, self._away = 1, False

    def stop(self, code: Exit) -> None:
        """Take nobody new, end what is under way with a manifest, and give everything back."""
        if self._stopped is None:
            self.code, self._stopped = code, boot_seconds()
            self.dispatcher.stop()
            for drain in self.drains.values():
                drain.end(code)

    async def run(self) -> Exit:
        """Work until `stop`. Raises StoreAway where the tables became those of another version."""
        forever = (self._beats, self._watched, self._sweeps, self._sends, self._ended.often, self._told)
        beside = [asyncio.create_task(self._for_ever(one)) for one in forever]
        try:
            await self.dispatcher.run(self.drain)
            if self._owned_tasks:
                await asyncio.wait(self._owned_tasks, timeout=END_WITHIN)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            with suppress(psycopg.Error, TimeoutError):
                async with asyncio.timeout(AGAIN * 10):
                    await presence.leave(self.pool, self.id)
            await self._turns.close()
            await self._tell(up=False)
        if self.error is not None:
            raise self.error
        return self.code

    async def _for_ever(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin a work again that a defect ended, and say so: a worker that never sweeps or beats again looks alive."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  whatever it was, the others go on
                self._say_once(f"{defect(error)}; please report it with this line")
            await asyncio.sleep(AGAIN)

    async def drain(self, connection: str) -> None:
        """Drain the account of a connection, if it may be taken."""
        live = {name for drain in self.drains.values() for name in drain.lease.tokens}
        if self._stopped is not None or connection in live or boot_seconds() < self._left.get(connection, 0.0):
            return
        with suppress(psycopg.Error):
            lease = await ownership.take(self.pool, connection, self.id, self.times, live)
            if lease is None:
                return
            drain = self.drains[lease.account] = Drain(self.pool, lease, self._batches, self._ended, self._counts, self._clock)
            task = asyncio.create_task(self._owned(drain, connection))
            self._owned_tasks.add(task)
            task.add_done_callback(self._owned_tasks.discard)
            await finished(task)

    async def _owned(self, drain: Drain, connection: str) -> None:
        self.say(f"{', '.join(drain.lease.names)}: taken.")
        try:
            if self._stopped is not None:
                drain.end(self.code)
            if await self._turns.take(drain.lease.names):
                drain.begun = True
                await drain.run(connection)
            else:
                drain.pause = WHILE_IN_USE
        except psycopg.ProgrammingError as error:  # a table or a right is missing: that does not pass by itself
            self._say_once(str(away(self._address, error)))
            drain.pause = WHILE_IN_USE
        except (psycopg.Error, StoreAway):
            pass  # it is offered again when the database is back
        except HabeasError as error:
            self.say(f"{connection}: {error}")
            drain.pause = AFTER_TROUBLE
        except Exception as error:  # noqa: BLE001  one account's defect must not cost the others
            self.say(f"{connection}: {defect(error)}; please report it with this line")
            drain.pause = AFTER_TROUBLE
        finally:
            await self._give_back(drain)

    def _say_once(self, words: str) -> None:
        """Say what would be said again and again, until something else is."""
        if words != self._told_last:
            self.say(words)
        self._told_last = words

    async def _give_back(self, drain: Drain) -> None:
        await self._ended.write()
        until = drain.lease.deadline  # beats renew the lease: whoever else has people here would wait for as long as a folder is silent
        while self._ended.waits_for(drain.lease.tokens) and boot_seconds() < until and not self._late():
            await asyncio.sleep(AGAIN)  # a folder does not answer: given back now, its people would be asked for again
            await self._ended.write()
        await self._ended.forget(drain.lease.tokens)
        await self._turns.free(drain.lease.names)  # before the lease: its next owner would end the session that still has them
        while not self._late():
            try:
                await ownership.give_back(self.pool, drain.lease, drain.pause, orderly=drain.orderly)
                break
            except psycopg.Error:
                await asyncio.sleep(AGAIN)
        del self.drains[drain.lease.account]
        if drain.left:
            self._left |= dict.fromkeys(drain.lease.names, boot_seconds() + TRY_AGAIN)
        told = ", ".join(f"{drain.states[state]} {state}" for state in ("done", "failed", "queued") if drain.states[state])
        self.say(f"{', '.join(drain.lease.names)}: given back{': ' + told if told else ''}.")

    def _counted(self, one: LeasedEnd) -> None:
        for drain in self.drains.values():
            if one.person.connection in drain.lease.tokens:
                drain.states[one.ended.ending.state] += 1

    def _late(self) -> bool:
        return self._stopped is not None and boot_seconds() - self._stopped > END_WITHIN

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(self.times.beat)
            with suppress(psycopg.Error, TimeoutError):
                async with asyncio.timeout(self.times.seconds / 3):
                    await self._beat()

    async def _beat(self) -> None:
        drains = {id(drain.lease): drain for drain in self.drains.values()}
        told: dict[str, ToldState] = {}
        for drain in drains.values():
            told |= drain.told()
        for lease in await ownership.beat(self.pool, [drain.lease for drain in drains.values()], told, self.times):
            drains[id(lease)].end(Exit.TERMINATED)
        await self.dispatcher.beat()
        self._workers = max(1, await presence.seen(self.pool, self.id, told, self.times.soon * 2))
        kept = await self._turns.kept()
        for drain in drains.values():
            if drain.begun and not kept >= set(drain.lease.tokens):
                drain.close()

    async def _watched(self) -> None:
        while True:
            await asyncio.sleep(min(AGAIN, self.times.beat))
            for drain in list(self.drains.values()):
                drain.permitted()

    async def _sweeps(self) -> None:
        while True:
            took = 0.0
            try:
                await check_version(self.pool, self._address)
                now = boot_seconds()
                took = await self.dispatcher.sweep([name for name, until in self._left.items() if now < until])
                await self._make_place()
                self._heard_of_database(None)
            except StoreAway as error:
                self.error = error
                self.stop(Exit.NOT_CONNECTED)
            except psycopg.Error as error:
                self._heard_of_database(error)
            await asyncio.sleep(until_next_sweep(took, self._workers, self.times))

    def _heard_of_database(self, error: psycopg.Error | None) -> None:
        """Say once that it cannot be used, and once that it can again."""
        if error is not None and not self._away:
            self.say(str(away(self._address, error, WHILE_AWAY)))
        if error is None and self._away:
            self.say(f"the store {shown(self._address)} can be used again.")
        self._away = error is not None

    async def _sends(self) -> None:
        while True:
            with suppress(HabeasError):
                await self._store.send_unsent()
            await asyncio.sleep(self.times.poll)

    async def _told(self) -> None:
        while True:
            await self._tell(up=True)
            await asyncio.sleep(METRICS_EVERY)

    async def _tell(self, *, up: bool) -> None:
        """Write the metrics, and say once where they cannot be written."""
        if self.metrics is None:
            return
        shared = None
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(METRICS_WITHIN), self.pool.connection() as session:
                shared = await shared_state(session)
        try:
            await asyncio.to_thread(write_metrics, self.metrics, metrics_text(self.id, self._counts, shared, up=up))
        except HabeasError as error:
            self._say_once(str(error))

    async def _make_place(self) -> None:
        """Give back what was held longest where another connection waits for a place."""
        held = {account: drain.since for account, drain in self.drains.items() if not drain.closing}
        if len(held) >= self.many:
            waiting = await self.dispatcher.waiting()
            account = held_too_long(held, self.many, boot_seconds(), self.times, waiting=waiting)
            if account is not None:
                self.drains[account].close()


async def work(address: str, many: int, times: LeaseTimes, say: Callable[[str], None], began: Callable[[Worker], None]) -> Exit:
    """Be a worker over a store until it is stopped; `began` is told of it first. Raises NotConnected, StoreAway, DiskError, OutputError."""
    store = PostgresStore(address, home())
    await store.ready()
    await in_thread(store.shared.unsent.ready)
    pool = pool_of(address, max(1.0, min(10.0, times.seconds / 3)))
    await opened_pool(pool, address)
    try:
        worker = Worker(pool, store, ProcrastinateDispatcher(pool, many, times), many, times, say)
        try:
            await presence.arrive(pool, worker.id, many)
        except psycopg.Error as error:
            raise away(address, error) from None
        began(worker)
        return await worker.run()
    finally:
        await pool.close(timeout=AGAIN)
