"""The tables of a shared store, and the steps from each version to the next. A step that is out is never changed: another follows it.

`connection` is what is done with a vendor's account, and has columns for who owns it; `credential` is what opens it, sealed. Both lie in
a schema of their own, so that the database may hold other things too.
"""

from __future__ import annotations

from engine.connection.postgres_session import VERSION, session, shown, version_of
from engine.connection.store import StoreAway

FIRST = """
create table habeas.connection (
  name text primary key, account text, token bigint not null default 0, owner text, lease_until timestamptz, open int not null default 0,
  not_before timestamptz, served_at timestamptz, spent jsonb);
create table habeas.credential (
  name text primary key references habeas.connection on update cascade on delete cascade,
  serial bigint not null, sealed bytea not null, asking_since timestamptz);
"""
STEPS = (FIRST,)
BEGIN = """
create schema if not exists habeas;
create table if not exists habeas.version (version int not null);
lock table habeas.version in access exclusive mode;
"""


async def create_tables(address: str) -> tuple[int, int]:
    """Make what is missing, whole or not at all; gives the versions before and after. Raises StoreAway."""
    async with session(address, checked=False) as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(4172380)")  # two at once would both make the schema
        await connection.execute(BEGIN)
        before = await version_of(connection)
        if before > VERSION:
            message = f"the store {shown(address)} is of a newer Habeas (version {before}, this one knows {VERSION}): upgrade this one"
            raise StoreAway(message)
        for step in STEPS[before:]:
            await connection.execute(step.encode())
        await connection.execute("delete from habeas.version")
        await connection.execute("insert into habeas.version values (%s)", (VERSION,))
    return before, VERSION
