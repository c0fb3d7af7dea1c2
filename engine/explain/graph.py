"""The graph of a run's requests as Mermaid flowchart text: who waits for whom, how often each is asked, which limit it draws on.

Nodes are numbered, so no name of a spec can be a word of Mermaid; labels are quoted and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.core.plan import Plan, Step
from engine.explain.wording import counted
from engine.spec.effective import Vendor

UNSAFE = re.compile(r"[^A-Za-z0-9 ./,:_=()'-]")


def graph(vendor: Vendor, plan: Plan) -> str:
    """Draw a plan. The text ends with a line break."""
    return "\n".join(_lines(vendor, plan)) + "\n"


def _lines(vendor: Vendor, plan: Plan) -> Iterator[str]:
    nodes = {step.name: f"n{number}" for number, step in enumerate(plan.steps)}
    yield "flowchart LR"
    yield f"  %% {_safe(vendor.title)}: what one access request asks; an arrow means: waits for"
    for step in plan.steps:
        yield f'  {nodes[step.name]}["{_label(vendor, step)}"]'
    for step in plan.steps:
        arrow = '-->|"once per record"|' if step.per_record else "-->"
        yield from (f"  {nodes[name]} {arrow} {nodes[step.name]}" for name in step.after if name in nodes)
    yield f'  {nodes["verify"]} -.->|"proves that it sees people"| {nodes["lookup"]}'


def _label(vendor: Vendor, step: Step) -> str:
    times = f"{counted(step.requests, 'request')}{' per record' if step.per_record else ' at least' if step.wave else ''}"
    lines = [step.name, step.line, times, *([f"limit: {step.bucket}"] if step.bucket else [])]
    endpoint = vendor.endpoints.get(step.name)
    if endpoint is not None and endpoint.licence is not None:
        lines.append(f"if refused: {endpoint.licence[0]} tells why")
    if endpoint is not None and endpoint.replaces is not None:
        lines.append(f"succeeds {endpoint.replaces}")
    return "<br/>".join(_safe(line) for line in lines)


def _safe(text: str) -> str:
    """Write every character that Mermaid or HTML could read as markup as its entity, in Mermaid's form: # for &."""
    return UNSAFE.sub(lambda found: f"#{ord(found[0])};", " ".join(text.split()))
