"""What a pace promises, for every limit and every share: never more than the limit, and no less than our share."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.pace import LATE, checked_share, counted_by, least_time, pace, paces
from engine.errors import UsageError
from engine.language.model.units import Rate
from tests.core.specs import HEAD, vendor

MOST = 1_000_000  # what a spec may write at most
SECONDS = st.sampled_from([1.0, 3600.0, 86400.0]) | st.integers(1, 999_999 * 86400).map(float)


@given(st.integers(1, 50) | st.integers(1, MOST), SECONDS, st.floats(1e-6, 1))
@example(1, 1.0, 1.0)
@example(1, 1.0, 0.75)
@example(MOST, 1.0, 1.0)
@example(20, 1.0, 0.95)
def test_a_window_holds_the_limit_at_most_and_our_share_at_least(count, seconds, share):
    """What may leave at once and what is refilled in one period are less than N + 1; the refill alone is 95 % of N x share."""
    found = pace(count, seconds, share)
    refilled = found.capacity * seconds / found.seconds
    assert found.capacity >= 1 + LATE * count / seconds  # what is refilled while a timer is late has room
    assert found.capacity + refilled < count + 1
    assert 0.95 * count * share <= refilled <= count * share * (1 + 1e-9)


@given(st.integers(1, 100), st.sampled_from([0.5, 0.75, 1.0]), st.integers(1, 1000))
def test_the_least_time_is_what_the_bucket_takes(limit, share, count):
    """What is full at first leaves at once, and each more when there is room for it."""
    found = pace(limit, 1.0, share)
    assert (found.least(count) == 0) == (count <= found.capacity)
    assert found.least(count) >= (count - limit) / limit
    assert found.least(count + 1) >= found.least(count)


def test_a_limit_on_what_is_under_way_is_no_pace():
    """Only limits in time are; and one for `each` request line counts all of its bucket by lines."""
    rates = (Rate(3, None), Rate(30, 1.0), Rate(100, 60.0, each=True))
    assert [round(one.capacity, 2) for one in paces(rates, 0.75)] == [7.5, 25.0]
    assert counted_by(rates, "line") == "line"
    assert counted_by(rates[:2], "line") == ""
    assert pace(4, 1.0, 0.5).least(3) == pytest.approx(0.5)


@pytest.mark.parametrize("share", [0, -0.5, 1.01, float("nan"), float("inf"), True, "0.5", None])
def test_a_share_is_a_number_of_a_limit(share):
    """More than nothing, and at most the whole."""
    with pytest.raises(UsageError, match="share"):
        checked_share(share)
    assert [checked_share(good) for good in (1, 0.75)] == [1.0, 0.75]


LIMITS = {"slow": (Rate(1, 1.0),), "each": (Rate(1, 1.0, each=True),), "all": (Rate(100, 1.0),), "wide": (Rate(5, None),)}


@pytest.mark.parametrize(
    ("asked", "held", "least"),
    [
        ([], {}, (0.0, None)),
        ([("slow", "x", 1)], {}, (0.0, "slow")),
        ([("slow", "x", 5), ("slow", "y", 6)], {}, (10 / 0.955, "slow")),
        ([("each", "x", 5), ("each", "y", 11)], {}, (10 / 0.955, "each")),
        ([("wide", "x", 1000), ("unknown", "y", 1), (None, "z", 1)], {}, (10.06, "all")),
        ([("slow", "x", 11)], {("slow", ""): 30.0}, (30 + 10 / 0.955, "slow")),
        ([("slow", "x", 1)], {("each", "y"): 7.0}, (7.0, "each")),
    ],
)
def test_the_least_time_of_many_requests_is_that_of_the_slowest_bucket(asked, held, least):
    """After its hold; a limit of what is under way takes no time, and one that nothing is asked of only while it is held."""
    seconds, bucket = least_time(asked, LIMITS, 1.0, held)
    assert (round(seconds, 1), bucket) == (pytest.approx(least[0], abs=0.1), least[1])


@given(st.integers(1, 50), st.integers(0, 1000), st.integers(0, 100), st.floats(0, 1000))
def test_the_least_time_never_grows_with_less_to_ask(limit, count, fewer, held):
    """Nor is it ever shorter than a hold of the bucket."""
    limits, place = {"b": (Rate(limit, 1.0),)}, {("b", ""): held}
    more = least_time([("b", "x", count + fewer)], limits, 0.75, place)[0]
    assert held <= least_time([("b", "x", count)], limits, 0.75, place)[0] <= more


def test_what_a_limit_for_each_request_line_counts():
    """The line that the vendor is asked, not the endpoint; where answers tell points, each endpoint, since each costs its own."""
    endpoints = "a: {get: /p/<USER_ID>, bucket: slow}\nb: {get: /p/<USER_ID>, params: {q: 1}, bucket: slow}\nc: {post: /g, bucket: told}\n"
    limits = "rate_limits: {slow: 2/s each, told: {left: t.left, refill: t.refill, cost: t.cost}}\n"
    found = vendor(endpoints, HEAD.replace("access:", f"{limits}access:")).endpoints
    assert [found[name].counted_as for name in "abc"] == ["GET /p/<USER_ID>", "GET /p/<USER_ID>", "c"]
