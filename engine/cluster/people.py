"""The people of connections in a shared PostgreSQL, as their owner sees them: claimed, and ended in groups, all of it fenced by tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any

import msgspec

from engine.batch.asking import EndedPerson
from engine.batch.batch_folder import OF, PEOPLE, WORK, BatchOptions, label_of
from engine.batch.database import QueuedPerson
from engine.batch.results import PACKED
from engine.cluster.ownership import Lease, fenced
from engine.cluster.pool import Pool
from engine.decoding import decoder

BATCHES = """
with first as (
  select batch, min(-priority) as rank, min(id) as id from person
   where connection = (
     select name from connection where name = %s and ended is null and (not_before is null or not_before <= now()))
     and state = 'queued' and (not_before is null or not_before <= now()) group by batch)
select b.id, b.folder, b.options::text, b.share, b.sealed, t.word, t.chosen, t.at, t.sha256
  from first join batch b on b.id = first.batch join target t on t.batch = b.id and t.connection = %s order by first.rank, first.id"""
CLAIM = """
with owned as (
  select 1 from connection where name = %(name)s and token = %(token)s and ended is null and (not_before is null or not_before <= now())
  for no key update),
picked as (
  select id, kept from person
   where connection = %(name)s and state = 'queued' and batch = any(%(batches)s) and (not_before is null or not_before <= now())
     and exists (select from owned)
   order by priority desc, id limit 1 for update skip locked)
update person set state = 'running', attempts = attempts + 1, token = %(token)s, not_before = null, kept = null
  from picked where person.id = picked.id
returning person.id, request, connection, identifiers, wish, attempts, batch, token, folder, earlier, picked.kept"""
END = """
update person set state = %s, not_before = now() + make_interval(secs => %s), exit_code = %s, reason = %s,
  earlier = case when %s::text is not null and folder is not null then earlier || folder else earlier end,
  folder = coalesce(%s, folder), sha256 = coalesce(%s, sha256), ended_at = now(), attempts = greatest(attempts - %s, 0), kept = %s
 where id = %s and state = 'running' and token = %s"""
PAUSE = "update connection set not_before = greatest(not_before, now() + make_interval(secs => %s)) where name = %s"
OVER = """
select id from batch b where id = any(%s) and not exists (select from person where batch = b.id and state in ('queued', 'running'))"""
KNOWN = "select 1 from batch where id = %s for key share"
KEPT = re.compile(rf"{WORK}/[0-9]+(?:\.[0-9]+)?", re.ASCII)
NAMED = "select id, token, state, request, connection, folder, earlier, kept from person where batch = %s"


def made_in(number: int, token: int) -> str:
    """Give where a run is made below the batch's folder: `work/17.3`."""
    return f"{WORK}/{number}.{token}"


def may_be_kept(place: str) -> bool:
    """Whether a run can have been kept there: an edited row could have other folders moved, and then deleted."""
    return KEPT.fullmatch(place) is not None


def begin_of(request: str, connection: str) -> str:
    """Give how the names of a person's results at a connection begin. No name of a connection has a +."""
    return f"{PEOPLE}/{request}/{label_of(connection)}{OF}"


def place_in(request: str, connection: str, token: int, named: Iterable[str | None]) -> str:
    """Give where a result goes below the batch's folder: `people/DSR-17/zoom+3`, `zoom+3.2` where the same owner asks once more.

    `named` are the results that the row names. No name of a connection has a +.
    """
    taken = {name.removesuffix(PACKED) for name in named if name is not None}
    first = f"{begin_of(request, connection)}{token}"
    return next(name for name in chain((first,), (f"{first}.{number}" for number in count(2))) if name not in taken)


class LeasedPerson(QueuedPerson, frozen=True):
    """A row that is asked for by the owner of its connection: of which batch, under which token, what lies of it already.

    `kept` is the folder of a run that was stopped and can go on.
    """

    batch: str
    token: int
    folder: str | None
    earlier: tuple[str, ...]
    kept: str | None


