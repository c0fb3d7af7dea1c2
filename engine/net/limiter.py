"""Pace requests so that a vendor's limit is used and never exceeded. Decides no retry: it is told what to hold.

How fast a limit lets us go is reckoned in `core.pace`; aiolimiter's buckets keep to it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

from engine.core.pace import counted_by, paces
from engine.errors import UsageError
from engine.language.effective import Vendor
from engine.language.model.units import Rate

IN_FLIGHT = 16
PRECISION = 1 / 1024


def lacking(pace: AsyncLimiter) -> float:
    """Give the seconds until a pace lets one more through, if nobody draws on it meanwhile; to a thousandth of its step.

    The pace does not tell its level, but it tells whether a part of a request would pass.
    """
    if pace.has_capacity():
        return 0.0
    free, wanted = 0.0, 1.0
    while wanted - free > PRECISION:
        middle = (free + wanted) / 2
        free, wanted = (middle, wanted) if pace.has_capacity(middle) else (free, middle)
    return (1.0 - free) * pace.time_period / pace.max_rate


@dataclass(frozen=True, slots=True)
class Waited:
    """The seconds that a request waited: while a hold lasted, and for our own pace; and the moment at which it left."""

    paced: float
    held: float
    left: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.paced + self.held


@dataclass
class Hold:
    """Until when something is held, and for how many seconds it was so far."""

    since: float = 0.0
    until: float = 0.0
    before: float = 0.0

    def extend(self, now: float, until: float) -> None:
        """Hold until a moment; a longer hold wins."""
        if now >= self.until:
            self.before += self.until - self.since
            self.since = self.until = now
        self.until = max(self.until, until)

    def seconds(self, now: float) -> float:
        """Give the seconds of every hold until now."""
        return self.before + min(self.until, now) - self.since


@dataclass
class PointBudget:
    """A bucket of points as the answers tell of it: what was left at a moment, and what each request line costs.

    `refill` is our share of what comes back in a second, `most` the fullest that it was ever told to be. What is under way
    is taken for spent until its answer tells.
    """

    share: float
    left: float = math.inf
    most: float = 0.0
    refill: float = 0.0
    at: float = 0.0
    latest: float = -math.inf
    costs: dict[str, float] = field(default_factory=dict)
    under_way: float = 0.0

    def wait(self, now: float, line: str) -> float:
        """Give the seconds until a request can be paid for; one that costs more than ever fits waits until all is there."""
        if self.left == math.inf or not self.refill:
            return 0.0
        lacking_ = min(self.cost(line), self.most) + self.under_way - self._filled(now)
        return max(0.0, lacking_ / self.refill)

    def cost(self, line: str) -> float:
        """Give what a request line costs; one that was never asked, as much as the dearest that is known."""
        return self.costs.get(line, max(self.costs.values(), default=0.0))

    def told(self, now: float, line: str, told: tuple[float, float, float], sent: float) -> None:
        """Take in what an answer tells: points left, points a second, the cost of this line; and when it was asked.

        An answer that was overtaken by a later one only lowers what is thought to be left.
        """
        left, refill, cost = told
        self.most = max(self.most, left + cost)
        known = self._filled(now)
        self.left = left if sent > self.latest else min(left, known)
        self.refill, self.at, self.latest = refill * self.share, now, max(self.latest, sent)
        self.costs[line] = cost

    def _filled(self, now: float) -> float:
        return min(self.most, self.left + self.refill * (now - self.at))


@dataclass(eq=False)
class Bucket:
    """One bucket: its paces, how many may be in flight, who is next, and until when it is held."""

    paces: tuple[AsyncLimiter, ...]
    gate: asyncio.Semaphore
    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    hold: Hold = field(default_factory=Hold)
    waiting: int = 0
    points: PointBudget = field(default_factory=lambda: PointBudget(1.0))

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count someone among those who wait here."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    def left(self, now: float, line: str) -> float:
        """Give the seconds until one may leave, as far as is known now; 0 says that it may."""
        return max(0.0, self.hold.until - now, self.points.wait(now, line), *map(lacking, self.paces))

    async def ready(self, line: str) -> None:
        """Wait until one may leave. Only who is at the head asks, so what is free stays free until it is taken."""
        loop = asyncio.get_running_loop()
        while True:
            if not (left := self.left(loop.time(), line)):
                return
            await asyncio.sleep(left)

    @contextmanager
    def spent(self, line: str) -> Iterator[None]:
        """Take the points of a request for spent while it is under way."""
        cost = self.points.cost(line)
        self.points.under_way += cost
        try:
            yield
        finally:
            self.points.under_way -= cost

    async def take(self) -> None:
        """Take what is free from every pace, at once."""
        for pace in self.paces:
            await pace.acquire()


@dataclass(frozen=True, eq=False)
class Way:
    """What the requests of one kind pass: their buckets in order, and for how long any of them was held."""

    buckets: tuple[Bucket, ...]
    hold: Hold = field(default_factory=Hold)

    async def leave(self, line: str) -> AsyncExitStack:
        """Wait for leave to send one request; gives the gates, to be kept until its answer is there.

        Nothing is taken before every bucket is ready. Who finds one held anew goes back, so that it is in nobody's way.
        """
        while True:
            async with AsyncExitStack() as gates, AsyncExitStack() as heads:
                for bucket in self.buckets:
                    with bucket.counted():
                        await gates.enter_async_context(bucket.gate)
                        await heads.enter_async_context(bucket.head)
                        await bucket.ready(line)
                if not any(bucket.left(asyncio.get_running_loop().time(), line) for bucket in self.buckets):
                    for bucket in self.buckets:
                        await bucket.take()
                        gates.enter_context(bucket.spent(line))
                    return gates.pop_all()


class Limiter:
    """The buckets of one connection, for one event loop.

    At most IN_FLIGHT requests of a bucket are under way: the gate comes before the pace, so that what has been let
    through leaves at once and cannot pile up into a burst. For the same reason no pace is drawn on before all are ready.
    """

    def __init__(self, limits: Mapping[str, tuple[Rate, ...]], share: float, plan: str | None = None) -> None:
        """Take the vendor's limits by bucket, the plan they belong to, and our share of them. Raises UsageError unless 0 < share <= 1."""
        if not 0 < share <= 1:
            message = f"a share of {share:g} is no share of a limit: more than 0 and at most 1 (100 %)"
            raise UsageError(message)
        self._limits, self.share, self.plan = limits, share, plan
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._ways: dict[tuple[Bucket, ...], Way] = {}

    @asynccontextmanager
    async def slot(self, bucket: str | None, line: str) -> AsyncIterator[Waited]:
        """Wait for leave to send one request; gives what was waited. `line` names the request line, for `each`."""
        loop = asyncio.get_running_loop()
        way = self._way(bucket, line)
        started, held = loop.time(), way.hold.seconds(loop.time())
        async with await way.leave(line):
            now = loop.time()
            held = way.hold.seconds(now) - held
            yield Waited(now - started - held, held, now)

    def hold(self, bucket: str | None, until: float, line: str | None = None) -> None:
        """Hold everyone in a bucket until a moment of the loop's clock, of one that counts for `each` only a `line`; a longer hold wins."""
        now, wanted = asyncio.get_running_loop().time(), bucket if bucket in self._limits else "all"
        counted = None if line is None else counted_by(self._limits.get(wanted or "", ()), line)
        held = {one for (name, place), one in self._buckets.items() if name == wanted and counted in (None, place)}
        for one in held:
            one.hold.extend(now, until)
        for way in self._ways.values():
            if held & set(way.buckets):
                way.hold.extend(now, until)

    def told(self, bucket: str | None, line: str, points: tuple[float, float, float], sent: float) -> None:
        """Take in what the answer to a request that left at `sent` tells of its bucket: points left, points a second, its cost."""
        now = asyncio.get_running_loop().time()
        for one in self._way(bucket, line).buckets:
            one.points.told(now, line, points, sent)

    def waiting(self) -> frozenset[str]:
        """Name the buckets in which someone waits."""
        return frozenset(name for (name, _), one in self._buckets.items() if one.waiting)

    def _way(self, bucket: str | None, line: str) -> Way:
        names = [name for name in dict.fromkeys((bucket, "all")) if name in self._limits] or ["all"]
        buckets = tuple(self._bucket(name, line) for name in names if name is not None)
        if buckets not in self._ways:
            self._ways[buckets] = way = Way(buckets)
            way.hold.extend(asyncio.get_running_loop().time(), max(one.hold.until for one in buckets))
        return self._ways[buckets]

    def _bucket(self, name: str, line: str) -> Bucket:
        rates = self._limits.get(name, ())
        place = (name, counted_by(rates, line))
        if place not in self._buckets:
            at_once = [rate.count for rate in rates if rate.seconds is None]
            self._buckets[place] = Bucket(
                paces=tuple(AsyncLimiter(one.capacity, one.seconds) for one in paces(rates, self.share)),
                gate=asyncio.Semaphore(min([IN_FLIGHT, *at_once])),
                points=PointBudget(self.share),
            )
        return self._buckets[place]


def limiter_of(vendor: Vendor, plan: str | None = None, share: float = 0.75) -> Limiter:
    """Give the limiter of a vendor's plan (none named: its first), used to a share of its limits. KeyError where there is no such plan."""
    name = plan if plan is not None else next(iter(vendor.plans)) or None
    return Limiter(vendor.limits(name), share, name)
