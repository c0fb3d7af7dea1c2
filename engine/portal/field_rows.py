"""The fields of one record as its page shows them: what stands in each, what was found there and why, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from engine.case.acts import Decided, Target
from engine.case.deciding import decided_at
from engine.package.cell import Cells, as_html, escaped
from engine.package.decoded_records import decoded
from engine.package.fields import FieldNode, RecordFields
from engine.pages.environment import marked_up
from engine.portal.choices import SHORT_REASONS
from engine.portal.field_names import why_words
from engine.portal.kind_seen import SeenKind
from engine.release.field_path import FieldSteps
from engine.release.given_record import GivenRecord
from engine.release.record_values import escaped as pointer_step
from engine.release.record_values import text_of
from engine.release.ruling import Ruling

LONGEST = 2000  # characters of a value on the page of its record
MOST_ITEMS = 100  # of a list there
SHORT = 80
EMPTY: tuple[Any, ...] = (None, "", [], {})


class RowFinding(msgspec.Struct, frozen=True):
    """Something that was found in a field: what it is and by which rule, the value where that is a part of the text, what becomes of it."""

    why: str
    rule: str
    part: str
    do: str
    because: str
    perhaps: bool


class FieldRow(msgspec.Struct, frozen=True):
    """A field with a value; `length` is that of a text that is cut, `acts` are the decisions on it, `operation` was chosen in the form.

    `found` are the first of what was found in it, and `more` says how many there are beside them; `asked`: whether one of all waits.
    """

    number: int
    node: FieldNode
    html: Markup
    length: int | None
    items: int | None
    found: tuple[RowFinding, ...]
    more: int
    asked: bool
    acts: tuple[tuple[int, str], ...]
    operation: str


class RecordField(msgspec.Struct, frozen=True):
    """A field of a record: its number there, where it is, what stands in it, and what is said of it."""

    number: int
    node: FieldNode
    pointer: str
    value: Any
    rulings: tuple[Ruling, ...]

    @property
    def steps(self) -> FieldSteps:
        """Give its path, in which lists are no steps."""
        return tuple(step for step in self.node.path if isinstance(step, str))


def fields_of(kind: SeenKind, raw: bytes, rulings: Sequence[Ruling]) -> list[RecordField]:
    """Give the fields of a record, in its order. Raises RecursionError."""
    record = decoded(raw)
    if not isinstance(record, dict):
        return [RecordField(0, FieldNode((), None, {}), "", record, tuple(one for one in rulings if one.value))]
    read = RecordFields(kind.labels, kind.endpoint).read(GivenRecord(raw))
    said: dict[str, list[Ruling]] = {}
    for ruling in rulings:
        if ruling.pointer:
            said.setdefault(ruling.pointer, []).append(ruling)
    return [
        RecordField(number, node, pointer, value, tuple(_at(pointer, value, said)) if said else ())
        for number, (node, value) in enumerate(zip(read.nodes, read.values, strict=True))
        for pointer in ["".join(f"/{pointer_step(str(step))}" for step in node.path)]
    ]


def _at(pointer: str, value: Any, said: dict[str, list[Ruling]]) -> Iterator[Ruling]:
    """Give what is said of a field, of what holds it, and of the plain values of its list."""
    steps = pointer.split("/")
    for end in range(2, len(steps) + 1):
        yield from said.get("/".join(steps[:end]), ())
    for place in range(len(value) if isinstance(value, list) else 0):
        yield from said.get(f"{pointer}/{place}", ())


def row_of(kind: SeenKind, field: RecordField, cells: Cells, record: str) -> FieldRow:
    """Write a field."""
    value = field.value
    many = isinstance(value, list) and (len(value) > MOST_ITEMS or any(isinstance(one, str) and len(one) > LONGEST for one in value))
    return FieldRow(
        number=field.number,
        node=field.node,
        html=_html(field, cells),
        length=len(value) if isinstance(value, str) and len(value) > LONGEST else None,
        items=len(value) if many else None,
        found=tuple(_finding(one, field.value) for one in field.rulings[:MOST_ITEMS]),
        more=max(0, len(field.rulings) - MOST_ITEMS),
        asked=any(one.do == "ask" for one in field.rulings),
        acts=tuple(_acts(kind, field, record)),
        operation=kind.seen.asked.said(f"d-{field.number}"),
    )


def _html(field: RecordField, cells: Cells) -> Markup:
    if isinstance(field.value, str) and (any(one.parts for one in field.rulings) or len(field.value) > LONGEST):
        return marked_text(field, 0, LONGEST)
    value = [_shortened(one) for one in field.value[:MOST_ITEMS]] if isinstance(field.value, list) else field.value
    html = marked_up(cells.html(value, field.node.codes))
    return Markup("<mark>{}</mark>").format(html) if any(one.do == "ask" for one in field.rulings) else html


def _shortened(value: Any) -> Any:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def whole_text(field: RecordField) -> str | None:
    """Give all that stands in a field, the items of a list line by line; None where that is no text."""
    if isinstance(field.value, list):
        return "\n".join(map(text_of, field.value))
    return field.value if isinstance(field.value, str) else None


def marked_text(field: RecordField, start: int, end: int) -> Markup:
    """Write a part of a text, with what was found in it marked."""
    text, html, at = whole_text(field) or "", "", start
    found = [one for one in field.rulings if one.do != "give"] if isinstance(field.value, str) else []
    spans = sorted(part for one in found for part in one.parts or ((0, len(text)),))
    for begin, until in spans:
        if until > at and begin < end:
            first, last = max(begin, at), min(until, end)
            html += f"{escaped(text[at:first])}<mark>{escaped(text[first:last])}</mark>"
            at = last
    return marked_up(html + escaped(text[at:end]))


def _finding(one: Ruling, value: Any) -> RowFinding:
    part = one.value if one.value and one.value != text_of(value) else ""
    short = part if len(part) <= SHORT else f"{part[: SHORT - 1]}…"
    return RowFinding(why_words(one.kind, one.rule), one.rule, short, one.do, SHORT_REASONS[one.because], one.maybe_own)


def values_in(kind: SeenKind, field: RecordField) -> list[str]:
    """Give the digests of what was found in a field, and of all that stands in it."""
    whole = [text_of(field.value)] if not isinstance(field.value, (dict, list)) else []
    return [kind.seen.found.digest(text) for text in dict.fromkeys([*(one.value for one in field.rulings), *whole]) if text]


def _acts(kind: SeenKind, field: RecordField, record: str) -> Iterator[tuple[int, str]]:
    """Say what was decided about a field, and how far that reaches; what is about the whole record is said of that."""
    if not kind.seen.case.case.decisions:
        return
    place = Target(vendor=kind.vendor, endpoint=kind.endpoint, record=record, pointer=field.pointer)
    for number, act in decided_at(kind.seen.case, place, field.steps, values_in(kind, field)).items():
        if act.target.value is not None or act.target.pointer is not None or act.target.field is not None:
            yield number, f"{act.operation} {_reach(act)}, act {number}"


def _reach(act: Decided) -> str:
    if act.target.value is not None:
        return "wherever it stands"
    return "here only" if act.target.pointer is not None else "in all records"


def is_empty(field: RecordField) -> bool:
    """Whether there is nothing to see or to decide in a field."""
    return field.value in EMPTY and not field.rulings


def as_text(field: RecordField) -> Markup:
    """Name a field."""
    return as_html(field.node.label or field.node.name or "value")
