"""Compare what a request reads with the schema of its operation's answer; where the schema is open, every path may be there."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.effective import Endpoint
from engine.language.expressions.select import Select
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.compare.compared_request import ComparedRequest
from engine.openapi.document.schema_view import NotInSchema, SchemaView, lead, misspelt

MOST_KNOWN = 12

Read = tuple[Select, SchemaView, Path, bool]  # a path, what it is read from, where it is written, and whether the request fails without it


def answers(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare every path a request reads with what its answer holds."""
    whole = held.operation.answer
    if whole is None:
        return
    for select, shape, place, fatal in (*_of_answer(held.endpoint, whole), *_of_record(held, whole)):
        found = lead(select, shape)
        if not isinstance(found, NotInSchema):
            continue
        hint = did_you_mean(found.name, found.known)
        if hint is None and found.known:
            hint = f"it has {', '.join(found.known[:MOST_KNOWN])}, ..."
        if place == ("records",) and whole.is_list:
            hint = 'the answer is the list itself: write `records: "@"`'
        words = f"the document has no `{found.name}` in the answer of {held.operation.label}"
        words += f", for `{select.text}`" if select.text != found.name else ""
        if fatal or misspelt(found.name, found.known):
            yield held.mistake(words, place, hint)
        else:
            yield held.note(words, place, hint)


def _of_answer(endpoint: Endpoint, whole: SchemaView) -> Iterator[Read]:
    if endpoint.records is not None:
        yield endpoint.records, whole, ("records",), True
    for word in ("cursor", "link", "more", "total"):
        select = getattr(endpoint.pagination, word, None)
        if isinstance(select, Select) and not (word == "link" and select.text == "header"):
            yield select, whole, ("pagination", word), False
    for select, _ in endpoint.echo:
        yield select, whole, ("echo", select.text), True


def _of_record(held: ComparedRequest, whole: SchemaView) -> Iterator[Read]:
    endpoint = held.endpoint
    record = record_of(endpoint, whole)
    if not isinstance(record, SchemaView):
        return
    for select, _ in endpoint.match:
        yield select, record, ("match", select.text), True
    for name, select in endpoint.capture:
        yield select, record, ("capture", name), True
    if held.writes(("key",)):
        yield endpoint.key, record, ("key",), False
    for index, select in enumerate(endpoint.fields or ()):
        yield select, record, ("fields", index), False
    for index, rule in enumerate(endpoint.files):
        element: SchemaView | NotInSchema | None = record
        if rule.each is not None:
            yield rule.each, record, ("files", index, "each"), False
            each = lead(rule.each, record)
            element = each.elements if isinstance(each, SchemaView) and each.is_list else each
        for word, told in (("address", rule.address), ("size", rule.size)):
            if told is not None and isinstance(element, SchemaView):
                yield told, element, ("files", index, word), False


def record_of(endpoint: Endpoint, whole: SchemaView) -> SchemaView | NotInSchema | None:
    """Say what one record of an answer is."""
    found = lead(endpoint.records, whole) if endpoint.records is not None else whole
    return found.elements if isinstance(found, SchemaView) and found.is_list else found
