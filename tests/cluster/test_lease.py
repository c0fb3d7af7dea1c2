"""Who may own a connection, and until when: a table of decisions."""

from __future__ import annotations

import time

import pytest

from engine.cluster.lease import LeaseRow, LeaseTimes, SeenStuck, boot_seconds, ended_orderly, held_too_long, may_take, until_next_sweep

ME, OTHER = "here:1:a", "there:1:b"
NOBODYS, LIVE, MINE, OVER = (
    LeaseRow("acme/one", 7, None, over=True),
    LeaseRow("acme/one", 7, OTHER, over=False),
    LeaseRow("acme/one", 7, ME, over=False),
    LeaseRow("acme/one", 7, OTHER, over=True),
)
FREE = LeaseRow("acme/two", 1, None, over=True)


@pytest.mark.parametrize(
    ("rows", "live", "taken", "orderly"),
    [
        ((), (), False, True),
        ((NOBODYS,), (), True, True),
        ((LIVE,), (), False, False),
        ((OVER,), (), True, False),
        ((MINE,), (), True, False),
        ((MINE,), ("acme/one",), False, False),
        ((OVER,), ("acme/one",), False, False),
        ((FREE, LIVE), (), False, False),
        ((FREE, OVER), (), True, False),
        ((FREE, NOBODYS), ("acme/three",), True, True),
        ((FREE, NOBODYS), ("acme/two",), False, True),
    ],
    ids=[
        *("gone", "nobody's", "another's", "over", "mine of before", "mine that goes on", "mine that is over and goes on"),
        *("one of two is another's", "one of two is over", "both are nobody's", "one of two goes on"),
    ],
)
def test_an_account_is_taken_only_where_nobody_owns_any_of_it(rows, live, taken, orderly):
    """All connections of an account, or none; and it is known whether those before had written down what they sent."""
    assert (may_take(rows, ME, live), ended_orderly(rows)) == (taken, orderly)


@pytest.mark.parametrize(("seconds", "beat", "deadline"), [(60.0, 10.0, 40.0), (3.0, 0.5, 2.0)])
def test_nothing_leaves_later_than_a_third_of_the_lease_before_its_end(seconds, beat, deadline):
    """By then four beats may have failed."""
    times = LeaseTimes(seconds)
    assert (times.beat, times.deadline(100.0)) == (beat, 100.0 + deadline)
    assert times.deadline(0.0) / times.beat == 4
    assert times.poll <= 1.0


@pytest.mark.parametrize(
    ("held", "many", "waiting", "given_back"),
    [
        ({"a": 0.0, "b": 300.0}, 2, True, "a"),
        ({"a": 300.0, "b": 200.0}, 2, True, None),
        ({"a": 0.0, "b": 300.0}, 2, False, None),
        ({"a": 0.0, "b": 300.0}, 3, True, None),
        ({}, 0, True, None),
    ],
    ids=["held longest", "not long enough", "nobody waits", "there is a place", "nothing held"],
)
def test_what_was_held_longest_is_given_back_where_another_waits_for_a_place(held, many, waiting, given_back):
    """After ten minutes."""
    assert held_too_long(held, many, 700.0, LeaseTimes(), waiting=waiting) == given_back


def test_a_job_is_believed_to_be_stuck_when_it_was_so_for_a_third_of_a_lease():
    """One that was begun just now has not taken its lease yet; one that was seen to be well meanwhile begins anew."""
    seen = SeenStuck(LeaseTimes(9.0))
    assert seen.believed([1, 2], 10.0) == []
    assert seen.believed([1], 12.9) == []
    assert seen.believed([1, 2], 13.0) == [1]
    assert seen.believed([2], 16.0) == [2]


@pytest.mark.parametrize(
    ("took", "workers", "seconds"),
    [(0.0, 1, 1.0), (0.01, 3, 1.0), (0.1, 2, 4.0), (0.1, 9, 18.0), (0.5, 9, 20.0), (9.0, 1, 20.0)],
)
def test_all_workers_sweep_for_a_twentieth_of_the_time_and_each_three_times_in_a_lease(took, workers, seconds):
    """However slow it is: what a killed worker had is found by a sweep."""
    assert until_next_sweep(took, workers, LeaseTimes(60.0)) == pytest.approx(seconds)


def test_the_clock_goes_on_while_the_machine_sleeps():
    """It is CLOCK_BOOTTIME, not CLOCK_MONOTONIC."""
    assert time.clock_gettime(time.CLOCK_BOOTTIME) <= boot_seconds() <= time.clock_gettime(time.CLOCK_BOOTTIME)
