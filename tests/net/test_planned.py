"""What `plan` says of the time is what the limiter takes. In virtual time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from engine.catalogue import load
from engine.core.plan import Plan, plan
from engine.core.selection import choose
from engine.language.effective import Vendor
from engine.net.limiter import Limiter
from tests.clock import run
from tests.core.specs import HEAD, vendor

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENDPOINTS = """\
a: {get: /a/<USER_ID>, params: {f: <FROM>, t: <TO>}, window: {step: 1d, since: 300d}, bucket: a}
b: {get: /b/<USER_ID>, params: {f: <FROM>, t: <TO>}, window: {step: 1d, since: 100d}, bucket: b}
c: {get: /c/<USER_ID>, params: {f: <FROM>, t: <TO>}, window: {step: 1d, since: 90d}}
"""


def limited(limits: str) -> Vendor:
    return vendor(ENDPOINTS, HEAD.replace("refusals:", f"rate_limits: {{{limits}}}\nrefusals:", 1))


def taken(spec: Vendor, found: Plan, plan_name: str | None, share: float) -> float:
    """Send what was planned, all of it as soon as the limiter lets it; gives when the last one left."""

    async def scenario() -> float:
        limiter, loop = Limiter(spec.limits(plan_name), share), asyncio.get_running_loop()
        started = loop.time()

        async def send(bucket: str | None, name: str) -> None:
            async with limiter.slot(bucket, name):
                pass

        async with asyncio.TaskGroup() as group:
            for step in found.steps:
                for _ in range(step.requests):
                    group.create_task(send(step.bucket, step.name))
        return loop.time() - started

    return run(scenario())


@pytest.mark.parametrize(
    ("spec", "plan_name"),
    [
        (limited("a: 10/s, b: 10/s"), None),
        (limited("a: 10/s, b: 1/s, all: 30/s"), None),
        (limited("a: [4/s, 6000/day], b: [20/min, 3 at once], all: 8/s"), None),
        (limited("a: 5/s each, b: 5/s, all: 3/s each"), None),
        (limited("a: 1000/s, b: 1000/s"), None),
        (limited("a: 2 at once, b: 3 at once"), None),
        (load("zoom"), "free"),
        (load("zoom"), "pro"),
    ],
)
@pytest.mark.parametrize("share", [0.1, 0.75, 1.0])
def test_a_plan_takes_as_long_as_it_says(spec, plan_name, share):
    """Never sooner, and hardly later where the answers take no time: by one step of the pace, or 3 %."""
    found = plan(spec, choose(spec.endpoints, (), ()), NOW, None, (plan_name, share))
    seconds = taken(spec, found, plan_name, share)
    assert found.seconds <= seconds
    assert seconds <= found.seconds * 1.03 + 1


def test_a_daily_limit_does_not_stretch_what_it_lets_through_at_once():
    """Two thousand a day at three quarters: five hundred leave as fast as the other limits let them."""
    spec = limited("a: [20/s, 2000/day], b: 9/s")
    assert 15 < plan(spec, choose(spec.endpoints, ("a",), ()), NOW, None, (None, 0.75)).seconds < 25
