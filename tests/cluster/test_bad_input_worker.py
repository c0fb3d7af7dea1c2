"""What can be wrong with the database of a worker, when it begins and while it works: one sentence, the right exit code, nobody lost."""

from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace

import pytest

from engine.cluster import pool
from engine.cluster import worker as worker_module
from engine.cluster.shared_folder import try_out
from engine.connection import postgres_session
from engine.connection.store import StoreAway
from engine.errors import Exit
from tests.cluster.lent import some_people
from tests.cluster.test_bad_input import SAID, broken, flat
from tests.cluster.test_disturbed_workers import done
from tests.cluster.test_workers import results_of
from tests.connection.kept import KEY, OTHER
from tests.moments import few

ENDS = ("older", "newer")
WHILE_IT_WORKS = ("down", "no tables", "refused", "full", "read only")
STARTS = "error: the store postgresql://team@/habeas "


def wreck_of(postgres, how: str):
    """Give what breaks the team's database, and what mends it."""
    found = SimpleNamespace(postgres=postgres, sql=lambda *words: postgres.sql(*words, database="habeas"))
    return broken(found, how)


@pytest.mark.parametrize("how", [one for one in SAID if one != "no rights"])
def test_a_worker_does_not_begin_over_a_database_that_it_cannot_use(how, team, habeas, postgres):
    """It says why, and ends with exit 4: whoever keeps it running begins it again."""
    wreck, mend = wreck_of(postgres, how)
    wreck()
    try:
        ended = habeas("worker", str(team.kept.address), HABEAS_KEY=KEY)
    finally:
        mend()
    said = flat(ended.stderr)
    assert (ended.returncode, said.startswith(STARTS), SAID[how] in said, said.count("error")) == (Exit.NOT_CONNECTED, True, True, 1), said


def test_a_worker_does_not_begin_over_a_database_that_is_too_old(team, habeas, monkeypatch):
    """The oldest that is good enough is named."""
    monkeypatch.setattr(postgres_session, "OLDEST", 990_000)
    ended = habeas("worker", str(team.kept.address), HABEAS_KEY=KEY)
    assert (ended.returncode, "Habeas needs 99 or newer" in flat(ended.stderr)) == (Exit.NOT_CONNECTED, True), ended.stderr


@pytest.mark.parametrize(("key", "words"), [(None, "HABEAS_KEY, which is not set"), (OTHER, "HABEAS_KEY is another key")])
def test_a_worker_makes_no_key_and_uses_none_but_the_teams(key, words, team, habeas, tmp_path):
    """Nothing is taken from others, and nothing is written down."""
    team.connect("one")
    ended = habeas("worker", str(team.kept.address), **({} if key is None else {"HABEAS_KEY": key}))
    assert (ended.returncode, words in flat(ended.stderr)) == (Exit.NOT_CONNECTED, True), ended.stderr
    assert team.sql("select * from worker") == []


@pytest.mark.parametrize("how", few(WHILE_IT_WORKS, "read only"))
async def test_a_worker_goes_on_by_itself_when_its_database_can_be_used_again(how, team, workers, postgres, tmp_path, monkeypatch):
    """People who were under way end, once, and everybody is asked for; sessions that began meanwhile are not kept for ever."""
    monkeypatch.setattr(pool, "LIFETIME", 1.0)
    wreck, mend = wreck_of(postgres, how)
    team.connect("one", "two")
    team.lend(tmp_path / "batch", some_people(30, "one", "two"))
    team.vendor.hold = "p7@x.io"
    async with workers(lease=2.0) as here:
        await workers.until(team.vendor.arrived.is_set)
        wreck_all(postgres, how, wreck)
        try:
            await workers.until(lambda: all(drain.over for drain in here.worker.drains.values()))
        finally:
            mend()
        team.vendor.release()
        await workers.until_done()
        assert not here.task.done()
    assert results_of(team, tmp_path / "batch") == done(30)
    assert not list((tmp_path / "batch" / "work").iterdir())


@pytest.mark.parametrize(("how", "words"), [("down", "cannot be used now ("), ("no tables", "has no tables of Habeas: ")])
async def test_a_worker_says_once_that_its_database_cannot_be_used_and_once_that_it_can_again(how, words, team, workers, postgres):
    """Whoever looks into its log sees why nobody is asked for; it never says to run it again, since it goes on by itself."""
    wreck, mend = wreck_of(postgres, how)
    async with workers(lease=1.0) as here:
        wreck_all(postgres, how, wreck)
        try:
            await workers.until(lambda: here.said)
            await asyncio.sleep(1.0)  # SLEEPS: for several sweeps that fail
        finally:
            mend()
        await workers.until(lambda: len(here.said) > 1)
    first, second = here.said
    assert (words in first, "run again" in first, second) == (True, False, "the store postgresql://team@/habeas can be used again."), first


def wreck_all(postgres, how: str, wreck) -> None:
    """Break it for the sessions that there are, too: a database cannot be renamed under them."""
    if how in ("down", "read only", "refused", "full"):
        if how == "down":
            postgres.sql("alter database habeas allow_connections false")
        postgres.end_sessions()
        postgres.sql("alter database habeas allow_connections true")
    wreck()
    if how != "down":
        postgres.end_sessions()


@pytest.mark.parametrize("how", few(ENDS, "newer"))
async def test_a_worker_whose_tables_become_those_of_another_version_gives_everything_back(how, team, workers, postgres, tmp_path):
    """It ends with exit 4 and a sentence, before it can write what another version does not read."""
    wreck, mend = wreck_of(postgres, how)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(20, "one"))
    team.vendor.hold = "p7@x.io"
    async with workers(lease=2.0) as here:
        await workers.until(team.vendor.arrived.is_set)
        wreck()
        team.vendor.release()
        try:
            with pytest.raises(StoreAway, match="a newer Habeas now" if how == "newer" else "an older Habeas now"):
                await here.task
        finally:
            mend()
    assert set(team.states()) <= {"queued", "done"}
    assert team.sql("select name from connection where owner is not null") == []
    async with workers(lease=2.0):
        await workers.until_done()
    assert results_of(team, tmp_path / "batch") == done(20)


async def test_a_right_that_is_missing_is_said_once_and_work_goes_on_when_it_is_granted(team, workers, postgres, tmp_path, monkeypatch):
    """Accounts are not taken and given back in a loop meanwhile."""
    monkeypatch.setattr(worker_module, "WHILE_IN_USE", 0.5)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(4, "one"))
    postgres.sql("alter table habeas.batch owner to boss", database="habeas")
    async with workers(lease=2.0) as here:
        await workers.until(lambda: any("does not let this user" in line for line in here.said))
        await workers.until(lambda: len([line for line in here.said if "given back" in line]) > 1)
        postgres.sql("alter table habeas.batch owner to team", database="habeas")
        await workers.until_done()
    assert len([line for line in here.said if "does not let this user" in line]) == 1
    assert results_of(team, tmp_path / "batch") == done(4)


def test_a_worker_that_is_killed_while_it_tries_a_folder_out_leaves_nothing_there(tmp_path, monkeypatch):
    """What it writes has no name while it is written."""
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append([path.name for path in tmp_path.iterdir()]))
    try_out(tmp_path / "probe")
    assert seen == [[]]
