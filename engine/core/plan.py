"""Plan a run without sending anything: its requests, their order, and the time that the vendor's limits demand (`habeas plan`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter

from msgspec import Struct

from engine.core.account import needed
from engine.core.pace import least_time
from engine.core.selection import Selection
from engine.core.window import Window, windows
from engine.language.effective import Endpoint, Vendor


class Step(Struct, frozen=True):
    """One request of the spec in a plan. `wave`: those of one number can run at the same time; `after`: whose answers it needs.

    `requests` is the least number, one page per chain; `per_record`: that many for each record of its parent.
    """

    name: str
    line: str
    wave: int
    after: tuple[str, ...]
    requests: int
    per_record: bool
    bucket: str | None


class Plan(Struct, frozen=True):
    """All steps in order, the number of requests, and the least time in seconds; `slowest` is the bucket that decides it, if any."""

    steps: tuple[Step, ...]
    requests: int
    seconds: float
    slowest: str | None


def endpoint_windows(endpoint: Endpoint, now: datetime, narrow: datetime | None) -> tuple[Window, ...]:
    """Give an endpoint's windows, in whole days if its request is written in days; () if it has none. `narrow`: their beginning."""
    if endpoint.window is None:
        return ()
    return windows(endpoint.window.step, endpoint.window.since, now, "date" if endpoint.dated else "second", narrow)


def plan(vendor: Vendor, choice: Selection, now: datetime, narrow: datetime | None, limits: tuple[str | None, float]) -> Plan:
    """Plan a run. `limits` are the name of the vendor's plan (None: the first) and the share of its limits that is used."""
    wanted = [one for one in vendor.endpoints.values() if one.name not in choice.excluded]
    first = [vendor.discover[name] for name in needed(vendor, (vendor.verify, *vendor.lookups, *wanted))]
    steps = []
    for endpoint in (*first, vendor.verify, *vendor.lookups, *wanted):
        chains = len(endpoint.rows) * max(1, len(endpoint_windows(endpoint, now, narrow)))
        parents = tuple(dict.fromkeys(field.endpoint for field in endpoint.parents()))
        after = parents or (("lookup",) if endpoint.name in vendor.endpoints else ())
        line = f"{endpoint.method} {endpoint.line}"
        steps.append(Step(endpoint.name, line, _wave(vendor, endpoint.name), after, chains, bool(parents), endpoint.bucket))
    seconds, slowest = least_time(((one.bucket, one.line, one.requests) for one in steps), vendor.limits(limits[0]), limits[1])
    return Plan(tuple(sorted(steps, key=attrgetter("wave"))), sum(step.requests for step in steps), seconds, slowest)


def _wave(vendor: Vendor, name: str) -> int:
    """Number the wave of a request: `discover` first, then `verify` and the look-ups, then the endpoints; children after their parents."""
    discovered = 1 + max((_depth(vendor.discover, one) for one in vendor.discover), default=-1)
    if name in vendor.discover:
        return _depth(vendor.discover, name)
    return discovered + (1 + _depth(vendor.endpoints, name) if name in vendor.endpoints else 0)


def _depth(requests: Mapping[str, Endpoint], name: str) -> int:
    parents = [one.endpoint for one in requests[name].parents() if one.endpoint in requests]
    return 1 + _depth(requests, parents[0]) if parents else 0
