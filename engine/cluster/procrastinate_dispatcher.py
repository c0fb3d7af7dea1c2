"""Dispatch by Procrastinate: a job stands for one account with claimable people, and is under way while somebody drains it.

Its queue is believed in nothing but that. A job is finished by its number, whoever has it, so it is never retried and never reset: what
broke off is deferred anew, and then the old job is finished, which only one of several can do. Jobs are never scheduled for later,
because one that waits for tomorrow keeps out one for now. What each of these lines avoids: docs/decisions/0033-ownership.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector, sql
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.worker import Worker
from psycopg.errors import ForeignKeyViolation, RaiseException

from engine.cluster.dispatcher import Begin
from engine.cluster.lease import LeaseTimes, SeenStuck, boot_seconds
from engine.cluster.pool import Pool
from engine.connection.postgres_session import Session

QUEUE, TASK = "habeas", "drain"
GRACE = 25.0  # of the thirty seconds in which a worker ends
FORGOTTEN = 3600.0
NEVER = 86400.0
BACKLOG = 200  # jobs that wait: with ten thousand a fetch takes seconds before the database has counted them
SWEEPER = 4172381
OFFERED = """
with without as materialized (
  select name, account, served_at, lease_until is null or lease_until < now() as over from connection c
   where ended is null and name <> all(%s) and (not_before is null or not_before <= now())
     and not exists (select from procrastinate_jobs j where j.queueing_lock = c.account and j.status = 'todo')
     and not exists (select from procrastinate_jobs j where j.lock = c.account and j.status = 'doing'))
select account, min(name) from without c
 where exists (select from person p where p.connection = c.name and p.state = 'queued' and (p.not_before is null or p.not_before <= now()))
    or (over and exists (select from person p where p.connection = c.name and p.state = 'running'))
 group by account order by min(served_at) nulls first
 limit greatest(0, %s - (select count(*) from procrastinate_jobs where status = 'todo'))"""
STUCK = """
select j.id, j.lock, (select min(c.name) from connection c where c.account = j.lock) from procrastinate_jobs j
 where j.status = 'doing' and not exists (select from connection c where c.account = j.lock and c.lease_until >= now())"""
WAITING = """
select exists (select from procrastinate_jobs j where j.status = 'todo'
  and not exists (select from procrastinate_jobs other where other.lock = j.lock and other.status = 'doing'))"""
for _name in ("procrastinate", "psycopg", "psycopg.pool"):  # what they say is of no use to whoever runs a worker, and might name a job
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class PatientConnector(PsycopgConnector):
    """Rides through a database that is away: there is no job then, and an end that could not be written is mended by a sweep.

    A fetch that fails would end the engine's loop, and with it, after a grace, all that is under way.
    """

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        """Give a row; none where the database is away."""
        try:
            row: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
        except ConnectorException as error:
            if query != sql.queries["fetch_job"] or isinstance(error.__cause__, ForeignKeyViolation):
                raise  # the engine's row of this worker is gone: it must register anew
            return {"id": None}
        return row

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        """Change something; the end of a job that is gone, or that cannot be written, is none."""
        with suppress(*((ConnectorException,) if query == sql.queries["finish_job"] else ())):
            await super().execute_query_async(query, **arguments)


class ProcrastinateDispatcher:
    """Hands out accounts by jobs (see `dispatcher.Dispatcher`)."""

    def __init__(self, pool: Pool, many: int, times: LeaseTimes) -> None:
        """Take an open pool; `many` accounts are handed out at once."""
        self._pool, self._many, self._times = pool, many, times
        self._app = App(connector=PatientConnector())
        self._seen = SeenStuck(times)
        self._worker: Any = None  # its methods have no types
        self._ending = False

    async def run(self, drain: Begin) -> None:
        """Run the engine's loop, and begin it again where it ends by itself."""
        self._app.task(name=TASK, queue=QUEUE, retry=False)(drain)
        await self._app.open_async(self._pool)
        while not self._ending:
            self._worker = Worker(
                self._app,
                queues=[QUEUE],
                concurrency=self._many,
                fetch_job_polling_interval=self._times.poll,
                abort_job_polling_interval=NEVER,
                shutdown_graceful_timeout=GRACE,
                listen_notify=False,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=NEVER,
                stalled_worker_timeout=FORGOTTEN,
            )
            with suppress(ConnectorException, psycopg.Error):
                await self._worker.run()
            if not self._ending:
                await asyncio.sleep(self._times.poll)

    def stop(self) -> None:
        """Stop the engine's loop."""
        self._ending = True
        if self._worker is not None:
            self._worker.stop()

    async def beat(self) -> None:
        """Beat for the engine: its own beat ends for ever at the first error of the database."""
        if self._worker is not None and self._worker.worker_id is not None:
            with suppress(ConnectorException):
                await self._app.job_manager.update_heartbeat(self._worker.worker_id)

    async def sweep(self, leave: Collection[str]) -> float:
        """Defer what has no job; then defer anew what is stuck, and finish its old job. One worker of all does so at a time."""
        began = time.monotonic()
        async with self._pool.connection() as connection, connection.transaction():
            row = await (await connection.execute("select pg_try_advisory_xact_lock(%s)", (SWEEPER,))).fetchone()
            if row is not None and row[0]:
                await self._offer(connection, await (await connection.execute(OFFERED, (list(leave), BACKLOG))).fetchall())
                stuck = {int(row[0]): (row[1], row[2]) for row in await (await connection.execute(STUCK)).fetchall()}
                for number in self._seen.believed(stuck, boot_seconds()):
                    account, name = stuck[number]
                    await self._offer(connection, [(account, name)] if name is not None else [])
                    await self._finish(connection, number)
        return time.monotonic() - began

    async def waiting(self) -> bool:
        """Whether a job waits for a place."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(WAITING)).fetchone()
        return bool(row and row[0])

    async def _offer(self, connection: Session, wanted: list[Any]) -> None:
        """Defer a job for each account; one that has one already is content with it."""
        if wanted and not await self._deferred(connection, wanted):
            for pair in wanted:
                await self._deferred(connection, [pair])

    async def _deferred(self, connection: Session, wanted: list[Any]) -> bool:
        jobs = [
            Job(id=None, queue=QUEUE, lock=account, queueing_lock=account, task_name=TASK, task_kwargs={"connection": name})
            for account, name in wanted
        ]
        try:
            async with connection.transaction():
                await self._app.job_manager.batch_defer_jobs_async(jobs, connection=connection)
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:  # the engine's own word for what the database refused, which no caller of ours knows
            raise psycopg.OperationalError(str(error)) from error
        return True

    async def _finish(self, connection: Session, number: int) -> None:
        with suppress(RaiseException):
            async with connection.transaction():
                given = {"job_id": number, "status": Status.FAILED.value, "delete_job": True}
                await connection.execute(sql.queries["finish_job"], given)
