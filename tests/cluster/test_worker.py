"""What one worker does, and what it leaves to others."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

import engine.cluster.worker
from engine.batch.lent_mark import MARK
from engine.batch.states import Ending
from engine.cluster import drain, lent_batches, shared_folder
from engine.cluster.procrastinate_dispatcher import ProcrastinateDispatcher
from engine.connection.postgres_store import PostgresStore
from engine.connection.store import StoreAway
from engine.errors import Exit
from tests.cluster.lent import some_people

MESS = {"A": "ada@x.io", "B": "none1@x.io", "C": "denied@x.io", "D": "broken@x.io", "E": "other@x.io"}


def states(team) -> dict[str, tuple[str, int | None]]:
    """Give each request's state and exit code."""
    return {request: (state, code) for request, state, code in team.sql("select request, state, exit_code from person order by request")}


async def test_people_end_as_they_would_in_a_batch_of_one_machine(team, workers, tmp_path):
    """Found, unknown, denied, broken and mistaken for another; results are packed where that was asked for."""
    team.connect("one")
    team.lend(tmp_path / "batch", {request: (email, "one") for request, email in MESS.items()}, pack=True)
    async with workers() as here:
        await workers.until_done()
        assert await here.end(Exit.INTERRUPTED) is Exit.INTERRUPTED
    assert states(team) == {"A": ("done", 0), "B": ("done", 0), "C": ("done", 3), "D": ("failed", 3), "E": ("failed", 5)}
    assert team.sql("select reason from person where request = 'D'") == [("notes failed",)]
    places = team.sql("select folder from person")
    assert sorted(place for (place,) in places) == [f"people/{request}/acme.one+1.tar" for request in MESS]
    assert all((tmp_path / "batch" / place).is_file() for (place,) in places)
    assert here.said == ["acme/one: taken.", "acme/one: given back: 3 done, 2 failed."]
    assert not list((tmp_path / "batch" / "work").iterdir())


async def test_a_connection_that_the_vendor_ended_stops_and_nobody_fails_for_it(team, workers, tmp_path):
    """It is said what mends it; connected anew, its people are asked for."""
    team.connect("one")
    team.vendor.good = False
    team.lend(tmp_path / "batch", some_people(20, "one"))
    async with workers() as here:
        await workers.until(lambda: team.sql("select 1 from connection where ended is not null and owner is null"))
        assert set(states(team).values()) <= {("queued", None), ("queued", 4)}
        assert "habeas connect" in team.sql("select ended from connection")[0][0]
        assert any("acme/one: the vendor refuses the credential" in words for words in here.said)
        team.vendor.good = True
        team.connect("one")
        await workers.until_done()
    assert set(states(team).values()) == {("done", 0)}


def full(probe: Path) -> None:
    """Be a disk that is full, where the first batch lies."""
    if probe.parent.parent.name == "batch":
        raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("spec", "is not the one here that batch"),
        ("gone", "is not the folder of this batch here: it must be one folder that every worker sees under this path"),
        ("another's", "is not the folder of this batch here"),
        ("full", "batch is full: make room there"),
        ("no folder", "batch cannot be written here (File exists): every worker must be able to write it"),
        ("key", "the key of batch"),
    ],
)
async def test_a_batch_that_this_worker_cannot_work_on_is_left_to_others_and_said_once(change, words, team, workers, tmp_path, monkeypatch):
    """Another batch at the same connection is worked on meanwhile, and nothing of the one that is left was changed."""
    team.connect("one")
    monkeypatch.setattr(engine.cluster.worker, "TRY_AGAIN", 0.5)
    monkeypatch.setattr(lent_batches, "TRY_AGAIN", 0.5)
    folder = tmp_path / "batch"
    batch = team.lend(folder, some_people(3, "one"), sha256="0" * 64 if change == "spec" else None)
    if change == "gone":
        shutil.rmtree(folder)
    elif change == "another's":
        (folder / MARK).write_text((folder / MARK).read_text().replace(batch, "another"))
    elif change == "full":
        monkeypatch.setattr(shared_folder, "try_out", full)
    elif change == "no folder":
        (folder / "work").touch()
    elif change == "key":
        team.sql("update batch set sealed = %s", b"{}")
    async with workers() as here:
        await workers.until(lambda: any(words in line for line in here.said))
        team.lend(tmp_path / "other", {"X": ("xena@x.io", "one")})
        await workers.until(lambda: states(team)["X"] == ("done", 0))
    assert {state for request, state in states(team).items() if request != "X"} == {("queued", None)}
    assert len([line for line in here.said if "left to other workers" in line]) == 1, here.said
    assert team.sql("select attempts, token from person where batch = %s", batch) == [(0, None)] * 3


