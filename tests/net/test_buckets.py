"""Several buckets and limits for one request: none is exceeded, and nobody keeps what another could use. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.model.units import Rate
from engine.net.limiter import Hold, Limiter
from tests.clock import passing, run
from tests.net.pacing import departures, most_in_a_window

RATES = st.builds(Rate, st.integers(1, 30), st.sampled_from([1.0, 3.0, 10.0]), each=st.just(False))
SEVERAL = st.lists(RATES | st.builds(Rate, st.integers(1, 4), st.none()), min_size=1, max_size=3).map(tuple)
BUCKETS = ("a", "b", None)


@dataclass(frozen=True)
class Trouble:
    """At a moment, a bucket is held so many seconds, or so many of those who wait are cancelled."""

    at: float
    bucket: str | None
    held: float
    cancelled: int


TROUBLES = st.lists(
    st.builds(Trouble, st.floats(0, 20), st.sampled_from(BUCKETS), st.sampled_from([0.0, 0.5, 4.0, 10.0]), st.integers(0, 5)), max_size=6
)


async def troubled(limiter: Limiter, troubles: list[Trouble], latency: float) -> dict[str | None, list[float]]:
    """Ask for fifteen of each bucket; checks on the way that nobody leaves while a bucket of theirs is held."""
    loop = asyncio.get_running_loop()
    times: dict[str | None, list[float]] = {bucket: [] for bucket in BUCKETS}
    held_until = dict.fromkeys(BUCKETS, 0.0)

    async def work(bucket: str | None) -> None:
        async with limiter.slot(bucket, "line") as waited:
            times[bucket].append(loop.time())
            assert loop.time() >= max(held_until[bucket], held_until[None])
            assert min(waited.paced, waited.held) >= -1e-9
            await passing(latency)

    tasks = [loop.create_task(work(bucket)) for _ in range(15) for bucket in BUCKETS]
    begun = loop.time()
    for trouble in sorted(troubles, key=lambda one: one.at):
        await passing(max(0.0, begun + trouble.at - loop.time()))
        limiter.hold(trouble.bucket, loop.time() + trouble.held)
        held_until[trouble.bucket] = max(held_until[trouble.bucket], loop.time() + trouble.held)
        for task in [one for one in tasks if not one.done()][: trouble.cancelled]:
            task.cancel()
    for failed in await asyncio.gather(*tasks, return_exceptions=True):
        assert failed is None or isinstance(failed, asyncio.CancelledError)
    assert limiter.waiting() == frozenset()
    async with asyncio.timeout(1000):  # whatever was cancelled, all gates are free again
        for bucket in BUCKETS:
            times[bucket] += await departures(limiter, 1, bucket)
    return times


@given(SEVERAL, SEVERAL, SEVERAL, st.sampled_from([0.3, 0.75, 1.0]), TROUBLES, st.sampled_from([0.0, 0.4]))
def test_no_limit_of_any_bucket_is_exceeded_whatever_is_held_or_cancelled(own, other, everyone, share, troubles, latency):
    """Buckets beside `all`, several limits each, holds and cancelled waiters: N in any window of every limit."""
    times = run(troubled(Limiter({"a": own, "b": other, "all": everyone}, share), troubles, latency))
    together = sorted(moment for moments in times.values() for moment in moments)
    for rates, moments in ((own, times["a"]), (other, times["b"]), (everyone, together)):
        for rate in rates:
            assert rate.seconds is None or most_in_a_window(moments, rate.seconds) <= rate.count


def test_what_was_let_through_is_not_kept_while_another_bucket_is_held():
    """Ten per second, and `all` held ten seconds: then too no more than ten leave within a second."""

    async def scenario() -> list[float]:
        limiter = Limiter({"a": (Rate(10, 1.0),), "all": (Rate(100, 1.0),)}, 0.75)
        await departures(limiter, 1, bucket=None)
        limiter.hold(None, asyncio.get_running_loop().time() + 10)
        return await departures(limiter, 60, bucket="a")

    assert most_in_a_window(run(scenario()), 1.0) <= 10


@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_the_slowest_of_several_limits_is_used_to_the_full(share):
    """Asking several buckets and limits at once loses nothing: 95 % of what the slowest allows."""

    async def scenario() -> list[float]:
        limits = {"b": (Rate(40, 1.0), Rate(300, 10.0)), "all": (Rate(200, 10.0), Rate(50, 1.0))}
        return await departures(Limiter(limits, share), 10**9, until=asyncio.get_running_loop().time() + 60)

    assert len(run(scenario())) >= 0.95 * 20 * 60 * share


def test_a_hold_of_one_bucket_does_not_stand_in_the_way_of_the_others():
    """Who waits for `all` when its own bucket is held anew goes back, and leaves `all` to whoever comes."""

    async def scenario() -> tuple[list[float], list[float]]:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"a": (Rate(100, 1.0),), "b": (Rate(100, 1.0),), "all": (Rate(1, 2.0), Rate(1, None))}, 0.5)
        await departures(limiter, 1, bucket=None)
        started = loop.time()
        held = loop.create_task(departures(limiter, 2, bucket="a"))
        await passing(0.5)
        limiter.hold("a", started + 100)
        free = await departures(limiter, 3, bucket="b")
        return [one - started for one in await held], [one - started for one in free]

    held, free = run(scenario())
    assert min(held) >= 100
    assert max(free) < 20


def test_a_hold_of_one_line_holds_no_other_that_is_counted_apart():
    """Where a limit is for `each` request line, so is a vendor's word to wait; else it is for the whole bucket."""

    async def scenario() -> list[float]:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"own": (Rate(100, 1.0, each=True),), "shared": (Rate(100, 1.0),)}, 0.5)
        for bucket, seconds in (("own", 10), ("shared", 30)):
            for line in ("a", "b"):
                async with limiter.slot(bucket, line):
                    pass
            limiter.hold(bucket, loop.time() + seconds, "a")
        waited = []
        for bucket, line in (("own", "b"), ("own", "a"), ("shared", "b")):
            started = loop.time()
            async with limiter.slot(bucket, line):
                waited.append(round(loop.time() - started))
        return waited

    assert run(scenario()) == [0, 10, 20]


