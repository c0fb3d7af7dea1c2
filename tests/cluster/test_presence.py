"""Which workers there are, by the rows in which they say that they live."""

from __future__ import annotations

from engine.cluster import presence


async def test_workers_that_said_nothing_lately_are_not_counted(bare, pool):
    """Those that were killed share no work any more."""
    for name in ("a", "b", "c"):
        await presence.arrive(pool, name, 50)
    bare.sql("update worker set seen = now() - interval '5 seconds' where id <> 'a'")
    assert await presence.seen(pool, "a", [], 4.0) == 1
    assert await presence.seen(pool, "b", ["acme/one"], 4.0) == 1  # it is counted from its next look on
    assert await presence.seen(pool, "a", [], 4.0) == 2
    assert await presence.seen(pool, "a", [], 60.0) == 3
    assert bare.sql("select id, held from worker order by id") == [("a", []), ("b", ["acme/one"]), ("c", [])]
