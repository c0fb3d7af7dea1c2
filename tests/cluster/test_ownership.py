"""What an owner may still write, by the tables alone: everything is fenced by the token, and the times are the database's."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from engine.batch.asking import EndedPerson
from engine.batch.states import Ending
from engine.cluster import ownership, people
from engine.cluster.lease import LeaseTimes, boot_seconds
from engine.cluster.ownership import ToldState
from engine.cluster.people import LeasedEnd
from engine.cluster.pool import opened_pool, pool_of
from engine.errors import Exit
from tests.cluster.lent import Team, some_people

TIMES = LeaseTimes(30.0)
ONE = "acme/one"
STANDING = "select count(*) from pg_stat_activity where state = 'idle in transaction'"


def lent(team: Team, tmp_path, count: int = 3, *names: str) -> str:
    """Lend people at connections of the store."""
    for name in names or ("one",):
        team.sql("insert into connection (name, account) values (%s, %s)", f"acme/{name}", "acme:1")
    return team.lend(tmp_path / "batch", some_people(count, *(names or ("one",))))


async def test_what_an_owner_of_before_brings_is_refused(bare, pool, tmp_path):
    """Claims, ends, what was used of the limits, the beat and the giving back; nothing of the new owner's is changed."""
    batch = lent(bare, tmp_path)
    first = await ownership.take(pool, ONE, "a", TIMES, ())
    person = await people.claim(pool, first, ONE, [batch])
    bare.sql("update connection set lease_until = now() - interval '1 second'")
    second = await ownership.take(pool, ONE, "b", TIMES, ())
    assert second.tokens == {ONE: first.tokens[ONE] + 1}
    assert (first.orderly, second.orderly) == (True, False)
    assert bare.sql("select state, attempts, kept from person order by id limit 1") == [("queued", 0, None)]
    again = await people.claim(pool, second, ONE, [batch])
    assert (again.id, again.token, again.attempts) == (person.id, second.tokens[ONE], 1)
    before = bare.sql("select * from person order by id"), bare.sql("select * from connection")
    assert await people.claim(pool, first, ONE, [batch]) is None
    end = LeasedEnd(EndedPerson(person, Ending("done", Exit.COMPLETE), "people/x", "0"), person)
    assert await people.end(pool, [end]) == [end]
    assert await ownership.beat(pool, [first], {ONE: ToldState('{"sent": 9}', 9)}, TIMES) == [first]
    assert not await ownership.write_spent(pool, first, "{}")
    await ownership.end_connection(pool, first, ONE, "dead")
    await ownership.give_back(pool, first, 60.0, orderly=True)
    assert (bare.sql("select * from person order by id"), bare.sql("select * from connection")) == before
    assert await people.end(pool, [LeasedEnd(EndedPerson(again, Ending("done", Exit.COMPLETE), "people/y", "1"), again)]) == []
    assert bare.sql("select state, folder, token from person order by id limit 1") == [("done", "people/y", again.token)]


async def test_a_row_that_was_claimed_under_another_number_is_not_ended(bare, pool, tmp_path):
    """Nor is one that is under way no more, whoever owns its connection."""
    batch = lent(bare, tmp_path, 1)
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    person = await people.claim(pool, lease, ONE, [batch])
    end = LeasedEnd(EndedPerson(person, Ending("done", Exit.COMPLETE), "people/x", "0"), person)
    for change in ("token = token + 1", "token = token - 1, state = 'cancelled'"):
        bare.sql(f"update person set {change}")
        before = bare.sql("select * from person")
        await people.end(pool, [end])
        assert bare.sql("select * from person") == before
    bare.sql("update person set state = 'running'")
    await people.end(pool, [end])
    assert bare.sql("select state, folder from person") == [("done", "people/x")]


async def test_connections_of_one_account_are_owned_together(bare, pool, tmp_path):
    """Whichever is asked for; while one of them is another's none is taken."""
    lent(bare, tmp_path, 4, "one", "two")
    taken = await ownership.take(pool, "acme/two", "a", TIMES, ())
    assert taken.names == [ONE, "acme/two"]
    for name in taken.names:
        assert await ownership.take(pool, name, "b", TIMES, ()) is None
    assert await ownership.take(pool, ONE, "a", TIMES, taken.names) is None
    await ownership.give_back(pool, taken, None, orderly=True)
    assert (await ownership.take(pool, ONE, "b", TIMES, ())).orderly
    assert await ownership.take(pool, "acme/three", "b", TIMES, ()) is None


