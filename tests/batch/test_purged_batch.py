"""Batches are purged by their age: that of the last result, whole or not at all, each by itself."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.batch.conftest import proof_of, states_of


def aged(out, request: str | None = None, **ago: int) -> None:
    """Let people of a batch have ended so long ago."""
    moment = (datetime.now(UTC) - timedelta(**ago)).isoformat(timespec="seconds").replace("+00:00", "Z")
    with sqlite3.connect(out / "batch.db") as database:
        database.execute("update person set ended_at=?1 where ?2 is null or request=?2", (moment, request))
    database.close()


@pytest.mark.parametrize(
    ("ago", "older_than", "gone"),
    [
        ({"days": 9}, "10d", False),
        ({"days": 10, "hours": 1}, "10d", True),
        ({"days": 20}, "1mo", False),
        ({"days": 40}, "1mo", True),
        ({"hours": 23}, "1d", False),
    ],
)
def test_a_batch_goes_when_its_last_result_is_old_enough(ago, older_than, gone, batch):
    """Not a day before; the proof and the states stay as they were."""
    batch("A,ada@x.io", "B,none1@x.io")
    before, states = proof_of(batch.out), states_of(batch.out)
    aged(batch.out, **ago)
    done = batch.habeas("purge", str(batch.out), "--older-than", older_than)
    assert (done.returncode, "purged: results" in done.stdout) == (0, gone)
    assert (batch.out / "people").exists() is not gone
    assert (proof_of(batch.out), states_of(batch.out)) == (before, states)


def test_one_result_that_is_young_keeps_all_of_a_batch(batch):
    """It is purged as a whole: nobody's answer goes while another's may still be asked for."""
    batch("A,ada@x.io", "B,bert@x.io")
    aged(batch.out, days=90)
    aged(batch.out, "B", days=2)
    assert "kept, its last result" in batch.habeas("purge", str(batch.out), "--older-than", "30d").stdout
    assert (batch.out / "people" / "A").exists()


def test_people_who_are_still_queued_keep_a_batch(batch):
    """However old it is: they are yet to be asked for, and whoever they are is known by the key alone."""
    batch("A,ada@x.io", "B,broken@x.io")
    batch.habeas("retry", str(batch.out))
    aged(batch.out, days=90)
    assert "people are still queued" in batch.habeas("purge", str(batch.out), "--older-than", "30d").stdout
    assert batch("A,ada@x.io", "B,broken@x.io").code == 3
    aged(batch.out, days=90)
    batch.habeas("retry", str(batch.out))
    batch.habeas("cancel", str(batch.out))
    assert "purged: results" in batch.habeas("purge", str(batch.out), "--older-than", "30d").stdout


def test_of_a_folder_of_batches_each_is_judged_by_itself(habeas, vendor, tmp_path):
    """The old one goes, with who its people are; the young one and whatever else lies there stay."""
    given, folder = vendor.given, tmp_path / "batches"
    folder.mkdir()
    (folder / "notes").mkdir()
    people = tmp_path / "people.csv"
    people.write_text("request,email\nA,ada@x.io\n")
    for name in ("old", "young"):
        assert habeas("batch", str(people), "--vendor", str(vendor.spec), "--out", str(folder / name), **given).returncode == 0
    aged(folder / "old", days=90)
    done = habeas("purge", str(folder), "--older-than", "30d", **given)
    assert [line.rpartition("/")[2].partition(":")[0] for line in done.stdout.splitlines()] == ["old", "young"]
    assert [(folder / name / "people").exists() for name in ("old", "young")] == [False, True]
    assert (folder / "notes").is_dir()
    with sqlite3.connect(folder / "old" / "batch.db") as database:
        assert database.execute("select count(*) from person where identifiers is not null").fetchone() == (0,)
        assert database.execute("select count(*) from identity").fetchone() == (0,)
    database.close()
    again = habeas("batch", str(people), "--vendor", str(vendor.spec), "--out", str(folder / "young"), **given)
    assert again.returncode == 0


@pytest.mark.parametrize("command", ["batch", "resume"])
def test_a_batch_that_was_purged_says_so_where_it_is_to_go_on(command, batch, vendor, tmp_path):
    """Its key is nowhere else either."""
    batch("A,ada@x.io")
    aged(batch.out, days=90)
    assert "purged: results" in batch.habeas("purge", str(batch.out), "--older-than", "30d").stdout
    again = (str(tmp_path / "people.csv"), "--vendor", str(vendor.spec), "--out", str(batch.out))
    done = batch.habeas(command, *(again if command == "batch" else (str(batch.out),)))
    assert done.returncode == 4
    assert "was purged, and the key to this batch's people with it: begin a new one" in " ".join(done.stderr.split())
