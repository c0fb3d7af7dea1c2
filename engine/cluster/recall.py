"""Take a lent batch back to its folder: who is queued at once, all of them when nobody is under way at a worker any more.

The rows are read and deleted in one transaction of the database, around the one that writes them into `batch.db`. Whatever is killed in
between, the rows are still lent, or all of them are here.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from engine.batch.batch_folder import WORK, BatchFolder
from engine.batch.lent_mark import LentMark, remove_mark, write_mark
from engine.cluster.batches import StoredBatch, lent_batch
from engine.cluster.lend import check_same_folder
from engine.cluster.people import may_be_kept
from engine.cluster.snapshot import pull
from engine.connection.postgres_session import Session, session
from engine.connection.store_address import shown
from engine.errors import HabeasError, OutputError, UsageError
from engine.net.clock import Clock, wall_clock
from engine.replaced import replace

HELD = """
select name from habeas.connection where name in (select connection from habeas.target where batch = %s) order by name for no key update
"""
TAKEN_BACK = "update habeas.person set state = 'recalled' where batch = %s and state = 'queued'"
GIVEN_BACK = "update habeas.person set state = 'queued' where batch = %s and state = 'recalled'"
LAPSED = """
update habeas.connection set token = token + 1, lease_until = null
where name in (select connection from habeas.person where batch = %s and state = 'running') and coalesce(lease_until < now(), true)
returning name
"""
LEFT_RUNNING = """
update habeas.person set state = 'recalled', attempts = greatest(attempts - 1, 0), kept = null
where batch = %s and state = 'running' and connection = any(%s)
"""
UNDER_WAY = "select count(*) from habeas.person where batch = %s and state in ('queued', 'running')"
KEPT = "select request, connection, kept from habeas.person where batch = %s and kept is not null and state = 'recalled'"


class Recall:
    """Takes one batch back, on which no other process works meanwhile."""

    def __init__(self, folder: BatchFolder, mark: LentMark, address: str, clock: Clock | None = None) -> None:
        """`address` is that of the store that the mark names."""
        self.folder, self.mark, self.address, self.clock = folder, mark, address, clock or wall_clock()

    async def recall(self) -> int:
        """Take it back; gives how many people are still under way at workers: then only those who were queued are taken from them.

        Raises HabeasError; nobody is lost then, and the same again goes on.
        """
        async with session(self.address) as connection:
            found = await lent_batch(connection, self.folder.id, shown(self.address), surely=self.mark.whole)
            if found is not None:
                check_same_folder(self.folder, found.folder)
                await taken_back(connection, found.id)
                try:
                    async with connection.transaction():
                        if under_way := await self._under_way(connection):
                            return under_way
                        await self._home(connection, found)
                except HabeasError:
                    await connection.execute(GIVEN_BACK, (found.id,))
                    raise
        remove_mark(self.folder.path)
        return 0

    async def _under_way(self, connection: Session) -> int:
        await connection.execute("select 1 from habeas.batch where id = %s for update", (self.folder.id,))
        row = await (await connection.execute(UNDER_WAY, (self.folder.id,))).fetchone()
        return int(row[0]) if row else 0

    async def _home(self, connection: Session, batch: StoredBatch) -> None:
        """Bring everything here, then delete it there."""
        database = self.folder.database
        runs = await (await connection.execute(KEPT, (batch.id,))).fetchall()
        for request in (request for request, _, kept in runs if not may_be_kept(kept)):  # before any of them is moved
            message = f"the row of {request} names a run that is not its own: somebody edited it; put the database's backup back"
            raise UsageError(message)
        for request, name, kept in runs:
            self._keep(request, name, kept)
        database.run("begin immediate")
        try:
            await pull(connection, batch.id, database, self.clock.timestamp())
            self._check_results(batch)
            database.run("commit")
        except BaseException:
            database.run("rollback")
            raise
        write_mark(self.folder.path, replace(self.mark, whole=False))
        await connection.execute("delete from habeas.batch where id = %s", (batch.id,))

    def _keep(self, request: str, connection: str, kept: str) -> None:
        """Put what a worker left of a person where a run here goes on from it."""
        row = self.folder.database.one("select id from person where request=? and connection=?", request, connection)
        made, place = self.folder.path / kept, self.folder.path / WORK / str(row[0] if row else "")
        if row is not None and made.is_dir() and made != place:
            with suppress(OSError):
                shutil.rmtree(place, ignore_errors=True)
                made.rename(place)

    def _check_results(self, batch: StoredBatch) -> None:
        """See that results lie in this folder, where it is not the one that workers were told of. Raises OutputError."""
        if check_same_folder(self.folder, batch.folder):
            return
        named = self.folder.database.all("select folder from person where folder is not null and state in ('done', 'failed')")
        missing = sum(not os.path.lexists(self.folder.path / place) for (place,) in named)
        if missing:
            message = (
                f"{missing:,} results are not in {self.folder.path}: workers put them into {batch.folder}; bring them here, or go on there"
            )
            raise OutputError(message)


async def taken_back(connection: Session, batch: str) -> None:
    """Let no worker begin anybody; whom a worker had under way that is gone is taken back too, and what it still sends is refused."""
    async with connection.transaction():
        await connection.execute(HELD, (batch,))
        await connection.execute(TAKEN_BACK, (batch,))
        lapsed = [row[0] for row in await (await connection.execute(LAPSED, (batch,))).fetchall()]
        await connection.execute(LEFT_RUNNING, (batch, lapsed))
