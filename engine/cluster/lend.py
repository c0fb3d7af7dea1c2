"""Lend a batch's people to workers: the mark first, then all rows in one transaction. The same again lends who came since.

Whatever is killed in between, either the database knows nobody more than before, or all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg.errors import ForeignKeyViolation

from engine.batch.batch_folder import KIND, OF, PEOPLE, WORK, BatchFolder, BatchKey
from engine.batch.lent_mark import LentMark, read_mark, write_mark
from engine.cluster.batches import StoredBatch, lent_batch
from engine.cluster.people import begin_of
from engine.connection.postgres_session import Session, session
from engine.connection.sealed_file import sealed
from engine.connection.store_address import shown, without_secrets
from engine.connection.team_keys import TeamKeys
from engine.errors import Exit, NotConnected, UsageError
from engine.net.clock import Clock, wall_clock
from engine.replaced import replace

BATCH_ROW = """
insert into habeas.batch as batch (id, folder, created, options, share, refused, sealed)
values (%(id)s, %(folder)s, %(created)s, %(options)s, coalesce(%(share)s, 0.75), %(refused)s, %(sealed)s)
on conflict (id) do update
set folder = excluded.folder, share = coalesce(%(share)s, batch.share), refused = excluded.refused, sealed = excluded.sealed
"""
TARGET_ROW = """
insert into habeas.target (batch, connection, vendor, word, chosen, at, sha256, simulated) values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (batch, connection) do update set word = excluded.word, sha256 = excluded.sha256
"""
AT_HOME = "update habeas.batch set at_home = %(all)s - (select count(*) from habeas.person where batch = %(id)s) where id = %(id)s"
LIVE = """
select count(*) from habeas.person join habeas.connection on connection.name = person.connection
where batch = %s and (state = 'queued' or (state = 'running' and lease_until > now()))
"""
COPY = """
copy habeas.person (batch, request, connection, identifiers, wish, priority, not_before, attempts, exit_code, reason, folder, kept,
  earlier, sha256, ended_at) from stdin
