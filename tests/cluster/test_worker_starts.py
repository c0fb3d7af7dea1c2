"""A worker that cannot begin says so in one sentence, and changes nothing; one whose store becomes another's ends."""

from __future__ import annotations

import pytest

from engine.connection.postgres_session import VERSION
from engine.connection.store import StoreAway
from engine.errors import Exit
from tests.connection.kept import OTHER

LONGEST = 420


@pytest.mark.parametrize(
    ("before", "environ", "words"),
    [
        (None, {"HABEAS_KEY": None}, "a shared store is sealed with HABEAS_KEY, which is not set"),
        (None, {"HABEAS_KEY": OTHER}, "HABEAS_KEY is another key than the one that acme/one"),
        ("drop schema habeas cascade", {}, "has no tables of Habeas: habeas connections create-tables makes them"),
        ("update habeas.version set version = 1", {}, "is of an older Habeas (version 1 of"),
        (f"update habeas.version set version = {VERSION + 1}", {}, "is of a newer Habeas"),
        ("alter database habeas allow_connections false", {}, "cannot be used now"),
        ("alter role team connection limit 0", {}, "cannot be used now"),
        ("alter role team set default_transaction_read_only = on", {}, "can only be read now, so nothing was changed"),
    ],
    ids=["no key", "another key", "no tables", "older tables", "newer tables", "away", "out of connections", "read-only"],
)
def test_a_worker_that_cannot_begin_says_so_in_one_sentence(before, environ, words, team, postgres, habeas):
    """Exit 4; when the cause is gone it can begin."""
    team.connect("one")
    if before is not None:
        postgres.sql(before, database="postgres" if before.startswith("alter") else "habeas")
    given = {name: value for name, value in {**team.kept.environ, **environ}.items() if value is not None and name != "HABEAS_STORE"}
    try:
        done = habeas("worker", str(team.kept.address), **given)
    finally:
        postgres.sql("alter database habeas allow_connections true", "alter role team connection limit -1", "alter role team reset all")
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (Exit.NOT_CONNECTED, "")
    assert words in said
    assert len(said) < LONGEST
    assert "Traceback" not in said


def test_a_worker_does_not_begin_where_an_answer_of_a_vendor_could_not_be_kept(team, habeas):
    """Its folder is open to others, as a service's is made unless it is told otherwise: that was noticed with the answer in its hands."""
    home = team.kept.folder / "state"
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    done = habeas("worker", str(team.kept.address), **team.kept.environ)
    said = " ".join(done.stderr.split())
    assert (done.returncode, f"{home} can be read by others: chmod 700 {home}" in said) == (Exit.NOT_CONNECTED, True), said
    assert team.sql("select * from worker") == []


def test_a_worker_needs_a_store_and_a_lease_that_can_be(habeas, team):
    """Wrong usage; the store may be named by HABEAS_STORE."""
    assert "name the database: habeas worker postgresql://USER@HOST/DATABASE" in habeas("worker").stderr
    done = habeas("worker", "--lease", "0.5", **team.kept.environ)
    assert (done.returncode, "--lease 0.5: a lease lasts from 1 to 3600 seconds" in done.stderr) == (2, True)


def test_a_worker_makes_the_tables_where_it_is_told_to(habeas, postgres):
    """As habeas connections create-tables does; it does nothing else."""
    postgres.sql("drop schema if exists habeas cascade", database="habeas")
    done = habeas("worker", "--create-tables", postgres.address())
    assert (done.returncode, done.stdout) == (0, f"Made the tables (version {VERSION}).\n")
    assert habeas("worker", "--create-tables", postgres.address()).stdout == f"The tables are there already (version {VERSION}).\n"
    assert postgres.sql("select to_regclass('habeas.procrastinate_jobs') is not null", database="habeas") == [(True,)]


async def test_a_worker_whose_tables_became_those_of_another_version_ends(team, workers):
    """It gives back what it holds, and says which versions these are."""
    async with workers() as here:
        team.sql("update version set version = version + 1")
        with pytest.raises(StoreAway, match=rf"is of a newer Habeas now \(version {VERSION + 1}, this one knows {VERSION}\)"):
            await here.task
        team.sql("update version set version = version - 1")


def test_a_user_who_may_not_make_the_schema_is_told_who_may(habeas, postgres):
    """The database is another's; nothing was made."""
    postgres.sql("drop schema if exists habeas cascade", "alter database habeas owner to boss", database="habeas")
    try:
        for words in (("worker", "--create-tables"), ("connections", "create-tables")):
            done = habeas(*words, postgres.address())
            said = " ".join(done.stderr.split())
            assert (done.returncode, done.stdout) == (Exit.NOT_CONNECTED, "")
            assert said.endswith("does not let this user make the schema habeas: name the user who owns the database"), said
    finally:
        postgres.sql("alter database habeas owner to team", database="habeas")
    assert habeas("worker", "--create-tables", postgres.address()).returncode == 0
