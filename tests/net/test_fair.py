"""The limits of a connection are shared fairly between the people who are asked for over it. In virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.model.units import Rate
from engine.net.fair_lock import FairLock
from engine.net.limiter import IN_FLIGHT, Limiter
from tests.clock import passing, run


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=6),
    st.sampled_from([0.0, 0.05, 3.0]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 39)), max_size=8),
)
def test_nobody_who_waits_is_passed_twice_by_the_same_person(sizes, latency, given_up):
    """However many requests the others have, whoever gives up, and however long answers take; all that stay are sent, in order."""

    async def scenario() -> tuple[list[tuple[int, int]], set[tuple[int, int]]]:
        limiter, sent = Limiter({"b": (Rate(10, 1.0),)}, 0.5), []
        loop = asyncio.get_running_loop()

        async def ask(person: int, number: int) -> None:
            async with limiter.slot("b", "line", person):
                sent.append((person, number))
                await passing(latency)

        tasks = {(person, number): loop.create_task(ask(person, number)) for person, size in enumerate(sizes) for number in range(size)}
        await passing(0.5)
        for place in given_up:
            if place in tasks and place not in sent:
                tasks[place].cancel()
        await asyncio.wait(tasks.values())
        return sent, {place for place, task in tasks.items() if task.cancelled()}

    sent, dropped = run(scenario())
    assert {*sent} | dropped == {(person, number) for person, size in enumerate(sizes) for number in range(size)}
    for person in range(len(sizes)):
        mine = [index for index, (who, _) in enumerate(sent) if who == person]
        assert [sent[index][1] for index in mine] == sorted(sent[index][1] for index in mine)
        for first, second in zip(mine, mine[1:], strict=False):
            between = Counter(who for who, _ in sent[first + 1 : second])
            assert all(count <= 1 for count in between.values())


def test_a_short_person_behind_five_hundred_windows_takes_at_most_twice_as_long():
    """Each of forty requests waits for one of the long person's, not for all of them."""

    async def scenario(windows: int) -> float:
        loop, limiter = asyncio.get_running_loop(), Limiter({"b": (Rate(10, 1.0),)}, 0.75)

        async def one(person: str) -> None:
            async with limiter.slot("b", "line", person):
                await passing(0.05)

        long = [loop.create_task(one("long")) for _ in range(windows)]
        await passing(10)
        begun = loop.time()
        for _ in range(40):
            await one("short")
        taken = loop.time() - begun
        for task in long:
            task.cancel()
        return taken

    assert run(scenario(500)) <= 2 * 40 / 7.5
    assert run(scenario(0)) <= 40 / 7.5


def test_a_wait_that_is_given_up_in_the_moment_of_its_turn_hands_the_turn_on():
    """The lock is not lost with it."""

    async def scenario() -> bool:
        lock = FairLock()
        await lock.acquire("a")
        second, third = (asyncio.ensure_future(lock.acquire(person)) for person in "bc")
        await asyncio.sleep(0)
        lock.release()
        second.cancel()
        with suppress(asyncio.CancelledError):
            await second
        await asyncio.wait_for(third, 5)
        lock.release()
        return await asyncio.wait_for(lock.acquire("d"), 5) is None

    assert run(scenario())


@pytest.mark.parametrize(("people", "each", "crowded"), [(1, 500, False), (8, 500, False), (10, 500, True), (40, 1, False), (52, 1, True)])
def test_the_next_person_is_let_in_while_no_queue_is_longer_than_twice_what_may_be_under_way(people, each, crowded):
    """Very many requests of one person keep nobody out; when the queue has become shorter, who waits comes in."""

    async def scenario() -> tuple[bool, bool]:
        loop, limiter = asyncio.get_running_loop(), Limiter({"b": (Rate(1000, 1.0),)}, 0.5)

        async def one(person: int) -> None:
            async with limiter.slot("b", "line", person):
                await passing(0.05)

        tasks = [loop.create_task(one(person)) for person in range(people) for _ in range(each)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found = limiter.crowded()
        await asyncio.wait_for(limiter.room(), 1e6)
        left = limiter.crowded()
        await asyncio.wait(tasks)
        return found, left

    assert run(scenario()) == (crowded, False)
    assert IN_FLIGHT == 16


def test_how_fast_requests_may_leave_is_told_by_the_limit_of_the_shortest_period():
    """A day's limit lets all of it leave at once: beside it the live line would say that ten of a third of a request left a second."""
    limiter = Limiter({"heavy": (Rate(30_000, 86_400.0), Rate(10, 1.0))}, 0.75)

    async def scenario() -> list[tuple[str, int, float]]:
        async with limiter.slot("heavy", "a"):
            return list(limiter.sent())

    ((bucket, left, allowed),) = run(scenario())
    assert (bucket, left) == ("heavy", 1)
    assert 5 < allowed <= 7.5


@pytest.mark.parametrize(("given_up", "let_in"), [(1, False), (30, True), (40, True)], ids=["one", "enough", "all"])
def test_whoever_waits_for_room_is_let_in_when_those_before_give_up(given_up, let_in):
    """A batch that is stopped interrupts its people: nothing leaves any more, and nobody may wait for a departure."""

    async def scenario() -> bool:
        limiter, loop = Limiter({"b": (Rate(1, 1000.0),)}, 1.0), asyncio.get_running_loop()

        async def ask(person: int) -> None:
            async with limiter.slot("b", "line", person):
                await passing(1e9)

        tasks = [loop.create_task(ask(person)) for person in range(2 * IN_FLIGHT + 10)]
        await passing(0.1)
        entering = loop.create_task(limiter.room())
        await passing(0.1)
        assert not entering.done()
        for task in tasks[-given_up:]:
            task.cancel()
        await passing(0.1)
        found = entering.done()
        for task in (entering, *tasks):
            task.cancel()
        await asyncio.gather(entering, *tasks, return_exceptions=True)
        return found

    assert run(scenario()) is let_in