def test_who_comes_first_leaves_first():
    """Whoever comes while others wait stands behind them, however near the moment at which one may leave."""

    async def scenario() -> list[int]:
        limiter, left = Limiter({"b": (Rate(50, 1.0),), "all": (Rate(40, 1.0),)}, 0.9), []

        async def work(number: int) -> None:
            await passing(number * 0.0173)
            async with limiter.slot("b", "line"):
                left.append(number)

        await asyncio.gather(*(work(number) for number in range(200)))
        return left

    assert run(scenario()) == list(range(200))


def test_what_was_waited_is_told_apart():
    """A hold of any bucket that was passed, once where two overlap; the rest was our own pace."""

    async def scenario() -> tuple[float, float, float]:
        loop = asyncio.get_running_loop()
        limiter = Limiter({"a": (Rate(1, 10.0),), "all": (Rate(100, 1.0),)}, 0.5)
        await departures(limiter, 1, bucket="a")
        started = loop.time()
        limiter.hold("a", started + 3)
        limiter.hold(None, started + 5)
        loop.call_later(6, limiter.hold, None, started + 8)
        async with limiter.slot("a", "line") as first:
            pass
        limiter.hold("a", loop.time() + 4)
        await passing(1)
        async with limiter.slot("a", "another line of the same bucket") as second:
            pass
        assert first.seconds + second.seconds + 1 == pytest.approx(loop.time() - started, abs=0.1)
        return first.held, first.seconds, second.held

    held, waited, later = run(scenario())
    assert held == pytest.approx(7, abs=0.01)
    assert 15 < waited < 25
    assert later == pytest.approx(3, abs=0.01)


def test_a_hold_is_counted_once_however_often_it_is_made():
    """Overlapping holds are one; what lies between two is none; one that has passed already counts nothing."""
    hold = Hold()
    hold.extend(10, 15)
    hold.extend(12, 14)
    hold.extend(13, 20)
    assert [hold.seconds(now) for now in (13, 20, 30)] == [3, 10, 10]
    hold.extend(30, 31)
    hold.extend(40, 39)
    assert (hold.seconds(50), hold.until) == (11, 40)
