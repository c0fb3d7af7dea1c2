"""What only a shared store can meet: a database that is away, full, read-only, old or another's, rows that somebody changed, no key."""

from __future__ import annotations

import asyncio
import sys

import psycopg
import pytest

from engine.connection import postgres_session, postgres_tables
from engine.connection.chosen_store import make_tables, store_of
from engine.connection.keys import HOW
from engine.connection.postgres_session import VERSION, away, shown
from engine.connection.postgres_tables import STEPS
from engine.connection.store import StoreAway
from engine.connection.stored import Name, StoreError
from engine.core.oauth import Renewed
from engine.errors import Exit, NotConnected
from tests.connection.commands import redirect
from tests.connection.kept import KEY, OTHER, keeping
from tests.connection.vendor import NAME, Acme

EMEA = Name("acme", "emea")
RUN = ("run", "acme", "--email", "her@acme.example", "--out")
SENTENCE = 400


def sealed_of(postgres, name: str = "acme/default") -> str:
    """Give a row's content, in hexadecimal."""
    ((found,),) = postgres.sql(f"select encode(sealed, 'hex') from habeas.credential where name = '{name}'", database="habeas")
    return found


async def test_the_database_holds_no_secret_and_no_key(shared, postgres):
    """Whoever reads it, or a copy of it, has names and sealed bytes."""
    record = Acme().record()
    await shared.write(record)
    rows = str(postgres.sql("select c, d from habeas.connection c join habeas.credential d using (name)", database="habeas"))
    whole = rows + bytes.fromhex(sealed_of(postgres)).decode()
    assert not [secret for secret in (record.tokens.access, record.tokens.refresh, record.client.secret, KEY) if secret in whole]
    assert "acme/default" in whole


MISSING = f"a shared store is sealed with HABEAS_KEY, which is not set: set it to your team's key ({HOW}); none is made for you"


async def test_no_key_and_a_wrong_key_are_one_sentence_and_none_is_made(shared):
    """Exit 4 for whoever would read or write; nothing of the store is changed."""
    async with Acme().up() as acme:
        habeas = shared.command(acme)
        for words in (("connect", "acme"), ("verify", "acme", "--connection", "default"), (*RUN, str(shared.folder / "out"))):
            done = await habeas(*words, HABEAS_KEY=None)
            assert (done.code, acme.log) == (4, []), done
        assert (await habeas("connect", "acme", HABEAS_KEY=None)).err == f"error: {MISSING}\n"
        await shared.write(acme.record())
        assert (await habeas("verify", "acme", HABEAS_KEY=None)).err == f"error: {MISSING}\n"
        wrong = await habeas("connect", "acme", "--connection", "emea", HABEAS_KEY=OTHER)
        words = "error: HABEAS_KEY is another key than the one that acme/default in postgresql://team@/habeas is sealed with: set it to your team's\n"
        assert (wrong.code, wrong.err) == (4, words)
        done = await habeas("verify", "acme", HABEAS_KEY=OTHER)
        words = "acme/default in postgresql://team@/habeas is encrypted with another key than the ones at hand: set HABEAS_KEY to your team's key"
        assert (done.code, done.err) == (4, f"error: {words}; nothing was changed\n")
        assert (await habeas("verify", "acme", HABEAS_KEY="short")).code == 2
        plain = await habeas("connect", "acme", "--insecure-storage")
        assert (plain.code, "a shared store is always encrypted" in plain.err) == (2, True)
        assert not (shared.folder / "state" / "key.json").exists()
        assert (await shared.store().names(), acme.log) == ([NAME], [])


