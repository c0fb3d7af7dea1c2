"""Spans of time as a spec writes them: `28d`, `6mo`, `90m`. Reads no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_YEARS = 100


@dataclass(frozen=True, slots=True)
class Duration:
    """A span: either calendar months or seconds."""

    months: int = 0
    seconds: int = 0


def parse_duration(text: str) -> Duration:
    """Read `30s`, `90m`, `12h`, `28d` or `6mo` (calendar months); ValueError says what is allowed."""
    found = re.fullmatch(r"([0-9]{1,9})(s|mo|m|h|d)", text)
    if not found or int(found[1]) == 0:
        message = f"`{text}` is no span of time: write a number and s, m, h, d or mo, for example 28d or 6mo"
        raise ValueError(message)
    count, unit = int(found[1]), found[2]
    span = Duration(months=count) if unit == "mo" else Duration(seconds=count * SECONDS[unit])
    if span.months > LONGEST_YEARS * 12 or span.seconds > LONGEST_YEARS * 366 * 86400:
        message = f"`{text}` is longer than {LONGEST_YEARS} years"
        raise ValueError(message)
    return span
