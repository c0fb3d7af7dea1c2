"""The batches that are lent to a shared store: where their folders are, what was chosen for each, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from engine.batch.batch_folder import BatchOptions
from engine.batch.lent_mark import MARK
from engine.connection.postgres_session import Session
from engine.decoding import decoder
from engine.errors import NotConnected, UsageError

BATCHES = "select id, folder, created, dispatched, options::text, share, refused, at_home from habeas.batch"
MOST_NAMED = 8


class StoredBatch(msgspec.Struct, frozen=True):
    """A row of `habeas.batch`. `at_home`: how many of its people had ended before it was lent; only its folder knows of them."""

    id: str
    folder: Path
    created: datetime
    dispatched: datetime
    options: BatchOptions
    share: float
    refused: int
    at_home: int


async def lent_batches(connection: Session, only: str | None = None) -> list[StoredBatch]:
    """Read all batches, the newest last, or one by its id."""
    which, values = ("", ()) if only is None else (" where id = %s", (only,))
    rows = await (await connection.execute(f"{BATCHES}{which} order by dispatched, id".encode(), values)).fetchall()
    return [
        StoredBatch(name, Path(folder), created, dispatched, decoder(BatchOptions).decode(options), share, refused, at_home)
        for name, folder, created, dispatched, options, share, refused, at_home in rows
    ]


async def lent_batch(connection: Session, batch: str, where: str, *, surely: bool) -> StoredBatch | None:
    """Read one batch; None where it is not there, which is an error if it is `surely` lent. Raises NotConnected."""
    found = await lent_batches(connection, batch)
    if found or not surely:
        return found[0] if found else None
    message = (
        f"{where} does not know this batch, which is lent to it: put the database's backup back, or delete {MARK} in the batch's folder to "
        f"ask again for everybody whom workers were asked for"
    )
    raise NotConnected(message)


def batch_called(found: Sequence[StoredBatch], name: str | None, where: str) -> StoredBatch:
    """Give the batch of a name: its folder, the last part of that, or its id; without one the only batch there is. Raises UsageError."""
    meant = [one for one in found if name is None or name in (one.id, str(one.folder), one.folder.name)]
    if len(meant) == 1:
        return meant[0]
    if not found:
        message = f"no batch is lent to {where}: habeas batch PEOPLE.csv --dispatch lends one"
        raise UsageError(message)
    several = meant or found
    names = [one.folder.name for one in several]
    told = [one.folder.name if names.count(one.folder.name) == 1 else one.id for one in several[:MOST_NAMED]]
    more = f" and {len(several) - MOST_NAMED:,} more" if len(several) > MOST_NAMED else ""
    what = f"no batch there is called {name}" if name is not None and not meant else f"there are {len(several):,} batches"
    message = f"{where}: {what}: add --batch {' or '.join(told)}{more}"
    raise UsageError(message)