"""
QUEUED = """
select id, request, connection, identifiers, wish, priority, not_before, attempts, exit_code, reason, folder, sha256, ended_at from person
where state='queued' and (request, connection) not in (select request, connection from temp.there) order by id
"""
QUEUED_AGAIN = """
update habeas.person set state = 'queued', attempts = case when state = 'failed' then 0 else attempts end
where batch = %s and (state = 'recalled' or (state = 'failed' and exit_code = %s))
"""


class Lender:
    """Lends one batch, on which no other process works meanwhile."""

    def __init__(self, folder: BatchFolder, address: str, share: float | None = None, clock: Clock | None = None) -> None:
        """`share` is how much of each vendor's limit the workers use; None: as before."""
        self.folder, self.address, self.share, self.clock = folder, address, share, clock or wall_clock()

    async def lend(self, key: BatchKey, keys: TeamKeys) -> int:
        """Lend everybody who is queued; gives how many that were. Raises HabeasError; nobody is lost then, and the same again goes on."""
        sealed_key = sealed(keys.current(), KIND, self.folder.id, key.lent(self.folder.home))
        async with session(self.address) as connection:
            mark = read_mark(self.folder.path)
            if (found := await lent_batch(connection, self.folder.id, shown(self.address), surely=False)) is not None:
                check_same_folder(self.folder, found.folder)
                if mark is None:
                    await self._drop(connection, found)
            mark = mark or LentMark(store=without_secrets(self.address), batch=self.folder.id, dispatched=self.clock.now())
            write_mark(self.folder.path, mark)
            try:
                async with connection.transaction():
                    lent = await self._push(connection, sealed_key)
            except ForeignKeyViolation:
                message = f"a connection of this batch is not in the store {shown(self.address)} any more: habeas connect makes it anew"
                raise NotConnected(message) from None
        write_mark(self.folder.path, replace(mark, whole=True))
        return lent

    async def _drop(self, connection: Session, found: StoredBatch) -> None:
        """Delete what the database has of a batch that is at home: a backup of it was put back, or this is a copy. Raises UsageError."""
        row = await (await connection.execute(LIVE, (found.id,))).fetchone()
        if row is None or row[0]:
            message = (
                f"{shown(self.address)} has this batch already, lent from {found.folder}, and {self.folder.path} is not lent: "
                f"if it is a copy of that folder, name that one; "
                f"if a backup of the database was put back, habeas cancel URL --batch {found.id} first"
            )
            raise UsageError(message)
        await connection.execute("delete from habeas.batch where id = %s", (found.id,))

    async def _push(self, connection: Session, key: bytes) -> int:
        folder, database = self.folder, self.folder.database
        row = {
            "id": folder.id,
            "folder": str(folder.path.resolve()),
            "created": folder.created,
            "options": msgspec.json.encode(folder.options).decode(),
            "share": self.share,
            "refused": folder.refused,
            "sealed": key,
        }
        await connection.execute(BATCH_ROW, row)
        targets = list(database.all("select name, vendor, word, chosen, at, sha256, simulated from connection order by name"))
        for name, vendor, word, *further, simulated in targets:
            await connection.execute(TARGET_ROW, (folder.id, name, vendor, _anywhere(word), *further, bool(simulated)))
        await connection.execute("update habeas.connection set ended = null where name = any(%s)", ([one[0] for one in targets],))
        await connection.execute(QUEUED_AGAIN, (folder.id, int(Exit.NOT_CONNECTED)))
        await self._note_there(connection)
        now = await (await connection.execute("select extract(epoch from now())::float8")).fetchone()
        ahead = (now[0] if now else 0.0) - self.clock.timestamp()
        number = 0
        async with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for values in self._rows(ahead):
                await copy.write_row(values)
                number += 1
        await connection.execute(AT_HOME, {"id": folder.id, "all": database.count("select count(*) from person")})
        return number

    async def _note_there(self, connection: Session) -> None:
        """Note whom the database has already: a row is lent once."""
        database = self.folder.database
        database.run("create temp table if not exists there(request text, connection text, primary key(request, connection)) without rowid")
        database.run("delete from temp.there")
        async with connection.cursor(name="there") as rows:
            await rows.execute("select request, connection from habeas.person where batch = %s", (self.folder.id,))
            database.run("begin")
            async for row in rows:
                database.run("insert into temp.there values (?,?)", *row)
            database.run("commit")

    def _rows(self, ahead: float) -> Iterator[tuple[Any, ...]]:
        """Give the rows to lend, one by one; `ahead` is by how much the database's clock is ahead of ours."""
        work = self.folder.path / WORK
        begun = {one.name for one in work.iterdir()} if work.is_dir() else set()
        for number, request, name, identifiers, wish, priority, waits, *told, folder, sha256, ended in self.folder.database.all(QUEUED):
            until = None if waits is None else datetime.fromtimestamp(waits + ahead, UTC)
            kept = f"{WORK}/{number}" if str(number) in begun else None
            earlier = self._earlier(request, name, folder) if folder is not None else []
            yield (self.folder.id, request, name, identifiers, wish, priority, until, *told, folder, kept, earlier, sha256, ended)

    def _earlier(self, request: str, name: str, folder: str) -> list[str]:
        """Name what workers brought of a person in tries of an earlier lending: no row knows it any more, and it stays."""
        begin = begin_of(request, name)
        found = (f"{PEOPLE}/{request}/{path.name}" for path in (self.folder.path / PEOPLE / request).glob(f"*{OF}*"))
        return sorted(place for place in found if place.startswith(begin) and place != folder)


def check_same_folder(folder: BatchFolder, lent: Path) -> bool:
    """Whether a folder is the very one that is lent: not moved since, nor seen at another place. Raises UsageError where it is a copy."""
    if not lent.is_dir():
        return False
    mark = None if lent.samefile(folder.path) else read_mark(lent)
    if mark is not None and mark.batch == folder.id:
        message = f"{folder.path} is a copy of {lent}, which is lent: name that one; nothing was changed"
        raise UsageError(message)
    return lent.samefile(folder.path)


def _anywhere(word: str) -> str:
    """Write how a vendor is named so that it means the same in every folder: the path of a spec is made whole."""
    return str(Path(word).resolve()) if "/" in word or word.endswith((".yaml", ".yml")) else word


async def check_writable(address: str) -> None:
    """See that batches can be lent to a store now. Raises StoreAway."""
    async with session(address) as connection, connection.transaction(force_rollback=True):
        await connection.execute(
            "insert into habeas.batch (id, folder, created, options, share, sealed) values ('', '', now(), '{}', 1, '')"
        )
