"""Write a timeline as Chrome's trace JSON (Trace Event Format), which ui.perfetto.dev and chrome://tracing show.

An endpoint is a process and has as many threads as it has requests side by side: events of one thread must not overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import msgspec

from engine.core.window import rfc3339
from engine.explain.run_folder import Sent, Timeline


def chrome(timeline: Timeline) -> str:
    """Write the events; times are microseconds since the run's first request began to wait."""
    manifest = timeline.manifest
    trace = {
        "displayTimeUnit": "ms",
        "otherData": {
            "vendor": manifest.vendor,
            "engine": f"habeas {manifest.engine}",
            "begun": rfc3339(timeline.begun, "milliseconds"),
            "simulated": manifest.simulated,
        },
        "traceEvents": list(_events(timeline)),
    }
    return msgspec.json.encode(trace).decode() + "\n"


def _events(timeline: Timeline) -> Iterator[dict[str, Any]]:
    for pid, lane in enumerate(timeline.lanes, start=1):
        yield _named("process_name", pid, 0, {"name": lane.name})
        yield _named("process_sort_index", pid, 0, {"sort_index": pid})
        yield _named("process_labels", pid, 0, {"labels": lane.outcome or ""})
        threads = side_by_side(lane.requests)
        for tid in sorted(set(threads)):
            yield _named("thread_name", pid, tid, {"name": f"side by side {tid}"})
        for sent, tid in zip(lane.requests, threads, strict=True):
            yield from _request(sent, pid, tid)


def _named(name: str, pid: int, tid: int, args: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ph": "M", "pid": pid, "tid": tid, "ts": 0, "args": args}


def _request(sent: Sent, pid: int, tid: int) -> Iterator[dict[str, Any]]:
    begun, left, ended = micros(sent.begun), micros(sent.sent), micros(sent.ended)
    place = {"ph": "X", "pid": pid, "tid": tid}
    if left > begun:
        yield {**place, "name": "waits for the limit", "cat": "wait", "ts": begun, "dur": left - begun}
    args = {"part": sent.part, "status": sent.status, "page": sent.page, "records": sent.records, "retries": sent.retries}
    yield {**place, "name": sent.label, "cat": "request", "ts": left, "dur": ended - left, "args": args}


def micros(seconds: float) -> int:
    """Round seconds to whole microseconds."""
    return round(seconds * 1_000_000)


def side_by_side(requests: Sequence[Sent]) -> list[int]:
    """Give each request the number of a thread, from 1, so that no two of a thread overlap; the wait before a request is part of it."""
    order = sorted(range(len(requests)), key=lambda index: (requests[index].begun, requests[index].ended))
    lines, busy, free = [0] * len(requests), list[tuple[int, int]](), list[int]()
    for index in order:
        begun = micros(requests[index].begun)
        while busy and busy[0][0] <= begun:
            heappush(free, heappop(busy)[1])
        lines[index] = heappop(free) if free else len(busy) + 1
        heappush(busy, (micros(requests[index].ended), lines[index]))
    return lines
