"""A bucket of points that the vendor tells of in its answers: what is left is used, and never more. In virtual time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.net.limiter import Limiter
from tests.clock import passing, run


class Vendor:
    """Holds so many points at most, gets some back each second, and refuses what cannot be paid for."""

    def __init__(self, most: float, refill: float) -> None:
        self.most, self.refill, self.left, self.at = most, refill, most, 0.0
        self.refused = 0

    def ask(self, now: float, cost: float) -> float:
        self.left = min(self.most, self.left + (now - self.at) * self.refill)
        self.at = now
        if cost > self.left:
            self.refused += 1
        else:
            self.left -= cost
        return self.left


async def asked(vendor: Vendor, count: int, cost: float, share: float, latency: float) -> float:
    """Ask so many times from eight tasks, the first one alone; gives the seconds it took."""
    loop, limiter, queue = asyncio.get_running_loop(), Limiter({}, share), iter(range(count))
    begun = vendor.at = loop.time()

    async def work() -> None:
        for _ in queue:
            async with limiter.slot(None, "line") as waited:
                left = vendor.ask(loop.time(), cost)
                await passing(latency)
            limiter.learn_points(None, "line", (left, vendor.refill, cost), waited.left)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(work())
        await passing(latency * 1.5)
        for _ in range(7):
            group.create_task(work())
    assert first.done()
    return loop.time() - begun


@given(st.integers(100, 2000), st.integers(20, 200), st.integers(5, 90), st.sampled_from([0.5, 0.75, 1.0]), st.sampled_from([0.01, 0.2]))
def test_what_cannot_be_paid_for_is_not_asked(most, refill, cost, share, latency):
    """However large the bucket and the price are."""
    vendor = Vendor(most, refill)
    run(asked(vendor, 60, cost, share, latency))
    assert vendor.refused == 0


@pytest.mark.parametrize("share", [0.75, 1.0])
def test_what_comes_back_is_used(share):
    """Over a long time our share of the refill is asked for, little less."""
    vendor = Vendor(100, 50)
    seconds = run(asked(vendor, 200, 20, share, 0.01))
    assert 0.9 * 50 * share <= 200 * 20 / seconds <= 50 + 100 / seconds


def test_who_tells_nothing_holds_nobody_up():
    """Before the first answer, and where no points come back, nothing is known."""

    async def scenario() -> float:
        limiter, loop = Limiter({}, 0.75), asyncio.get_running_loop()
        begun = loop.time()
        for told in ((1.0, 0.0, 5.0), (0.0, 0.0, 5.0)):
            async with limiter.slot("b", "line") as waited:
                limiter.learn_points("b", "line", told, waited.left)
        async with limiter.slot("b", "line"):
            return loop.time() - begun

    assert run(scenario()) < 0.01


def test_a_line_that_was_never_asked_costs_as_much_as_the_dearest():
    """Many different requests at once are not taken for free ones."""
    vendor = Vendor(1000, 50)

    async def scenario() -> float:
        loop, limiter = asyncio.get_running_loop(), Limiter({}, 0.75)
        begun = vendor.at = loop.time()

        async def ask(number: int) -> None:
            async with limiter.slot(None, f"line {number}") as waited:
                left = vendor.ask(loop.time(), 300)
                await passing(0.2)
            limiter.learn_points(None, f"line {number}", (left, 50, 300), waited.left)

        await ask(0)
        await asyncio.gather(*map(ask, range(1, 12)))
        return loop.time() - begun

    assert 52 <= run(scenario()) < 60
    assert vendor.refused == 0


def test_what_is_under_way_counts_also_where_two_never_fit():
    """A full bucket pays for one that takes most of it, and not for the next before as much came back."""
    vendor = Vendor(1000, 50)

    async def scenario() -> None:
        loop, limiter = asyncio.get_running_loop(), Limiter({}, 0.75)
        vendor.at = loop.time()

        async def ask() -> None:
            async with limiter.slot(None, "line") as waited:
                left = vendor.ask(loop.time(), 600)
                await passing(0.2)
            limiter.learn_points(None, "line", (left, 50, 600), waited.left)

        await ask()
        await passing(100)
        await asyncio.gather(ask(), ask(), ask())

    run(scenario())
    assert vendor.refused == 0


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ((0.0, 1e-9, 5.0), 0, 0.01),
        ((0.0, 5e-324, 5.0), 0, 0.01),
        ((2.0, 0.003, 5.0), 0, 0.01),
        ((0.0, 0.01, 5.0), 600, 700),
        ((0.0, 1.0, 600.0), 800, 801),
    ],
)
def test_points_that_hardly_come_back_are_not_waited_for_for_years(told, least, most):
    """What takes a quarter of an hour by the vendor's own refill is no pace: the request is sent, and its answer decides."""

    async def scenario() -> float:
        limiter, loop = Limiter({}, 0.75), asyncio.get_running_loop()
        async with limiter.slot("b", "line") as waited:
            pass
        limiter.learn_points("b", "line", told, waited.left)
        begun = loop.time()
        async with limiter.slot("b", "line"):
            return loop.time() - begun

    assert least <= run(scenario()) <= most


def test_a_small_share_of_the_points_is_the_operators_own_word():
    """The bound is on what the vendor tells: 2 % of a fast refill may take longer."""

    async def scenario() -> float:
        limiter, loop = Limiter({}, 0.02), asyncio.get_running_loop()
        async with limiter.slot("b", "line") as waited:
            pass
        limiter.learn_points("b", "line", (0.0, 10.0, 500.0), waited.left)
        begun = loop.time()
        async with limiter.slot("b", "line"):
            return loop.time() - begun

    assert 2500 <= run(scenario()) <= 2501