class LentBatch(msgspec.Struct, frozen=True):
    """A batch with people at one connection, and what its target says of that: all that a worker needs besides the people."""

    id: str
    folder: str
    options: BatchOptions
    share: float
    sealed: bytes
    word: str
    chosen: str | None
    at: str | None
    sha256: str

    @property
    def limits(self) -> tuple[object, ...]:
        """Give what the people of several batches must share to be asked for over one open connection."""
        return self.word, self.sha256, self.at, self.options.plan, self.share


class LeasedEnd(msgspec.Struct, frozen=True):
    """How somebody ended: the row as it is written. Times are seconds from now."""

    ended: EndedPerson
    person: LeasedPerson
    again: float | None = None
    pause: float | None = None
    kept: str | None = None

    def values(self) -> tuple[Any, ...]:
        """Give what END takes."""
        end, folder = self.ended.ending, self.ended.folder
        code = None if end.code is None else int(end.code)
        spent = 0 if end.spent else 1
        return (
            *(end.state, self.again, code, end.reason, folder, folder, self.ended.sha256, spent, self.kept),
            *(self.person.id, self.person.token),
        )


async def batches(pool: Pool, name: str) -> list[LentBatch]:
    """Give the batches of whom somebody can be asked for now at a connection; first the one whose turn it is."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(BATCHES, (name, name))).fetchall()
    return [LentBatch(row[0], row[1], decoder(BatchOptions).decode(row[2]), row[3], bytes(row[4]), *row[5:]) for row in rows]


async def claim(pool: Pool, lease: Lease, name: str, among: Sequence[str]) -> LeasedPerson | None:
    """Take the next person of a connection among batches; None where there is none, or the connection is owned no more."""
    given = {"name": name, "token": lease.tokens[name], "batches": list(among)}
    async with pool.connection() as connection:
        row = await (await connection.execute(CLAIM, given)).fetchone()
    if row is None:
        return None
    told = dict(zip(LeasedPerson.__struct_fields__, row, strict=True))
    return LeasedPerson(**{**told, "identifiers": bytes(told["identifiers"]), "earlier": tuple(told["earlier"])})


async def end(pool: Pool, ends: Sequence[LeasedEnd]) -> list[LeasedEnd]:
    """Write down how people ended, in one transaction; gives those whose connection has another owner: of them nothing was written."""
    async with pool.connection() as connection, connection.transaction():
        mine = await fenced(connection, {(one.person.connection, one.person.token) for one in ends})
        ours = [one for one in ends if one.person.connection in mine]
        async with connection.cursor() as cursor:
            await cursor.executemany(END, [one.values() for one in ours])
            pauses = {one.person.connection: one.pause for one in ours if one.pause is not None}
            await cursor.executemany(PAUSE, [(seconds, name) for name, seconds in pauses.items()])
    return [one for one in ends if one.person.connection not in mine]


async def batches_over(pool: Pool, among: Sequence[str]) -> list[str]:
    """Name the batches in which nobody is left to be asked for."""
    async with pool.connection() as connection:
        return [row[0] for row in await (await connection.execute(OVER, (list(among),))).fetchall()]


async def named(pool: Pool, batch: str) -> set[str] | None:
    """Give all that a batch's rows name below its folder, and what those who are under way are making.

    Of these `work/17` stands for all of their runs: one that was kept is being taken over, and an older one their owner deletes.
    None where the batch was taken back: then its rows are elsewhere.
    """
    found: set[str] = set()
    async with pool.connection() as connection, connection.transaction():
        if await (await connection.execute(KNOWN, (batch,))).fetchone() is None:
            return None
        for number, token, state, request, name, folder, earlier, kept in await (await connection.execute(NAMED, (batch,))).fetchall():
            found |= {place for place in (folder, kept, *earlier) if place is not None}
            if state == "running":
                place = place_in(request, name, token, (folder, *earlier))
                found |= {f"{WORK}/{number}", made_in(number, token), place, place + PACKED}
    return found


async def owned_places(pool: Pool, batch: str) -> set[str]:
    """Give how the names begin of what workers make of a batch's people: `people/DSR-17/zoom+`.

    Results of an earlier lending, of people who had ended when the batch came home, begin otherwise: no row here knows them.
    """
    async with pool.connection() as connection:
        rows = await (await connection.execute("select request, connection from person where batch = %s", (batch,))).fetchall()
    return {begin_of(request, name) for request, name in rows}
