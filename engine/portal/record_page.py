"""`/case/X/zoom/meetings/17`: one record with every field, what was found in it, and what the person will see of it."""

from __future__ import annotations

from typing import Any

from engine.case.acts import Target
from engine.case.deciding import decided_at
from engine.case.findings_fill import read_record
from engine.case.record_lines import RecordLine, waiting_after
from engine.portal.asked import NotThere, Portrayed
from engine.portal.choices import OFFERED, REASONS_OR_NONE, SHORT_REASONS, WHOLE
from engine.portal.field_rows import RecordField, fields_of, is_empty, marked_text, row_of, whole_text
from engine.portal.kind_seen import SeenKind, seen_kind
from engine.portal.records_page import ON_A_PAGE, line_of
from engine.portal.seen import SeenCase, looked_through
from engine.release.ruling import Ruling

MOST_FIELDS = 300  # on one page
OF_A_TEXT = 20_000  # characters of a long text on one page
WHERE = {"here": "here only", "field": "in this field, in all records", "value": "wherever this value stands"}


def read_fields(kind: SeenKind, line: RecordLine) -> tuple[list[RecordField], Ruling | None]:
    """Read a record: its fields with what is said of them; and why it is held as a whole, if it is. Raises UsageError, RecursionError."""
    raw = kind.line(line) or b""
    record = read_record(raw, f"record {line.number}")
    rulings = kind.in_force().rulings(kind.endpoint, record, line.sha256)
    held = next((one for one in rulings if not one.pointer and not one.value), None)
    return fields_of(kind, raw, rulings), held


def _shown(seen: SeenCase) -> Portrayed:
    kind = seen_kind(seen)
    line = line_of(seen.found, kind.vendor, kind.endpoint, seen.asked.names["number"])
    fields, held = read_fields(kind, line)
    number = seen.asked.number("value", -1)
    if number >= 0:
        return _one_text(kind, line, fields, number)
    full = [one for one in fields if not is_empty(one)]
    last = max(1, -(-len(full) // MOST_FIELDS))
    page = min(max(seen.asked.number("p"), 1), last)
    cells = kind.cells()
    rows = [row_of(kind, one, cells, line.sha256) for one in full[(page - 1) * MOST_FIELDS : page * MOST_FIELDS]]
    waiting = waiting_after(seen.found, kind.vendor, kind.endpoint, line.number, 1)
    return seen.portrayed(
        "record.html",
        kind=kind,
        line=line,
        rows=rows,
        every=len(fields),
        full=len(full),
        page=page,
        last=last,
        held=f"{SHORT_REASONS[held.because]}, by {held.rule}" if held is not None else None,
        whole=_whole(kind, line),
        following=waiting[0].number if waiting else None,
        listed=(line.number - 1) // ON_A_PAGE + 1,
        **_offers(),
    )


def _offers() -> dict[str, Any]:
    return {"offered": OFFERED, "offered_whole": WHOLE, "reasons": REASONS_OR_NONE, "where": WHERE}


def _whole(kind: SeenKind, line: RecordLine) -> list[tuple[int, str]]:
    """Say what was decided about the record as a whole, or about all of its kind."""
    found = decided_at(kind.seen.case, Target(vendor=kind.vendor, endpoint=kind.endpoint, record=line.sha256), (), ())
    return [
        (number, f"{act.operation} {'this record' if act.target.record else 'all records of this kind'}, act {number}")
        for number, act in found.items()
        if act.target.pointer is None
    ]


def _one_text(kind: SeenKind, line: RecordLine, fields: list[RecordField], number: int) -> Portrayed:
    """Show all of a text that is too long for the page of its record, part by part."""
    field = fields[number] if number < len(fields) else None
    text = whole_text(field) if field is not None else None
    if field is None or text is None:
        message = f"record {line.number} has no text of this number"
        raise NotThere(message)
    last = max(1, -(-len(text) // OF_A_TEXT))
    page = min(max(kind.seen.asked.number("p"), 1), last)
    start = (page - 1) * OF_A_TEXT
    html = marked_text(field, start, start + OF_A_TEXT)
    return kind.seen.portrayed("long_text.html", kind=kind, line=line, field=field, html=html, page=page, last=last, length=len(text))


show_record = looked_through("records", "Record", _shown)
