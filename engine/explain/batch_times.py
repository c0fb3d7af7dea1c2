"""What a batch is drawn from: people and requests at each connection in time. Pure; moments are seconds since 1970."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from engine.language.model.units import Rate

SLOTS = 160


class DrawnPerson(Struct, frozen=True):
    """A person at a connection: where they stand, and of a result that is there when its run was begun and ended."""

    request: str
    state: str
    begun: float | None = None
    ended: float | None = None
    requests: int = 0


class UsedLimit(Struct, frozen=True):
    """One limit of the vendor, and when requests that count in it left, in order; `name` is its bucket."""

    name: str
    rate: Rate
    sent: Sequence[float]

    @property
    def seconds(self) -> float:
        """Give its period."""
        return self.rate.seconds or 1.0

    def most(self) -> int:
        """Count how many left in any one period, at most."""
        return max((index + 1 - bisect_right(self.sent, moment - self.seconds) for index, moment in enumerate(self.sent)), default=0)

    def average(self) -> float:
        """Give the requests in a period, on average from the first to the last."""
        spent = self.sent[-1] - self.sent[0] if self.sent else 0.0
        return len(self.sent) * self.seconds / max(spent, self.seconds)


class Band(Struct, frozen=True):
    """One connection: its people, all that was sent, each limit it was sent in, the shares that were used, and what is to be said."""

    connection: str
    people: Sequence[DrawnPerson]
    sent: Sequence[float]
    limits: Sequence[UsedLimit]
    shares: Sequence[float]
    notes: Sequence[str] = ()

    @property
    def busiest(self) -> UsedLimit | None:
        """Give the limit that was filled the most in one of its periods."""
        return max(self.limits, key=lambda one: (one.most() / one.rate.count, one.average() / one.rate.count), default=None)


class BatchTimes(Struct, frozen=True):
    """A batch in time."""

    simulated: bool
    bands: Sequence[Band]

    def span(self) -> tuple[float, float] | None:
        """Give its first and last moment; None where nothing was asked yet."""
        people = [moment for band in self.bands for one in band.people for moment in (one.begun, one.ended) if moment is not None]
        moments = [*people, *(moment for band in self.bands for moment in band.sent)]
        return (min(moments), max(moments)) if moments else None


def ends(people: Sequence[DrawnPerson], states: Sequence[str]) -> list[float]:
    """Give when the people of these states ended, in order."""
    return sorted(one.ended for one in people if one.state in states and one.ended is not None)


def counts(moments: Sequence[float], edges: Sequence[float]) -> list[int]:
    """Count at each edge how many of the moments, in order, have passed."""
    return [bisect_right(moments, edge) for edge in edges]


def edges_of(begun: float, ended: float, period: float | None) -> list[float]:
    """Part a span of time into at most SLOTS; slots longer than a limit's period are whole periods, so that no slot may hold more."""
    width = max((ended - begun) / SLOTS, 1e-3)
    if period is not None and width > period:
        width = ceil(width / period) * period
    number = max(1, ceil((ended - begun) / width - 1e-9))
    return [begun + index * width for index in range(number + 1)]


def rates(sent: Sequence[float], edges: Sequence[float], period: float) -> list[float]:
    """Give the requests per period at the end of each slot: of the whole slot, or of the period before its end where that is longer."""
    window = max(edges[1] - edges[0], period)
    until = [*(bisect_left(sent, edge) for edge in edges[1:-1]), len(sent)]
    return [(count - bisect_left(sent, edge - window)) * period / window for count, edge in zip(until, edges[1:], strict=True)]