async def test_a_person_whose_row_was_changed_fails_alone(team, workers, tmp_path):
    """Whoever edits a sealed row takes nobody else with them."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    team.sql("update person set identifiers = %s where request = 'R001'", bytes(40))
    async with workers():
        await workers.until_done()
    assert states(team) == {"R000": ("done", 0), "R001": ("failed", 2), "R002": ("done", 0)}
    assert "R001 is cannot be read" in team.sql("select reason from person where request = 'R001'")[0][0]


@pytest.mark.parametrize("edit", ["kept = '../december'", "request = '../../december'"])
async def test_a_row_that_was_edited_has_nobody_elses_folder_moved_or_deleted(edit, team, workers, tmp_path):
    """What is taken for a run that was kept is deleted where it cannot be gone on from: another batch went with it."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    others = [tmp_path / place for place in ("december/people", "december/acme.one+0")]
    for folder in others:
        folder.mkdir(parents=True)
    team.sql(f"update person set {edit} where request = 'R001'")
    async with workers():
        await workers.until_done()
        assert sorted(states(team).values()) == [("done", 0), ("done", 0), ("failed", 2)]
    assert "somebody edited it" in team.sql("select reason from person where state = 'failed'")[0][0]
    assert [folder.is_dir() for folder in others] == [True, True]


async def test_a_defect_in_what_a_worker_does_for_ever_is_said_and_does_not_end_it(team, workers, tmp_path, monkeypatch):
    """A worker that never sweeps again looks alive, and nobody is asked for any more."""
    real, broken = ProcrastinateDispatcher.sweep, [ValueError("planted"), ValueError("planted")]

    async def sweep(dispatcher, leave):
        if broken:
            raise broken.pop()
        return await real(dispatcher, leave)

    monkeypatch.setattr(ProcrastinateDispatcher, "sweep", sweep)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    async with workers() as here:
        await workers.until_done()
    assert [line for line in here.said if "please report it" in line and "ValueError" in line] == here.said[:1]


async def test_where_a_limit_is_used_up_the_connection_waits_as_long_as_the_vendor_said(team, workers, tmp_path):
    """It is given back, nobody else is asked for there, and the account is not asked again and again."""
    team.connect("one")
    team.vendor.used_up = "/files"
    team.lend(tmp_path / "batch", some_people(40, "one"))
    hour = "not_before between now() + interval '50 minutes' and now() + interval '60 minutes'"
    async with workers() as here:
        await workers.until(lambda: team.sql(f"select 1 from connection where owner is null and {hour}"))
        waiting = team.sql(f"select reason from person where {hour} and state = 'queued' and attempts = 1 and folder is not null")
        assert 1 <= len(waiting) <= 17
        assert all("goes on at" in reason for (reason,) in waiting)
        assert team.vendor.asked["/me"] == 1
        team.vendor.used_up = ""
        team.sql("update connection set not_before = null")
        team.sql("update person set not_before = null")
        await workers.until_done()
    assert set(states(team).values()) == {("done", 0)}
    assert len([line for line in here.said if "taken" in line]) == 2
    assert team.sql("select count(*) from person where cardinality(earlier) = 1") == [(len(waiting),)]


async def test_two_connections_of_one_account_are_never_drained_at_once(team, workers, tmp_path):
    """Their account's id says so when they are stored: one lease, one job, one after the other."""
    team.connect("one", "two", account="A1")
    team.connect("three", account="A2")
    team.lend(tmp_path / "batch", some_people(9, "one", "two", "three"))
    accounts = dict(team.sql("select name, account from connection"))
    assert accounts["acme/one"] == accounts["acme/two"] != accounts["acme/three"]
    assert "A1" not in str(accounts)
    async with workers() as here:
        await workers.until_done()
    assert sorted(line for line in here.said if "taken" in line) == ["acme/one, acme/two: taken.", "acme/three: taken."]
    assert len({str(one) for one in team.sql("select spent from connection where name <> 'acme/three'")}) == 1


