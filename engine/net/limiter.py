"""Rate limiting: let requests through as fast as the vendor's limits allow, and never faster.

`Limiter.slot` waits until a request may be sent. `Limiter.hold` stops a bucket for a while (a 429, `Retry-After`);
whether it must is decided in `core/retry`. The pace that a limit allows is computed in `core/pace` and kept by `net/paced_limit`;
`net/handover` hands on what was used to the next run.
All times are seconds of the event loop's clock.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager

from msgspec import Struct, field

from engine.core.pace import checked_share, counted_by, least_time, paces
from engine.language.effective import Vendor
from engine.language.model.units import Rate
from engine.net.fair_lock import FairLock
from engine.net.handover import Handover
from engine.net.paced_limit import PacedLimit

IN_FLIGHT = 16
LONGEST_REFILL = 900.0


class Waited(Struct, frozen=True):
    """How long a request waited before it was sent: `paced` for our own pace, `held` during holds. `left` is when it was sent."""

    paced: float
    held: float
    left: float

    @property
    def seconds(self) -> float:
        """Give the whole wait."""
        return self.paced + self.held


class Hold(Struct):
    """A span of time in which nothing is sent: since when, until when, and how many seconds all earlier ones lasted."""

    since: float = 0.0
    until: float = 0.0
    before: float = 0.0

    def extend(self, now: float, until: float) -> None:
        """Hold until a moment. A hold that lasts longer already stays."""
        if now >= self.until:
            self.before += self.until - self.since
            self.since = self.until = now
        self.until = max(self.until, until)

    def seconds(self, now: float) -> float:
        """Give how long all holds together have lasted by now."""
        return self.before + min(self.until, now) - self.since


class PointBudget(Struct):
    """A bucket of points, such as Shopify's, as answers report it: the points that were left at a moment, and each line's cost.

    `refill` is our share of the points that come back in a second, `most` the fullest that an answer showed. The cost of
    requests under way counts as spent until their answers arrive.
    """

    share: float
    left: float = math.inf
    most: float = 0.0
    refill: float = 0.0
    at: float = 0.0
    latest: float = -math.inf
    costs: dict[str, float] = {}
    under_way: float = 0.0

    def wait(self, now: float, line: str) -> float:
        """Give the seconds until there are points enough for a request.

        A vendor by whose own refill that takes longer than LONGEST_REFILL is not waited for: either the number is a mistake,
        or the request is refused, and `core/retry` bounds how long that is borne.
        """
        if self.left == math.inf:
            return 0.0
        lacking_ = self.cost(line) + self.under_way - self._filled(now)
        believed = lacking_ * self.share <= LONGEST_REFILL * self.refill
        return max(0.0, lacking_ / self.refill) if believed and self.refill else 0.0

    def cost(self, line: str) -> float:
        """Give what a request line costs, in points. A line that was never sent is taken to cost as much as the dearest one."""
        return self.costs.get(line, max(self.costs.values(), default=0.0))

    def learn(self, now: float, line: str, points: tuple[float, float, float], sent: float) -> None:
        """Take over what an answer reports: points left, points a second, the cost of this line. `sent` is when it was asked.

        The answer to an earlier request than the latest known one can lower the points that are left, and never raises them.
        """
        left, refill, cost = points
        self.most = max(self.most, left + cost)
        known = self._filled(now)
        self.left = left if sent > self.latest else min(left, known)
        self.refill, self.at, self.latest = refill * self.share, now, max(self.latest, sent)
        self.costs[line] = cost

    def _filled(self, now: float) -> float:
        return min(self.most, self.left + self.refill * (now - self.at))


class Bucket(Struct, eq=False):
    """One bucket: its paces, a lock for the next one in line, a gate for the requests in flight, and its hold.

    `rates` are its limits in time, each beside its pace in `paces`. `line` is `` where all request lines are counted together.
    `at_once` requests may be under way. `waiting` counts the requests that wait, by person.
    """

    name: str
    line: str
    rates: tuple[Rate, ...]
    paces: tuple[PacedLimit, ...]
    at_once: int
    gate: asyncio.Semaphore
    head: FairLock = field(default_factory=FairLock)
    hold: Hold = field(default_factory=Hold)
    waiting: dict[Hashable, int] = field(default_factory=dict)
    begun: bool = False
    points: PointBudget = field(default_factory=lambda: PointBudget(1.0))
    sent: int = 0

    async def begin(self, handover: Handover | None) -> None:
        """Count what earlier runs have taken. Only the first in line does so, once."""
        if handover is not None and not self.begun:
            for rate, paced in zip(self.rates, self.paces, strict=True):
                await paced.begin(handover.level(self.name, self.line, rate, paced.pace))
        self.begun = True

    def wait(self, person: Hashable) -> None:
        """Count a request among those that wait here."""
        self.waiting[person] = self.waiting.get(person, 0) + 1

    def waited(self, person: Hashable) -> None:
        """Count a request no more that waited here."""
        self.waiting[person] -= 1
        if not self.waiting[person]:
            del self.waiting[person]

    @property
    def crowded(self) -> bool:
        """Whether the queue is longer than twice what may be under way; of one person no more than a quarter of that counts.

        So one person with very many requests keeps nobody out.
        """
        counted, longest = max(1, self.at_once // 4), 2 * self.at_once
        return len(self.waiting) * counted > longest and sum(min(one, counted) for one in self.waiting.values()) > longest

    def left(self, now: float, line: str) -> float:
        """Give the seconds until a request may be sent, as far as is known now; 0 means now."""
        return max(0.0, self.hold.until - now, self.points.wait(now, line), *(pace.lacking() for pace in self.paces))

    async def ready(self, line: str) -> None:
        """Wait until a request may be sent. Only the first in line waits here, so what is free stays free until it is taken."""
        loop = asyncio.get_running_loop()
        while True:
            if not (left := self.left(loop.time(), line)):
                return
            await asyncio.sleep(left)

    async def take(self, line: str) -> float:
        """Draw one request from every pace; there is room in each, so this does not wait. Gives its points, which count as spent now."""
        self.sent += 1
        for pace in self.paces:
            await pace.take()
        cost = self.points.cost(line)
        self.points.under_way += cost
        return cost

    def answered(self, cost: float) -> None:
        """Count the points of a request no more, which is under way no more."""
        self.points.under_way -= cost


class Way(Struct, frozen=True, eq=False):
    """The buckets that one kind of request passes, in order, and the holds of all of them."""

    buckets: tuple[Bucket, ...]
    handover: Handover | None
    hold: Hold = field(default_factory=Hold)

    async def leave(self, line: str, person: Hashable) -> ExitStack:
        """Wait until a request may be sent. The gates that come back are held until its answer is there.

        Nothing is drawn before every bucket is ready. Where one was held again meanwhile, the request lets go of all and
        queues anew, so that it does not block others.
        """
        while True:
            with ExitStack() as gates, ExitStack() as heads:
                for bucket in self.buckets:
                    bucket.wait(person)
                    try:
                        await bucket.head.acquire(person)
                        heads.callback(bucket.head.release)
                        await bucket.gate.acquire()
                        gates.callback(bucket.gate.release)
                        await bucket.begin(self.handover)
                        await bucket.ready(line)
                    finally:
                        bucket.waited(person)
                if not any(bucket.left(asyncio.get_running_loop().time(), line) for bucket in self.buckets):
                    for bucket in self.buckets:
                        gates.callback(bucket.answered, await bucket.take(line))
                    if self.handover is not None:
                        self.handover.left((bucket.name, bucket.line, bucket.rates) for bucket in self.buckets if bucket.rates)
                    return gates.pop_all()


class Limiter:
    """The rate limits of one connection, for one event loop.

    At most IN_FLIGHT requests of a bucket are under way. Only the first in line waits for the gate, and then for the pace, so
    that a request which was let through is sent at once: requests that pile up behind a pace would leave as a burst. Who is
    next is fair between the people of a connection, however many requests each has.
    """

    def __init__(
        self, limits: Mapping[str, tuple[Rate, ...]], share: float, plan: str | None = None, handover: Handover | None = None
    ) -> None:
        """Take the vendor's limits by bucket, the plan they belong to, and our share of them. Raises UsageError unless 0 < share <= 1.

        `handover` tells what earlier runs have used, and is told what leaves; without one every bucket begins full.
        """
        self._limits, self.share, self.plan, self._handover = limits, checked_share(share), plan, handover
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._ways: dict[tuple[Bucket, ...], Way] = {}
        self._found: dict[tuple[str | None, str], Way] = {}
        self._roomy: asyncio.Event | None = None

    @asynccontextmanager
    async def slot(self, bucket: str | None, line: str, person: Hashable = None) -> AsyncIterator[Waited]:
        """Wait until one request may be sent; gives how long that took. `line` names its request line, for limits per line (`each`).

        `person` is whose request it is, as any value that is theirs alone.
        """
        loop = asyncio.get_running_loop()
        way = self._way(bucket, line)
        started, held = loop.time(), way.hold.seconds(loop.time())
        try:
            gates = await way.leave(line, person)
        finally:
            self._tell_room()
        with gates:
            now = loop.time()
            held = way.hold.seconds(now) - held
            yield Waited(now - started - held, held, now)

    def hold(self, bucket: str | None, until: float, line: str | None = None) -> None:
        """Send nothing of a bucket until a moment of the loop's clock; of a bucket that counts per line, only of that line.

        A hold that lasts longer already stays.
        """
        now, wanted = asyncio.get_running_loop().time(), bucket if bucket in self._limits else "all"
        counted = None if line is None else counted_by(self._limits.get(wanted or "", ()), line)
        held = {one for (name, place), one in self._buckets.items() if name == wanted and counted in (None, place)}
        for held_bucket in held:
            held_bucket.hold.extend(now, until)
            if self._handover is not None:
                self._handover.hold(held_bucket.name, held_bucket.line, until - now)
        for way in self._ways.values():
            if held & set(way.buckets):
                way.hold.extend(now, until)

    def learn_points(self, bucket: str | None, line: str, points: tuple[float, float, float], sent: float) -> None:
        """Take over what an answer reports of its bucket: points left, points a second, the request's cost. `sent`: when it was asked."""
        now = asyncio.get_running_loop().time()
        for drawn_on in self._way(bucket, line).buckets:
            drawn_on.points.learn(now, line, points, sent)

    def crowded(self) -> bool:
        """Whether in some bucket so many wait that another person would only wait too."""
        return any(one.crowded for one in self._buckets.values())

    async def room(self) -> None:
        """Wait until no bucket is crowded. One waits here at a time."""
        while self.crowded():
            self._roomy = asyncio.Event()
            await self._roomy.wait()
        self._roomy = None

    def _tell_room(self) -> None:
        """Let the next person in where a request waits no more: it left, or its wait was given up."""
        if self._roomy is not None and not self.crowded():
            self._roomy.set()

    def waiting(self) -> frozenset[str]:
        """Name the buckets in which requests wait."""
        return frozenset(name for (name, _), one in self._buckets.items() if one.waiting)

    def sent(self) -> Iterator[tuple[str, int, float]]:
        """Give of each bucket with a limit in time its name, how many requests have left, and how many our share lets leave a second.

        Of several limits the one of the shortest period says so: a day's is met at once, and then there is no pace.
        """
        for (name, _), bucket in self._buckets.items():
            if bucket.paces:
                pace = min((one.pace for one in bucket.paces), key=lambda one: one.seconds)
                yield name, bucket.sent, pace.capacity / pace.seconds

    def least(self, asked: Iterable[tuple[str | None, str, int]]) -> float:
        """Give the seconds that further requests need at least: of each line its bucket, its name and their number (`core/pace`)."""
        now = asyncio.get_running_loop().time()
        held = {place: one.hold.until - now for place, one in self._buckets.items() if one.waiting and one.hold.until > now}
        return least_time(asked, self._limits, self.share, held)[0]

    def _way(self, bucket: str | None, line: str) -> Way:
        found = self._found.get((bucket, line))
        if found is None:
            found = self._found[bucket, line] = self._find_way(bucket, line)
        return found

    def _find_way(self, bucket: str | None, line: str) -> Way:
        names = [name for name in dict.fromkeys((bucket, "all")) if name in self._limits] or ["all"]
        buckets = tuple(self._bucket(name, line) for name in names if name is not None)
        if buckets not in self._ways:
            self._ways[buckets] = way = Way(buckets, self._handover)
            way.hold.extend(asyncio.get_running_loop().time(), max(one.hold.until for one in buckets))
        return self._ways[buckets]

    def _bucket(self, name: str, line: str) -> Bucket:
        rates = self._limits.get(name, ())
        place = (name, counted_by(rates, line))
        if place not in self._buckets:
            now = asyncio.get_running_loop().time()
            at_once = min([IN_FLIGHT, *(rate.count for rate in rates if rate.seconds is None)])
            self._buckets[place] = Bucket(
                name=name,
                line=place[1],
                rates=tuple(rate for rate in rates if rate.seconds is not None),
                paces=tuple(PacedLimit(one) for one in paces(rates, self.share)),
                at_once=at_once,
                gate=asyncio.Semaphore(at_once),
                hold=Hold(now, now + (self._handover.held(*place) if self._handover is not None else 0.0)),
                points=PointBudget(self.share),
            )
        return self._buckets[place]


def limiter_of(vendor: Vendor, plan: str | None = None, share: float = 0.75, handover: Handover | None = None) -> Limiter:
    """Give the limiter of a vendor's plan (none named: its first), used to a share of its limits. KeyError where there is no such plan."""
    name = plan if plan is not None else next(iter(vendor.plans)) or None
    return Limiter(vendor.limits(name), share, name, handover)
