"""What the form of a record decides: about places in it, fields of all records, values wherever they stand, and the record as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from engine.case.acts import Target
from engine.case.deciding import WantedDecision, undo
from engine.case.record_lines import RecordLine
from engine.case.review import Review
from engine.errors import UsageError
from engine.language.text.mistakes import Misfit
from engine.portal.asked import AskedPage
from engine.portal.choices import OFFERED, WHOLE, chosen_operation, decide_wanted, numbers_of, reason_for
from engine.portal.field_rows import RecordField, as_text
from engine.portal.kind_seen import SeenKind, seen_kind
from engine.portal.places import place_of
from engine.portal.record_page import WHERE, read_fields
from engine.portal.records_page import line_of
from engine.portal.seen import SeenCase
from engine.release.field_path import parse_steps


def do_record(asked: AskedPage) -> str:
    """Decide, or take decisions back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    case = asked.seen_case()
    vendor, endpoint, number = (asked.names[name] for name in ("vendor", "endpoint", "number"))
    at = f"/case/{case.reference}/{place_of(vendor)}/{endpoint}"
    here = f"{at}/{number}?p={asked.number('p')}" if asked.number("p") > 1 else f"{at}/{number}"
    if numbers := asked.said("undo"):
        undo(case, numbers_of(numbers), asked.now)
        return here
    count: list[int] = []

    def chosen(found: Review) -> list[WantedDecision]:
        kind = seen_kind(SeenCase(asked, None, case, found, {"at": f"/case/{case.reference}"}))
        count.append(kind.count)
        return list(_wanted(asked, kind, line_of(found, vendor, endpoint, number)))

    decide_wanted(asked, case, chosen)
    following = int(number) + 1
    return f"{at}/{following}" if asked.said("do") == "next" and following <= count[0] else here


def _wanted(asked: AskedPage, kind: SeenKind, line: RecordLine) -> Iterator[WantedDecision]:
    """Read the form. Raises UsageError where something chosen does not fit, or cannot be named."""
    if asked.said("record") != line.sha256:
        message = "the form is of another record than the one that has this number now: open the page again; nothing was written"
        raise UsageError(message)
    because, note = asked.said("because"), asked.said("note") or None
    if operation := asked.said("whole"):
        target = Target(vendor=kind.vendor, endpoint=kind.endpoint, record=line.sha256)
        yield _decision(chosen_operation(operation, WHOLE), because, note, (target,))
    chosen = {name.removeprefix("d-"): asked.said(name) for name in asked.form if name.startswith("d-") and asked.said(name)}
    if not chosen:
        return
    fields = {str(one.number): one for one in read_fields(kind, line)[0]}
    for number, operation in chosen.items():
        if number not in fields:
            message = "the form names no field of this record: open the page again; nothing was written"
            raise UsageError(message)
        targets = _targets(kind, line, fields[number], asked.said("where") or "here")
        yield _decision(chosen_operation(operation, OFFERED), because, note, targets)


def _decision(operation: str, because: str, note: str | None, targets: tuple[Target, ...]) -> WantedDecision:
    return WantedDecision(operation, (), reason_for(operation, because), note, targets)


def _targets(kind: SeenKind, line: RecordLine, field: RecordField, where: str) -> tuple[Target, ...]:
    """Name what a choice is about: the place, the field, or the values that were found here. Raises UsageError."""
    if where not in WHERE:
        message = "the form does not say where the decision holds: open the page again; nothing was written"
        raise UsageError(message)
    if where == "value":
        return _values(kind, field)
    if where == "field":
        return (Target(vendor=kind.vendor, endpoint=kind.endpoint, field=_field_name(field)),)
    try:
        field.pointer.encode()
    except UnicodeEncodeError:
        message = f"{as_text(field)}: half a character stands in the name of this field: decide about the whole record; nothing was written"
        raise UsageError(message) from None
    if isinstance(field.value, list) and field.value:
        return tuple(_place(kind, line, f"{field.pointer}/{place}") for place in range(len(field.value)))
    return (_place(kind, line, field.pointer),)


def _place(kind: SeenKind, line: RecordLine, pointer: str) -> Target:
    return Target(vendor=kind.vendor, endpoint=kind.endpoint, record=line.sha256, pointer=pointer)


def _values(kind: SeenKind, field: RecordField) -> tuple[Target, ...]:
    """Name the values of this field alone: what shares their rows at Values may be somebody's address, and does not stand in this row."""
    findings = kind.seen.found.findings
    digests = (kind.seen.found.digest(text) for text in dict.fromkeys(one.value for one in field.rulings if one.value))
    found = [digest for digest in digests if findings.value(digest)]
    if not found:
        message = f"{as_text(field)}: no rule and no finder found a value here: decide here only, or in all records; nothing was written"
        raise UsageError(message)
    return tuple(Target(value=digest) for digest in found)


def _field_name(field: RecordField) -> str:
    """Write the path of a field, as a policy does. Raises UsageError where that would name another one."""
    name = ".".join(field.steps)
    try:
        same = parse_steps(name) == field.steps and "*" not in name and bool(name.encode())
    except (Misfit, UnicodeEncodeError):
        same = False
    if not same:
        message = f"{as_text(field)}: the name of this field cannot be written as that of a field: decide here only; nothing was written"
        raise UsageError(message)
    return name
