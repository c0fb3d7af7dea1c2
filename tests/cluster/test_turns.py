"""The turn of a worker that was stopped: its successor may be another user of the database, or a command that knows of no lease."""

from __future__ import annotations

import asyncio

import pytest

from engine.cluster.turns import Turns
from engine.connection.stored import Name
from engine.net.clock import wall_clock
from tests.cluster.here import Workers

LEASE = 1.0


@pytest.fixture
def colleague(postgres, database):
    """Give the address as another user of the team's tables has it, who may not end the team's sessions."""
    postgres.sql("create role colleague login")
    rights = ("usage on schema habeas", "select, insert, update, delete on all tables in schema habeas")
    postgres.sql(*(f"grant {what} to colleague" for what in rights), database="habeas")
    yield database.replace("team@", "colleague@")
    postgres.sql("drop owned by colleague", "drop role colleague", database="habeas")


async def test_the_turn_of_a_worker_that_was_stopped_is_had_by_another_user_when_a_lease_is_over(database, colleague):
    """It was told that it may not use the tables, and waited as long as the other one was stopped."""
    stopped, successor = Turns(database, LEASE), Turns(colleague, LEASE)
    assert await stopped.take(["acme/one"])
    assert not await successor.take(["acme/one"])
    while not await successor.take(["acme/one"]):
        await asyncio.sleep(0.05)  # SLEEPS: between two looks at a database
    assert await stopped.kept() == set(), "woken it has its turn no more"
    assert await successor.kept() == {"acme/one"}
    await stopped.close()
    await successor.close()


async def test_a_run_waits_for_a_worker_that_was_stopped_no_longer_than_a_lease(team, database):
    """It knows of no lease, and would wait until the worker is woken."""
    stopped, waited = Turns(database, LEASE), list[bool]()
    assert await stopped.take(["acme/one"])
    team.connect("one")
    async with asyncio.timeout(30), team.kept.store().turn(Name("acme", "one"), wall_clock(), lambda: waited.append(True), wait=True):
        assert waited == [True]
    await stopped.close()


async def test_a_worker_that_lives_keeps_its_session_whether_it_has_a_turn_or_none(team, workers: Workers):
    """The server ends those alone over which nothing comes."""
    team.connect("one")
    async with workers(lease=LEASE) as here:
        turns = here.worker._turns
        assert await turns.take(["acme/one"])
        session = turns._session
        await turns.free(["acme/one"])
        await asyncio.sleep(LEASE * 2)  # SLEEPS: the server counts for how long a session stands still
        assert await turns.take(["acme/one"])
        assert turns._session is session
