"""Draw a run's requests as a Mermaid flowchart: which waits for which, how often each is sent, which limit it draws on.

Nodes are numbered, so that no name of a spec is taken for a word of Mermaid; labels are quoted and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from engine.core.plan import Plan, Step
from engine.core.subject import groups
from engine.language.effective import Vendor
from engine.language.text.mistakes import counted

UNSAFE = re.compile(r"[^A-Za-z0-9 ./,:_=()'-]")


def graph(vendor: Vendor, plan: Plan) -> str:
    """Draw a plan; gives text that ends with a line break."""
    return "\n".join(_lines(vendor, plan)) + "\n"


def _lines(vendor: Vendor, plan: Plan) -> Iterator[str]:
    nodes = {step.name: f"n{number}" for number, step in enumerate(plan.steps)}
    lookups = [one.name for one in vendor.lookups]
    yield "flowchart LR"
    yield f"  %% {_safe(vendor.title)}: what one access request asks; an arrow means: waits for"
    for step in plan.steps:
        if step.name not in lookups or len(lookups) == 1:
            yield f'  {nodes[step.name]}["{_label(vendor, step)}"]'
    if len(lookups) > 1:
        ways = groups(vendor.lookups)
        label = "in this order, until the person is found" if len(ways) == 1 else "all of them, each way until the person is found"
        yield f'  subgraph found ["{label}"]'
        yield from (f'    {nodes[step.name]}["{_label(vendor, step)}"]' for step in plan.steps if step.name in lookups)
        yield from (f"    {nodes[one]} --> {nodes[other]}" for way in ways for one, other in pairwise([lookup.name for lookup in way]))
        yield "  end"
    person = nodes[lookups[0]] if len(lookups) == 1 else "found"
    for step in plan.steps:
        for name in _waits_for(vendor, step):
            arrow = '-->|"once per record"|' if step.per_record and name in step.after else "-->"
            yield f"  {person if name == 'lookup' else nodes[name]} {arrow} {nodes[step.name]}"
    shows = "a listed person proves that it sees people" if vendor.lists_people else "shows that the connection is alive"
    yield f'  {nodes["verify"]} -.->|"{shows}"| {person}'


def _waits_for(vendor: Vendor, step: Step) -> tuple[str, ...]:
    """Name what a request waits for: what is discovered for it, its parents, and the look-up where no endpoint is its parent."""
    endpoint = next(one for one in vendor.requests() if one.name == step.name)
    captures = {capture: one.name for one in vendor.discover.values() for capture, _ in one.capture}
    first = [captures[hole.name] for hole in endpoint.holes() if hole.name in captures]
    person = ["lookup"] if step.name in vendor.endpoints and not any(name in vendor.endpoints for name in step.after) else []
    return tuple(dict.fromkeys((*first, *person, *step.after)))


def _label(vendor: Vendor, step: Step) -> str:
    least = " per record" if step.per_record else " at least" if step.name in vendor.endpoints else ""
    lines = [step.name, step.line, counted(step.requests, "request") + least, *([f"limit: {step.bucket}"] if step.bucket else [])]
    endpoint = vendor.endpoints.get(step.name)
    if endpoint is not None and endpoint.licence is not None:
        lines.append(f"if refused: {endpoint.licence[0]} tells why")
    if endpoint is not None and endpoint.replaces is not None:
        lines.append(f"succeeds {endpoint.replaces}")
    if endpoint is not None and endpoint.optional:
        lines.append("optional: left out without its scope")
    return "<br/>".join(_safe(line) for line in lines)


def _safe(text: str) -> str:
    """Write every character that Mermaid or HTML could read as markup as its entity, in Mermaid's form: # for &."""
    return UNSAFE.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split()))
