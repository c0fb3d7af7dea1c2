"""Compare the body of a `post` with the schema of its operation's body: names, values, what is required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.language.expressions.template import Template
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.compare.compared_request import ComparedRequest
from engine.openapi.document.refs import as_list
from engine.openapi.document.schema_view import NotInSchema, SchemaView, misspelt, unfit


def body(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare the body of one request, and where its pages are asked for; nothing where the document does not describe a body."""
    shape = held.operation.body
    if held.endpoint.method != "POST" or shape is None:
        return
    yield from _content(held, ("body",), held.endpoint.body, shape)
    page = held.endpoint.pagination
    for place, name in held.page_places():
        found = _led(shape, name)
        if isinstance(found, NotInSchema):
            yield _unknown(held, place, found)
        elif isinstance(found, SchemaView) and page is not None and name in (page.size or {}):
            yield from held.oversized(name, (page.size or {})[name], found)


def _led(shape: SchemaView, name: str) -> SchemaView | NotInSchema | None:
    found: SchemaView | NotInSchema | None = shape
    for step in name.split("."):
        if not isinstance(found, SchemaView):
            return found
        found = found.member(step)
    return found


def _unknown(held: ComparedRequest, place: Path, found: NotInSchema) -> Mistake:
    message, hint = f"the document has no `{found.name}` in the body of {held.operation.label}", did_you_mean(found.name, found.known)
    make = held.mistake if misspelt(found.name, found.known) else held.note
    return make(message, place, hint)


def _content(held: ComparedRequest, place: Path, content: Any, shape: SchemaView) -> Iterator[Mistake]:
    if isinstance(content, dict):
        for name, inner in content.items():
            found = shape.member(name)
            if isinstance(found, NotInSchema):
                yield _unknown(held, (*place, name), found)
            elif found is not None:
                yield from _content(held, (*place, name), inner, found)
        yield from _forgotten(held, place, content, shape)
    elif isinstance(content, list) and shape.elements is not None:
        for index, inner in enumerate(content):
            yield from _content(held, (*place, index), inner, shape.elements)
    elif isinstance(content, Template) and all(isinstance(part, str) for part in content.parts):
        wrong = unfit(shape, str(content)) if shape.enum else None
        if wrong is not None:
            yield held.mistake(f"`{content}` is no value of `{place[-1]}`", place, wrong)


def _forgotten(held: ComparedRequest, place: Path, content: dict[str, Any], shape: SchemaView) -> Iterator[Mistake]:
    """Note what is required and not sent: generated documents require too much. Alternatives are not looked into."""
    if len(shape.parts) != 1:
        return
    for name in as_list(shape.parts[0].get("required")):
        if isinstance(name, str) and name not in content:
            where = f" in `{place[-1]}`" if len(place) and place[-1] != "body" else ""
            message = f"the document requires `{name}`{where} in the body of {held.operation.label}"
            yield held.note(message, place, "if so, write it into `body`")
