"""What is not believed of a lent batch: an older database, a renamed connection, a damaged mark, an edited row; and what is in no row."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3

from engine.batch.lent_mark import read_mark
from engine.errors import Exit
from tests.cluster.machine import HomeMachine
from tests.cluster.test_bad_input import commands
from tests.cluster.test_lent_batch import THREE, flat


def test_an_older_batch_db_is_not_taken_for_the_one_that_was_lent(machine: HomeMachine):
    """What the database has more is not lost."""
    machine.lend(*THREE[:2])
    shutil.copy(machine.out / "batch.db", machine.folder / "older.db")
    machine.lend(*THREE)
    shutil.copy(machine.folder / "older.db", machine.out / "batch.db")
    for words in (("status",), ("resume",)):
        done = machine.call(*words, str(machine.out), HABEAS_STORE=machine.address)
        assert (done.returncode, "batch.db does not know C at acme/default, which is lent" in flat(done.stderr)) == (2, True)
    assert machine.rows() == dict.fromkeys("ABC", "queued")


def test_a_database_that_does_not_know_a_lent_batch_is_not_believed(machine: HomeMachine):
    """It may be an older backup; it is said how everybody would be asked again."""
    machine.lend(*THREE)
    machine.sql("delete from habeas.batch")
    for words in (("status",), ("resume",), ("retry",), ("cancel",)):
        done = machine.call(*words, str(machine.out), HABEAS_STORE=machine.address)
        assert done.returncode == Exit.NOT_CONNECTED, done.stderr
        assert "postgresql://team@/habeas does not know this batch, which is lent to it: put the database's backup back" in flat(
            done.stderr
        )
    assert machine.call("status", machine.address).returncode == 2


def test_a_renamed_connection_is_given_its_name_back(machine: HomeMachine):
    """Its people are still lent."""
    machine.lend(*THREE)
    assert machine.call("connections", "rename", "acme", "acme/emea", HABEAS_STORE=machine.address).returncode == 0
    for words in (("status",), ("resume",)):
        done = machine.call(*words, str(machine.out), HABEAS_STORE=machine.address)
        assert (done.returncode, "the connection acme/emea has another name in the batch's own folder" in flat(done.stderr)) == (2, True)
    assert machine.call("connections", "rename", "acme/emea", "acme/default", HABEAS_STORE=machine.address).returncode == 0
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0


def test_a_connection_that_is_removed_leaves_its_people_lent(machine: HomeMachine):
    """Connected again, they are asked."""
    machine.lend(*THREE)
    done = machine.call("connections", "remove", "acme", "--no-revoke", HABEAS_STORE=machine.address)
    assert done.returncode == 0, done.stderr
    assert machine.rows() == dict.fromkeys("ABC", "queued")
    done = machine.lend(*THREE)
    assert (done.returncode, "not connected to Acme" in done.stderr) == (Exit.NOT_CONNECTED, True)
    machine.connect()
    assert machine.lend(*THREE).returncode == 0


def test_a_damaged_mark_lets_nobody_work_on_the_batch(machine: HomeMachine):
    """Who has its people stands nowhere else."""
    machine.lend(*THREE)
    (machine.out / "dispatched.json").write_text("{}")
    for words in commands(machine).values():
        if machine.address in words and words[0] != "batch":
            continue
        done = machine.call(*words)
        assert (done.returncode, "dispatched.json cannot be read, or is of a newer Habeas" in flat(done.stderr)) == (2, True), words


def test_no_password_is_written_or_shown(machine: HomeMachine):
    """Neither by what works nor by what does not; HABEAS_STORE brings it where an address lacks it."""
    address = f"{machine.address}&password=hidden-one".replace("team@", "team:hidden-two@")
    done = machine.lend(*THREE, HABEAS_STORE=address)
    assert done.returncode == 0, done.stderr
    said = [done.stdout, done.stderr]
    for words in (("status",), ("retry",), ("resume",)):
        done = machine.call(*words, str(machine.out), HABEAS_STORE=address)
        assert done.returncode == 0, done.stderr
        said += [done.stdout, done.stderr]
        done = machine.call("status", machine.address, HABEAS_STORE=address)
        said += [done.stdout, done.stderr]
    for wrong in ("postgresql://team:hidden/one@db/habeas", "postgresql://team:hi?dden@db/habeas", "postgresql://team:hid#den@db/habeas"):
        for words in (("status", wrong), ("batch", str(machine.folder / "people.csv"), "--vendor", "acme", "--dispatch", wrong)):
            done = machine.call(*words)
            assert (done.returncode, "is no address that can be read" in flat(done.stderr)) == (2, True)
            said += [done.stdout, done.stderr]
    written = b"".join(path.read_bytes() for path in machine.out.rglob("*") if path.is_file())
    assert b"hidden" not in written
    assert not any("hid" in text for text in said)
    assert json.loads(json.dumps(said))


def test_a_password_on_the_command_line_is_refused(machine: HomeMachine):
    """The list of processes shows it to every user of the machine; the sentence says where it may stand, and nothing of it."""
    machine.lend(*THREE)
    kept = machine.rows()
    refused = (
        machine.address.replace("team@", "team:hidden-two@"),
        f"{machine.address}&password=hidden-one",
        f"{machine.address}&sslpassword=hidden-one",
    )
    named = (*commands(machine).values(), ("worker", machine.address), ("connections", "create-tables", machine.address))
    for words in (words for words in named if machine.address in words):
        for address in refused:
            done = machine.call(*(address if word == machine.address else word for word in words))
            said = flat(done.stderr)
            assert (done.returncode, done.stdout, "holds a password, and on a command line" in said) == (2, "", True), (words, said)
            assert "keep it in ~/.pgpass, or set HABEAS_STORE to the whole address" in said
            assert "hidden" not in said
    assert machine.rows() == kept


def test_no_identifier_is_in_the_database(machine: HomeMachine):
    """Nor the key that opens them."""
    machine.lend(*THREE)
    dump = machine.sql("select string_agg(person::text, '') || (select string_agg(batch::text, '') from habeas.batch) from habeas.person")[
        0
    ][0]
    rows = machine.sql("select identifiers from habeas.person")
    with sqlite3.connect(machine.out / "batch.db") as database:
        sealed = {row[0] for row in database.execute("select identifiers from person")}
    database.close()
    assert {bytes(row[0]) for row in rows} == sealed
    words = re.sub(r"[0-9a-f]{16,}", "", dump)  # numbers and what is sealed, as hexadecimal digits, which may spell a name
    for name in ("ada", "bert", "carl"):
        assert name not in words
        assert name.encode().hex() not in dump


def test_a_database_that_was_put_back_is_not_believed_of_a_batch_that_is_at_home(machine: HomeMachine):
    """Its rows are of a time when the batch was lent: lent again it has those of the folder, once nobody is queued there."""
    machine.lend(*THREE)
    machine.sql("create table habeas.backup as select * from habeas.person", "create table habeas.backup_of as select * from habeas.batch")
    machine.sql("create table habeas.backup_target as select * from habeas.target")
    machine.ended("A", "failed", 3, "notes failed")
    assert machine.call("resume", str(machine.out)).returncode == Exit.NOT_CONNECTED
    machine.sql(
        "insert into habeas.batch select * from habeas.backup_of",
        "insert into habeas.target select * from habeas.backup_target",
        "insert into habeas.person overriding system value select * from habeas.backup",
    )
    done = machine.lend(*THREE)
    (batch,) = machine.sqlite("select id from batch")[0]
    assert (done.returncode, f"habeas cancel URL --batch {batch} first" in flat(done.stderr)) == (2, True), done.stderr
    assert read_mark(machine.out) is None
    assert machine.call("cancel", machine.address, "--batch", batch).returncode == 0
    assert machine.lend(*THREE).returncode == 0
    assert machine.rows() == {"B": "queued", "C": "queued"}
    assert machine.at_home()["A"] == "failed"


def test_new_people_who_could_not_be_lent_are_not_said_to_be_with_workers(machine: HomeMachine):
    """They are in the batch, and the same command lends them."""
    machine.lend(*THREE[:1])
    people = machine.people(*THREE)
    machine.sql("alter table habeas.target owner to boss")
    done = machine.call(
        "batch", str(people), "--vendor", str(machine.vendor.spec), "--out", str(machine.out), "--dispatch", machine.address
    )
    assert (done.returncode, machine.at_home()) == (Exit.NOT_CONNECTED, dict.fromkeys("ABC", "queued"))
    machine.sql("alter table habeas.target owner to team")
    told = flat(machine.call("status", str(machine.out)).stdout)
    assert "Nobody asks for 2 people of those queued" in told
    assert "the same habeas batch --dispatch lends them" in told
    assert "2 people were lent" in machine.lend(*THREE).stderr


def test_a_row_that_names_another_persons_result_is_refused(machine: HomeMachine):
    """Whoever edits the database brings nobody another one's data."""
    machine.lend(*THREE)
    machine.ended("A")
    for place in ("people/B/acme+1", "people/A/../B/acme", "/etc", "people/A"):
        machine.sql(f"update habeas.person set folder='{place}' where request='A'")
        for words in (("status",), ("resume",), ("trace",)):
            done = machine.call(*words, str(machine.out), HABEAS_STORE=machine.address)
            assert (done.returncode, "the row of A names a result that is not its own" in flat(done.stderr)) == (2, True), done.stderr
    assert machine.at_home() == dict.fromkeys("ABC", "queued")