async def test_an_account_that_a_row_does_not_name_yet_is_noted_when_it_is_drained(team, workers, tmp_path):
    """Such as one that was stored before there were workers."""
    team.connect("one", account="A1")
    team.sql("update connection set account = name")
    team.lend(tmp_path / "batch", some_people(2, "one"))
    async with workers():
        await workers.until_done()
    assert team.sql("select account <> name from connection") == [(True,)]


async def test_what_is_held_longest_is_given_back_where_another_waits(team, workers, tmp_path):
    """A worker with one place serves two accounts in turn."""
    team.connect("one", "two")
    team.lend(tmp_path / "batch", some_people(40, "one", "two"))
    team.vendor.hold = "p38/files"
    async with workers(many=1, enough=0.0) as here:
        await workers.until(lambda: any(drain.closing for drain in here.worker.drains.values()))
        team.vendor.release()
        await workers.until_done()
    assert {line for line in here.said if "taken" in line} == {"acme/one: taken.", "acme/two: taken."}


async def test_a_run_and_a_worker_exclude_each_other(team, workers, tmp_path, habeas):
    """A worker leaves a connection alone whose turn somebody has, and takes it when that is over."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(2, "one"))
    from engine.connection.stored import Name
    from engine.net.clock import wall_clock

    async with workers() as here:
        async with team.kept.store().turn(Name("acme", "one"), wall_clock(), lambda: None, wait=True):
            await workers.until(lambda: sum("given back" in line for line in here.said) > 0)
            assert set(states(team).values()) == {("queued", None)}
            team.sql("update connection set not_before = null")
        await workers.until_done()


async def test_a_credential_that_could_not_be_renewed_because_the_store_was_away_is_tried_again_soon(team, workers, tmp_path, monkeypatch):
    """The database is back when that is written down; what a vendor says is waited for longer."""

    def away(*_: object) -> object:
        message = "the store is away"
        raise StoreAway(message)

    renewing = PostgresStore.renewing
    team.connect("one")
    team.vendor.good = False
    team.lend(tmp_path / "batch", some_people(2, "one"))
    monkeypatch.setattr(PostgresStore, "renewing", away)
    soon = "not_before < now() + interval '6 seconds'"
    async with workers() as here:
        await workers.until(lambda: team.sql(f"select 1 from connection where owner is null and ended is null and {soon}"))
        assert set(states(team).values()) <= {("queued", None), ("queued", 3)}
        team.vendor.good = True
        monkeypatch.setattr(PostgresStore, "renewing", renewing)
        team.sql("update connection set not_before = null")
        await workers.until_done()
    assert set(states(team).values()) == {("done", 0)}
    assert not any("habeas connect" in line for line in here.said)


async def test_nobody_fails_of_a_defect_that_a_folder_made_which_went_away(team, workers, tmp_path, monkeypatch):
    """The batch is left to others, and worked on when it is there again; a defect of a folder that is there stays one."""
    for module in (engine.cluster.worker, lent_batches):
        monkeypatch.setattr(module, "TRY_AGAIN", 0.5)
    mark, real = tmp_path / "batch" / MARK, drain.ending
    team.connect("one")
    team.vendor.hold = "/files"

    def ends(*given: object, **named: object) -> Ending:
        return real(*given, **named) if mark.exists() else Ending("failed", Exit.DEFECT, "a defect of ours")  # type: ignore[arg-type]

    monkeypatch.setattr(drain, "ending", ends)
    team.lend(tmp_path / "batch", some_people(3, "one"))
    async with workers() as here:
        await workers.until(team.vendor.arrived.is_set)
        mark.rename(tmp_path / MARK)
        team.vendor.release()
        await workers.until(lambda: any("left to other workers" in line for line in here.said))
        await workers.until(lambda: set(states(team).values()) <= {("queued", None), ("queued", 0)})
        (tmp_path / MARK).rename(mark)
        await workers.until_done()
    assert set(states(team).values()) == {("done", 0)}
