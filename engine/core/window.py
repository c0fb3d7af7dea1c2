"""Time windows: cover a span with slices that a vendor accepts, such as at most a month each. The present time is an argument.

Neighbouring slices share their boundary. The last one ends a unit (a day or a second) after now, in case the end is exclusive.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from engine.language.model.units import Duration, parse_duration

Unit = Literal["date", "second"]
UNITS = {"date": timedelta(days=1), "second": timedelta(seconds=1)}


@lru_cache(maxsize=1024)  # the same boundaries of windows are written for each list of a run, and of a batch
def rfc3339(moment: datetime, precision: Literal["seconds", "milliseconds"] = "seconds") -> str:
    """Write a moment as RFC 3339 text in UTC: `2026-11-24T12:00:00Z`. Smaller parts of it are cut off."""
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


FORMS: dict[str, Callable[[datetime], str]] = {
    "rfc3339": rfc3339,
    "date": lambda moment: moment.date().isoformat(),
    "epoch": lambda moment: str(int(moment.timestamp())),
    "millis": lambda moment: str(int(moment.timestamp()) * 1000),
}


class Window(Struct, frozen=True):
    """One slice of time, in UTC, including both ends."""

    start: datetime
    end: datetime


def form(moment: datetime, name: str) -> str:
    """Write a time as `rfc3339`, `date`, `epoch` (seconds since 1970) or `millis`."""
    return FORMS[name](moment)


def windows(step: Duration, since: Duration | date, now: datetime, unit: Unit, narrow: datetime | None = None) -> tuple[Window, ...]:
    """Cover the time from `since`, or from `narrow` if that is later, to now without a hole; () if it begins in the future.

    `since` is a date or a duration before now. No slice is longer than `step`, or than one unit if that is longer.
    """
    start = _floor(_begin(since, now), unit)
    if narrow is not None:
        start = max(start, _floor(narrow.astimezone(UTC), unit))
    last = _floor(now, unit) + UNITS[unit]
    if start >= last:
        return ()
    slices = []
    while start < last:
        end = min(max(_after(start, step), start + UNITS[unit]), last)
        slices.append(Window(start, end))
        start = end
    return tuple(slices)


def _begin(since: Duration | date, now: datetime) -> datetime:
    if isinstance(since, Duration):
        return now - timedelta(seconds=since.seconds) if not since.months else _month_shift(now, -since.months)
    return datetime.combine(since, time(), UTC)


def _floor(moment: datetime, unit: Unit) -> datetime:
    if unit == "date":
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.replace(microsecond=0)


def _after(start: datetime, step: Duration) -> datetime:
    return _month_shift(start, step.months) if step.months else start + timedelta(seconds=step.seconds)


def _month_shift(moment: datetime, months: int) -> datetime:
    """Add calendar months; a day that the month lacks becomes its last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def back(moment: datetime, span: Duration) -> datetime:
    """Give the time that lies a duration before another."""
    return _begin(span, moment)


def beginning(text: str, now: datetime) -> datetime:
    """Read `--since`: a day such as 2025-01-01, or a duration before now such as 90d or 6mo. Raises ValueError with what is wrong."""
    day = re.fullmatch(r"\d{4}-\d\d-\d\d", text)
    try:
        moment = datetime.combine(date.fromisoformat(text), time(), UTC) if day else back(now, parse_duration(text))
    except ValueError:
        message = "write a day such as 2025-01-01, or a span such as 90d or 6mo"
        raise ValueError(message) from None
    if moment > now:
        message = "that day has not begun (in UTC): nothing would be fetched; name an earlier one"
        raise ValueError(message)
    return moment
