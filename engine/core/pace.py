"""The pace of a rate limit: how many requests may leave at once, and how fast more may follow. `net/limiter` keeps to it.

A token bucket that lets `capacity` requests through at once and refills at a rate lets at most `capacity + rate * time`
through. For a vendor's limit of N in a period this must stay below N + 1; then no window of that length holds more than N.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType

from msgspec import Struct

from engine.errors import UsageError
from engine.language.model.units import Rate

MARGIN = 0.04
LATE = 0.005
EMPTY: Mapping[tuple[str, str], float] = MappingProxyType({})


class Pace(Struct, frozen=True):
    """A token bucket that is full at first: `capacity` requests may leave at once, and as many again every `seconds`."""

    capacity: float
    seconds: float

    def least(self, count: int) -> float:
        """Give the seconds until this many requests have left, if one is always waiting."""
        return max(0.0, (count - self.capacity) * self.seconds / self.capacity)


def pace(count: int, seconds: float, share: float) -> Pace:
    """Turn a limit of `count` requests in so many seconds, and our share of it (0 < share <= 1), into a pace.

    The part that our share does not use may leave at once; at least one request, and a little more, because timers fire
    late and what is refilled meanwhile needs room. Near a share of 1 nothing is unused, so the rate is a little lower.
    """
    capacity = max(1.0 + LATE * count / seconds, count * (1.0 - share))
    in_a_period = min(count * share, count + 1.0 - MARGIN - capacity)
    return Pace(capacity, capacity * seconds / in_a_period)


def checked_share(share: float) -> float:
    """Give our share of a vendor's limits as a float. Raises UsageError unless it is a number, 0 < share <= 1."""
    if isinstance(share, bool) or not isinstance(share, (int, float)):
        message = f"a share is a number, more than 0 and at most 1 (100 %), not {type(share).__name__}"
        raise UsageError(message)
    if not 0 < share <= 1:
        message = f"a share of {share:g} is no share of a limit: more than 0 and at most 1 (100 %)"
        raise UsageError(message)
    return float(share)


def paces(rates: Sequence[Rate], share: float) -> tuple[Pace, ...]:
    """Give the pace of each limit of a bucket; a limit on concurrent requests has none."""
    return tuple(pace(rate.count, rate.seconds, share) for rate in rates if rate.seconds is not None)


def least_time(
    asked: Iterable[tuple[str | None, str, int]],
    limits: Mapping[str, Sequence[Rate]],
    share: float,
    held: Mapping[tuple[str, str], float] = EMPTY,
) -> tuple[float, str | None]:
    """Give when the last of so many requests can leave, in seconds from now, and the bucket that decides it, if any.

    `asked`: of each request line its bucket, its name and the number of requests. `held`: for how long a bucket (its name and what it
    counts separately) sends nothing. It is a least time: buckets are taken to be full, and answers to need no time.
    """
    needed = dict.fromkeys(held, 0)
    for bucket, line, count in asked:
        for name in dict.fromkeys((bucket or "all", "all")):
            place = (name, counted_by(limits.get(name, ()), line))
            needed[place] = needed.get(place, 0) + count
    times = [(held[place], place[0]) for place in held]
    for place, count in needed.items():
        times += [(held.get(place, 0.0) + one.least(count), place[0]) for one in paces(limits.get(place[0], ()), share)]
    return max(times, key=itemgetter(0), default=(0.0, None))


def counted_by(rates: Sequence[Rate], line: str) -> str:
    """Give what a bucket counts separately: the request line if one of its limits is per line (`each`), else nothing (``)."""
    return line if any(rate.each for rate in rates) else ""
