"""Own connections for a while: take those of an account together, renew the leases, give them back. Each statement is fenced by tokens.

A token is the number of the lease: whoever takes a connection counts it up, and whatever an owner of before still wants to write finds
another number there. The times are the database's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from psycopg.errors import LockNotAvailable

from engine.cluster.lease import LeaseRow, LeaseTimes, boot_seconds, ended_orderly, may_take
from engine.cluster.pool import Pool
from engine.connection.postgres_session import Session

ROWS = """
select name, token, owner, lease_until is null or lease_until < now() from connection
 where account = (select account from connection where name = %s) order by name for no key update nowait"""
TAKE = """
update connection set token = token + 1, owner = %s, lease_until = now() + make_interval(secs => %s), open = 0
 where name = any(%s) returning name, token, account"""
LEFT_BEHIND = """
update person set state = 'queued', attempts = greatest(attempts - 1, 0), kept = null where connection = any(%s) and state = 'running'"""
BEAT = """
update connection c set lease_until = now() + make_interval(secs => %s), rate = coalesce(told.rate::jsonb, c.rate), open = told.open
  from unnest(%s::text[], %s::bigint[], %s::text[], %s::int[]) as told (name, token, rate, open)
 where c.name = told.name and c.token = told.token and c.lease_until is not null returning c.name"""
FENCE = """
select c.name from connection c join unnest(%s::text[], %s::bigint[]) as own (name, token) using (name, token)
 order by c.name for no key update of c"""
GIVE_BACK = """
update connection set owner = case when %s then null else owner end, lease_until = null, open = 0,
  not_before = greatest(not_before, now() + make_interval(secs => %s)) where name = any(%s)"""
UNDER_WAY = """
update person set state = 'queued', attempts = greatest(attempts - 1, 0) where connection = any(%s) and state = 'running'"""


class Lease(Struct):
    """Connections of one account that are owned: their tokens, and until when requests may leave (seconds of CLOCK_BOOTTIME).

    `orderly`: whoever owned them before had written down what left.
    """

    account: str
    tokens: Mapping[str, int]
    deadline: float
    orderly: bool

    @property
    def names(self) -> list[str]:
        """Name the connections."""
        return sorted(self.tokens)


class ToldState(Struct, frozen=True):
    """What an owner tells of a connection with each beat: what left of its busiest limit, as JSON, and how many people are under way."""

    rate: str | None = None
    under_way: int = 0


async def take(pool: Pool, name: str, owner: str, times: LeaseTimes, live: Collection[str]) -> Lease | None:
    """Take all connections of the account of one, and queue whom an earlier owner left under way.

    None where that is not allowed (`lease.may_take`), or where somebody writes to them now: they are offered again.
    """
    asked = boot_seconds()
    try:
        async with pool.connection() as connection, connection.transaction():
            rows = [LeaseRow(*row) for row in await (await connection.execute(ROWS, (name,))).fetchall()]
            if not may_take(rows, owner, live):
                return None
            names = [row.name for row in rows]
            taken = await (await connection.execute(TAKE, (owner, times.seconds, names))).fetchall()
            await connection.execute(LEFT_BEHIND, (names,))
    except LockNotAvailable:
        return None
    return Lease(taken[0][2], {row[0]: int(row[1]) for row in taken}, times.deadline(asked), ended_orderly(rows))


async def beat(pool: Pool, leases: Sequence[Lease], told: Mapping[str, ToldState], times: LeaseTimes) -> list[Lease]:
    """Renew leases; gives those that were lost."""
    asked = boot_seconds()
    pairs = [(name, token) for lease in leases for name, token in lease.tokens.items()]
    what = [told.get(name, ToldState()) for name, _ in pairs]
    given = (
        times.seconds,
        [one for one, _ in pairs],
        [one for _, one in pairs],
        [one.rate for one in what],
        [one.under_way for one in what],
    )
    async with pool.connection() as connection:
        kept = {row[0] for row in await (await connection.execute(BEAT, given)).fetchall()}
    for lease in leases:
        if kept >= set(lease.tokens):
            lease.deadline = times.deadline(asked)
    return [lease for lease in leases if not kept >= set(lease.tokens)]


async def fenced(connection: Session, tokens: Iterable[tuple[str, int]]) -> set[str]:
    """Name which of these connections are still owned under these tokens; they cannot be taken before this transaction ends."""
    pairs = list(tokens)
    rows = await (await connection.execute(FENCE, ([name for name, _ in pairs], [token for _, token in pairs]))).fetchall()
    return {row[0] for row in rows}


async def give_back(pool: Pool, lease: Lease, pause: float | None, *, orderly: bool) -> None:
    """Let others own the connections, with whoever is still under way queued; not before a `pause`, in seconds, or a longer one, is over.

    `orderly`: all that left is written down.
    """
    async with pool.connection() as connection, connection.transaction():
        mine = list(await fenced(connection, lease.tokens.items()))
        await connection.execute(UNDER_WAY, (mine,))
        await connection.execute(GIVE_BACK, (orderly, pause, mine))


async def end_connection(pool: Pool, lease: Lease, name: str, words: str | None, pause: float | None = None) -> None:
    """Note why a connection can be used no more, or not before a `pause` in seconds; one that lasts longer stays."""
    async with pool.connection() as connection:
        await connection.execute(
            "update connection set ended = coalesce(%s, ended), not_before = greatest(not_before, now() + make_interval(secs => %s))"
            " where name = %s and token = %s",
            (words, pause, name, lease.tokens[name]),
        )


async def write_spent(pool: Pool, lease: Lease, content: str) -> bool:
    """Write what was used of the vendor's limits, for every connection of the account; whether they are still owned."""
    async with pool.connection() as connection, connection.transaction():
        mine = await fenced(connection, lease.tokens.items())
        await connection.execute("update connection set spent = %s::jsonb, served_at = now() where name = any(%s)", (content, list(mine)))
    return mine == set(lease.tokens)


async def read_spent(pool: Pool, lease: Lease) -> tuple[str | None, float]:
    """Give what was used last of the limits of an account, and the database's time."""
    words = (
        "select (select spent::text from connection where account = %s order by served_at desc nulls last limit 1), "
        "extract(epoch from clock_timestamp())"
    )
    async with pool.connection() as connection:
        row: Any = await (await connection.execute(words, (lease.account,))).fetchone()
    return row[0], float(row[1])


async def set_account(pool: Pool, lease: Lease, name: str, account: str) -> None:
    """Give a connection the account that its own record names."""
    async with pool.connection() as connection:
        await connection.execute("update connection set account = %s where name = %s and token = %s", (account, name, lease.tokens[name]))
