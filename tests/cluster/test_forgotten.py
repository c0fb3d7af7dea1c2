"""A batch whose folder is lost: the database forgets it when somebody says so, and never anybody who is under way."""

from __future__ import annotations

import json
import shutil

import pytest

from engine.batch.lent_mark import MARK
from engine.errors import Exit
from tests.cluster.lent import Team
from tests.cluster.machine import HomeMachine
from tests.cluster.test_lent_batch import THREE, flat
from tests.connection.kept import Kept

FORGET = ("--batch", "november", "--forget")


def test_a_batch_whose_folder_is_lost_is_forgotten(machine: HomeMachine):
    """All its rows go, those of other batches and the connection stay; a second time it is not known."""
    machine.lend(*THREE)
    machine.ended("A")
    shutil.rmtree(machine.out)
    team = Team(Kept(machine.folder, machine.address), machine.vendor)
    team.lend(machine.folder / "other", {"X": ("xena@x.io", "default")})
    team.close()
    done = machine.call("cancel", machine.address, *FORGET)
    assert done.returncode == 0, done.stderr
    assert flat(done.stdout) == "postgresql://team@/habeas has forgotten the batch and its 3 people; no file was touched."
    assert machine.rows() == {"X": "queued"}
    assert machine.sql("select count(*), (select count(*) from habeas.target) from habeas.batch") == [(1, 1)]
    assert machine.sql("select count(*) from habeas.connection") == [(1,)]
    again = machine.call("cancel", machine.address, *FORGET)
    assert (again.returncode, "no batch there is called november" in flat(again.stderr)) == (2, True)


def test_who_is_under_way_at_a_worker_that_lives_is_not_forgotten(machine: HomeMachine):
    """Nobody else is begun meanwhile. When its lease has ended the batch goes, and whatever that worker still writes bears an old number."""
    machine.lend(*THREE)
    shutil.rmtree(machine.out)
    machine.sql(
        "update habeas.connection set owner = 'a worker', token = 7, lease_until = now() + interval '1 minute'",
        "update habeas.person set state = 'running', token = 7, attempts = 1 where request = 'A'",
    )
    done = machine.call("cancel", machine.address, *FORGET)
    assert (done.returncode, "1 person is under way at workers" in flat(done.stderr)) == (Exit.INCOMPLETE, True), done.stderr
    assert machine.rows() == {"A": "running", "B": "cancelled", "C": "cancelled"}
    machine.sql("update habeas.connection set lease_until = now() - interval '1 second'")
    assert machine.call("cancel", machine.address, *FORGET).returncode == 0
    assert machine.rows() == {}
    assert machine.sql("select token from habeas.connection") == [(8,)]


def test_a_batch_whose_folder_is_here_is_not_forgotten(machine: HomeMachine):
    """It says who is lent, and comes home; another batch's mark at its place does not keep the rows."""
    machine.lend(*THREE)
    done = machine.call("cancel", machine.address, *FORGET)
    assert (done.returncode, f"habeas resume {machine.out} takes the batch back" in flat(done.stderr)) == (2, True), done.stderr
    assert machine.rows() == dict.fromkeys("ABC", "queued")
    mark = machine.out / MARK
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "batch": "another"}))
    assert machine.call("cancel", machine.address, *FORGET).returncode == 0
    assert machine.rows() == {}


@pytest.mark.parametrize("words", [("URL",), ("URL", "--batch", "november", "--request", "A"), ("DIR",)])
def test_only_a_whole_batch_that_is_named_is_forgotten(words, machine: HomeMachine):
    """Neither the only one there is, nor a request, nor what a folder holds."""
    machine.lend(*THREE)
    place = machine.address if words[0] == "URL" else str(machine.out)
    done = machine.call("cancel", place, *words[1:], "--forget")
    assert (done.returncode, "habeas cancel URL --batch NAME --forget" in flat(done.stderr)) == (2, True), done.stderr
    assert machine.rows() == dict.fromkeys("ABC", "queued")


def test_purge_says_what_deletes_from_a_database(machine: HomeMachine):
    """Its own things are folders."""
    done = machine.call("purge", machine.address)
    assert (done.returncode, "habeas cancel URL --batch NAME --forget" in flat(done.stderr)) == (2, True), done.stderr
