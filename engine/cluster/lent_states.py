"""Change states of lent people: queue them again, take them out, or forget a batch. Workers see it with the next person they ask for."""

from __future__ import annotations

import msgspec

from engine.batch.batch_folder import BatchFolder
from engine.batch.lent_mark import MARK, LentMark, read_mark
from engine.cluster.batches import StoredBatch, batch_called, lent_batch, lent_batches
from engine.cluster.recall import taken_back
from engine.connection.postgres_session import Session, session
from engine.connection.store_address import shown
from engine.errors import UsageError

RETRY = """
update habeas.person set state = 'queued', attempts = 0, not_before = now()
where batch = %(batch)s and (state = 'failed' or (request = %(request)s::text and state in ('cancelled', 'queued', 'recalled')))
  and request = coalesce(%(request)s::text, request)
"""
CANCEL = """
update habeas.person set state = 'cancelled'
where batch = %(batch)s and state in ('queued', 'recalled') and request = coalesce(%(request)s::text, request)
"""
CHANGES = {"retry": RETRY, "cancel": CANCEL}
HELD = "select 1 from habeas.batch where id = %(batch)s for update"
KNOWN = "select 1 from habeas.person where batch = %(batch)s and request = %(request)s limit 1"
UNDER_WAY = "select count(*) from habeas.person where batch = %(batch)s and state = 'running'"
FORGET = "delete from habeas.batch where id = %(batch)s"


class ChangedPeople(msgspec.Struct, frozen=True):
    """How many rows were changed, and how many were left because they are under way."""

    changed: int
    under_way: int


async def changed_of_store(address: str, name: str | None, request: str | None, words: str) -> ChangedPeople:
    """Do RETRY or CANCEL in the batch of a name, to everybody or to one request. Raises StoreAway, UsageError."""
    async with session(address) as connection, connection.transaction():
        batch = batch_called(await lent_batches(connection), name, shown(address))
        known = await connection.execute(KNOWN, {"batch": batch.id, "request": request})
        if request is not None and await known.fetchone() is None:
            message = f"{shown(address)}: no request that is lent there is called {request}"
            raise UsageError(message)
        return await _changed(connection, batch.id, request, words)


async def changed_of_folder(folder: BatchFolder, mark: LentMark, address: str, request: str | None, words: str) -> ChangedPeople | None:
    """Do the same in the batch of a folder; None where it is at home still. Raises StoreAway."""
    async with session(address) as connection, connection.transaction():
        found = await lent_batch(connection, folder.id, shown(address), surely=mark.whole)
        return None if found is None else await _changed(connection, found.id, request, words)


async def _changed(connection: Session, batch: str, request: str | None, words: str) -> ChangedPeople:
    values = {"batch": batch, "request": request}
    await connection.execute(HELD, values)
    number = (await connection.execute(words.encode(), values)).rowcount
    row = await (await connection.execute(UNDER_WAY, values)).fetchone()
    return ChangedPeople(number, int(row[0]) if row else 0)


async def forgotten(address: str, name: str) -> ChangedPeople:
    """Take everybody of a batch out whose folder is lost, and delete its rows once nobody is under way at a worker that lives.

    Gives how many people were in it, or how many are under way: then the rows stay, and nobody else is begun. Raises StoreAway, UsageError.
    """
    async with session(address) as connection:
        batch = batch_called(await lent_batches(connection), name, shown(address))
        _check_lost(batch)
        await taken_back(connection, batch.id)
        async with connection.transaction():
            done = await _changed(connection, batch.id, None, CANCEL)
            if done.under_way:
                return done
            people = await (await connection.execute("select count(*) from habeas.person where batch = %s", (batch.id,))).fetchone()
            await connection.execute(FORGET, {"batch": batch.id})
    return ChangedPeople(int(people[0]) if people else 0, 0)


def _check_lost(batch: StoredBatch) -> None:
    """See that the folder is not here, where this machine can tell. Raises UsageError."""
    mark = read_mark(batch.folder)
    if mark is not None and mark.batch == batch.id:
        message = (
            f"{batch.folder} is not lost, its {MARK} says that it is lent: habeas resume {batch.folder} takes the batch back; "
            f"nothing was changed"
        )
        raise UsageError(message)
