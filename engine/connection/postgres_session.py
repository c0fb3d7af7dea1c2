"""Talk to the database of a shared store: connect, check what it is, and say in one sentence what is wrong with it.

What a server, a database or a user is set to otherwise is set back for our sessions (`ITS_SIDE`). Statements commit one by one. What must
end with its holder's death is a lock of the session (`pg_advisory_lock`): the server ends the session of a process that died at once, and
that of a machine that is gone when it has answered nothing for a minute. A process that is stopped keeps its session: one that stands
still in a transaction, whose locks others wait for, is ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from engine.connection.store import StoreAway
from engine.connection.store_address import shown
from engine.connection.stored import Name

Session = AsyncConnection[TupleRow]
OLDEST = 140_000
VERSION = 2  # of the tables; postgres_tables has the steps that lead to it
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
# a database made in the locale C converts nothing: without an encoding of ours its texts would come as bytes
OUR_SIDE: dict[str, str | int] = {"connect_timeout": 10, "application_name": "habeas", "client_encoding": "UTF8", **KEEPALIVE}
ITS_SIDE = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_session_timeout": "0",
    "statement_timeout": "0",  # who waits for a turn may wait for an hour, and a large batch is lent by one statement
    "lock_timeout": "0",
    "datestyle": "ISO",  # in the others a moment cannot be read
    "idle_in_transaction_session_timeout": "10min",  # a command that is suspended there would keep workers from what it has locked
}
LONGEST_WORDS = 200
CREATE = "habeas connections create-tables"
WORDS = {
    "3F000": f"has no tables of Habeas: {CREATE} makes them, once for all",
    "42P01": f"has no tables of Habeas: {CREATE} makes them, once for all",
    "25006": "can only be read now, so nothing was changed: name the server that can be written, or run again later",
    "42501": "does not let this user read and write the schema habeas: grant it, as docs/cluster.md says",
}


@asynccontextmanager
async def session(address: str, *, checked: bool = True) -> AsyncIterator[Session]:
    """Open a session; if `checked`, the tables are known to be those of this version. Raises StoreAway."""
    try:
        connection = await AsyncConnection.connect(make_conninfo(address, **OUR_SIDE), autocommit=True)
    except psycopg.Error as error:
        raise away(address, error) from None
    try:
        await _check(connection, address, tables=checked)
        yield connection
    except psycopg.Error as error:
        raise away(address, error) from None
    finally:
        await connection.close()


def away(address: str, error: psycopg.Error, then: str = "nothing was changed: run again when it can") -> StoreAway:
    """Say what a database's refusal means for the person at the command line; `then` is what follows where the database itself is away."""
    words = WORDS.get(error.sqlstate or "")
    if words is None:
        said = " ".join((str(error).strip().splitlines() or [type(error).__name__])[0].split())[:LONGEST_WORDS]
        words = f"cannot be used now ({said}); {then}"
    return StoreAway(f"the store {shown(address)} {words}")


async def _check(connection: Session, address: str, *, tables: bool) -> None:
    if connection.info.server_version < OLDEST:
        found = connection.info.server_version // 10_000
        message = f"the store {shown(address)} is a PostgreSQL {found}: Habeas needs {OLDEST // 10_000} or newer"
        raise StoreAway(message)
    ours = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in ITS_SIDE.items())
    await connection.execute(f"select {ours}".encode())
    version = await version_of(connection) if tables else VERSION
    if version > VERSION:
        message = f"the store {shown(address)} is of a newer Habeas (version {version}, this one knows {VERSION}): upgrade this one"
        raise StoreAway(message)
    if version < VERSION:
        message = f"the store {shown(address)} is of an older Habeas (version {version} of {VERSION}): {CREATE} brings it up to date"
        raise StoreAway(message)


async def version_of(connection: Session) -> int:
    """Give the version of the tables; 0 where somebody began to make them."""
    found = await (await connection.execute("select version from habeas.version")).fetchone()
    return int(found[0]) if found else 0


def lock_key(kind: str, name: Name) -> int:
    """Give the number of a lock: databases count locks, and do not name them."""
    return int.from_bytes(blake2b(f"habeas {kind} {name}".encode(), digest_size=8).digest(), signed=True)


async def taken(connection: Session, key: int) -> bool:
    """Take a lock of the session, if nobody has it."""
    found = await (await connection.execute("select pg_try_advisory_lock(%s)", (key,))).fetchone()
    return bool(found and found[0])
