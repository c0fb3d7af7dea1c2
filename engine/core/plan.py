"""What a run would ask, in which order, and how long the vendor's limits make it. Sends nothing, needs no person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from engine.core.choice import Choice
from engine.core.pace import counted_by, paces
from engine.core.window import Window, windows
from engine.spec.effective import Endpoint, Vendor
from engine.spec.rate import Rate


@dataclass(frozen=True, slots=True)
class Step:
    """One endpoint of a plan. `requests` is the least there can be: one page a chain."""

    name: str
    line: str
    wave: int
    after: tuple[str, ...]
    requests: int
    per_record: bool
    bucket: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step, and the least time that the limits allow; `slowest` is the bucket that decides, None where none does."""

    steps: tuple[Step, ...]
    requests: int
    seconds: float
    slowest: str | None


def endpoint_windows(endpoint: Endpoint, now: datetime, narrow: datetime | None) -> tuple[Window, ...]:
    """Slice an endpoint's time, by days where its request is written in days."""
    if endpoint.window is None:
        return ()
    return windows(endpoint.window.step, endpoint.window.since, now, "date" if endpoint.dated else "second", narrow)


def plan(vendor: Vendor, choice: Choice, now: datetime, narrow: datetime | None, limits: tuple[str | None, float]) -> Plan:
    """Lay a run out. `limits` is the plan's name (None: the first) and the share of the limits that is used."""
    steps = [Step(one.name, f"GET {one.line}", 0, (), 1, False, one.rate_limit) for one in (vendor.verify, vendor.lookup)]
    for endpoint in vendor.endpoints.values():
        if endpoint.name in choice.excluded:
            continue
        chains = len(endpoint.rows) * max(1, len(endpoint_windows(endpoint, now, narrow)))
        parents = tuple(dict.fromkeys(field.endpoint for field in endpoint.parents()))
        wave = _wave(vendor.endpoints, endpoint.name)
        steps.append(Step(endpoint.name, f"GET {endpoint.line}", wave, parents or ("lookup",), chains, bool(parents), endpoint.rate_limit))
    seconds, slowest = _slowest(steps, vendor.limits(limits[0]), limits[1])
    return Plan(tuple(steps), sum(step.requests for step in steps), seconds, slowest)


def _slowest(steps: Sequence[Step], limits: Mapping[str, tuple[Rate, ...]], share: float) -> tuple[float, str | None]:
    """Reckon with the limiter's own paces when the last request can leave at the earliest, and which bucket decides it."""
    needed: dict[tuple[str, str], int] = {}
    for step in steps:
        for bucket in dict.fromkeys((step.bucket or "all", "all")):
            place = (bucket, counted_by(limits.get(bucket, ()), step.name))
            needed[place] = needed.get(place, 0) + step.requests
    times = [(one.least(count), bucket) for (bucket, _), count in needed.items() for one in paces(limits.get(bucket, ()), share)]
    return max(times, key=itemgetter(0), default=(0.0, None))


def _wave(endpoints: Mapping[str, Endpoint], name: str) -> int:
    parents = endpoints[name].parents()
    return 1 + (_wave(endpoints, parents[0].endpoint) if parents else 0)
