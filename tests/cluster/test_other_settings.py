"""Databases, and users of them, that are set up otherwise than those of the other tests: a batch goes out and comes back all the same."""

from __future__ import annotations

import asyncio

import pytest

from engine.connection.chosen_store import make_tables
from engine.connection.postgres_session import lock_key, session, taken
from engine.connection.postgres_store import TURN
from engine.connection.stored import Name
from tests.cluster.machine import HomeMachine
from tests.cluster.test_lent_batch import THREE

IN_C = "template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'"


@pytest.fixture
def elsewhere(postgres):
    """Give the address of a store on a server that was made in the locale C, as on a Debian that names no other."""
    postgres.sql(f"create database in_c owner team {IN_C}")
    address = postgres.address("in_c")
    asyncio.run(make_tables(address))
    yield address
    postgres.sql("drop database in_c with (force)")


def goes_out_and_comes_back(machine: HomeMachine) -> None:
    """Lend a batch, see it in the database, and take it back."""
    assert (machine.lend(*THREE).returncode, machine.call("status", machine.address).returncode) == (0, 0)
    done = machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)
    assert (done.returncode, set(machine.at_home().values())) == (0, {"done"}), done.stderr


def test_a_database_that_converts_no_texts_gives_them_back_as_they_were(machine, elsewhere):
    """Connections were stored there and found no more: their names came as bytes."""
    machine.address = elsewhere
    machine.connect()
    goes_out_and_comes_back(machine)


def test_moments_are_read_however_a_user_has_them_written(machine, postgres):
    """A team may look at its tables with other eyes than Habeas."""
    postgres.sql("alter role team set datestyle = 'German'")
    try:
        goes_out_and_comes_back(machine)
    finally:
        postgres.sql("alter role team reset all")


@pytest.mark.parametrize("setting", ["statement_timeout = '100ms'", "lock_timeout = '100ms'"])
async def test_who_waits_for_a_turn_waits_longer_than_other_statements_may_take(setting, database, postgres):
    """A run waits for another one that takes an hour."""
    key = lock_key(TURN, Name("acme"))
    postgres.sql(f"alter role team set {setting}")
    try:
        async with session(database) as first, session(database) as second:
            assert await taken(first, key)
            waiting = asyncio.create_task(second.execute("select pg_advisory_lock(%s)", (key,)))
            done, _ = await asyncio.wait((waiting,), timeout=0.3)
            assert not done
            await first.execute("select pg_advisory_unlock(%s)", (key,))
            await waiting
    finally:
        postgres.sql("alter role team reset all")
