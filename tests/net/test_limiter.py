"""The vendor's limit is never exceeded in any window, and our share of it is used. In virtual time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.model.units import Rate
from engine.net.limiter import IN_FLIGHT, Limiter
from tests.clock import passing, run
from tests.net.pacing import departures, most_in_a_window


@given(
    st.integers(1, 60),
    st.sampled_from([1.0, 10.0, 60.0]),
    st.sampled_from([0.1, 0.5, 0.75, 0.9, 0.99, 1.0]) | st.floats(0.01, 1.0),
    st.lists(st.floats(0, 5), max_size=3),
)
def test_no_window_ever_holds_more_than_the_limit(count, seconds, share, pauses):
    """At the start, after idling, at any share: N in any window of the limit's length, never N + 1."""

    async def scenario() -> list[float]:
        limiter, times = Limiter({"b": (Rate(count, seconds),)}, share), []
        for pause in [0.0, *pauses]:
            await passing(pause * seconds)
            times += await departures(limiter, count * 2 + 1)
        return times

    assert most_in_a_window(run(scenario()), seconds) <= count


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 60, 1000])
@pytest.mark.parametrize("share", [0.2, 0.75, 0.95, 1.0])
def test_our_share_is_used_to_the_full(count, share):
    """At saturation over thirty seconds at least 95 % of N x share are sent."""

    async def scenario() -> list[float]:
        end = asyncio.get_running_loop().time() + 30
        return [one for one in await departures(Limiter({"b": (Rate(count, 1.0),)}, share), 10**9, until=end) if one < end]

    times = run(scenario())
    assert len(times) >= 0.95 * count * share * 30
    assert most_in_a_window(times, 1.0) <= count


def test_several_limits_of_a_bucket_hold_together_and_all_holds_for_everyone():
    """The slower one decides; what draws on `all` alone is paced as well."""

    async def scenario() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"b": (Rate(100, 1.0), Rate(10, 10.0)), "all": (Rate(5, 1.0),)}, 0.5)
        started = loop.time()
        await departures(limiter, 16)
        middle = loop.time()
        await departures(limiter, 16, bucket=None)
        return middle - started, loop.time() - middle

    slow, everyone = run(scenario())
    assert slow >= 20
    assert 4 <= everyone <= 7


def test_a_hold_stops_everyone_in_the_bucket_and_nobody_else():
    """A 429 for one is a 429 for all; the longer of two holds wins; those who wait already are held too."""

    async def scenario() -> tuple[list[float], list[float]]:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"b": (Rate(1000, 1.0),), "c": (Rate(1000, 1.0),)}, 0.5)
        async with limiter.slot("b", "x"), limiter.slot("c", "x"):
            pass
        started = loop.time()
        limiter.hold("b", started + 5)
        limiter.hold("b", started + 3)
        held, free = await asyncio.gather(departures(limiter, 3), departures(limiter, 3, bucket="c"))
        return [one - started for one in held], [one - started for one in free]

    held, free = run(scenario())
    assert all(5 <= one < 5.1 for one in held)
    assert all(one < 0.1 for one in free)


def test_a_hold_made_while_someone_waits_for_the_pace_is_respected():
    """Nobody slips through between pace and hold."""

    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"b": (Rate(1, 10.0),)}, 0.5)
        await departures(limiter, 1)
        started = loop.time()
        loop.call_later(1, limiter.hold, "b", started + 100)
        (moment,) = await departures(limiter, 1)
        return moment - started

    assert run(scenario()) >= 100


def test_so_many_at_once_means_at_once():
    """A limit on concurrency is one, and without one at most sixteen of a bucket are under way."""

    async def scenario(rates: tuple[Rate, ...]) -> int:
        limiter, under_way, most = Limiter({"b": rates}, 0.75), 0, 0

        async def work() -> None:
            nonlocal under_way, most
            async with limiter.slot("b", "x"):
                under_way += 1
                most = max(most, under_way)
                await passing(1)
                under_way -= 1

        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(work())
        return most

    assert run(scenario((Rate(3, None),))) == 3
    assert run(scenario((Rate(1_000_000, 1.0),))) == IN_FLIGHT


def test_each_request_line_has_a_bucket_of_its_own_where_the_vendor_counts_so():
    """Two lines of `5/s each` are not slowed by one another."""

    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        limiter, started = Limiter({"b": (Rate(5, 1.0, each=True),)}, 0.5), asyncio.get_running_loop().time()

        async def line(name: str) -> None:
            for _ in range(10):
                async with limiter.slot("b", name):
                    pass

        await asyncio.gather(line("x"), line("y"))
        return loop.time() - started

    assert run(scenario()) < 4


def test_who_waits_is_told_to_the_progress_and_what_was_waited_to_the_ledger():
    """The names of buckets in which someone waits, and the seconds of each slot."""

    async def scenario() -> tuple[frozenset[str], float, frozenset[str]]:
        limiter = Limiter({"b": (Rate(1, 10.0),)}, 0.5)
        await departures(limiter, 1)
        waiting = asyncio.create_task(departures(limiter, 1))
        await passing(1)
        names = limiter.waiting()
        await waiting
        async with limiter.slot("b", "x") as waited:
            pass
        return names, waited, limiter.waiting()

    names, waited, after = run(scenario())
    assert names == {"b"}
    assert waited.paced > 10
    assert waited.held == 0
    assert after == frozenset()
