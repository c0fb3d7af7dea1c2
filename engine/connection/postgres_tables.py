"""The tables of a shared store, and the steps from each version to the next. A step that is out is never changed: another follows it.

`connection` is what is done with a vendor's account, and has columns for who owns it; `credential` is what opens it, sealed. Both lie in
a schema of their own, so that the database may hold other things too.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from psycopg.errors import InsufficientPrivilege

from engine.connection.postgres_session import VERSION, session, version_of
from engine.connection.store import StoreAway
from engine.connection.store_address import shown

DISPATCHING = "-- here the tables of what dispatches"
FIRST = """
create table habeas.connection (
  name text primary key, account text, token bigint not null default 0, owner text, lease_until timestamptz, open int not null default 0,
  not_before timestamptz, served_at timestamptz, spent jsonb);
create table habeas.credential (
  name text primary key references habeas.connection on update cascade on delete cascade,
  serial bigint not null, sealed bytea not null, asking_since timestamptz);
"""
PEOPLE = (
    """
update habeas.connection set account = name where account is null;
alter table habeas.connection alter column account set not null, add column rate jsonb, add column ended text;
create index connection_account on habeas.connection (account);
create table habeas.batch (
  id text primary key, folder text not null, created timestamptz not null, dispatched timestamptz not null default now(),
  options jsonb not null, share real not null, refused int not null default 0, at_home int not null default 0, sealed bytea not null);
create table habeas.target (
  batch text not null references habeas.batch on delete cascade, connection text not null references habeas.connection on update cascade,
  vendor text not null, word text not null, chosen text, at text, sha256 text not null, simulated boolean not null,
  primary key (batch, connection));
create table habeas.person (
  id bigint generated always as identity primary key, batch text not null references habeas.batch on delete cascade,
  request text not null, connection text not null references habeas.connection on update cascade,
  identifiers bytea not null, wish text not null, state text not null default 'queued', priority smallint not null default 0,
  not_before timestamptz, attempts smallint not null default 0, token bigint, exit_code smallint, reason text,
  folder text, earlier text[] not null default '{}', kept text, sha256 text, ended_at timestamptz,
  unique (batch, request, connection));
create index next_person on habeas.person (connection, priority desc, id) where state = 'queued';
create index running_person on habeas.person (connection) where state = 'running';
create table habeas.worker (
  id text primary key, version text not null, host text not null, many int not null, started timestamptz not null default now(),
  seen timestamptz not null default now(), held text[] not null default '{}');
"""
    + DISPATCHING
)
STEPS = (FIRST, PEOPLE)
BEGIN = """
create schema if not exists habeas;
create table if not exists habeas.version (version int not null);
lock table habeas.version in access exclusive mode;
"""


def dispatching() -> str:
    """Give what makes the tables of what dispatches, in our schema. They have no version that could be read: ours is theirs.

    A release of it with other tables comes with a step of ours.
    """
    found = find_spec("procrastinate")
    if found is None or found.origin is None:
        raise ModuleNotFoundError
    return "set local search_path = habeas;\n" + (Path(found.origin).parent / "sql" / "schema.sql").read_text("utf-8")


async def create_tables(address: str) -> tuple[int, int]:
    """Make what is missing, whole or not at all; gives the versions before and after. Raises StoreAway."""
    async with session(address, checked=False) as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(4172380)")  # two at once would both make the schema
        try:
            await connection.execute(BEGIN)
        except InsufficientPrivilege:
            message = f"the store {shown(address)} does not let this user make the schema habeas: name the user who owns the database"
            raise StoreAway(message) from None
        before = await version_of(connection)
        if before > VERSION:
            message = f"the store {shown(address)} is of a newer Habeas (version {before}, this one knows {VERSION}): upgrade this one"
            raise StoreAway(message)
        for step in STEPS[before:]:
            await connection.execute((step.replace(DISPATCHING, dispatching()) if DISPATCHING in step else step).encode())
        await connection.execute("delete from habeas.version")
        await connection.execute("insert into habeas.version values (%s)", (VERSION,))
    return before, VERSION
