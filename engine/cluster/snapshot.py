"""What workers did of a batch, as the shared store has it now, put into a `Database`: so all that reads a batch reads a lent one too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from psycopg import sql

from engine.batch.batch_folder import PEOPLE, BatchFolder, LentTo
from engine.batch.database import FORMAT, Database
from engine.cluster.batches import StoredBatch, batch_called, lent_batch, lent_batches
from engine.connection.postgres_session import Session, session
from engine.connection.store_address import shown
from engine.errors import UsageError
from engine.net.clock import Clock, wall_clock

AT_ONCE = 5_000
SEEN = 60  # seconds: a worker that said nothing for so long is not counted
PEOPLE_ROWS = """
select request, connection, state, extract(epoch from not_before - now())::float8,
  attempts, exit_code, reason, folder, sha256, to_char(ended_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from habeas.person where batch = {} order by id
"""
CONNECTION_ROWS = """
select target.connection, target.vendor, target.word, target.chosen, target.at, target.sha256, target.simulated,
  connection.ended, extract(epoch from connection.not_before - now())::float8, connection.rate::text
from habeas.target join habeas.connection on connection.name = target.connection where target.batch = %s order by 1
"""
WORKERS = "select count(*) from habeas.worker where seen > now() - %s * interval '1 second'"
COPY_OF_LINES = "insert or ignore into line(request, content, reading) select request, x'', 0 from person"


async def pull(connection: Session, batch: str, database: Database, now: float) -> int:
    """Put what workers did into the rows of a batch that has them; gives how many people wait for workers. `now`: by this machine's clock.

    Times of the database come as seconds from now, since two clocks may differ. Raises UsageError where a row is missing, or names
    a result that is not its own.
    """
    waiting = 0
    for row in await (await connection.execute(CONNECTION_ROWS, (batch,))).fetchall():
        name, ended, waits, rate = row[0], *row[7:]
        found = database.run("update connection set ended=?, not_before=?, rate=? where name=?", ended, _moment(now, waits), rate, name)
        if not found:
            message = f"the connection {name} has another name in the batch's own folder: habeas connections rename gives it back"
            raise UsageError(message)
    async for request, name, state, waits, *told in _people(connection, batch):
        waiting += state == "queued"
        _check_place(request, told[3])
        found = database.run(
            "update person set state=?1, not_before=?2, attempts=?3, exit_code=?4, reason=?5, folder=?6, sha256=?7, ended_at=?8,"
            " taken=case when sha256 is ?7 then taken else 0 end where request=?9 and connection=?10",
            *("queued" if state == "recalled" else state, _moment(now, waits), *told, request, name),
        )
        if not found:
            message = f"batch.db does not know {request} at {name}, which is lent: put the newest copy of it back; nothing was changed"
            raise UsageError(message)
    return waiting


def _check_place(request: str, folder: str | None) -> None:
    """See that a row names a result of its own request: edited, it could name another person's. Raises UsageError."""
    if folder is not None and (not folder.startswith(f"{PEOPLE}/{request}/") or ".." in folder.split("/")):
        message = f"the row of {request} names a result that is not its own: somebody edited it; put the database's backup back"
        raise UsageError(message)


async def _people(connection: Session, batch: str) -> AsyncIterator[tuple[Any, ...]]:
    """Read all rows of a batch, some thousand at a time; in a transaction."""
    async with connection.cursor(name="people") as rows:
        rows.itersize = AT_ONCE
        await rows.execute(sql.SQL(PEOPLE_ROWS).format(sql.Literal(batch)))
        async for row in rows:
            yield row


def _moment(now: float, waits: float | None) -> float | None:
    """Give until when something waits; None where it waits no more, though the row still says until when it did."""
    return None if waits is None or waits <= 0 else now + waits


class Snapshot:
    """A lent batch as it is now: `folder` can be read like any other; it is brought up to date by `refresh`."""

    def __init__(self, address: str, folder: BatchFolder, *, surely: bool = True, clock: Clock | None = None) -> None:
        """`folder` has a database of the snapshot's own; if it is not `surely` lent, it may be at home still."""
        self.address, self.folder, self.surely, self.clock = address, folder, surely, clock or wall_clock()
        self.at_home = 0

    async def refresh(self) -> None:
        """Read what workers did since. Raises StoreAway, UsageError."""
        async with session(self.address) as connection, reading(connection):
            await self.read(connection)

    async def read(self, connection: Session) -> None:
        """Read it over a session, in a transaction."""
        seen = self.folder.lent is not None
        found = await lent_batch(connection, self.folder.id, shown(self.address), surely=self.surely and not seen)
        if found is None and seen:
            message = f"the batch is not lent to {shown(self.address)} any more, it was taken back: habeas status {self.folder.path}"
            raise UsageError(message)
        if found is None:
            return
        database = self.folder.database
        database.run("savepoint pulled")
        waiting = await pull(connection, found.id, database, self.clock.timestamp())
        database.run("release pulled")
        workers = await (await connection.execute(WORKERS, (SEEN,))).fetchone()
        idle = database.by_state()["queued"] - waiting
        self.folder.lent = LentTo(shown(self.address), found.dispatched, int(workers[0]) if workers else 0, idle, self.at_home)


@asynccontextmanager
async def reading(connection: Session) -> AsyncIterator[None]:
    """Read everything as of one moment."""
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        yield


async def of_folder(folder: BatchFolder, address: str, *, surely: bool = True) -> Snapshot:
    """Read a lent batch of this machine: those too who had ended before it was lent. Raises StoreAway, UsageError."""
    database = Database(None, new=True)
    database.run("rollback")
    folder.database.db.backup(database.db)
    found = Snapshot(address, BatchFolder(folder.path, database, folder.home), surely=surely)
    await found.refresh()
    return found


async def of_batch(address: str, name: str | None, home: Path) -> Snapshot:
    """Read a batch of which only the store is known, by its name where there are several. Raises StoreAway, UsageError."""
    database = Database(None, new=True)
    async with session(address) as connection, reading(connection):
        batch = batch_called(await lent_batches(connection), name, shown(address))
        await _made(connection, batch, database)
        found = Snapshot(address, BatchFolder(batch.folder, database, home))
        found.at_home = batch.at_home
        await found.read(connection)
    return found


async def _made(connection: Session, batch: StoredBatch, database: Database) -> None:
    """Write the rows of a batch that `pull` then fills."""
    told = msgspec.json.encode(batch.options).decode()
    head = (FORMAT, batch.id, batch.created.isoformat(), told, batch.refused)
    database.run("insert into batch(format, id, created, options, refused) values (?,?,?,?,?)", *head)
    for row in await (await connection.execute(CONNECTION_ROWS, (batch.id,))).fetchall():
        words = "insert into connection(name, vendor, word, chosen, at, sha256, simulated) values (?,?,?,?,?,?,?)"
        database.run(words, *row[:7])
    async for request, name, *_ in _people(connection, batch.id):
        database.run("insert into person(request, connection, content, wish) values (?,?,x'','{}')", request, name)
    database.run(COPY_OF_LINES)
    database.run("commit")