CHANGED = "is not what Habeas stored there"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("set sealed = decode('{older}', 'hex')", CHANGED),
        ("set serial = 1", CHANGED),
        ("set sealed = (select sealed from habeas.credential where name = 'acme/emea')", CHANGED),
        ("set sealed = '{{}}'", "is no connection of Habeas"),
        ("set sealed = substring(sealed for 100)", "is damaged"),
        ("set sealed = set_byte(sealed, octet_length(sealed) - 9, get_byte(sealed, octet_length(sealed) - 9) # 1)", "is damaged"),
    ],
)
async def test_a_row_that_somebody_changed_is_refused(change, part, shared, postgres):
    """Rolled back in part, exchanged with another, cut or turned: the number and the name stand in what is sealed."""
    async with Acme().up() as acme:
        record = acme.record(life=-1)
        await shared.write(record, EMEA)
        await shared.write(record)
        older = sealed_of(postgres)
        assert await (await keeping(shared.store(), acme))[0].refresh() == Renewed(asked=True)
        keeper, _ = await keeping(shared.store(), acme)
        postgres.sql(f"update habeas.credential {change.format(older=older)} where name = 'acme/default'", database="habeas")
        with pytest.raises(StoreError, match=part):
            await shared.read()
        assert part in (await keeper.refresh()).words
        assert acme.log == ["token"]


READ_ONLY = "can only be read now, so nothing was changed"


async def test_a_database_that_can_only_be_read_is_read(shared, postgres):
    """A run goes on with the token there is; nothing is renewed, because the answer could not be stored."""
    async with Acme().up() as acme:
        await shared.write(acme.record())
        habeas = shared.command(acme)
        postgres.sql("alter database habeas set default_transaction_read_only = on")
        try:
            done = await habeas(*RUN, str(shared.folder / "out"))
            assert (done.code, "the database takes nothing" in done.err) == (0, True), done
            acme.provider.access.clear()
            acme.log.clear()
            done = await habeas(*RUN, str(shared.folder / "late"))
            assert (done.code, READ_ONLY in done.out, "token" in acme.log) == (3, True, False), done
            for words in (
                ("connect", "acme", "--connection", "emea", "--redirect-uri", redirect()),
                ("connections", "rename", "acme", "emea"),
                ("connections", "remove", "acme", "--no-revoke"),
            ):
                done = await habeas(*words, HABEAS_ACME_PROBE="")
                assert (done.code, READ_ONLY in done.err) == (4, True), done
        finally:
            postgres.sql("alter database habeas reset default_transaction_read_only")
        assert (await habeas(*RUN, str(shared.folder / "then"))).code == 0


async def test_a_database_that_is_away_is_one_sentence(shared, postgres):
    """Down, without a place for one more, of another name: exit 4 before anything is asked; it works again when the cause is gone."""
    async with Acme().up() as acme:
        await shared.write(acme.record())
        habeas = shared.command(acme)
        addresses = {
            f"postgresql://team@/habeas?host={shared.folder}": "No such file or directory",
            "postgresql://team:hidden-one@127.0.0.1:1/habeas": "Connection refused",
            postgres.address("elsewhere"): 'database "elsewhere" does not exist',
            "postgresql://team@/habeas?no=such": "no",
        }
        for address, part in addresses.items():
            done = await habeas(*RUN, str(shared.folder / "out"), HABEAS_STORE=address)
            assert (done.code, part in done.err, done.err.count("\n")) == (4, True, 1), done
            assert done.err.startswith("error: the store postgresql://team@")
            assert ("hidden-one" in done.err, len(done.err) < SENTENCE) == (False, True)
        postgres.sql("alter database habeas connection limit 0")
        for words in (("verify", "acme"), ("verify", "acme", "--json"), ("connections", "check", "--all")):
            done = await habeas(*words)
            assert (done.code, "too many connections" in done.err, done.out) == (4, True, ""), done
        postgres.sql("alter database habeas connection limit -1")
        assert acme.log == []
        assert (await habeas("verify", "acme")).code == 0
        done = await habeas("connections", "list", HABEAS_STORE="mysql://db")
        assert (done.code, done.err) == (2, f"error: {UNREADABLE}\n")


UNREADABLE = "HABEAS_STORE names no store: it is the address of a PostgreSQL database, postgresql://USER@HOST/DATABASE"


