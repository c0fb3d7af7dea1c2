"""Until when a request must be answered, by the law that it is made under. Pure: the days are arguments."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

LAST_WORKING = 4  # Friday
PeriodUnit = Literal["month", "day", "business day"]
UNITS: dict[str, PeriodUnit] = {"month": "month", "day": "day", "business day": "business day"}


class Period(msgspec.Struct, frozen=True):
    """A number of months, calendar days or business days, written `1 month`, `45 days` or `10 business days`."""

    number: int
    unit: PeriodUnit


class Regime(msgspec.Struct, frozen=True):
    """What a law says about time; `weekends`: an end on a day off moves to the next working day; `pause`: the clock may stand still."""

    title: str
    source: str
    answer: Period
    acknowledge: Period | None = None
    extension: Period | None = None
    weekends: bool = False
    pause: bool = False
    german: str = ""

    def titled(self, language: str) -> str:
        """Give what the law is called in a language; one that has no name of its own there keeps the one it was made with."""
        return self.german if language == "de" and self.german else self.title


class Pause(msgspec.Struct, frozen=True):
    """The clock stood still from `start` until `end`; until now where that is None."""

    start: date
    end: date | None = None


class Deadlines(msgspec.Struct, frozen=True):
    """The last days: to `acknowledge` (None where the law names none), to `answer`, and to tell of an extension.

    While the clock stands still there is no last day to answer.
    """

    acknowledge: date | None
    answer: date | None
    extend_by: date | None


def parse_period(text: str) -> Period:
    """Read a period. Raises ValueError for anything but `1 month`, `45 days`, `10 business days` and the like."""
    number, _, unit = text.partition(" ")
    singular = UNITS.get(unit.removesuffix("s"))
    if not number.isdecimal() or not number.isascii() or singular is None:
        message = f"`{text}` is no period: write 1 month, 45 days or 10 business days"
        raise ValueError(message)
    return Period(int(number), singular)


def deadlines(
    regime: Regime, received: date, *, extended: bool = False, pauses: Sequence[Pause] = (), closed: Collection[date] = ()
) -> Deadlines:
    """Give the last days for a request that arrived on `received`; `closed` are days off besides weekends, where the law counts them.

    A pause moves what comes after it by as many days as it lasted.
    """
    still = any(pause.end is None for pause in pauses)
    stood = timedelta(days=sum((pause.end - pause.start).days for pause in pauses if pause.end is not None))
    within = _end(regime, received, [regime.answer], stood, closed)
    longer = [regime.answer, regime.extension] if extended and regime.extension is not None else [regime.answer]
    return Deadlines(
        acknowledge=_end(regime, received, [regime.acknowledge], timedelta(), closed) if regime.acknowledge else None,
        answer=None if still else _end(regime, received, longer, stood, closed),
        extend_by=within if regime.extension is not None and not extended and not still else None,
    )


def _end(regime: Regime, received: date, periods: Sequence[Period], stood: timedelta, closed: Collection[date]) -> date:
    """Add up periods of one unit, so that one month and two more after 31 January end on 30 April: clamped once, not twice."""
    total = Period(sum(one.number for one in periods), periods[0].unit)
    day = after(received, total, closed) + stood
    while regime.weekends and off(day, closed):
        day += timedelta(days=1)
    return day


def after(day: date, period: Period, closed: Collection[date] = ()) -> date:
    """Give the last day of a period that begins the day after `day`; a month is clamped to the length of the last one."""
    if period.unit == "day":
        return day + timedelta(days=period.number)
    if period.unit == "month":
        years, month = divmod(day.month - 1 + period.number, 12)
        year, month = day.year + years, month + 1
        return date(year, month, min(day.day, monthrange(year, month)[1]))
    left = period.number
    while left:
        day += timedelta(days=1)
        left -= not off(day, closed)
    return day


def off(day: date, closed: Collection[date]) -> bool:
    """Whether nobody works on a day: Saturday, Sunday, or one that the operator closes on."""
    return day.weekday() > LAST_WORKING or day in closed


def days_left(answer: date | None, today: date) -> int | None:
    """Give the days until the answer is due, negative when it is late; None while the clock stands still."""
    return None if answer is None else (answer - today) // timedelta(days=1)
