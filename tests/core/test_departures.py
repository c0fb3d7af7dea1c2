"""What earlier runs used of a limit: how it is counted, written and read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.departures import LONGEST_HOLD, SLICES, Departures, departures_of

CASES = yaml.safe_load((Path(__file__).parent / "data" / "departures.yaml").read_text("utf-8"))
NOW = 1_795_521_600_000


def noted(left, seconds=20.0):
    found = Departures()
    for before, count in left:
        found.note("b", "", seconds, NOW - int(before * 1000), count)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["given"]))
@pytest.mark.parametrize("written", [False, True], ids=["kept", "written"])
def test_what_is_still_counted(case, written):
    """As the run goes on, and read from what it wrote."""
    told = case["given"]
    found = noted(told["left"], float(told["seconds"]))
    if written:
        found = departures_of(found.encode({}, NOW), NOW)
    level = found.level(told.get("bucket", "b"), "", float(told.get("asked", told["seconds"])), told["refill"], NOW)
    assert level == pytest.approx(case["then"])


def test_what_may_have_left_since_it_was_written_counts_as_leaving_now():
    """The run was killed; one that ended leaves nothing ahead."""
    raw = noted([[10, 3]]).encode({("b", ""): 5, ("other", ""): 7}, NOW)
    assert departures_of(raw, NOW + 60_000).level("b", "", 20.0, 0.1, NOW + 60_000) == 5
    assert departures_of(noted([[10, 3]]).encode({}, NOW), NOW + 60_000).level("b", "", 20.0, 0.1, NOW + 60_000) == 0


def test_it_stays_small():
    """However many requests left: at most a slice more than the period has, and nothing that is past."""
    found = Departures()
    for number in range(100_000):
        found.note("b", "", 20.0, NOW + number)
    (limit,) = msgspec.json.decode(found.encode({}, NOW + 100_000))["limits"]
    assert len(limit[4]) <= SLICES + 1
    assert msgspec.json.decode(found.encode({}, NOW + 200_000))["limits"] == []


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 20)), max_size=40), st.floats(0.01, 50.0))
def test_slices_never_count_less_than_the_departures_themselves(left, refill):
    """What is merged counts as its last, so that a run that follows waits rather a little longer."""
    found, level, at = Departures(), 0.0, 0
    moments = sorted(left)
    for moment, count in moments:
        found.note("b", "", 20.0, moment, count)
    for moment, count in moments:
        if moment > 30_000 - 20_000:
            level, at = max(0.0, level - refill * (moment - at) / 1000) + count, moment
    assert found.level("b", "", 20.0, refill, 30_000) >= max(0.0, level - refill * (30_000 - at) / 1000) - 1e-6


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"habeas":"departures","format":1}',
        b'{"habeas":"departures","format":2,"limits":[]}',
        b'{"habeas":"connection","format":1,"limits":[]}',
        b'{"habeas":"departures","format":1,"limits":[],"more":1}',
        b'{"habeas":"departures","format":1,"limits":[["b","",0,0,[]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",-1,0,[]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",1e-20,0,[[5,1]]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",1e-20,3,[]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",20,-1,[]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",20,0,[[5,-1]]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",20,0,[[5,1],[4,1]]]]}',
        b'{"habeas":"departures","format":1,"limits":[["b","",20,0,[[99999999999999999,1]]]]}',
        b'{"habeas":"departures","format":1,"limits":[],"holds":[["b","",-1]]}',
        b'{"habeas":"departures","format":1,"limits":[],"holds":[["b","",99999999999999999]]}',
    ],
)
def test_what_is_not_sound_is_not_read(raw):
    """Cut short, changed, or of another version."""
    with pytest.raises(ValueError, match=r"departures|version"):
        departures_of(raw, NOW)


@pytest.mark.parametrize(("until", "left"), [(0, 0.0), (NOW - 1, 0.0), (NOW, 0.0), (NOW + 2500, 3.0), (NOW + 10**9, LONGEST_HOLD)])
def test_a_told_wait_is_read_until_it_is_over(until, left):
    """For its bucket and line alone, and never longer than a run would wait: the clock may have been set back."""
    found = Departures()
    found.hold("b", "x", until)
    again = departures_of(found.encode({}, NOW), NOW)
    assert (b'"holds":[]' in found.encode({}, NOW)) is (left == 0)
    assert (again.held("b", "x", NOW), again.held("b", "", NOW), again.held("c", "x", NOW)) == (left, 0.0, 0.0)


def test_only_a_longer_wait_is_news():
    """A wait is kept to its next full second; what ends in the same one, or sooner, changes nothing."""
    found = Departures()
    assert [found.hold("b", "", NOW + more) for more in (1, -1, 999, 1000, 1001, 5)] == [True, False, False, False, True, False]
    assert found.held("b", "", NOW) == 2


@pytest.mark.parametrize(("seconds", "level"), [(10.0, 1.0), (20.0, 1.0), (30.0, 2.0), (100.0, 2.0), (200.0, 2.0)])
def test_a_limit_whose_period_is_new_counts_by_the_next_longer_one(seconds, level):
    """Its slices are the finest that reach as far back; where none does, those that reach furthest."""
    found = Departures()
    found.note("b", "", 20.0, NOW, 1)
    found.note("b", "", 100.0, NOW, 2)
    assert found.level("b", "", seconds, 1.0, NOW) == level
