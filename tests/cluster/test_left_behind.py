"""What owners of before left in a batch's folder is deleted when the batch has ended, and nothing else."""

from __future__ import annotations

import errno
import os
import shutil
import threading

import pytest

from engine.batch import results
from engine.cluster import ends, people
from engine.cluster.ends import left_over
from engine.cluster.shared_folder import lying
from engine.errors import Exit
from tests.cluster.lent import Team, some_people
from tests.connection.kept import Kept

HELD_UP = [("acme/one", "running", 3), ("acme/two", "done", 3)]


async def test_when_nobody_is_left_what_no_row_names_is_deleted(team, workers, tmp_path):
    """Such as what a worker put in place and was killed before it could say so, after another had asked for the same person."""
    team.connect("one")
    folder = tmp_path / "batch"
    team.lend(folder, some_people(3, "one"))
    (folder / "work").mkdir()
    (folder / "work" / "12").mkdir()
    for name in ("work/77.1", "people/R000/acme.one+99", "people/R001/acme.one+99.tar", "people/R001/acme.one+1.2", "people/R002/acme.one"):
        (folder / name).mkdir(parents=True)
    async with workers():
        await workers.until_done()
    assert lying(folder) == {place for (place,) in team.sql("select folder from person")}
    assert (folder / "people/R002/acme.one").is_dir()
    assert [one.name for one in (folder / "work").iterdir()] == ["12"]


async def test_a_worker_that_has_lost_an_account_does_not_blame_the_disk_for_what_its_successor_deleted(team, workers, tmp_path):
    """Woken after an hour it said that the disk refuses a write, and left the batch to others for half a minute."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(1, "one"))
    team.vendor.hold = "/notes"
    async with workers() as here:
        await workers.until(team.vendor.arrived.is_set)
        (drain,) = here.worker.drains.values()
        team.sql("update connection set token = token + 1, lease_until = now() + interval '1 minute', owner = 'successor'")
        shutil.rmtree(tmp_path / "batch/work")
        drain.lease.deadline = 0.0
        team.vendor.release()
        await workers.until(lambda: len(here.said) > 1)
    assert here.said == ["acme/one: taken.", "acme/one: given back."]


@pytest.mark.parametrize("broken", ["lying", "dropped"])
async def test_a_folder_that_cannot_be_swept_keeps_no_account(broken, team, workers, tmp_path, monkeypatch):
    """A file server that stumbles then: the account was never given back, and nobody was asked for there until the worker was begun anew."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    (tmp_path / "batch/people/R000/acme.one+99.tar").mkdir(parents=True)

    def stumbling(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(ends, broken, stumbling)
    async with workers() as here:
        await workers.until_done()
        await workers.until(lambda: here.said[-1] == "acme/one: given back: 3 done.")
        monkeypatch.undo()
        team.lend(tmp_path / "batch", some_people(2, "one"))
        await workers.until_done()
    assert team.states() == {"done": 5}
    assert not any("report" in line for line in here.said)


async def test_a_file_server_that_hangs_holds_up_no_other_account(team, workers, tmp_path, monkeypatch):
    """Everybody of the worker ended, and nobody was written down; whose results lie there are written down when it answers, and not asked again."""
    answers, silent = threading.Event(), tmp_path / "silent"
    monkeypatch.setattr(results, "synced", lambda folder: answers.wait(60) if folder == silent else None)
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", 0.2)
    for name, folder in (("one", silent), ("two", tmp_path / "sound")):
        team.connect(name)
        team.lend(folder, some_people(3, name))
    async with workers() as here:
        await workers.until(lambda: team.sql("select connection, state, count(*)::int from person group by 1, 2 order by 1") == HELD_UP)
        await workers.until(lambda: "acme/two: given back: 3 done." in here.said)
        await workers.until(lambda: f"acme/one: left to other workers: {silent} does not answer here" in here.said)
        answers.set()
        await workers.until_done()
        await workers.until(lambda: "acme/one: given back: 3 done." in here.said)
    assert team.states() == {"done": 6}
    assert {count for path, count in team.vendor.asked.items() if path.startswith("/people/")} == {2}  # once at each account


async def test_of_a_batch_that_was_taken_back_nothing_is_deleted(bare, pool, tmp_path):
    """Its rows are gone, so that they name nothing."""
    bare.sql("insert into connection (name, account) values ('acme/one', 'acme/one')")
    batch = bare.lend(tmp_path / "batch", some_people(1, "one"))
    bare.sql("update person set folder = 'people/R000/acme.one+1', earlier = '{people/R000/acme.one+0}', state = 'running', token = 3")
    number = bare.sql("select id from person")[0][0]
    made = {f"work/{number}", f"work/{number}.3", "people/R000/acme.one+3", "people/R000/acme.one+3.tar"}
    assert await people.named(pool, batch) == {"people/R000/acme.one+1", "people/R000/acme.one+0", *made}
    bare.sql("delete from batch")
    assert await people.named(pool, batch) is None


@pytest.mark.parametrize(
    ("place", "gone"),
    [
        ("work/77.1", True),
        ("people/A/acme+1", True),
        ("people/A/acme+1.2", True),
        ("people/A/acme+1.tar", True),
        ("people/A/acme+2", False),
        ("people/A/acme.emea+1", False),
        ("people/B/acme+1", False),
        ("people/B/acme+1.tar", False),
    ],
)
def test_of_results_only_those_of_people_who_are_lent_now_are_left_over(place, gone):
    """B ended in an earlier lending, as A did at another connection: what they brought is theirs for good."""
    assert left_over({place, "people/A/acme+2"}, {"people/A/acme+2"}, {"people/A/acme+"}) == ({place} if gone else set())


def test_a_run_that_its_next_owner_takes_over_is_not_swept():
    """Somebody who was cancelled and is asked for again: the sweep had seen the folder before the row named it no more."""
    assert left_over({"work/17.2", "work/18.2"}, {"work/17", "work/17.4"}, set()) == {"work/18.2"}


def test_a_batch_that_is_lent_again_keeps_what_was_brought_before(machine, tmp_path):
    """People who had ended are at home when newcomers are lent; whoever is asked once more keeps the results of before."""
    machine.lend("A,ada@x.io", "B,bob@x.io")
    machine.ended("A")
    machine.ended("B", "failed", 3, "notes failed")
    (machine.out / "people/B/acme+9").mkdir()
    machine.sql("update habeas.person set earlier = '{people/B/acme+9}' where request = 'B'")
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == Exit.INCOMPLETE
    assert machine.call("retry", str(machine.out)).returncode == 0
    assert machine.lend("A,ada@x.io", "B,bob@x.io", "C,cyd@x.io").returncode == 0
    lent = machine.sql("select request, folder, earlier from habeas.person order by request")
    assert lent == [("B", "people/B/acme+1", ["people/B/acme+9"]), ("C", None, [])]
    (machine.out / "people/C/acme+99").mkdir(parents=True)
    team = Team(Kept(tmp_path, machine.address), machine.vendor)
    worker = team.work()
    team.until_done()
    assert team.end(worker)[0] == Exit.TERMINATED
    team.close()
    brought = {str(one.relative_to(machine.out)) for one in (machine.out / "people").glob("*/*")}
    now = {folder for (folder,) in machine.sql("select folder from habeas.person")}
    assert brought == {"people/A/acme+1", "people/B/acme+1", "people/B/acme+9", *now}
    assert machine.rows() == {"B": "done", "C": "done"}