async def test_tables_are_made_once_and_known_by_their_version(shared, postgres, monkeypatch):
    """Missing, older, newer, or not ours to read: each is a sentence, with the command that mends it."""
    async with Acme().up() as acme:
        habeas = shared.command(acme)
        again = await habeas("connections", "create-tables")
        assert (again.code, again.out) == (0, f"The tables are there already (version {VERSION}).\n")
        versions = {
            f"update habeas.version set version = {VERSION + 1}": f"is of a newer Habeas (version {VERSION + 1}, this one knows {VERSION}): upgrade this one",
            f"update habeas.version set version = {VERSION - 1}": "habeas connections create-tables brings it up to date",
            "revoke all on schema habeas from team; alter schema habeas owner to boss": "does not let this user",
            "drop schema habeas cascade": "has no tables of Habeas: habeas connections create-tables makes them, once for all",
        }
        for statement, part in versions.items():
            postgres.sql(statement, database="habeas")
            done = await habeas("connections", "list")
            assert (done.code, part in done.err, done.err.count("\n")) == (4, True, 1), done
        made = await habeas("connections", "create-tables", postgres.address(), HABEAS_STORE=None)
        assert (made.code, made.out) == (0, f"Made the tables (version {VERSION}).\n")
        assert (await habeas("connections", "list")).code == 0
        unnamed = await habeas("connections", "create-tables", HABEAS_STORE=None)
        assert (unnamed.code, "name the database" in unnamed.err) == (2, True)
    assert len(STEPS) == VERSION
    monkeypatch.setattr(postgres_tables, "VERSION", VERSION + 1)
    monkeypatch.setattr(postgres_tables, "STEPS", (*STEPS, "alter table habeas.connection add column more text"))
    assert await make_tables(postgres.address()) == f"Brought the tables from version {VERSION} to {VERSION + 1}."
    with pytest.raises(StoreAway, match="newer Habeas"):
        await shared.store().names()
    monkeypatch.undo()
    with pytest.raises(StoreAway, match="newer Habeas"):
        await make_tables(postgres.address())


async def test_a_row_of_a_name_that_is_none_is_none(shared, postgres):
    """A name stands in the names of files too."""
    await shared.write(Acme().record())
    for name in ("acme/../../x", "acme", "/x", "Acme/x"):
        postgres.sql(f"insert into habeas.connection (name, account) values ('{name}', '{name}')", database="habeas")
        postgres.sql(f"insert into habeas.credential values ('{name}', 1, '')", database="habeas")
    assert await shared.store().names() == [NAME]


async def test_two_who_make_the_tables_at_once_make_them_once(postgres, database):
    """Both say that they are there."""
    postgres.sql("drop schema habeas cascade", database="habeas")
    found = await asyncio.gather(*(make_tables(database) for _ in range(4)))
    assert sorted(one.partition(" ")[0] for one in found) == ["Made", "The", "The", "The"]


async def test_a_server_that_is_too_old_is_said(shared, monkeypatch):
    """Its version, and the oldest that will do."""
    monkeypatch.setattr(postgres_session, "OLDEST", 990_000)
    with pytest.raises(StoreAway, match=r"postgresql://team@/habeas is a PostgreSQL \d+: Habeas needs 99 or newer"):
        await shared.store().names()
    assert StoreAway.exit_code is Exit.NOT_CONNECTED


async def test_without_the_driver_the_sentence_names_the_extra(shared, monkeypatch):
    """Whoever has no team needs none."""
    monkeypatch.setitem(sys.modules, "engine.connection.postgres_store", None)
    monkeypatch.setitem(sys.modules, "engine.connection.postgres_tables", None)
    for work in (lambda: store_of(shared.environ), lambda: asyncio.run(make_tables("postgresql://x"))):
        with pytest.raises(NotConnected, match=r"pip install 'habeas\[cluster\]'"):
            await asyncio.to_thread(work)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://me:secret@db.example.com:5433/habeas?sslmode=require", "postgresql://me@db.example.com:5433/habeas"),
        ("postgres://db.example.com/habeas?password=secret", "postgresql://db.example.com/habeas"),
        ("postgresql:///habeas?host=/run/postgresql", "postgresql:///habeas"),
    ],
)
def test_an_address_is_shown_without_what_it_holds_of_a_password(address, words):
    """In the list, in errors, wherever the store is named."""
    assert shown(address) == words
    assert len(str(away(address, psycopg.OperationalError("x" * 999 + "\nsecond line")))) < SENTENCE
