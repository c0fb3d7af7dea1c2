"""How much of a vendor's limits earlier runs have used: when their requests left, counted in slices of each limit's period.

Each run begins with what the runs before it left of a limit, counts of the day included, and waits as long as the vendor told
them to. `net/handover` notes both here while a run goes on, `connection/departure_file` keeps them on the disk. Moments are
milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from engine.decoding import decoder

FORMAT = 1
SLICES = 64
LATEST = 1 << 53
SHORTEST = 0.001
LONGEST_HOLD = 900.0  # seconds, as long as a run is patient: a clock that was set back must not hold for years
Slice = tuple[int, int]


class Departed(msgspec.Struct, frozen=True, array_like=True):
    """What left within one period of a limit: `slices` are pairs of the last departure in a slice and how many left in it.

    `line` is the request line where the limit is counted for each, else ``; `ahead` is how many more may have left since
    this was written, if its run was killed.
    """

    bucket: str
    line: str
    seconds: float
    ahead: int
    slices: tuple[Slice, ...]


class ToldWait(msgspec.Struct, frozen=True, array_like=True):
    """Until when the vendor told to send nothing of a bucket, or of one request line of it."""

    bucket: str
    line: str
    until: Annotated[int, msgspec.Meta(ge=0, lt=LATEST)]


class DepartureRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file."""

    habeas: str
    format: int
    limits: tuple[Departed, ...]
    holds: tuple[ToldWait, ...] = ()


class Departures:
    """The departures of one connection, by bucket, request line and period."""

    def __init__(self) -> None:
        """Begin with none."""
        self._slices: dict[tuple[str, str, float], list[Slice]] = {}
        self._holds: dict[tuple[str, str], int] = {}

    def hold(self, bucket: str, line: str, until: int) -> bool:
        """Note until when the vendor told to wait, to the next full second; whether that is later than was known."""
        known, until = self._holds.get((bucket, line), 0), -(-until // 1000) * 1000
        self._holds[bucket, line] = max(known, until)
        return until > known

    def held(self, bucket: str, line: str, now: int) -> float:
        """Give the seconds for which nothing may be sent."""
        return max(0.0, min((self._holds.get((bucket, line), 0) - now) / 1000, LONGEST_HOLD))

    def note(self, bucket: str, line: str, seconds: float, moment: int, count: int = 1) -> None:
        """Count requests that left at a moment, for a limit whose period has so many seconds."""
        slices, width = self._slices.setdefault((bucket, line, seconds), []), seconds * 1000 / SLICES
        if slices and moment // width <= slices[-1][0] // width:
            slices[-1] = (max(moment, slices[-1][0]), slices[-1][1] + count)
        else:
            slices.append((moment, count))
        while slices[0][0] <= moment - seconds * 1000:
            slices.pop(0)

    def level(self, bucket: str, line: str, seconds: float, refill: float, now: int) -> float:
        """Give how many requests a token bucket still counts that gets back `refill` a second and has seen these departures.

        It may be more than the bucket holds, where an earlier run used a larger share. A departure that the clock shows in
        the future counts as one of now.
        """
        level, at = 0.0, now
        for until, count in self._period(bucket, line, seconds):
            moment = min(until, now)
            if moment > now - seconds * 1000:
                level, at = max(0.0, level - refill * max(0, moment - at) / 1000) + count, moment
        return max(0.0, level - refill * (now - at) / 1000)

    def _period(self, bucket: str, line: str, seconds: float) -> Iterable[Slice]:
        """Give the slices of a limit. Where its period is new, those of the next longer one, else of the longest there is."""
        known = {period for name, place, period in self._slices if (name, place) == (bucket, line)}
        if not known:
            return ()
        period = min((one for one in known if one >= seconds), default=max(known))
        return self._slices[bucket, line, period]

    def encode(self, ahead: dict[tuple[str, str], int], now: int) -> bytes:
        """Write it as JSON, without what is past; `ahead` says how many more may leave before it is written again."""
        limits = []
        for (bucket, line, seconds), slices in self._slices.items():
            kept = tuple(one for one in slices if one[0] > now - seconds * 1000)
            more = ahead.get((bucket, line), 0)
            if kept or more:
                limits.append(Departed(bucket, line, seconds, more, kept))
        holds = tuple(ToldWait(*place, until) for place, until in self._holds.items() if until > now)
        return msgspec.json.encode(DepartureRecord("departures", FORMAT, tuple(limits), holds)) + b"\n"


def departures_of(raw: bytes, now: int) -> Departures:
    """Read what `encode` wrote. What may have left since counts as leaving now. Raises ValueError if it is not sound."""
    try:
        record = decoder(DepartureRecord).decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = "no list of departures"
        raise ValueError(message) from error
    found = Departures()
    for limit in record.limits:
        counts = (limit.ahead, *(number for pair in limit.slices for number in pair))
        moments = [moment for moment, _ in limit.slices]
        if not (SHORTEST <= limit.seconds < LATEST and all(0 <= one < LATEST for one in counts) and moments == sorted(moments)):
            message = "departures that cannot be"
            raise ValueError(message)
        for moment, count in limit.slices:
            found.note(limit.bucket, limit.line, limit.seconds, moment, count)
        if limit.ahead:
            found.note(limit.bucket, limit.line, limit.seconds, now, limit.ahead)
    for hold in record.holds:
        found.hold(hold.bucket, hold.line, hold.until)
    if (record.habeas, record.format) != ("departures", FORMAT):
        message = "another kind or version of file"
        raise ValueError(message)
    return found
