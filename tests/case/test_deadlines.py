"""Until when an answer is due: every day of ten years by every law, against a slow reference; and examples by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.case.deadlines import Pause, Period, after, deadlines, off, parse_period
from engine.case.regimes import regimes

TEN_YEARS = [date(2024, 1, 1) + timedelta(days=n) for n in range(3653)]
CLOSED = (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28))


def slow_months(day: date, months: int) -> date:
    """Go month by month to the same number, or to the last day there is."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def slow_end(day: date, period: Period, closed: tuple[date, ...]) -> date:
    """Count a period a day at a time."""
    if period.unit == "month":
        return slow_months(day, period.number)
    left = period.number
    while left:
        day += timedelta(days=1)
        if period.unit == "day" or not (day.isoweekday() in (6, 7) or day in closed):
            left -= 1
    return day


@pytest.mark.parametrize("name", regimes())
def test_every_day_of_ten_years(name):
    """Each law's last days are those of the reference, and none falls on a day off where the law moves it."""
    law = regimes()[name]
    for day in TEN_YEARS:
        told, longer = deadlines(law, day, closed=CLOSED), deadlines(law, day, extended=True, closed=CLOSED)
        expected = slow_end(day, law.answer, CLOSED)
        while law.weekends and (expected.isoweekday() in (6, 7) or expected in CLOSED):
            expected += timedelta(days=1)
        assert told.answer == expected
        assert told.answer > day
        assert longer.answer >= told.answer
        assert (told.extend_by is None) is (law.extension is None)
        assert told.acknowledge == (slow_end(day, law.acknowledge, CLOSED) if law.acknowledge else None)


EXAMPLES = [
    ("gdpr", date(2026, 1, 31), False, date(2026, 3, 2)),  # 28 February is a Saturday
    ("gdpr", date(2026, 11, 24), False, date(2026, 12, 29)),  # 24 December is closed, then a holiday, a weekend, and a closed day
    ("gdpr", date(2026, 1, 31), True, date(2026, 4, 30)),  # clamped once
    ("gdpr", date(2024, 1, 31), False, date(2024, 2, 29)),
    ("uk", date(2026, 9, 3), False, date(2026, 10, 5)),  # 3 October is a Saturday
    ("ccpa", date(2026, 11, 2), False, date(2026, 12, 17)),
    ("ccpa", date(2026, 11, 2), True, date(2027, 1, 31)),
    ("lgpd", date(2026, 11, 2), False, date(2026, 11, 17)),
    ("pipeda", date(2026, 11, 2), True, date(2027, 1, 1)),
]


@pytest.mark.parametrize(("name", "received", "extended", "answer"), EXAMPLES)
def test_examples(name, received, extended, answer):
    """Days counted by hand on a calendar."""
    assert deadlines(regimes()[name], received, extended=extended, closed=CLOSED).answer == answer


def test_ten_business_days_to_say_that_it_arrived():
    """California counts business days, without the operator's days off."""
    assert deadlines(regimes()["ccpa"], date(2026, 12, 18), closed=CLOSED).acknowledge == date(2027, 1, 6)


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.lists(st.integers(0, 40), max_size=3))
def test_a_pause_moves_the_end_by_its_length(received, lengths):
    """As many days as the clock stood still are added, then the weekend is heeded; while it stands, there is no last day."""
    law, pauses, day = regimes()["uk"], [], received
    for length in lengths:
        pauses.append(Pause(day, day + timedelta(days=length)))
        day += timedelta(days=length + 1)
    expected = after(received, law.answer) + timedelta(days=sum(lengths))
    while off(expected, ()):
        expected += timedelta(days=1)
    assert deadlines(law, received, pauses=pauses).answer == expected
    standing = deadlines(law, received, pauses=[*pauses, Pause(day)])
    assert (standing.answer, standing.extend_by) == (None, None)


@pytest.mark.parametrize("text", ["", "1", "month", "1 year", "-1 days", "٣ days", "1.5 months", "ten days", "10 business"])
def test_what_is_no_period(text):
    """A period that cannot be read is refused with what to write."""
    with pytest.raises(ValueError, match="is no period: write 1 month"):
        parse_period(text)
