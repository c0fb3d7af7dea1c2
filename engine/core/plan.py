"""What a run would ask, in which order, and how long the vendor's limits make it. Sends nothing, needs no person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.core.choice import Choice
from engine.core.window import Window, windows
from engine.spec.effective import Endpoint, Vendor


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
    """Every step, and the least time that the limits allow."""

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
    needed: dict[str, int] = {}
    for step in steps:
        for bucket in {step.bucket or "all", "all"}:
            needed[bucket] = needed.get(bucket, 0) + step.requests
    times = {
        bucket: count / (rate.count * limits[1] / rate.seconds)
        for bucket, count in needed.items()
        for rate in vendor.limits(limits[0]).get(bucket, ())
        if rate.seconds is not None
    }
    slowest = max(times, key=lambda bucket: times[bucket], default=None)
    return Plan(tuple(steps), sum(step.requests for step in steps), times[slowest] if slowest else 0.0, slowest)


def _wave(endpoints: Mapping[str, Endpoint], name: str) -> int:
    parents = endpoints[name].parents()
    return 1 + (_wave(endpoints, parents[0].endpoint) if parents else 0)
