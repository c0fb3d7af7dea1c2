"""A vendor's limit as a spec writes it: `30/s`, `100/10s`, `5000/h`, `6000/day`, `10 at once`, `50/min each`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.spec.mistake import Misfit

PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
RATE = (
    r"(?=[0-9]{1,9}[/ ])(0*(?:[1-9][0-9]{0,5}|1000000))"
    r"(?:/((?!0+[a-z])[0-9]{0,6})(s|min|h|day)| at once)( each)?"
)
FORMS = "write 30/s, 20/min, 5000/h, 6000/day, 100/10s or 10 at once; `50/min each` counts per request line"


@dataclass(frozen=True, slots=True)
class Rate:
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
