"""A batch that is lent to workers: what the database then has, what is seen of it, and how it comes back."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from engine.batch.lent_mark import LentMark, read_mark, write_mark
from engine.cluster.lend import Lender
from engine.cluster.snapshot import of_batch
from engine.connection.chosen_store import known_address
from engine.connection.store_address import identity
from engine.errors import Exit, UsageError
from tests.case.test_commands import home_of

THREE = ("A,ada@x.io", "B,bert@x.io", "C,carl@x.io")


def flat(text: str) -> str:
    """Give what was said, however it was broken into lines."""
    return " ".join(text.split())


def test_a_batch_that_another_command_lent_meanwhile_is_not_lent_twice(tmp_path):
    """The one that began first, and was overtaken while it read its file, sees it before it connects to anything."""
    write_mark(tmp_path, LentMark(store="postgresql://team@a/habeas", batch="b", dispatched=datetime.now(UTC)))
    lender = Lender(SimpleNamespace(path=tmp_path), "postgresql://team@b/habeas")
    with pytest.raises(UsageError, match=r"is lent to postgresql://team@a/habeas already: habeas resume .* takes it back first"):
        asyncio.run(lender.lend(None, None))


def test_people_are_lent_and_come_back(machine):
    """Nobody is asked by the command that lends; what workers did is seen, taken home, and gone on with."""
    done = machine.lend(*THREE)
    assert done.returncode == 0, done.stderr
    assert "3 people were lent to postgresql://team@/habeas." in done.stderr
    assert "3 people to ask for" in done.stderr
    assert machine.rows() == dict.fromkeys("ABC", "queued")
    assert not machine.vendor.asked["/people/ada@x.io"]
    machine.ended("A")
    back = machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)
    assert back.returncode == 0, back.stderr
    assert "The batch is back from postgresql://team@/habeas." in back.stderr
    assert machine.at_home() == dict.fromkeys("ABC", "done")
    assert machine.rows() == {}
    assert machine.sql("select count(*) from habeas.batch") == [(0,)]
    assert [machine.vendor.asked[f"/people/{who}@x.io"] for who in ("ada", "bert", "carl")] == [0, 1, 1]
    assert [one["folder"] for one in machine.proof()["people"]] == ["people/A/acme+1", "people/B/acme", "people/C/acme"]
    assert not (machine.out / "dispatched.json").exists()


def test_the_same_command_takes_new_people_in_and_lends_them(machine):
    """Those who are lent are lent once, whatever workers did of them; without --dispatch everybody comes back."""
    assert machine.lend(*THREE[:2]).returncode == 0
    machine.ended("A")
    done = machine.lend(*THREE, words=("--share", "50"))
    assert done.returncode == 0, done.stderr
    assert "1 person was lent" in done.stderr
    assert "2 people to ask for" in done.stderr
    assert machine.rows() == {"A": "done", "B": "queued", "C": "queued"}
    assert machine.sql("select share from habeas.batch") == [(0.5,)]
    assert "0 people were lent" in machine.lend(*THREE).stderr
    assert machine.batch(*THREE, HABEAS_STORE=machine.address).returncode == 0
    assert machine.at_home() == dict.fromkeys("ABC", "done")


def test_a_batch_that_was_begun_here_is_lent_with_whoever_is_left(machine):
    """Of the others the database knows their number alone; those whom a killed process had under way are among those left."""
    assert machine.batch(*THREE[:1], HABEAS_STORE=machine.address).returncode == 0
    machine.batch("A,ada@x.io", "D,broken@x.io", HABEAS_STORE=machine.address)
    assert machine.lend("A,ada@x.io", "D,broken@x.io", *THREE[1:]).returncode == 0
    assert machine.rows() == {"B": "queued", "C": "queued"}
    told = flat(machine.call("status", machine.address).stdout)
    assert "2 more had ended before they were lent" in told
    here = json.loads(machine.call("status", str(machine.out), "--json").stdout)
    assert here["states"] == {"queued": 2, "running": 0, "done": 1, "failed": 1, "cancelled": 0}
    assert here["lent"]["not_lent"] == 0
    assert json.loads(machine.call("status", machine.address, "--json").stdout)["lent"]["not_lent"] == 2


def test_what_is_seen_of_a_lent_batch_is_what_workers_did(machine):
    """By its folder or its database: in words, as JSON and as a table; when it goes on, and the rate."""
    machine.lend(*THREE, "D,dora@x.io")
    machine.ended("A")
    machine.ended("B", "failed", 3, "notes partial", token=2)
    machine.sql(
        "update habeas.person set state='running' where request='C'",
        "update habeas.connection set not_before='2026-11-30T00:00:00Z', ended='it was revoked: habeas connect acme', "
        """rate='{"bucket":"n","sent":10,"allowed":7.5,"at":100.0}'""",
        "insert into habeas.worker(id, version, host, many) values ('w', '1', 'h', 50)",
    )
    for place in (str(machine.out), machine.address):
        told = json.loads(machine.call("status", place, "--json").stdout)
        assert told["states"] == {"queued": 1, "running": 1, "done": 1, "failed": 1, "cancelled": 0}
        assert told["connections"]["acme/default"]["ended"] == "it was revoked: habeas connect acme"
        assert told["connections"]["acme/default"]["rate"]["sent"] == 10
        assert told["reasons"] == [{"reason": "notes partial", "people": 1}]
        assert (told["lent"]["store"], told["lent"]["workers"]) == ("postgresql://team@/habeas", 1)
        words = flat(machine.call("status", place).stdout)
        assert "Whoever is queued or running is asked by 1 worker of postgresql://team@/habeas" in words
        assert f"To ask once more for those who failed: habeas retry {machine.out}" in words
        assert f"habeas resume {machine.out} takes the batch back and brings batch.json up to date" in words
        assert "the same habeas batch again" not in words
        rows = list(csv.DictReader(io.StringIO(machine.call("status", place, "--csv").stdout)))
        assert [(row["request"], row["state"], row["person"], row["folder"]) for row in rows] == [
            ("A", "done", "found", "people/A/acme+1"),
            ("B", "failed", "found", "people/B/acme+2"),
            ("C", "running", "", ""),
            ("D", "queued", "", ""),
        ]


def test_a_batch_without_a_worker_says_so(machine):
    """One that said nothing for a minute is none."""
    machine.lend(*THREE)
    machine.sql("insert into habeas.worker(id, version, host, many, seen) values ('w', '1', 'h', 50, now() - interval '2 minutes')")
    assert "none was seen just now: habeas worker starts one, over that store" in flat(machine.call("status", str(machine.out)).stdout)


def test_the_proof_says_that_it_is_lent_and_is_true_again_when_it_is_back(machine):
    """It is as of the command that lent."""
    machine.lend(*THREE)
    proof = machine.proof()
    assert (proof["lent"]["store"], proof["states"]["queued"], proof["exit_code"]) == ("postgresql://team@/habeas", 3, 3)
    machine.ended("A")
    machine.lend(*THREE)
    assert machine.proof()["states"] == {"queued": 2, "running": 0, "done": 1, "failed": 0, "cancelled": 0}
    machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)
    assert "lent" not in machine.proof()
    assert machine.proof()["states"]["done"] == 3


def test_while_people_are_under_way_at_workers_nobody_else_is_begun_and_the_batch_stays_lent(machine):
    """It comes back when they have ended; whom a worker had under way that is gone comes back at once, and it can write nothing more."""
    machine.lend(*THREE)
    machine.sql("update habeas.connection set token=7, owner='w', lease_until=now() + interval '1 hour'")
    machine.sql("update habeas.person set state='running', token=7, attempts=1 where request='A'")
    back = machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)
    assert back.returncode == Exit.INCOMPLETE
    assert "1 person is under way at workers of postgresql://team@/habeas, and nobody else is begun there" in flat(back.stderr)
    assert machine.rows() == {"A": "running", "B": "recalled", "C": "recalled"}
    assert json.loads(machine.call("status", str(machine.out), "--json").stdout)["states"]["queued"] == 2
    for place in (str(machine.out), machine.address):
        words = flat(machine.call("status", place).stdout)
        assert f"Nobody asks for 2 people of those queued: habeas resume {machine.out} takes them back" in words
        assert "Whoever else is queued or running is asked by" in words
    assert machine.lend(*THREE).returncode == 0
    assert machine.rows() == {"A": "running", "B": "queued", "C": "queued"}
    machine.sql("update habeas.connection set lease_until=now() - interval '1 second'")
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0
    assert machine.at_home() == dict.fromkeys("ABC", "done")
    assert machine.sql("select token, owner, lease_until from habeas.connection") == [
        (8, "w", None)
    ]  # who did not end orderly is remembered


def test_states_are_changed_where_people_are_lent(machine):
    """From the folder and from the database; whoever had failed before the batch was lent is lent then."""
    machine.batch("A,ada@x.io", "D,broken@x.io", HABEAS_STORE=machine.address)
    machine.lend("A,ada@x.io", "D,broken@x.io", *THREE[1:])
    machine.ended("B", "failed", 3, "notes partial")
    done = machine.call("retry", str(machine.out))
    assert (done.returncode, done.stdout) == (0, "2 people queued: workers ask for them.\n"), done.stderr
    assert machine.rows() == {"B": "queued", "C": "queued", "D": "queued"}
    assert machine.sql("select at_home from habeas.batch") == [(1,)]
    done = machine.call("cancel", machine.address, "--request", "C")
    assert (done.returncode, done.stdout) == (0, "1 person cancelled; habeas retry takes it back.\n")
    assert machine.rows()["C"] == "cancelled"
    assert machine.call("retry", machine.address).stdout == "0 people queued.\n"
    assert machine.call("retry", machine.address, "--request", "C").stdout == "1 person queued: workers ask for them.\n"
    machine.sql("update habeas.person set state='running' where request='B'")
    assert (
        machine.call("cancel", str(machine.out)).stdout
        == "2 people cancelled; habeas retry takes it back.\n1 under way were left as they are.\n"
    )
    assert machine.rows() == {"B": "running", "C": "cancelled", "D": "cancelled"}
    for place in (str(machine.out), machine.address):
        unknown = machine.call("retry", place, "--request", "Z")
        assert (unknown.returncode, "is called Z" in flat(unknown.stderr)) == (2, True)


def test_of_several_batches_one_is_named(machine):
    """By its folder or its id; without a name they are named."""
    machine.lend(*THREE)
    first, machine.out = machine.out, machine.folder / "december"
    machine.lend(*THREE[:1])
    for words in (("status",), ("retry",), ("cancel",)):
        done = machine.call(*words, machine.address)
        assert (done.returncode, "there are 2 batches: add --batch november or december" in flat(done.stderr)) == (2, True)
    assert "no batch there is called may" in flat(machine.call("status", machine.address, "--batch", "may").stderr)
    told = json.loads(machine.call("status", machine.address, "--batch", "december", "--json").stdout)
    assert told["states"]["queued"] == 1
    assert json.loads(machine.call("status", machine.address, "--batch", str(first), "--json").stdout)["states"]["queued"] == 3
    refused = machine.call("status", str(first), "--batch", "november")
    assert (refused.returncode, "leave it out" in flat(refused.stderr)) == (2, True)


def test_a_timeline_of_a_lent_batch_draws_what_workers_brought(machine):
    """By the folder that the row names."""
    machine.batch(*THREE[:1], HABEAS_STORE=machine.address)
    machine.lend(*THREE)
    machine.ended("B")
    made = machine.out / "people" / "A" / "acme"
    worked = machine.out / "people" / "B" / "acme+1"
    for path in made.iterdir():
        (worked / path.name).write_bytes(path.read_bytes())
    done = machine.call("trace", str(machine.out), "--out", str(machine.folder / "november.html"))
    assert done.returncode == 0, done.stderr
    page = (machine.folder / "november.html").read_text()
    assert "not there or not readable" not in page
    assert page.count("<title>B") == page.count("<title>A") > 0 or (">A<" in page and ">B<" in page)


def test_a_lent_batch_is_not_purged(machine):
    """It is taken back first."""
    machine.lend(*THREE)
    done = machine.call("purge", str(machine.out), "--older-than", "1d")
    assert done.returncode == Exit.INCOMPLETE
    assert f"{machine.out}: kept, it is lent to postgresql://team@/habeas: habeas resume {machine.out} takes it back first" in flat(
        done.stderr
    )
    assert (machine.out / "batch.db").exists()


def test_a_plan_of_a_lent_batch_counts_whom_workers_have_left(machine):
    """And whom the file would add; nothing is kept of either."""
    machine.lend(*THREE)
    machine.ended("A")
    for words in ((), ("--dispatch", machine.address)):
        done = machine.batch(*THREE, "D,dora@x.io", words=(*words, "--check"), HABEAS_STORE=machine.address)
        assert (done.returncode, "3 people to ask for" in done.stdout) == (0, True), done.stderr
    assert set(machine.at_home()) == set("ABC")
    assert machine.rows() == {"A": "done", "B": "queued", "C": "queued"}


def test_cases_take_in_what_workers_brought_when_the_batch_is_back(machine):
    """Each run once; one that was killed before its case was told is taken in by the next command."""
    lines, out = THREE[:2], machine.out
    machine.out = machine.folder / "elsewhere"
    assert machine.batch(*lines, HABEAS_STORE=machine.address).returncode == 0
    brought, machine.out = machine.out, out
    assert machine.lend(*lines, words=("--cases",)).returncode == 0
    for request in "AB":
        shutil.copytree(brought / "people" / request / "acme", machine.out / "people" / request / "acme+1")
    machine.sql(
        "update habeas.person set state='done', exit_code=0, folder='people/' || request || '/acme+1', sha256='s' || id, ended_at=now()"
    )
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0
    for request in "AB":
        log = home_of(machine.habeas) / "cases" / request / "log.jsonl"
        assert log.read_text().count('"did":"taken"') == 1


def test_a_run_that_was_stopped_goes_on_at_workers_and_back_here(machine):
    """What a process here left is named in the row, and what an orderly worker left lies where a run here looks for it."""
    machine.lend(*THREE)
    assert machine.call("resume", str(machine.out), "--no-wait").returncode == Exit.NOT_CONNECTED  # no connection here: at home, not asked
    (number,) = (row[0] for row in machine.sqlite("select id from person where request='B'"))
    (machine.out / "work" / str(number) / "acme").mkdir(parents=True)
    machine.lend(*THREE)
    assert machine.sql("select request, kept from habeas.person where kept is not null") == [("B", f"work/{number}")]
    (machine.out / "work" / "9.3" / "acme").mkdir(parents=True)
    (machine.out / "work" / "8.2" / "acme").mkdir(parents=True)
    machine.sql("update habeas.person set kept='work/9.3' where request='C'", "update habeas.person set kept=null where request='B'")
    machine.call("resume", str(machine.out))
    (third,) = (row[0] for row in machine.sqlite("select id from person where request='C'"))
    assert (machine.out / "work" / str(third) / "acme").is_dir()


def test_moments_of_the_database_are_told_by_the_clock_here(machine):
    """Seconds from now go over and come back, so that two clocks may be an hour apart."""
    machine.lend(*THREE[:2])
    machine.sql("update habeas.person set not_before = now() + interval '90 seconds' where request = 'A'")
    machine.call("resume", str(machine.out))
    (waits,) = machine.sqlite("select not_before from person where request='A'")[0]
    assert 0 < waits - time.time() <= 90
    assert machine.lend(*THREE[:2]).returncode == 0
    (over,) = machine.sql("select extract(epoch from not_before - now())::float8 from habeas.person where request = 'A'")[0]
    assert 0 < over <= 90


def test_of_a_pause_that_is_over_nothing_is_said(machine):
    """It stood there for ever when a connection goes on, at a moment long gone."""
    machine.lend(*THREE[:1])
    for moment, said in (("+ interval '1 hour'", True), ("- interval '1 hour'", False)):
        machine.sql(f"update habeas.connection set not_before = now() {moment}")
        for place in (machine.address, str(machine.out)):
            assert ("goes on at" in machine.call("status", place).stdout) == said
            told = json.loads(machine.call("status", place, "--json").stdout)["connections"]["acme/default"]["goes_on"]
            assert (told is not None) == said


def test_the_store_that_has_a_password_is_known_by_its_address_without(machine):
    """The mark has none, and HABEAS_STORE brings it; another HABEAS_STORE is not taken for it."""
    assert read_mark(machine.out) is None
    machine.lend(*THREE[:1])
    mark = read_mark(machine.out)
    assert mark is not None
    given = {"HABEAS_STORE": f"{machine.address}&password=hidden"}
    assert known_address(mark.store, given) == given["HABEAS_STORE"]
    assert known_address(mark.store, {"HABEAS_STORE": "postgresql://db/other"}) == mark.store
    assert known_address(mark.store, {}) == mark.store
    assert identity(mark.store) == identity(machine.address)


def test_a_refused_line_is_told_by_the_command_that_lends(machine):
    """The others are lent; the exit code says that somebody is not answered."""
    done = machine.lend("A,ada@x.io", "B,Bert Person", words=("--skip-bad",))
    assert (done.returncode, machine.rows()) == (Exit.REFUSED, {"A": "queued"})
    assert machine.sql("select refused from habeas.batch") == [(1,)]
    assert "1 line of the file cannot be asked for: refused.csv" in flat(machine.call("status", machine.address).stdout)
    rows = list(csv.DictReader(io.StringIO(machine.call("status", machine.address, "--csv").stdout)))
    assert [(row["request"], row["state"]) for row in rows] == [("A", "queued"), ("B", "refused")]


def test_what_is_watched_is_read_again_until_the_batch_is_taken_back(machine):
    """Then that is said, and not that the database lost it."""
    machine.lend(*THREE)

    async def watched() -> None:
        snapshot = await of_batch(machine.address, None, machine.folder)
        assert snapshot.folder.database.by_state()["queued"] == 3
        await asyncio.to_thread(machine.ended, "A")
        await snapshot.refresh()
        assert snapshot.folder.database.by_state()["done"] == 1
        await asyncio.to_thread(machine.sql, "delete from habeas.batch")
        with pytest.raises(UsageError, match=f"it was taken back: habeas status {machine.out}"):
            await snapshot.refresh()

    asyncio.run(watched())
