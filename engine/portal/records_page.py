"""`/case/X/zoom/meetings`: the records of a kind, 50 a page, in the order of the file; a record, or all of them, is held or given here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from engine.case.acts import Target
from engine.case.deciding import WantedDecision, decided_at, undo
from engine.case.findings_fill import read_record
from engine.case.record_lines import RecordLine, lines_after, waiting_after
from engine.case.review import Review
from engine.package.cell import ABSENT
from engine.package.columns import Column, columns_of
from engine.package.fields import RecordFields
from engine.pages.environment import marked_up
from engine.portal.asked import AskedPage, NotThere, Portrayed
from engine.portal.choices import REASONS_OR_NONE, SHORT_REASONS, WHOLE, chosen_operation, decide_wanted, numbers_of, reason_for
from engine.portal.kind_seen import SeenKind, seen_kind
from engine.portal.places import place_of
from engine.portal.seen import SeenCase, looked_through
from engine.release.apply import PolicyInForce
from engine.release.given_record import GivenRecord
from engine.release.met import is_id

ON_A_PAGE = 50
MOST_COLUMNS = 5
LONGEST = 120  # characters of a value in this list
LARGEST = 1 << 18  # bytes of a record that is shown in it
ALL = "all"


class RecordRow(msgspec.Struct, frozen=True):
    """A record in the list: its number, the first fields that differ, what was found in it, why it is held, and what was decided of it."""

    line: RecordLine
    cells: Sequence[Markup] = ()
    large: bool = False
    held: str | None = None
    acts: str = ""
    operation: str = ""


def _shown(seen: SeenCase) -> Portrayed:
    kind = seen_kind(seen)
    asked, only = seen.asked, seen.asked.query.get("show") == "undecided"
    last = max(1, -(-kind.count // ON_A_PAGE))
    page, after = min(max(asked.number("p"), 1), last), asked.number("after", 0)
    if only:
        lines = waiting_after(seen.found, kind.vendor, kind.endpoint, after, ON_A_PAGE + 1)
    else:
        lines = lines_after(seen.found, kind.vendor, kind.endpoint, (page - 1) * ON_A_PAGE, ON_A_PAGE)
    shown = lines[:ON_A_PAGE]
    told = {
        "page": page,
        "last": last,
        "only": only,
        "after": after,
        "more": len(lines) > ON_A_PAGE,
        "reasons": REASONS_OR_NONE,
        "offered": WHOLE,
    }
    of_all = {number: seen.case.case.decisions[number] for number in _acts(seen, kind, None)}
    return seen.portrayed("records.html", kind=kind, **_rows(seen, kind, shown), **told, of_all=of_all)


def _rows(seen: SeenCase, kind: SeenKind, lines: Sequence[RecordLine]) -> dict[str, Any]:
    raw = [one if one is not None and one.startswith(b"{") else None for one in (kind.line(line, LARGEST) for line in lines)]
    fields = RecordFields(kind.labels, kind.endpoint)
    columns = columns_of([fields.read(GivenRecord(one)) for one in raw if one is not None]) if any(raw) else []
    chosen = _columns(columns)
    cells = kind.cells()
    shown = [
        [marked_up(html or cells.absent) for html in cells.column([_short(v) for v in one.values], one.node.codes, None)] for one in chosen
    ]
    told = iter(zip(*shown, strict=True)) if shown else iter([()] * len(lines))
    in_force = kind.in_force()
    rows = [_row(seen, kind, in_force, line, one, next(told) if one is not None else ()) for line, one in zip(lines, raw, strict=True)]
    return {
        "rows": rows,
        "heads": [column.node for column in chosen],
        "names": [column.node.label or column.node.name for column in chosen],
        "same": len(columns) - len(chosen),
    }


def _columns(columns: Sequence[Column]) -> list[Column]:
    """Choose what tells records apart: fields that differ, those with a name for people first; in the order of the record."""
    differ = [one for one in columns if not one.is_same()] or list(columns)
    first = sorted(range(len(differ)), key=lambda at: (*_rank(differ[at]), at))[:MOST_COLUMNS]
    return [differ[at] for at in sorted(first)]


def _rank(column: Column) -> tuple[bool, bool, bool]:
    width = max((len(value) for value in column.values if isinstance(value, (str, list, dict))), default=0)
    rare = 2 * sum(value is ABSENT for value in column.values) > len(column.values)
    return rare or is_id(f"/{column.node.name}"), column.node.label is None, width > LONGEST // 2


def _short(value: Any) -> Any:
    """Cut what is long: the page of the record has all of it."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"
    return [_short(one) for one in value[:3]] if isinstance(value, list) else value


def _row(
    seen: SeenCase, kind: SeenKind, in_force: PolicyInForce, line: RecordLine, raw: bytes | None, cells: Sequence[Markup]
) -> RecordRow:
    held = in_force.record_held(kind.endpoint, read_record(raw, "") if raw is not None else {}, line.sha256)
    return RecordRow(
        line,
        cells,
        large=raw is None,
        held=f"{SHORT_REASONS[held.because]}, by {held.rule}" if held is not None else None,
        acts=" ".join(map(str, _acts(seen, kind, line.sha256))),
        operation=seen.asked.said(f"d-{line.number}"),
    )


def _acts(seen: SeenCase, kind: SeenKind, record: str | None) -> list[int]:
    """Give the acts that decided about a record as a whole; without one, about the whole kind."""
    found = decided_at(seen.case, Target(vendor=kind.vendor, endpoint=kind.endpoint, record=record), (), ())
    return [number for number, act in found.items() if act.target.record == record and not act.target.field and act.target.pointer is None]


show_kind = looked_through("records", "Records", _shown)


def do_kind(asked: AskedPage) -> str:
    """Hold or give records, or all of the kind, or take that back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    case = asked.seen_case()
    vendor, endpoint = asked.names["vendor"], asked.names["endpoint"]
    only = asked.query.get("show") == "undecided"
    what = f"show=undecided&after={asked.number('after', 0)}" if only else f"p={asked.number('p')}"
    at = f"/case/{case.reference}/{place_of(vendor)}/{endpoint}?{what}"
    if numbers := asked.said("undo"):
        undo(case, numbers_of(numbers), asked.now)
        return at
    decide_wanted(asked, case, lambda found: list(_wanted(asked, found, vendor, endpoint)))
    return at


def _wanted(asked: AskedPage, found: Review, vendor: str, endpoint: str) -> Iterator[WantedDecision]:
    """Read the form: what was chosen for single records, and for all of the kind."""
    if operation := asked.said(ALL):
        target = Target(vendor=vendor, endpoint=endpoint)
        yield _decision(operation, asked.said(f"r-{ALL}"), target)
    for name in asked.form:
        operation, number = asked.said(name), name.removeprefix("d-")
        if name.startswith("d-") and operation:
            line = line_of(found, vendor, endpoint, number)
            yield _decision(operation, asked.said("because"), Target(vendor=vendor, endpoint=endpoint, record=line.sha256))


def _decision(operation: str, because: str, target: Target) -> WantedDecision:
    return WantedDecision(chosen_operation(operation, WHOLE), (), reason_for(operation, because), targets=(target,))


def line_of(found: Review, vendor: str, endpoint: str, number: str) -> RecordLine:
    """Give a record by its number. Raises NotThere."""
    at = int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 10 else 0
    lines = lines_after(found, vendor, endpoint, at - 1, 1)
    if not at or not lines or lines[0].number != at:
        message = f"there is no record {number[:20]} of this kind in the present run"
        raise NotThere(message)
    return lines[0]
