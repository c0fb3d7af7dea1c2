"""Count what the cassettes of a spec cover: pages, empty answers, each rule of its refusals, families of scopes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from engine.cassettes.replay import Heard, Replayed
from engine.core.http import Response
from engine.core.ledger import Subject
from engine.core.pagination import Next, Progress, follow
from engine.core.response import Page, Refusal, read
from engine.core.scopes import matrix
from engine.language.effective import Endpoint, Vendor
from engine.language.model.spec import RuleSpec
from engine.language.text.document import Path

NONE = ("absent", "empty")
ELEMENT = re.compile(r"\[-?[0-9]+\]$")
EVERY = "every request"
SCOPES = "scopes"
MIDDLE, LAST, EMPTY, ANSWER = "a middle page", "a last page", "an empty answer", "an answer"
SOMEBODY, NOBODY = "somebody found", "nobody found"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to cover: of which request, what (`a last page`), and its path in the spec."""

    where: str
    what: str
    path: Path = field(default=(), compare=False)


class Coverage(Struct, frozen=True):
    """All points of a spec, in its order, and those that its cassettes cover."""

    points: tuple[Point, ...]
    shown: frozenset[Point]

    @property
    def lacking(self) -> tuple[Point, ...]:
        """Give the points that no cassette covers."""
        return tuple(one for one in self.points if one not in self.shown)

    def table(self) -> tuple[str, ...]:
        """List what is not covered, one line per request."""
        rows: dict[str, list[str]] = {}
        for point in self.lacking:
            rows.setdefault(point.where, []).append(point.what)
        width = max(map(len, rows), default=0)
        return tuple(f"{where:{width}}  {', '.join(whats)}" for where, whats in rows.items())

    def summary(self) -> str:
        """Sum up how much is covered: `6/6 answers, 1/1 rules`."""
        kinds = (
            ("answers", [one for one in self.points if one.what in (MIDDLE, LAST, EMPTY, ANSWER, SOMEBODY, NOBODY)]),
            ("rules", [one for one in self.points if "means" in one.what]),
            ("scope families", [one for one in self.points if one.where == SCOPES]),
        )
        return ", ".join(f"{sum(one in self.shown for one in points)}/{len(points)} {name}" for name, points in kinds if points)


def coverage(vendor: Vendor, replays: Sequence[Replayed]) -> Coverage:
    """Compare what happened in the replays of all cassettes with everything the spec wants covered."""
    rules = rules_of(vendor)
    points = (*_pages(vendor), *rules.values(), *_families(vendor))
    shown = {point for one in replays for heard in one.heard for point in _shown(heard, rules)}
    shown |= {point for one in replays for point in _looked_up(one)}
    shown |= {Point(SCOPES, family) for one in replays if (family := _family(vendor, one)) is not None}
    return Coverage(points, frozenset(shown))


def _pages(vendor: Vendor) -> Iterator[Point]:
    """Give the points of look-ups (somebody found, nobody found) and of endpoints (their pages, and an empty answer)."""
    for index, lookup in enumerate(vendor.lookups):
        yield Point(lookup.name, SOMEBODY, ("access", "lookup", index))
        if _may_be_empty(lookup) or any(rule.means in NONE for rule in lookup.refusals.rules):
            yield Point(lookup.name, NOBODY, ("access", "lookup", index))
    for endpoint in vendor.endpoints.values():
        path: Path = ("access", "endpoints", endpoint.name)
        if endpoint.pagination is not None:
            yield Point(endpoint.name, MIDDLE, path)
            yield Point(endpoint.name, LAST, path)
        yield Point(endpoint.name, EMPTY if _may_be_empty(endpoint) else ANSWER, path)


def _may_be_empty(endpoint: Endpoint) -> bool:
    """Whether an endpoint can answer with no record. Not where `records` is one element, `results[0]`: an answer without it fails."""
    return endpoint.records is not None and not ELEMENT.search(endpoint.records.text)


def rules_of(vendor: Vendor) -> dict[int, Point]:
    """Give the point of every refusal rule, by the `id()` of the rule. The rules at the top of a spec are shared by all requests."""
    requests = [(_path(vendor, one), one) for one in vendor.requests()]
    top = _common([one.refusals.rules for _, one in requests])
    found = {}
    for path, request in requests:
        for index, rule in enumerate(request.refusals.rules[: len(request.refusals.rules) - len(top)]):
            found[id(rule)] = Point(request.name, _text(rule), (*path, "refusals", "rules", index))
    for index, rule in enumerate(top):
        found[id(rule)] = Point(EVERY, _text(rule), ("refusals", "rules", index))
    return found


def _path(vendor: Vendor, endpoint: Endpoint) -> Path:
    """Give the path of a request in the spec."""
    if endpoint.name == "verify":
        return ("verify",)
    if endpoint.name in vendor.discover:
        return ("discover", endpoint.name)
    names = [one.name for one in vendor.lookups]
    return ("access", "lookup", names.index(endpoint.name)) if endpoint.name in names else ("access", "endpoints", endpoint.name)


def _common(lists: Sequence[tuple[RuleSpec, ...]]) -> tuple[RuleSpec, ...]:
    """Give the rules that every list ends with: those at the top of the spec."""
    count = 0
    while all(len(one) > count and one[-1 - count] is lists[0][-1 - count] for one in lists):
        count += 1
    return lists[0][len(lists[0]) - count :]


def _text(rule: RuleSpec) -> str:
    said = [*(["/".join(map(str, rule.status))] if rule.status else []), *(["code " + "/".join(rule.code)] if rule.code else [])]
    said += [f'"{rule.message}"'] if rule.message else []
    return f"{' '.join(said)} means {rule.means}"


def _families(vendor: Vendor) -> Iterator[Point]:
    for name in vendor.families:
        if name:
            yield Point(SCOPES, name, ("auth", "oauth2", "scopes", name))


def _family(vendor: Vendor, replayed: Replayed) -> str | None:
    granted = replayed.cassette.setup.granted
    return None if granted is None else matrix(vendor, frozenset(granted)).family


def _looked_up(replayed: Replayed) -> Iterator[Point]:
    """Give what the look-ups of a replay showed: each is asked only after its alternatives before it found nobody."""
    for name, subject in replayed.report.looked_up.items():
        if subject in (Subject.MATCHED, Subject.NO_MATCH):
            yield Point(name, SOMEBODY if subject is Subject.MATCHED else NOBODY)


def _shown(heard: Heard, rules: dict[int, Point]) -> Iterable[Point]:
    """Give the points that one answer covers."""
    if not isinstance(heard.answer, Response):
        return
    request, name = heard.request, heard.request.endpoint.name
    reading = read(request.chain, heard.answer)
    if isinstance(reading, Refusal):
        if reading.rule is not None:
            yield rules[id(reading.rule)]
        if reading.means == "empty":
            yield Point(name, EMPTY)
    elif isinstance(reading, Page):
        yield Point(name, ANSWER)
        if not reading.count and request.page == 1:
            yield Point(name, EMPTY)
        met = request.page > 1 and reading.total is not None and request.received + reading.count >= reading.total
        if isinstance(follow(request, reading, frozenset(), Progress(reading.count + 1, met, met)), Next):
            yield Point(name, MIDDLE)
        elif request.page > 1:
            yield Point(name, LAST)