async def test_who_stands_still_with_a_connection_locked_keeps_nobody_waiting(bare, tmp_path):
    """Whoever would take it goes on to another at once; the database ends that session as soon as one may stand still no longer."""
    lent(bare, tmp_path)
    pool = pool_of(str(bare.kept.address), 1.0)
    await opened_pool(pool, "")
    try:
        lease = await ownership.take(pool, ONE, "a", LeaseTimes(0.1), ())
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            async with pool.connection() as stopped, stopped.transaction():
                assert await ownership.fenced(stopped, lease.tokens.items()) == {ONE}
                assert await ownership.take(pool, ONE, "b", TIMES, ()) is None
                await asyncio.to_thread(bare.until, lambda: bare.sql(STANDING) == [(0,)], 20)
                await stopped.execute("select 1")
        assert await ownership.take(pool, ONE, "b", TIMES, ()) is not None
    finally:
        await pool.close()


async def test_a_beat_renews_a_lease_from_the_moment_in_which_it_was_asked_for(bare, pool, tmp_path):
    """The deadline is this machine's, the lease the database's; one that was given back is not renewed by a beat that comes late."""
    lent(bare, tmp_path)
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    assert lease.deadline <= boot_seconds() + 20.0
    lease.deadline = 0.0
    before = boot_seconds()
    assert await ownership.beat(pool, [lease], {ONE: ToldState('{"sent": 9}', 9)}, TIMES) == []
    assert before + 20.0 <= lease.deadline <= boot_seconds() + 20.0
    assert bare.sql("select open, rate, lease_until > now() + interval '25 seconds' from connection") == [(9, {"sent": 9}, True)]
    await ownership.give_back(pool, lease, None, orderly=True)
    assert await ownership.beat(pool, [lease], {}, TIMES) == [lease]
    assert bare.sql("select owner, lease_until, open from connection") == [(None, None, 0)]


async def test_who_is_asked_next_is_the_highest_priority_whose_time_has_come(bare, pool, tmp_path):
    """At a connection that has not ended and need not wait, of the batches that are wanted; nobody is claimed twice."""
    batch = lent(bare, tmp_path, 5)
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    bare.sql("update person set priority = 5 where request = 'R003'")
    bare.sql("update person set not_before = now() + interval '1 hour', priority = 9 where request = 'R002'")
    assert await people.claim(pool, lease, ONE, ["another"]) is None
    found = [await people.claim(pool, lease, ONE, [batch]) for _ in range(5)]
    assert [one and one.request for one in found] == ["R003", "R000", "R001", "R004", None]
    bare.sql("update person set state = 'queued'")
    for change in ("ended = 'dead'", "ended = null, not_before = now() + interval '1 hour'"):
        bare.sql(f"update connection set {change}")
        assert await people.claim(pool, lease, ONE, [batch]) is None
    bare.sql("update connection set not_before = now() - interval '1 hour'")
    assert (await people.claim(pool, lease, ONE, [batch])).request == "R003"


async def test_what_waits_is_told_in_seconds_and_an_earlier_result_stays_named(bare, pool, tmp_path):
    """So that machines' clocks do not matter; a pause holds the whole connection."""
    batch = lent(bare, tmp_path, 1)
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    for number, again in (("1", 0.0), ("2", 60.0)):
        person = await people.claim(pool, lease, ONE, [batch])
        ended = EndedPerson(person, Ending("queued", Exit.INCOMPLETE, "later", spent=number == "1"), f"people/{number}", number)
        assert await people.end(pool, [LeasedEnd(ended, person, again, again or None)]) == []
    assert bare.sql("select folder, earlier, sha256, attempts, exit_code, reason from person") == [
        ("people/2", ["people/1"], "2", 1, 3, "later")
    ]
    waits = "not_before between now() + interval '50 seconds' and now() + interval '60 seconds'"
    assert bare.sql(f"select {waits} from person") == bare.sql(f"select {waits} from connection") == [(True,)]
    await ownership.give_back(pool, lease, None, orderly=False)
    assert bare.sql(f"select owner, {waits} from connection") == [("a", True)]
    assert not (await ownership.take(pool, ONE, "b", TIMES, ())).orderly


async def test_whoever_is_under_way_when_a_connection_is_given_back_is_queued(bare, pool, tmp_path):
    """Such as one whose claim was answered by an error."""
    batch = lent(bare, tmp_path, 2)
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    await people.claim(pool, lease, ONE, [batch])
    await ownership.give_back(pool, lease, None, orderly=True)
    assert bare.sql("select state, attempts from person") == [("queued", 0)] * 2


async def test_a_short_pause_takes_no_longer_ones_place(bare, pool, tmp_path):
    """A vendor that said when its limit is there again was asked a minute later, where the connection was given back for another reason."""
    lent(bare, tmp_path, 1)
    hour = "select not_before > now() + interval '59 minutes' from connection"
    lease = await ownership.take(pool, ONE, "a", TIMES, ())
    await ownership.end_connection(pool, lease, ONE, None, 3600.0)
    await ownership.end_connection(pool, lease, ONE, None, 60.0)
    assert bare.sql(hour) == [(True,)]
    await ownership.give_back(pool, lease, 5.0, orderly=True)
    assert bare.sql(hour) == [(True,)]
