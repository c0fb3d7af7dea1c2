"""What can be wrong with a batch that is to be lent, seen or taken back: one sentence, the right exit code, and nothing is lost."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil

import pytest

from engine.batch.batch_folder import BatchFolder
from engine.batch.database import Database
from engine.batch.lent_mark import read_mark
from engine.cluster.lend import Lender
from engine.connection.team_keys import TeamKeys
from engine.connection.vault import Vault
from engine.errors import Exit
from tests.case.test_commands import home_of
from tests.cluster.machine import HomeMachine
from tests.cluster.test_lent_batch import THREE, flat
from tests.connection.kept import OTHER

COMMANDS = ("lend", "check", "resume", "status", "status url", "retry", "cancel", "retry url", "cancel url", "trace")


def commands(machine: HomeMachine) -> dict[str, list]:
    """Give every command that uses the database of a lent batch."""
    again = ("batch", str(machine.folder / "people.csv"), "--vendor", str(machine.vendor.spec), "--out", str(machine.out))
    place, url = str(machine.out), machine.address
    words = (
        (*again, "--dispatch", url),
        (*again, "--dispatch", url, "--check"),
        ("resume", place),
        *(("status", place), ("status", url), ("retry", place), ("cancel", place), ("retry", url), ("cancel", url)),
        ("trace", place),
    )
    return dict(zip(COMMANDS, map(list, words), strict=True))


def broken(machine: HomeMachine, how: str):
    """Give what breaks the database, and what mends it."""
    sql = machine.postgres.sql
    return {
        "down": (lambda: sql("alter database habeas rename to elsewhere"), lambda: sql("alter database elsewhere rename to habeas")),
        "no tables": (
            lambda: machine.sql("alter schema habeas rename to hidden"),
            lambda: machine.sql("alter schema hidden rename to habeas"),
        ),
        "older": (
            lambda: machine.sql("update habeas.version set version = 1"),
            lambda: machine.sql("update habeas.version set version = 2"),
        ),
        "newer": (
            lambda: machine.sql("update habeas.version set version = 99"),
            lambda: machine.sql("update habeas.version set version = 2"),
        ),
        "refused": (lambda: sql("alter role team nologin"), lambda: sql("alter role team login")),
        "full": (lambda: sql("alter role team connection limit 0"), lambda: sql("alter role team connection limit -1")),
        "read only": (
            lambda: sql("alter role team set default_transaction_read_only = on"),
            lambda: sql("alter role team reset default_transaction_read_only"),
        ),
        "no rights": (
            lambda: machine.sql("alter table habeas.batch owner to boss"),
            lambda: machine.sql("alter table habeas.batch owner to team"),
        ),
    }[how]


SAID = {
    "down": "does not exist); nothing was changed: run again when it can",
    "no tables": "has no tables of Habeas: habeas connections create-tables makes them, once for all",
    "older": "is of an older Habeas (version 1 of 2): habeas connections create-tables brings it up to date",
    "newer": "is of a newer Habeas (version 99, this one knows 2): upgrade this one",
    "refused": "is not permitted to log in); nothing was changed: run again when it can",
    "full": "too many connections for role",
    "read only": "can only be read now, so nothing was changed: name the server that can be written, or run again later",
    "no rights": "does not let this user read and write the schema habeas: grant it, as docs/cluster.md says",
}
READS = ("status", "status url", "trace", "check")


@pytest.mark.parametrize("how", SAID)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence_and_the_same_command_goes_on_later(how, machine: HomeMachine):
    """By each command; who is lent, and what is at home, stays as it was."""
    machine.lend(*THREE)
    wreck, mend = broken(machine, how)
    wreck()
    try:
        for name, words in commands(machine).items():
            done = machine.call(*words)
            if how == "read only" and name in READS:
                assert done.returncode == 0 or name == "check", done.stderr
                continue
            assert done.returncode == Exit.NOT_CONNECTED, (name, done.stderr)
            said = flat(done.stderr)
            assert SAID[how] in said, (name, said)
            assert said.startswith("error: the store postgresql://team@/habeas "), (name, said)
            assert said.count("error") == 1, (name, said)
    finally:
        mend()
    assert machine.rows() == dict.fromkeys("ABC", "queued")
    assert machine.lend(*THREE).returncode == 0
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0
    assert machine.at_home() == dict.fromkeys("ABC", "done")


@pytest.mark.parametrize("how", SAID)
def test_a_batch_is_not_begun_where_the_database_cannot_be_used(how, machine: HomeMachine):
    """Nothing is made."""
    wreck, mend = broken(machine, how)
    wreck()
    try:
        assert machine.lend(*THREE).returncode == Exit.NOT_CONNECTED
    finally:
        mend()
    assert not machine.out.exists()


@pytest.mark.parametrize(("key", "words"), [(None, "HABEAS_KEY, which is not set"), (OTHER, "HABEAS_KEY is another key")])
def test_a_key_that_is_not_the_teams_lends_nobody(key, words, machine: HomeMachine):
    """Without one, and with another one; nothing is made."""
    given = {} if key is None else {"HABEAS_KEY": key}
    people = machine.people(*THREE)
    words_of = ("batch", str(people), "--vendor", str(machine.vendor.spec), "--out", str(machine.out), "--dispatch", machine.address)
    done = machine.habeas(*words_of, HABEAS_ACME_AT=machine.vendor.address, **given)
    assert (done.returncode, words in flat(done.stderr)) == (Exit.NOT_CONNECTED, True), done.stderr
    assert not machine.out.exists()


def test_a_token_of_the_environment_lends_nobody(machine: HomeMachine):
    """No worker has it; one by which a batch was begun cannot be asked by workers either."""
    done = machine.lend(*THREE, HABEAS_ACME_SECRET="t0")
    said = flat(done.stderr)
    assert done.returncode == Exit.NOT_CONNECTED
    assert "a token of Acme is set in this environment, and no worker has it: unset HABEAS_ACME_TOKEN (or _SECRET)" in said
    assert not machine.out.exists()
    assert machine.batch("A,ada@x.io", HABEAS_ACME_SECRET="t0").returncode == 0
    done = machine.lend(*THREE)
    assert done.returncode == 2, done.stderr
    assert "begun with the connection acme/environment" in flat(done.stderr)
    assert read_mark(machine.out) is None


def test_a_vendor_that_the_store_is_not_connected_to_is_named(machine: HomeMachine):
    """With the command that connects it there; local connections do not count."""
    machine.sql("delete from habeas.connection")
    done = machine.lend(*THREE)
    assert done.returncode == Exit.NOT_CONNECTED
    said = flat(done.stderr)
    assert "not connected to Acme: habeas connect" in said
    assert "with HABEAS_STORE set to postgresql://team@/habeas, where workers look for it" in said
    assert not machine.out.exists()


def test_a_batch_that_is_lent_is_lent_to_nobody_else(machine: HomeMachine):
    """It is said where it is, and how it comes back."""
    machine.lend(*THREE)
    other = machine.address.replace("/habeas?", "/postgres?")
    done = machine.batch(*THREE, words=("--dispatch", other))
    assert done.returncode == 2
    assert f"{machine.out} is lent to postgresql://team@/habeas already: habeas resume {machine.out} takes it back first" in flat(
        done.stderr
    )


def test_a_folder_that_was_moved_goes_on_from_where_it_is(machine: HomeMachine):
    """Dispatched again the workers are told; taken back, the results must be there."""
    machine.lend(*THREE)
    old, machine.out = machine.out, machine.folder / "moved"
    old.rename(machine.out)
    assert machine.call("status", str(machine.out)).returncode == 0
    assert machine.lend(*THREE).returncode == 0
    assert machine.sql("select folder from habeas.batch") == [(str(machine.out),)]
    machine.ended("A")
    (machine.out / "people").rename(machine.folder / "people")
    third, machine.out = machine.out, machine.folder / "third"
    third.rename(machine.out)
    done = machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)
    assert (done.returncode, f"1 results are not in {machine.out}: workers put them into {third}" in flat(done.stderr)) == (2, True)
    assert machine.at_home() == dict.fromkeys("ABC", "queued")
    (machine.folder / "people").rename(machine.out / "people")
    assert machine.call("resume", str(machine.out), HABEAS_STORE=machine.address).returncode == 0


def test_a_copy_of_a_lent_batch_is_not_the_batch(machine: HomeMachine):
    """Neither lent nor taken back."""
    machine.lend(*THREE)
    original, machine.out = machine.out, machine.folder / "copy"
    shutil.copytree(original, machine.out)
    for done in (machine.lend(*THREE), machine.call("resume", str(machine.out), HABEAS_STORE=machine.address)):
        assert (done.returncode, f"{machine.out} is a copy of {original}, which is lent: name that one" in flat(done.stderr)) == (2, True)
    assert machine.rows() == dict.fromkeys("ABC", "queued")


def test_a_folder_that_is_gone_holds_no_batch(machine: HomeMachine):
    """The database still shows it."""
    machine.lend(*THREE)
    machine.ended("A")
    shutil.rmtree(machine.out)
    for words in (("status",), ("retry",), ("cancel",)):
        done = machine.call(*words, str(machine.out))
        assert (done.returncode, "holds no batch" in flat(done.stderr)) == (2, True)
    assert machine.call("status", machine.address).returncode == 0
    rows = machine.call("status", machine.address, "--csv")
    assert "A,acme/default,done,," in rows.stdout


def test_two_commands_at_once_lend_a_batch_once(machine: HomeMachine):
    """The second is told of the first; where a file system has no locks, the database has."""
    machine.lend(*THREE)

    file = os.open(machine.out / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    for words in commands(machine).values():
        if words[0] in ("batch", "resume", "retry", "cancel") and words[1] != machine.address and "--check" not in words:
            done = machine.call(*words)
            assert (done.returncode, "another process works on this batch" in flat(done.stderr)) == (Exit.INCOMPLETE, True), words
    os.close(file)
    home = home_of(machine.habeas)
    folders = [BatchFolder(machine.out, Database(machine.out / "batch.db"), home) for _ in range(2)]
    for number in range(40):
        folders[0].database.run(
            "insert into person(request, connection, identifiers, content, wish) values (?,'acme/default',x'00',x'00','{}')", f"Z{number}"
        )
    key, keys = folders[0].key(Vault(home, machine.key).keys), TeamKeys(machine.key)

    async def both() -> list[int]:
        return await asyncio.gather(*(Lender(folder, machine.address).lend(key, keys) for folder in folders))

    assert sorted(asyncio.run(both())) == [0, 40]
    for folder in folders:
        folder.database.close()
    assert len(machine.rows()) == 43


def test_a_row_of_the_file_that_changed_is_refused(machine: HomeMachine):
    """Nothing of the file is taken, and nobody else is lent."""
    machine.lend(*THREE)
    done = machine.lend("D,dora@x.io", "A,other@x.io")
    assert (done.returncode, "line 3: the request is in the batch already, with other content" in flat(done.stderr)) == (2, True)
    assert machine.rows() == dict.fromkeys("ABC", "queued")
    assert set(machine.at_home()) == set("ABC")
