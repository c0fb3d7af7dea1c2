"""What others do to a batch's folder while it is worked on: it is moved, its database is held, the disk is full."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess

import pytest

from engine.batch import database, results
from engine.batch.asking import EndedGroup, EndedPerson
from engine.batch.batch_folder import opened
from engine.batch.database import Database, QueuedPerson
from engine.batch.left_behind import recover
from engine.batch.states import Ending
from engine.errors import DiskError, Exit, disk_error
from engine.net.clock import wall_clock
from engine.open_account import OpenAccount
from engine.replaced import replace
from tests.batch.conftest import proof_of, states_of
from tests.batch.test_killed_batch import Watched
from tests.forked import Forked
from tests.process import HABEAS, environment


def test_a_folder_that_is_moved_ends_the_batch_and_goes_on_where_it_is_put_back(batch, vendor, tmp_path):
    """Nothing is made where it was: results there would belong to no batch."""
    elsewhere, moved = tmp_path / "elsewhere", []

    def on(path: str) -> None:
        if path.endswith("/notes") and not moved:
            moved.append(batch.out.rename(elsewhere))

    vendor.asked = Watched(vendor.asked, on)
    done = batch("A,ada@x.io", "B,bert@x.io")
    assert (done.code, batch.out.exists()) == (2, False)
    assert "was moved or replaced while it was worked on: put it back" in " ".join(done.err.split())
    elsewhere.rename(batch.out)
    assert batch("A,ada@x.io", "B,bert@x.io").code == 0
    for person in proof_of(batch.out)["people"]:
        assert results.manifest_of(batch.out / person["folder"]) == person["manifest_sha256"]


@pytest.fixture
def filled(tmp_path):
    """Give a database with one person."""
    held = Database(tmp_path / "batch.db", new=True)
    held.run("insert into connection(name, vendor, word, sha256, simulated) values ('acme/default', 'acme', 'acme', '', 0)")
    held.run("insert into person(request, connection, content, wish) values ('A', 'acme/default', x'', '{}')")
    held.run("commit")
    yield held
    held.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda held: held.claim("acme/default", 0.0),
        lambda held: held.end([("done", None, 0, None, None, None, "", 0, 1)]),
        lambda held: held.run("update person set state='failed'"),
    ],
    ids=["claimed", "ended", "changed"],
)
def test_a_database_that_another_command_holds_is_told_and_can_be_used_after(act, filled, tmp_path, monkeypatch):
    """No defect, and no half of a change."""
    filled.run("pragma busy_timeout=1")
    monkeypatch.setattr(database, "BUSY", 0.001)
    other = sqlite3.connect(tmp_path / "batch.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(DiskError, match="in use by another command"):
        act(filled)
    other.execute("rollback")
    other.close()
    assert not filled.db.in_transaction
    act(filled)
    assert filled.by_state()["queued"] == 0 or filled.one("select state from person") == ("queued",)


def test_a_full_disk_in_the_middle_of_an_ending_ends_nobody(filled):
    """The same people can be written down when there is room."""
    filled.run("insert into person(request, connection, content, wish) values ('B', 'acme/default', x'', '{}')")
    filled.run("update person set state='running'")
    filled.run("create temp trigger full before update on person when new.reason='full' begin select raise(abort, 'x'); end")
    with pytest.raises(sqlite3.IntegrityError):
        filled.end([("done", None, 0, None, None, None, "", 0, 1), ("done", None, 0, "full", None, None, "", 0, 2)])
    assert (filled.db.in_transaction, filled.by_state()["running"]) == (False, 2)


def test_who_could_not_be_written_down_is_written_with_the_next(tmp_path):
    """Nobody is forgotten because the disk was full for a moment."""
    written: list[int] = []
    full = [True]

    async def write(group: list[EndedPerson]) -> None:
        if full:
            full.pop()
            raise disk_error(OSError(28, ""))
        written.extend(one.person.id for one in group)

    async def both() -> None:
        ended = EndedGroup(write, wall_clock())
        for number in (1, 2):
            ended.note(EndedPerson(QueuedPerson(number, "A", "acme/default", b"", "{}", 1), Ending("done")))
            if number == 1:
                with pytest.raises(DiskError):
                    await ended.write()
        await ended.write()

    asyncio.run(both())
    assert written == [1, 2]


def test_a_disk_that_is_full_for_a_moment_loses_nobody(batch, monkeypatch):
    """The batch ends, and says so; whoever had ended stands as that in the proof, and nobody is asked twice."""
    real, full = results.synced, [True]

    def synced(folder) -> None:
        if full:
            full.pop()
            raise disk_error(OSError(28, ""))
        real(folder)

    monkeypatch.setattr(results, "synced", synced)
    done = batch("A,ada@x.io", "B,none1@x.io")
    assert (done.code, "the disk is full" in done.err) == (3, True)
    assert set(states_of(batch.out).values()) == {"done"}


def test_a_kill_after_an_earlier_result_was_set_aside_leaves_no_row_that_names_it(batch, tmp_path):
    """What a row names lies there."""
    assert batch("A,broken@x.io").code == 3
    batch.habeas("retry", str(batch.out))
    (batch.out / "people" / "A" / "acme").rename(batch.out / "people" / "A" / "acme.try-1")
    with sqlite3.connect(batch.out / "batch.db") as held:
        held.execute("update person set state='running'")
    held.close()
    folder = opened(batch.out, tmp_path / "state")
    recover(folder)
    assert folder.database.one("select state, folder, sha256 from person") == ("queued", None, None)
    folder.database.close()


def test_nobody_fails_because_the_disk_was_full(batch, monkeypatch):
    """The batch ends; when there is room the same command goes on with whoever was under way, without `retry`."""
    real, full = OpenAccount.carry_out, [True]

    async def carry_out(self, order, **more):
        report = await real(self, order, **more)
        return replace(report, exit_code=Exit.INCOMPLETE, error=disk_error(OSError(28, ""))) if full.pop() else report

    monkeypatch.setattr(OpenAccount, "carry_out", carry_out)
    done = batch("A,ada@x.io")
    assert (done.code, states_of(batch.out)) == (3, {"A": "queued"})
    assert "the disk is full" in done.err
    monkeypatch.setattr(OpenAccount, "carry_out", real)
    assert batch("A,ada@x.io").code == 0
    (person,) = proof_of(batch.out)["people"]
    assert results.manifest_of(batch.out / person["folder"]) == person["manifest_sha256"]


def test_the_proof_of_a_batch_that_was_killed_names_no_result_that_was_set_aside(batch, vendor, tmp_path):
    """It is that of the last command's beginning: whoever was to be asked again stands there without a result."""
    assert batch("A,broken@x.io", "B,bert@x.io", HABEAS_HOME=str(tmp_path / "state")).code == 3
    batch.habeas("retry", str(batch.out))
    vendor.hold = "/files"
    words = [*HABEAS, "batch", str(tmp_path / "people.csv"), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    process = Forked(words, env=environment(tmp_path / "state", **vendor.given), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert vendor.arrived.wait(60)
    finally:
        process.kill()
        process.wait(60)
    told = {one["request"]: one for one in proof_of(batch.out)["people"]}
    assert (told["A"]["state"], told["A"]["folder"], told["A"]["manifest_sha256"]) == ("queued", None, None)
    assert results.manifest_of(batch.out / told["B"]["folder"]) == told["B"]["manifest_sha256"]


@pytest.mark.parametrize("pack", [False, True])
def test_what_others_put_beside_a_run_or_into_it_is_no_result(pack, tmp_path):
    """A desktop's own file beside it, and a file of the person's that is called as the manifest is."""
    made, place = tmp_path / "work" / "1" / "acme", tmp_path / "people" / "A" / "acme"
    (made / "files").mkdir(parents=True)
    (made / "files" / "manifest.json").write_text("theirs")
    (made / "manifest.json").write_text("ours")
    (made.parent / ".DS_Store").write_text("")
    _, sha256 = results.put_in_place(made, place, pack=pack)
    assert results.read_manifest(place) == b"ours"
    assert results.manifest_of(place) == sha256
