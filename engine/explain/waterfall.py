"""Write a timeline as one HTML file without scripts, or as Chrome's trace JSON, which ui.perfetto.dev and chrome://tracing show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import msgspec

from engine.core.retry import TOO_MANY
from engine.core.sizes import size_text
from engine.core.window import rfc3339
from engine.explain.run_folder import NONE, Lane, Sent, Timeline
from engine.language.text.mistakes import counted
from engine.pages.environment import environment

MOST_ROWS = 1000
ALL_OPEN = 60
FINENESS = 500
STEPS = (1, 2, 5)
Bar = tuple[str, str, str]  # the class, where it begins, how wide it is
KEY = (
    ("wait", "waits for the vendor's limit, ours and others' requests included"),
    ("ok", "sent, to the last byte of a good answer"),
    ("refused", "of a refusal (status 400 to 499)"),
    ("broken", "of the vendor's fault (status 500 and above, no answer, no file)"),
)


class RequestRow(msgspec.Struct):
    """A request as the page shows it: its name, all that is told of it, its bars and its numbers."""

    name: str
    told: str
    bars: list[Bar]
    cells: tuple[str, ...]


class LaneRows(msgspec.Struct):
    """A lane as the page shows it; `more` says how many rows are left out."""

    name: str
    count: str
    opened: bool
    bars: list[Bar]
    cells: tuple[str, ...]
    rows: list[RequestRow]
    more: str


def waterfall(timeline: Timeline) -> str:
    """Give the whole HTML file."""
    total = max(timeline.seconds, 0.001)
    step = tick(total)
    answers = sum(len(lane.requests) for lane in timeline.lanes if not lane.files)
    return (
        environment("engine.explain")
        .get_template("trace.html")
        .render(
            language="en",
            title=f"{timeline.manifest.vendor}: the requests of a run",
            step=f"{step / total:.6%}",
            facts=_facts(timeline, answers),
            key=KEY,
            marks=[(f"{number * step / total:.3%}", duration(number * step)) for number in range(int(total / step + 1e-9) + 1)],
            lanes=[_lane(lane, total, opened=answers <= ALL_OPEN) for lane in timeline.lanes],
        )
    )


def _facts(timeline: Timeline, answers: int) -> tuple[str, ...]:
    manifest = timeline.manifest
    asked = [lane for lane in timeline.lanes if not lane.files]
    retries, sent = sum(lane.retries for lane in asked), sum(lane.asked for lane in asked)
    limited = sum(each.status == TOO_MANY for lane in asked for one in lane.requests for each in one.earlier)
    whose = "a simulated vendor" if manifest.simulated else "the vendor"
    again = f"{counted(retries, 'of them a retry') if retries == 1 else f'{retries:,} of them retries'}"
    return (
        (
            f"Begun {timeline.begun:%Y-%m-%d %H:%M:%S} UTC, asked of {whose} by Habeas {manifest.engine}. "
            f"{counted(sent, 'request')} for {counted(answers, 'answer')} in {duration(timeline.seconds)}, "
            f"{again}{f' ({limited:,} after HTTP {TOO_MANY})' if limited else ''}; at most {most_at_once(timeline)} at once."
        ),
        f"{_waits(timeline)} {_downloads(timeline)}",
        (
            "Open a lane to see its requests. The tries before the last stand in the row of their request; what was given up without "
            "an answer is counted, not drawn. Not recorded are the call that verifies the connection and what is discovered of the "
            "account. Nothing here is the person's."
        ),
    )


def _waits(timeline: Timeline) -> str:
    """Say of each limit for how much of the run at least one request waited for it."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for lane in timeline.lanes:
        for sent in lane.requests:
            spans.setdefault(sent.bucket or "", []).extend((each.begun, each.sent) for each in sent.tries if each.sent > each.begun)
    whole = duration(timeline.seconds)
    told = [
        f"{name or 'a limit without a name'} during {duration(_covered(found))} of {whole}"
        for name, found in sorted(spans.items())
        if found
    ]
    return f"Requests waited for the vendor's limits: {', '.join(told)}." if told else "No request waited for a limit."


def _downloads(timeline: Timeline) -> str:
    lanes = [lane for lane in timeline.lanes if lane.files]
    if not lanes:
        return "No downloads are recorded."
    files, retries = [one for lane in lanes for one in lane.requests], sum(lane.retries for lane in lanes)
    got = [one.size for one in files if one.size is not None and one.size != NONE]
    spent = _covered((one.begun, one.ended) for one in files)
    again = f", {retries:,} asked for again" if retries else ""
    return f"{len(got):,} of {counted(len(files), 'file')} downloaded, {size_text(sum(got))}, in {duration(spent)}{again}."


def _lane(lane: Lane, total: float, *, opened: bool) -> LaneRows:
    tries = [each for one in lane.requests for each in one.tries]
    longest = max(one.ended - one.sent for one in lane.requests)
    bars = _bars(_merged(((one.begun, one.sent) for one in tries if one.sent > one.begun), total), "wait", total)
    for name in ("ok", "refused", "broken"):
        bars += _bars(_merged(((one.sent, one.ended) for one in tries if kind(one.status) == name), total), name, total)
    waited = duration(sum(one.waited for one in lane.requests))
    cells = (waited, f"≤ {duration(longest)}", f"{lane.records:,}", lane.outcome or "")
    rows, more = _chosen(lane.requests)
    left = counted(more, "quicker request") if more else ""
    return LaneRows(lane.name, f"{len(lane.requests):,}", opened, bars, cells, [_row(one, total) for one in rows], left)


