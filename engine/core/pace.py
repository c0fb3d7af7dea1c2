"""How fast a limit lets us go: what may leave at once, and how fast more follows. Waits for nothing itself.

A bucket that lets `capacity` through at once and refills at a rate lets at most `capacity + rate x time` through. With N
the vendor's limit in a period, that must stay below N + 1 for a period; then no window of that length holds more than N.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.language.model.units import Rate

MARGIN = 0.04
LATE = 0.005


@dataclass(frozen=True, slots=True)
class Pace:
    """A bucket that is full at first: so many may leave at once, and `seconds` later as many again."""

    capacity: float
    seconds: float

    def least(self, count: int) -> float:
        """Give the seconds until so many have left, where someone always waits."""
        return max(0.0, (count - self.capacity) * self.seconds / self.capacity)


def pace(count: int, seconds: float, share: float) -> Pace:
    """Turn a vendor's limit, and our share of it (0 < share <= 1), into a pace.

    What our share leaves free may leave at once, and one at least; a little more, because a timer fires late and what
    is refilled meanwhile must find room. Where nothing is free for that, near a share of 1, the rate gives way.
    """
    capacity = max(1.0 + LATE * count / seconds, count * (1.0 - share))
    in_a_period = min(count * share, count + 1.0 - MARGIN - capacity)
    return Pace(capacity, capacity * seconds / in_a_period)


def paces(rates: Sequence[Rate], share: float) -> tuple[Pace, ...]:
    """Give the paces of a bucket's limits; so many at once is no pace."""
    return tuple(pace(rate.count, rate.seconds, share) for rate in rates if rate.seconds is not None)


def counted_by(rates: Sequence[Rate], line: str) -> str:
    """Name what a bucket counts apart: the request line where one of its limits is for `each`, else nothing."""
    return line if any(rate.each for rate in rates) else ""
