"""What a request reads, against the schema of its operation's answer. Nothing is said where the schema is open."""

from __future__ import annotations

from collections.abc import Iterator

from engine.openapi.held import Held
from engine.openapi.shape import Missing, Shape, lead
from engine.openapi.values import misspelt
from engine.spec.document import Path
from engine.spec.effective import Endpoint
from engine.spec.mistake import Mistake, did_you_mean
from engine.spec.select import Select

MOST_KNOWN = 12


Read = tuple[Select, Shape, Path, bool]  # a path, what it is read from, where it is written, and whether the request fails without it


def answers(held: Held) -> Iterator[Mistake]:
    """Compare every path a request reads with what its answer holds."""
    whole = held.operation.answer
    if whole is None:
        return
    for select, shape, place, fatal in (*_of_answer(held.endpoint, whole), *_of_record(held, whole)):
        found = lead(select, shape)
        if not isinstance(found, Missing):
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


def _of_answer(endpoint: Endpoint, whole: Shape) -> Iterator[Read]:
    if endpoint.records is not None:
        yield endpoint.records, whole, ("records",), True
    for word in ("cursor", "link", "more", "total"):
        select = getattr(endpoint.pagination, word, None)
        if isinstance(select, Select) and not (word == "link" and select.text == "header"):
            yield select, whole, ("pagination", word), False
    for select, _ in endpoint.echo:
        yield select, whole, ("echo", select.text), True


def _of_record(held: Held, whole: Shape) -> Iterator[Read]:
    endpoint = held.endpoint
    record = record_of(endpoint, whole)
    if not isinstance(record, Shape):
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
        element: Shape | Missing | None = record
        if rule.each is not None:
            yield rule.each, record, ("files", index, "each"), False
            each = lead(rule.each, record)
            element = each.elements if isinstance(each, Shape) and each.is_list else each
        for word, told in (("address", rule.address), ("size", rule.size)):
            if told is not None and isinstance(element, Shape):
                yield told, element, ("files", index, word), False


def record_of(endpoint: Endpoint, whole: Shape) -> Shape | Missing | None:
    """Say what one record of an answer is."""
    found = lead(endpoint.records, whole) if endpoint.records is not None else whole
    return found.elements if isinstance(found, Shape) and found.is_list else found
