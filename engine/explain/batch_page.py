"""Write a batch as one HTML file without scripts: its people over time and its rate against the limit, a band for each connection.

Its size does not grow with the number of people: a band is a few areas, and a row for MOST_PEOPLE of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from engine.explain.batch_times import Band, BatchTimes, DrawnPerson, UsedLimit, counts, edges_of, ends, rates
from engine.explain.connecting import rate_words
from engine.explain.run_folder import PERSONAL
from engine.explain.waterfall import Bar, RequestRow, duration, tick
from engine.language.text.mistakes import counted
from engine.pages.environment import environment

MOST_PEOPLE = 200
LAST_MARK = 0.96  # beyond it the words would leave the page
ROOM = 1.15  # above the highest line, for its words
DRAWN = ("done", "failed")
COLOUR = {"done": "ok", "failed": "broken"}
KEY = (
    ("ok", "done: complete, nobody known, or denied by the vendor"),
    ("broken", "failed: something is missing, or the person is unproven"),
    ("wait", "under way; what is empty above it is queued or cancelled"),
    ("rate", "requests sent"),
)


class BandView(Struct):
    """A connection as the page shows it; areas are polygons, lines are heights with their words."""

    name: str
    people: str
    areas: list[tuple[str, str]]
    rate: str
    area: str
    lines: list[tuple[str, str, str]]
    limits: list[tuple[str, ...]]
    rows: list[RequestRow]
    more: str


def batch_page(times: BatchTimes) -> str:
    """Give the whole HTML file."""
    begun, ended = times.span() or (0.0, 0.0)
    total = max(ended - begun, 0.001)
    step = tick(total)
    return (
        environment("engine.explain")
        .get_template("batch.html")
        .render(
            language="en",
            title="The people of a batch over time",
            step=f"{step / total:.6%}",
            facts=tuple(_facts(times)),
            key=KEY,
            marks=[(f"{number * step / total:.3%}", duration(number * step)) for number in range(int(LAST_MARK * total / step) + 1)],
            bands=[_band(band, begun, total) for band in times.bands],
        )
    )


def _facts(times: BatchTimes) -> Iterator[str]:
    span = times.span()
    whose = "simulated vendors among them" if times.simulated else "none of them simulated"
    counted_bands = f"{counted(len(times.bands), 'connection')}, {whose}"
    if span is None:
        yield f"{counted_bands}. Nobody has been asked for yet."
        return
    yield f"Begun {datetime.fromtimestamp(span[0], UTC):%Y-%m-%d %H:%M:%S} UTC, {duration(span[1] - span[0])} in all; {counted_bands}."
    yield (
        "Drawn are the results that are there: of somebody who was asked again the last try, of the rate every try. Not drawn are people "
        "who are under way now, runs that were cut short, downloads, what is asked once for an account, and what others send over the "
        "same connection. Nothing here names anybody: requests are named as in the CSV."
    )


def _band(band: Band, begun: float, total: float) -> BandView:
    chosen, more = _chosen(band.people)
    limit = band.busiest
    areas = _areas(band.people, begun, total)
    rate, area, lines = _rate(band, limit, begun, total)
    limits = [_limit(one, band.shares) for one in band.limits]
    rows = [_row(one, begun, total) for one in chosen]
    told = counted(more, "other") if more else ""
    return BandView(PERSONAL.sub("…", band.connection), _people(band, begun), areas, rate, area, lines, limits, rows, told)


def _people(band: Band, begun: float) -> str:
    states: dict[str, int] = {}
    for person in band.people:
        states[person.state] = states.get(person.state, 0) + 1
    number = len(band.people)
    told = ", ".join(f"{states[name]:,} {name}" for name in ("done", "failed", "running", "queued", "cancelled") if name in states)
    whose = f"{number:,} {'person' if number == 1 else 'people'}: {told}."
    return " ".join([whose, *_pace(ends(band.people, DRAWN), begun), *band.notes])


def _pace(ended: Sequence[float], begun: float) -> Iterator[str]:
    """Say what the area shows."""
    if ended:
        half, last = ended[(len(ended) - 1) // 2] - begun, ended[-1] - begun
        yield f"Half of those who are done or failed had ended after {duration(half)}, the last after {duration(last)}."


def percent(part: float) -> str:
    """Write a part of a whole: 75 %."""
    return f"{part * 100:.0f} %"


def _areas(people: Sequence[DrawnPerson], begun: float, total: float) -> list[tuple[str, str]]:
    """Give the areas from the back to the front, each from the ground up: under way, failed and done; failed and done; done."""
    edges = edges_of(begun, begun + total, None)
    starts = sorted(one.begun for one in people if one.begun is not None and one.state in DRAWN)
    unknown = [one for one in people if one.begun is None and one.ended is not None and one.state in DRAWN]
    begins = sorted([*starts, *(one.ended for one in unknown if one.ended is not None)])
    heights = {"wait": counts(begins, edges), "broken": counts(ends(people, DRAWN), edges), "ok": counts(ends(people, ("done",)), edges)}
    return [(name, _polygon(_places(edges, begun, total), [one / len(people) for one in found])) for name, found in heights.items()]


def _places(edges: Sequence[float], begun: float, total: float) -> list[float]:
    return [min(1.0, (edge - begun) / total) for edge in edges]


def _polygon(places: Sequence[float], heights: Sequence[float]) -> str:
    """Write the area under a line; where it stays at one height, its ends are enough."""
    points = list(zip(places, heights, strict=True))
    kept = [
        one
        for index, one in enumerate(points)
        if not 0 < index < len(points) - 1 or {points[index - 1][1], points[index + 1][1]} != {one[1]}
    ]
    inner = [f"{place:.2%} {1 - height:.2%}" for place, height in kept]
    return ",".join([f"{places[0]:.2%} 100%", *inner, f"{places[-1]:.2%} 100%"])


def _rate(band: Band, limit: UsedLimit | None, begun: float, total: float) -> tuple[str, str, list[tuple[str, str, str]]]:
    """Give what is said of the rate, its area, and the lines of the limit and of the shares of it that were used."""
    period = limit.seconds if limit is not None else 1.0
    edges = edges_of(begun, begun + total, period if limit is not None else None)
    found = rates(limit.sent if limit is not None else band.sent, edges, period)
    top = ROOM * max([*found, float(limit.rate.count) if limit is not None else 0.0]) or 1.0
    places = _places(edges, begun, total)
    steps = [(place, height / top) for left, right, height in zip(places, places[1:], found, strict=False) for place in (left, right)]
    area = _polygon([place for place, _ in steps], [height for _, height in steps])
    if limit is None:
        return f"{counted(len(band.sent), 'request')}, drawn beside no limit; at the most {max(found):,.1f} a second.", area, []
    at = [("limit", float(limit.rate.count), "limit"), *(("share", limit.rate.count * one, f"{percent(one)} of it") for one in band.shares)]
    window = edges[1] - edges[0]
    step = (
        f"the {duration(period)} before it" if window <= period else f"its {duration(window)}, as the average number in {duration(period)}"
    )
    said = (
        f"{counted(len(band.sent), 'request')}. Drawn is the limit that was filled the most, {limit.name} of {rate_words(limit.rate)}: "
        f"each step is what left in {step}."
    )
    return said, area, [(name, f"{height / top:.2%}", words) for name, height, words in at]


def _limit(limit: UsedLimit, shares: Sequence[float]) -> tuple[str, ...]:
    average, share = limit.average(), max(shares, default=1.0)
    reached = f"{average:,.1f} ({percent(average / (limit.rate.count * share))} of the share)"
    return (limit.name, rate_words(limit.rate), f"{len(limit.sent):,}", f"{limit.most():,}", reached)


def _chosen(people: Sequence[DrawnPerson]) -> tuple[Sequence[DrawnPerson], int]:
    """Choose who has a row: who failed first, then who took longest; in the order in which they were asked for."""
    drawn = [one for one in people if one.ended is not None and one.state in DRAWN]
    best = sorted(drawn, key=lambda one: (one.state == "done", -_took(one), one.request))[:MOST_PEOPLE]
    return sorted(best, key=lambda one: (one.begun or one.ended or 0.0, one.request)), len(drawn) - len(best)


def _took(one: DrawnPerson) -> float:
    return 0.0 if one.begun is None or one.ended is None else max(0.0, one.ended - one.begun)


def _row(one: DrawnPerson, begun: float, total: float) -> RequestRow:
    ended = (one.ended or begun) - begun
    left = ended - _took(one)
    bars: list[Bar] = [(COLOUR[one.state], f"{left / total:.3%}", f"{_took(one) / total:.3%}")]
    known = one.begun is not None
    cells = (duration(left) if known else "", duration(_took(one)) if known else "", f"{one.requests:,}" if known else "", one.state)
    return RequestRow(one.request, f"{one.request}: {one.state} at {duration(ended)}", bars, cells)