def _row(one: Sent, total: float) -> RequestRow:
    bars: list[Bar] = []
    for each in one.tries:
        bars += _bars([(each.begun, each.sent)], "wait", total) if each.sent > each.begun else []
        bars += _bars([(each.sent, each.ended)], kind(each.status), total)
    again = f", {counted(one.retries, 'retry')}".replace("retrys", "retries") if one.retries else ""
    before = "".join(f", before that {each.status or 'no answer'} at {duration(each.sent)}" for each in reversed(one.earlier))
    told = f"{one.label}{f' ({one.part})' if one.part else ''}: sent at {duration(one.sent)}{before}"
    ended = f"{one.status}" if one.size is None else "no file" if one.size == NONE else size_text(one.size)
    records = f"{one.records:,}" if one.size is None else ""
    cells = (duration(one.waited), duration(one.ended - one.sent), records, f"{ended}{again}")
    return RequestRow(one.part or one.label, told, bars, cells)


def _bars(spans: Iterable[tuple[float, float]], name: str, total: float) -> list[Bar]:
    return [(name, f"{begun / total:.3%}", f"{(ended - begun) / total:.3%}") for begun, ended in spans]


def _merged(spans: Iterable[tuple[float, float]], total: float) -> Iterator[tuple[float, float]]:
    """Join spans that no screen could tell apart: a lane of any length is at most a few hundred bars."""
    last: tuple[float, float] | None = None
    for begun, ended in sorted(spans):
        if last is not None and begun - last[1] <= total / FINENESS:
            last = (last[0], max(last[1], ended))
        else:
            if last is not None:
                yield last
            last = (begun, ended)
    if last is not None:
        yield last


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """Give the seconds that lie in one of these spans at least."""
    return sum(ended - begun for begun, ended in _merged(spans, 0.0))


def _chosen(requests: Sequence[Sent]) -> tuple[Sequence[Sent], int]:
    """Choose the rows of a long lane: refusals and retries first, then the slowest; gives them and how many are left out."""
    if len(requests) <= MOST_ROWS:
        return requests, 0
    best = sorted(requests, key=lambda one: (kind(one.status) == "ok" and not one.retries, one.begun - one.ended))[:MOST_ROWS]
    return sorted(best, key=lambda one: (one.sent, one.ended)), len(requests) - MOST_ROWS


def kind(status: int | None) -> str:
    """Name the class of an answer's bar: ok, refused or broken."""
    if status is None:
        return "broken"
    return "ok" if status < 400 else "refused" if status < 500 else "broken"


def most_at_once(timeline: Timeline) -> int:
    """Count how many requests were under way at one moment, at most."""
    turns = sorted(turn for lane in timeline.lanes if not lane.files for one in lane.requests for turn in ((one.sent, 1), (one.ended, -1)))
    now = most = 0
    for _, change in turns:
        now += change
        most = max(most, now)
    return most


def tick(total: float) -> float:
    """Give a round distance between marks, in seconds, so that there are at most ten."""
    unit = 1e-4
    while True:
        for step in STEPS:
            if total / (step * unit) <= 10:
                return step * unit
        unit *= 10


def duration(seconds: float) -> str:
    """Write seconds for people: 2 ms, 1.25 s, 3 min 20 s."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0"
    if seconds < 120:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if rest else f"{minutes:,} min"


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
    place = {"ph": "X", "pid": pid, "tid": tid}
    args = {"part": sent.part, "status": sent.status, "page": sent.page, "records": sent.records, "retries": sent.retries}
    shown, category = (args, "request") if sent.size is None else ({"part": sent.part, "bytes": max(0, sent.size)}, "download")
    for number, each in enumerate(sent.tries):
        begun, left, ended = micros(each.begun), micros(each.sent), micros(each.ended)
        last = number == len(sent.earlier)
        if left > begun:
            yield {**place, "name": "waits for the limit", "cat": "wait", "ts": begun, "dur": left - begun, "args": {"bucket": sent.bucket}}
        told = {"cat": category, "args": shown} if last else {"cat": "try", "args": {"status": each.status}}
        yield {**place, "name": sent.label, "ts": left, "dur": ended - left, **told}


def micros(seconds: float) -> int:
    """Round seconds to whole microseconds."""
    return round(seconds * 1_000_000)


def side_by_side(requests: Sequence[Sent]) -> list[int]:
    """Give each request the number of a thread, from 1, so that no two of a thread overlap; the wait before a request is part of it."""
    order = sorted(range(len(requests)), key=lambda index: (requests[index].first, requests[index].ended))
    lines, busy, free = [0] * len(requests), list[tuple[int, int]](), list[int]()
    for index in order:
        begun = micros(requests[index].first)
        while busy and busy[0][0] <= begun:
            heappush(free, heappop(busy)[1])
        lines[index] = heappop(free) if free else len(busy) + 1
        heappush(busy, (micros(requests[index].ended), lines[index]))
    return lines