def test_a_row_that_names_a_run_which_is_not_its_own_moves_nothing(machine: HomeMachine):
    """Taken back it would lie where a run that cannot be gone on from is deleted."""
    machine.lend("A,ada@x.io")
    (machine.folder / "december").mkdir()
    machine.sql("update habeas.person set kept = '../december'")
    done = machine.call("resume", str(machine.out))
    assert (done.returncode, "the row of A names a run that is not its own" in flat(done.stderr)) == (2, True), done.stderr
    assert ((machine.folder / "december").is_dir(), machine.rows()) == (True, {"A": "queued"})


def test_a_sound_row_before_an_edited_one_moves_nothing_either(machine: HomeMachine):
    """The batch stays with its workers, who look for the run where the row says that it was kept."""
    machine.lend(*THREE)
    kept, home = machine.out / "work" / "1.1", machine.out / "work" / "1"
    kept.mkdir(parents=True)
    (kept / "lookup.jsonl").write_text("{}\n")
    machine.sql("update habeas.person set kept = 'work/1.1' where request = 'A'")
    machine.sql("update habeas.person set kept = '../december' where request = 'B'")
    done = machine.call("resume", str(machine.out))
    assert (done.returncode, "the row of B names a run that is not its own" in flat(done.stderr)) == (2, True), done.stderr
    assert ((kept / "lookup.jsonl").is_file(), home.exists(), machine.rows()) == (True, False, dict.fromkeys("ABC", "queued"))


def test_an_option_that_means_nothing_to_workers_is_refused(machine: HomeMachine):
    """They always wait for their turn."""
    done = machine.lend(*THREE, words=("--no-wait",))
    assert (done.returncode, "--no-wait is for people who are asked from here" in flat(done.stderr)) == (2, True)
    assert not machine.out.exists()
