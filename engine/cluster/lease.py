"""Who may own a connection, and until when its owner may send: pure decisions, the times are arguments.

Moments of this machine are seconds of CLOCK_BOOTTIME, which goes on while a process is stopped or the machine sleeps; whether a lease
has ended is for the database to say.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

LEASE = 60.0
SHORTEST, LONGEST = 1.0, 3600.0
HELD_ENOUGH = 600.0
SHARE_OF_SWEEPS = 20


def boot_seconds() -> float:
    """Give the seconds since this machine was started, those in which it slept too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class LeaseTimes(Struct, frozen=True):
    """What follows from how many `seconds` a lease lasts; `enough`: how long a connection is held while others wait for a place."""

    seconds: float = LEASE
    enough: float = HELD_ENOUGH

    @property
    def beat(self) -> float:
        """Give how often an owner renews its leases: several may fail before it stops sending."""
        return self.seconds / 6

    @property
    def poll(self) -> float:
        """Give how often work is looked for."""
        return min(1.0, self.seconds / 6)

    @property
    def soon(self) -> float:
        """Give how long after a lease has ended others need at most to see that nobody works there, if their machines are not busy."""
        return self.seconds / 3

    def deadline(self, asked: float) -> float:
        """Give until when requests may leave under a lease that was asked for at a moment: a third of it is left then."""
        return asked + self.seconds * 2 / 3


class LeaseRow(Struct, frozen=True):
    """A connection's row as it is when somebody wants it: its owner, and whether the lease is over by the database's clock."""

    name: str
    token: int
    owner: str | None
    over: bool


def may_take(rows: Sequence[LeaseRow], owner: str, live: Collection[str]) -> bool:
    """Whether all connections of an account may be taken: each is nobody's, its lease has ended, or it is one's own of before.

    `live` names what this very owner drains now: a dispatcher may hand it out once more.
    """
    return bool(rows) and all(row.name not in live and (row.owner in (None, owner) or row.over) for row in rows)


def ended_orderly(rows: Iterable[LeaseRow]) -> bool:
    """Whether whoever owned them before gave them back with all written down that had left."""
    return all(row.owner is None for row in rows)


def held_too_long(held: Mapping[str, float], many: int, now: float, times: LeaseTimes, *, waiting: bool) -> str | None:
    """Name what is given back where all places are taken and another account is waiting: what is held longest, if long enough.

    `held` tells of each account since when.
    """
    if not waiting or len(held) < many or not held:
        return None
    oldest = min(held, key=held.__getitem__)
    return oldest if now - held[oldest] >= times.enough else None


def until_next_sweep(took: float, workers: int, times: LeaseTimes) -> float:
    """Give for how long a worker does not sweep: all together do for a twentieth of the time, but each three times in a lease at least.

    What a killed worker had is found by a sweep: on a busy machine a twentieth alone would let it lie for many leases.
    """
    return min(times.soon, max(times.poll, SHARE_OF_SWEEPS * took * workers))


class SeenStuck:
    """Jobs that were seen under way although nobody owns what they drain; one is believed when it was so for a third of a lease.

    A job that was only just begun has not taken its lease yet.
    """

    def __init__(self, times: LeaseTimes) -> None:
        """Nothing was seen yet."""
        self._times, self._since = times, dict[int, float]()

    def believed(self, stuck: Iterable[int], now: float) -> list[int]:
        """Take what is seen now, and give those that are to be mended."""
        self._since = {job: self._since.get(job, now) for job in stuck}
        return [job for job, since in self._since.items() if now - since >= self._times.soon]
