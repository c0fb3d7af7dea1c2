"""Hand on what a run has used of the vendor's limits, from process to process: written before requests leave, read by the next run.

A killed process writes nothing at its end. So each writing says how many more requests may leave before the next one, and
who reads it counts them as sent. At a run's own end (`close`) nothing is ahead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from engine.core.departures import Departures
from engine.core.pace import Pace
from engine.language.model.units import Rate
from engine.net.clock import Clock

AHEAD = 16
DAY = 86400.0
Write = Callable[[bytes, bool], None]


class Handover:
    """The departures of one connection while a run uses it. `words` say what is wrong; None where nothing is.

    `known`: it is known what earlier runs used. Where it is not, each bucket begins empty: with nothing that may leave at
    once, so that a run that went before at the same share is never added to. `orderly`: who used it before had written down all that
    left. Where it had not, what may have left in the last moment counts as much; a limit of a day or longer keeps its count.
    """

    def __init__(
        self,
        clock: Clock,
        departures: Departures,
        write: Write | None,
        words: str | None = None,
        *,
        known: bool = True,
        orderly: bool = True,
    ) -> None:
        """`write` replaces the file with a content; its flag says to sync it to the disk. It raises OSError; None: there is no file."""
        self._clock, self._departures, self._write = clock, departures, write
        self.words, self._known, self._orderly = words, known, orderly
        self._ahead: dict[tuple[str, str], int] = {}
        self._allowed: dict[tuple[str, str], int] = {}

    def level(self, bucket: str, line: str, rate: Rate, pace: Pace) -> float:
        """Give how many requests of a limit count as taken at a run's beginning."""
        if not self._known:
            return pace.capacity
        level = self._departures.level(bucket, line, rate.seconds or 0.0, pace.capacity / pace.seconds, self._now())
        return level if self._orderly or (rate.seconds or 0.0) >= DAY else max(level, pace.capacity)

    def left(self, places: Iterable[tuple[str, str, tuple[Rate, ...]]]) -> None:
        """Count a request that is about to leave, in each bucket and request line it draws on, with their limits in time."""
        full, moment = False, self._now() + 1
        for bucket, line, rates in places:
            for rate in rates:
                self._departures.note(bucket, line, rate.seconds or 0.0, moment)
            place = (bucket, line)
            self._ahead[place] = min(rate.count for rate in rates) // AHEAD
            self._allowed[place] = self._allowed.get(place, 0) - 1
            full = full or self._allowed[place] < 0
        if full:
            self._put_ahead()

    def hold(self, bucket: str, line: str, seconds: float) -> None:
        """Note that the vendor told to wait. It is written at once: a run that is killed while it waits has told the next one."""
        if self._departures.hold(bucket, line, self._now() + math.ceil(seconds * 1000)):
            self._put_ahead()

    def held(self, bucket: str, line: str) -> float:
        """Give the seconds that are left of what the vendor told an earlier run to wait."""
        return self._departures.held(bucket, line, self._now())

    def close(self) -> None:
        """Write what was used, with nothing ahead, and sync it to the disk."""
        self._put({}, sync=True)

    def _put_ahead(self) -> None:
        self._put(self._ahead, sync=False)
        self._allowed = dict(self._ahead)

    def _put(self, ahead: dict[tuple[str, str], int], *, sync: bool) -> None:
        if self._write is None:
            return
        try:
            self._write(self._departures.encode(ahead, self._now()), sync)
        except OSError as error:
            self.words = f"what was used of the vendor's limits could not be written ({error.strerror})"

    def _now(self) -> int:
        return int(self._clock.timestamp() * 1000)
