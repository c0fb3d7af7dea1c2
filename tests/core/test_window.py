"""Windows cover every instant, never exceed their step, and meet at their boundaries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.window import UNITS, Window, back, beginning, form, windows
from engine.language.model import spec as m
from engine.language.model.units import Duration

CASES = yaml.safe_load((Path(__file__).parent / "data" / "windows.yaml").read_text("utf-8"))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
STEPS = st.builds(Duration, seconds=st.integers(1, 60).map(lambda days: days * 86400)) | st.builds(Duration, months=st.integers(1, 6))
PASTS = (
    st.builds(Duration, seconds=st.integers(1, 800).map(lambda days: days * 86400))
    | st.builds(Duration, months=st.integers(1, 30))
    | st.dates(date(2012, 1, 1), date(2035, 1, 1))
)
UNIT = st.sampled_from(["date", "second"])


@given(STEPS, PASTS, MOMENTS, UNIT, st.none() | MOMENTS)
def test_windows_cover_every_instant_and_share_their_boundaries(step, since, now, unit, narrow):
    """From the beginning to one unit after now there is no hole, and no slice is longer than its step."""
    found = windows(step, since, now, unit, narrow)
    begin = back(now, since) if isinstance(since, Duration) else datetime.combine(since, datetime.min.time(), UTC)
    begin = max(begin, narrow) if narrow else begin
    if not found:
        assert begin >= now - UNITS[unit]
        return
    assert found[0].start <= begin
    assert begin - found[0].start < UNITS[unit]
    assert now < found[-1].end <= now + UNITS[unit]
    for earlier, following in zip(found, found[1:], strict=False):
        assert earlier.end == following.start
    for window in found:
        limit = (
            back(window.end, Duration(months=step.months)) - timedelta(days=3)
            if step.months
            else window.end - timedelta(seconds=max(step.seconds, UNITS[unit].total_seconds()))
        )
        assert limit <= window.start < window.end


@given(st.dates(date(2013, 1, 1), date(2030, 12, 31)))
def test_twenty_eight_days_are_never_more_than_a_calendar_month(day):
    """A vendor that moves `from` to a month before `to` changes nothing."""
    end = datetime.combine(day, datetime.min.time(), UTC)
    assert end - timedelta(days=28) >= back(end, Duration(months=1))


def test_thirty_days_are_more_than_a_month_in_march():
    """Which is why nobody should ask for thirty."""
    end = datetime(2026, 3, 1, tzinfo=UTC)
    assert end - timedelta(days=30) < back(end, Duration(months=1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["given"]))
def test_time_is_sliced_exactly_so(case):
    """Every boundary, month ends and leap days included."""
    given = case["given"]
    window = m.WindowSpec.model_validate({"step": given["step"], "since": given["since"]})
    narrow = datetime.fromisoformat(given["narrow"]) if given["narrow"] else None
    found = windows(window.step, window.since, datetime.fromisoformat(given["now"]), given["unit"], narrow)
    assert [form(one.start, "rfc3339") for one in found] + [form(one.end, "rfc3339") for one in found[-1:]] == case["then"]


def test_since_2013_there_are_so_many_slices():
    """Fourteen years in slices of 28 days."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    found = windows(Duration(seconds=28 * 86400), date(2013, 1, 1), now, "date")
    assert len(found) == 182
    assert found[-1].end == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text"), [("rfc3339", "2026-01-02T03:04:05Z"), ("date", "2026-01-02"), ("epoch", "1767323045"), ("millis", "1767323045000")]
)
def test_a_moment_is_written_in_the_form_that_is_asked_for(name, text):
    """RFC 3339, a day, seconds or milliseconds."""
    assert form(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), name) == text


def test_a_day_of_an_early_year_is_written_with_four_digits_of_it():
    """As RFC 3339 wants it: by the system's own way of writing, the year 476 has three on some."""
    assert form(datetime(476, 9, 4, tzinfo=UTC), "date") == "0476-09-04"


def test_the_future_has_no_windows_and_a_leap_day_becomes_the_last():
    """A month before the 31st of March is the last of February."""
    now = datetime(2024, 3, 31, tzinfo=UTC)
    assert windows(Duration(months=1), date(2030, 1, 1), now, "date") == ()
    assert back(now, Duration(months=1)) == datetime(2024, 2, 29, tzinfo=UTC)
    assert windows(Duration(seconds=5), Duration(seconds=60), now, "date") == (
        Window(datetime(2024, 3, 30, tzinfo=UTC), datetime(2024, 3, 31, tzinfo=UTC)),
        Window(datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    ("text", "then"),
    [("2026-11-24", "2026-11-24T00:00:00"), ("90m", "2026-11-24T10:30:00"), ("6mo", "2026-05-24T12:00:00")],
)
def test_a_run_is_narrowed_to_a_day_or_a_span(text, then):
    """A day begins at midnight in UTC, a span is counted back from now."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert beginning(text, now) == datetime.fromisoformat(then).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [("yesterday", "write a day"), ("2026-02-30", "write a day"), ("0d", "a span such as"), ("2026-11-25", "has not begun")],
)
def test_a_beginning_that_is_none_says_so(text, why):
    """What is no day, no span, or lies ahead is refused with a reason."""
    with pytest.raises(ValueError, match=why):
        beginning(text, datetime(2026, 11, 24, 12, tzinfo=UTC))
