"""Spans of time as a spec writes them: `28d`, `6mo`, `90m`. Reads no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.spec.mistake import Misfit

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_YEARS = 100
DURATION = r"(?=[0-9]{1,9}[a-z])(0*[1-9][0-9]*)(s|mo|m|h|d)"


@dataclass(frozen=True, slots=True)
class Duration:
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
