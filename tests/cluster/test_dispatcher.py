"""Dispatching by jobs: what the engine's queue loses is found again, and no account is drained by two jobs."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psycopg
import pytest
from procrastinate.jobs import Status

from engine.cluster.lease import LeaseTimes
from engine.cluster.pool import Pool
from engine.cluster.procrastinate_dispatcher import ProcrastinateDispatcher
from tests.cluster.lent import Team, some_people

TIMES = LeaseTimes(3.0)
NOTHING = ()


async def dispatcher(pool: Pool) -> ProcrastinateDispatcher:
    """Give one that is open and fetches nothing."""
    found = ProcrastinateDispatcher(pool, 2, TIMES)
    await found._app.open_async(pool)
    return found


def jobs(team: Team) -> list[tuple]:
    """Give the jobs that there are."""
    return team.sql("select lock, queueing_lock, status::text, args from procrastinate_jobs order by id")


def lent(team: Team, tmp_path, *names: str, account: str | None = None) -> None:
    """Lend people at connections of the store."""
    for name in names:
        team.sql("insert into connection (name, account) values (%s, %s)", f"acme/{name}", account or f"acme/{name}")
    team.lend(tmp_path / "batch", some_people(2 * len(names), *names))


async def test_each_account_with_claimable_people_has_one_job(bare, pool, tmp_path):
    """However often it is looked for; not where nobody is to be asked for now, it has ended, or this worker leaves it to others."""
    lent(bare, tmp_path, "one", "two", account="A")
    for name in ("later", "ended", "paused", "nobody", "left"):
        lent(bare, tmp_path / name, name)
    bare.sql("update person set not_before = now() + interval '1 hour' where connection = 'acme/later'")
    bare.sql("update connection set ended = 'dead' where name = 'acme/ended'")
    bare.sql("update connection set not_before = now() + interval '1 hour' where name = 'acme/paused'")
    bare.sql("update person set state = 'done' where connection = 'acme/nobody'")
    found = await dispatcher(pool)
    for _ in range(2):
        await found.sweep(["acme/left"])
        assert jobs(bare) == [("A", "A", "todo", {"connection": "acme/one"})]
    assert await found.waiting()
    bare.sql("update procrastinate_jobs set status = 'doing'")
    await found.sweep(["acme/left"])
    assert (len(jobs(bare)), await found.waiting()) == (1, False)


async def test_whom_a_dead_owner_left_under_way_is_handed_out_too(bare, pool, tmp_path):
    """Though nobody is queued there; not while a lease goes on."""
    lent(bare, tmp_path, "one")
    bare.sql("update person set state = 'running'")
    bare.sql("update connection set owner = 'x', lease_until = now() + interval '1 hour'")
    found = await dispatcher(pool)
    await found.sweep(NOTHING)
    assert jobs(bare) == []
    bare.sql("update connection set lease_until = now() - interval '1 second'")
    await found.sweep(NOTHING)
    assert len(jobs(bare)) == 1


async def test_a_job_whose_drain_is_over_is_deferred_anew_and_then_finished(bare, pool, tmp_path, monkeypatch):
    """Also under a live heartbeat; while a lease goes on, or it was only just begun, it is left alone. A job that waits already is enough."""
    lent(bare, tmp_path, "one")
    now = 100.0
    monkeypatch.setattr("engine.cluster.procrastinate_dispatcher.boot_seconds", lambda: now)
    found = await dispatcher(pool)
    await found.sweep(NOTHING)
    worker = await found._app.job_manager.register_worker()
    job = await found._app.job_manager.fetch_job(["habeas"], worker)
    bare.sql("update connection set owner = 'x', lease_until = now() + interval '1 hour'")
    for lease, later, expected in ((True, 5.0, [job.id]), (False, 5.0, [job.id]), (False, 0.9, [job.id]), (False, 0.2, [])):
        if not lease:
            bare.sql("update connection set lease_until = now() - interval '1 second'")
        now += later
        await found.sweep(NOTHING)
        assert [number for (number,) in bare.sql("select id from procrastinate_jobs where status = 'doing'")] == expected
    assert [status for _, _, status, _ in jobs(bare)] == ["todo"]
    await found._app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)  # by its own worker, which was not dead: it is too late
    assert [status for _, _, status, _ in jobs(bare)] == ["todo"]


async def test_a_rescue_beside_a_job_that_waits_leaves_one(bare, pool, tmp_path, monkeypatch):
    """AlreadyEnqueued is no fault, and takes nothing else back."""
    lent(bare, tmp_path, "one", "two")
    bare.sql(
        "insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, status) values ('habeas', 'drain', 'acme/one', 'acme/one', 'doing')"
    )
    bare.sql(
        "insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock) values ('habeas', 'drain', 'acme/one', 'acme/one')"
    )
    bare.sql(
        "insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, status) values ('habeas', 'drain', 'gone', 'gone', 'doing')"
    )
    now = 100.0
    monkeypatch.setattr("engine.cluster.procrastinate_dispatcher.boot_seconds", lambda: now)
    found = await dispatcher(pool)
    await found.sweep(NOTHING)
    now += 2.0
    await found.sweep(NOTHING)
    assert [(lock, status) for lock, _, status, _ in jobs(bare)] == [("acme/one", "todo"), ("acme/two", "todo")]


async def test_what_the_database_refuses_while_jobs_are_put_in_is_an_error_of_the_database(bare, pool, postgres, tmp_path):
    """A sweep that it ended goes on the next time; the engine's own word for it would end all sweeps, and nobody would be asked for again."""
    lent(bare, tmp_path, "one")
    found = await dispatcher(pool)
    async with pool.connection() as session:
        await session.execute("set default_transaction_read_only = on")
    with pytest.raises(psycopg.Error):
        await found.sweep(NOTHING)
    async with pool.connection() as session:
        await session.execute("set default_transaction_read_only = off")
    await found.sweep(NOTHING)
    assert [lock for lock, *_ in jobs(bare)] == ["acme/one"]


@pytest.mark.waits
async def test_drains_go_on_while_the_database_is_away_and_jobs_come_again_when_it_is_back(bare, pool, postgres, tmp_path):
    """The engine's loop would end at the first fetch that fails, and cancel what is under way; an end that is not written is mended."""
    lent(bare, tmp_path, "one", "two")
    found, drained, go_on = await dispatcher(pool), list[str](), asyncio.Event()

    async def drain(connection: str) -> None:
        drained.append(connection)
        bare.sql("update person set state = 'done' where connection = %s", connection)
        await go_on.wait()

    await found.sweep(NOTHING)
    running = asyncio.create_task(found.run(drain))
    while len(drained) < 2:
        await asyncio.sleep(0.01)  # SLEEPS: between two looks
    postgres.sql("alter database habeas allow_connections false")
    postgres.end_sessions()
    go_on.set()
    while found._worker._running_jobs:
        await asyncio.sleep(0.01)  # SLEEPS: between two looks
    postgres.sql("alter database habeas allow_connections true")
    lent(bare, tmp_path / "more", "three")
    while len(drained) < 3:
        with suppress(psycopg.Error):  # a session that was ended: a worker sweeps on as well
            await found.sweep(NOTHING)
        await asyncio.sleep(0.01)  # SLEEPS: between two looks at a database
    assert (drained, running.done()) == (["acme/one", "acme/two", "acme/three"], False)
    found.stop()
    await running
