"""`habeas plan`: what a run would ask."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import typer

from engine.catalogue import load
from engine.cli.formatting import print_text, span, table, width_of
from engine.core.plan import Plan, plan
from engine.core.selection import checked_plan, choose, since_of
from engine.explain.graph import graph
from engine.language.effective import Vendor


def plan_command(
    word: str, only: tuple[str, ...], without: tuple[str, ...], since: str | None, limits: tuple[str | None, int], form: str
) -> None:
    """Print the plan of a run; `form` is text, json or graph. Raises UsageError, SpecError."""
    vendor = load(word)
    now = datetime.now(UTC)
    name = checked_plan(vendor, limits[0])
    found = plan(vendor, choose(vendor.endpoints, only, without), now, since_of(since, now), (name, limits[1] / 100))
    rate_plan = name or next(iter(vendor.plans)) or None
    if form == "graph":
        typer.echo(graph(vendor, found), nl=False)
    elif form == "json":
        typer.echo(json.dumps(_as_json(vendor, found, rate_plan), indent=2))
    else:
        print_text(_as_text(vendor, found, (limits[1], rate_plan), width_of(sys.stdout)))


def _as_json(vendor: Vendor, found: Plan, rate_plan: str | None) -> dict[str, object]:
    steps = [
        {
            "name": one.name,
            "request": one.line,
            "wave": one.wave,
            "after": list(one.after),
            "requests": one.requests,
            "per_record": one.per_record,
            "bucket": one.bucket,
            "optional": one.name in vendor.endpoints and vendor.endpoints[one.name].optional,
        }
        for one in found.steps
    ]
    summary = {
        "vendor": vendor.name,
        "plan": rate_plan,
        "requests": found.requests,
        "seconds": round(found.seconds, 3),
        "slowest_bucket": found.slowest,
    }
    return {**summary, "steps": steps}


def _as_text(vendor: Vendor, found: Plan, limits: tuple[int, str | None], width: int | None) -> str:
    rows = [
        (str(one.wave), one.name, (f"{one.requests} per record" if one.per_record else str(one.requests)), one.bucket or "", one.line)
        for one in found.steps
    ]
    optional = [one.name for one in found.steps if one.name in vendor.endpoints and vendor.endpoints[one.name].optional]
    without = f"\nOptional, asked only where the connection has the scope: {', '.join(optional)}." if optional else ""
    return (
        f"{vendor.title}: what a run asks, wave by wave; a wave runs side by side\n\n"
        + table(("wave", "endpoint", "at least", "bucket", "request"), rows, (2,), width)
        + f"\n\nAt least {found.requests} requests; {duration(found, *limits)}.{without}"
    )


def duration(found: Plan, percent: int, rate_plan: str | None) -> str:
    """Say how long the vendor's limits make a run, at this percentage of them."""
    if found.slowest is None:
        return "the spec names no limit for them, so how long that takes depends on the vendor's answers alone"
    plan_words = f" on the plan `{rate_plan}`" if rate_plan else ""
    if not found.seconds:
        return f"{percent} % of the limits{plan_words} lets them leave at once"
    return f"at {percent} % of the limit of `{found.slowest}`{plan_words} that takes {span(found.seconds)} or more"
