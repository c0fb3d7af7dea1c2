"""Spans of time (`28d`, `6mo`, `90m`) and limits (`30/s`, `100/10s`, `10 at once`): how a spec writes them."""

from __future__ import annotations

import re

from msgspec import Struct

from engine.language.text.mistakes import Misfit

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_YEARS = 100
DURATION = r"(?=[0-9]{1,9}[a-z])(0*[1-9][0-9]*)(s|mo|m|h|d)"


class Duration(Struct, frozen=True):
    """A span: either calendar months or seconds."""

    months: int = 0
    seconds: int = 0


def parse_duration(text: str) -> Duration:
    """Read `30s`, `90m`, `12h`, `28d` or `6mo` (calendar months); Misfit says what is allowed."""
    found = re.fullmatch(DURATION, text)
    if not found:
        message = f"`{text}` is no span of time"
        raise Misfit(message, "write a number and s, m, h, d or mo, for example 28d or 6mo")
    count, unit = int(found[1]), found[2]
    span = Duration(months=count) if unit == "mo" else Duration(seconds=count * SECONDS[unit])
    if span.months > LONGEST_YEARS * 12 or span.seconds > LONGEST_YEARS * 366 * 86400:
        message = f"`{text}` is longer than {LONGEST_YEARS} years"
        raise Misfit(message, formal=False)
    return span


PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
RATE = (
    r"(?=[0-9]{1,9}[/ ])(0*(?:[1-9][0-9]{0,5}|1000000))"
    r"(?:/((?!0+[a-z])[0-9]{0,6})(s|min|h|day)| at once)( each)?"
)
FORMS = "write 30/s, 20/min, 5000/h, 6000/day, 100/10s or 10 at once; `50/min each` counts per request line"


class Rate(Struct, frozen=True):
    """So many requests in so many seconds; `seconds` is None for so many at once."""

    count: int
    seconds: float | None
    each: bool = False


def parse_rate(text: str) -> Rate:
    """Read a limit; Misfit says how one is written."""
    found = re.fullmatch(RATE, text)
    if not found:
        message = f"`{text}` is no limit"
        raise Misfit(message, FORMS)
    seconds = None if found[3] is None else PERIODS[found[3]] * int(found[2] or 1)
    return Rate(int(found[1]), seconds, found[4] is not None)
