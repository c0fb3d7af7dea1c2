"""Compare what a request sends with its operation: parameters, values, page sizes, headers, body, scopes, and what is required.

Documents are careless about scopes and about what a body must hold, so those are notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.language.expressions.template import Hole, Template
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.compare.compared_request import ComparedRequest, row_place
from engine.openapi.document.names import SIZES, norm
from engine.openapi.document.operations import Parameter, Scopes, announced, scopes_of
from engine.openapi.document.refs import as_list
from engine.openapi.document.schema_view import NotInSchema, SchemaView, misspelt, unfit

MOST_SCOPES = 4  # in a hint


def parameters(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare the query, the page size and the headers of one request."""
    known = held.operation.placed("query")
    for name, templates in held.endpoint.params:
        parameter = _named(known, name)
        if parameter is None:
            yield _unknown(held, ("params", name), name, known)
            continue
        if parameter.deprecated:
            message = f"the document marks the parameter `{name}` of {held.operation.label} as deprecated"
            yield held.note(message, ("params", name), key=True)
        for index, template in enumerate(templates):
            yield from _value(held, ("params", name, index), template, parameter)
    if held.endpoint.method == "GET":
        yield from _paging(held, known)
    yield from _missing(held)


def _named(known: dict[str, Parameter], name: str) -> Parameter | None:
    """Find a parameter; `expand[]` and `created[gte]` belong to `expand` and `created`."""
    bare = name.partition("[")[0]
    return known.get(name) or known.get(bare) or known.get(f"{bare}[]")


def _unknown(held: ComparedRequest, place: Path, name: str, known: dict[str, Parameter]) -> Mistake:
    message = f"the document has no parameter `{name}` of {held.operation.label}"
    hint = did_you_mean(name, known)
    if misspelt(name, known):
        return held.mistake(message, place, hint, key=True)
    return held.note(message, place, hint or "a vendor ignores what it does not know", key=True)


def _value(held: ComparedRequest, place: Path, template: Template, parameter: Parameter) -> Iterator[Mistake]:
    """Compare a written value, or each value of `for` that stands in its place."""
    texts = [(place, str(template))] if all(isinstance(part, str) for part in template.parts) else []
    whole = template.whole
    if isinstance(whole, Hole) and whole.form is None:
        texts += [(row_place(held.endpoint, name, row), text) for row in held.rows for name, text in row if name == whole.name]
    for where, text in texts:
        wrong = unfit(parameter.shape, text)
        if wrong is not None:
            yield held.mistake(f"`{text}` is no value of `{parameter.name}`", where, wrong)


def _paging(held: ComparedRequest, known: dict[str, Parameter]) -> Iterator[Mistake]:
    page = held.endpoint.pagination
    if page is None:
        return
    for place, name in held.page_places():
        if _named(known, name) is None:
            yield _unknown(held, place, name, known)
    if page.size is None:
        yield from _unsized(held, known)
    for name, count in (page.size or {}).items():
        parameter = _named(known, name)
        yield from held.oversized(name, count, parameter.shape if parameter is not None else None)
        most = parameter.shape.number("maximum") if parameter is not None else None
        if most is not None and count < most:
            message = f"the document gives up to {most} a page of {held.operation.label}"
            yield held.note(message, ("pagination", "size", name), f"{{{name}: {most}}} asks less often")


def _unsized(held: ComparedRequest, known: dict[str, Parameter]) -> Iterator[Mistake]:
    """Note that pages could be larger than they are by default."""
    for parameter in known.values():
        most, usual = parameter.shape.number("maximum"), parameter.shape.number("default")
        if (
            parameter.name in dict(held.endpoint.params)
            or norm(parameter.name) not in SIZES
            or most is None
            or usual is None
            or usual >= most
        ):
            continue
        message = f"the document gives {usual} a page of {held.operation.label} unless asked for up to {most}"
        yield held.note(message, ("pagination",), f"add `size: {{{parameter.name}: {most}}}`", key=True)
        return


def _missing(held: ComparedRequest) -> Iterator[Mistake]:
    """Find the required parameters that are not sent."""
    endpoint, operation = held.endpoint, held.operation
    sent = {name.partition("[")[0] for name in (*dict(endpoint.params), *(name for _, name in held.page_places()))}
    headers = {name.lower() for name in (*dict(endpoint.headers), *held.scene.vendor.auth.headers)}
    credentials = {scheme.get("name") for scheme in operation.api.schemes.values()}
    queries = [one for one in operation.placed("query").values() if one.required and not one.is_credential]
    lacking = [(one, "params") for one in queries if one.name.partition("[")[0] not in sent]
    lacking += [(one, "headers") for one in operation.required_headers if one.name.lower() not in headers]
    for parameter, word in lacking:
        if parameter.name not in credentials:
            message = f"the document requires `{parameter.name}` of {operation.label}"
            yield held.mistake(message, (held.verb,), f"write it under `{word}`", key=True)


def grants(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare `granted_by` with the scopes that the document asks for."""
    endpoint, operation = held.endpoint, held.operation
    told, known, place = scopes_of(operation), announced(operation), ("granted_by",)
    if not endpoint.granted_by:
        if told.entries and told.sure and held.scene.vendor.auth.oauth2 is not None:
            yield held.note(f"the document asks for scopes for {operation.label}: `granted_by` names none", (held.verb,), _shown(told))
        return
    if known:
        known |= {scope for entry in told.entries for scope in entry}
        for scope in sorted({scope for entry in endpoint.granted_by for scope in entry} - known):
            yield held.note(f"the document lists no scope `{scope}`", place, did_you_mean(scope, known), key=True)
    if told.entries and not any(entry & other for entry in endpoint.granted_by for other in told.entries):
        yield held.note(f"the document grants {operation.label} by other scopes", place, _shown(told), key=True)


def _shown(told: Scopes) -> str:
    listed = ", ".join(f"`{text}`" for text in told.texts[:MOST_SCOPES])
    return f"it names {listed}{' and more' if len(told.texts) > MOST_SCOPES else ''}"


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
            yield _unknown_member(held, place, found)
        elif isinstance(found, SchemaView) and page is not None and name in (page.size or {}):
            yield from held.oversized(name, (page.size or {})[name], found)


def _led(shape: SchemaView, name: str) -> SchemaView | NotInSchema | None:
    found: SchemaView | NotInSchema | None = shape
    for step in name.split("."):
        if not isinstance(found, SchemaView):
            return found
        found = found.member(step)
    return found


def _unknown_member(held: ComparedRequest, place: Path, found: NotInSchema) -> Mistake:
    message, hint = f"the document has no `{found.name}` in the body of {held.operation.label}", did_you_mean(found.name, found.known)
    make = held.mistake if misspelt(found.name, found.known) else held.note
    return make(message, place, hint)


def _content(held: ComparedRequest, place: Path, content: Any, shape: SchemaView) -> Iterator[Mistake]:
    if isinstance(content, dict):
        for name, inner in content.items():
            found = shape.member(name)
            if isinstance(found, NotInSchema):
                yield _unknown_member(held, (*place, name), found)
            elif found is not None:
                yield from _content(held, (*place, name), inner, found)
        yield from _unsent(held, place, content, shape)
    elif isinstance(content, list) and shape.elements is not None:
        for index, inner in enumerate(content):
            yield from _content(held, (*place, index), inner, shape.elements)
    elif isinstance(content, Template) and all(isinstance(part, str) for part in content.parts):
        wrong = unfit(shape, str(content)) if shape.enum else None
        if wrong is not None:
            yield held.mistake(f"`{content}` is no value of `{place[-1]}`", place, wrong)


def _unsent(held: ComparedRequest, place: Path, content: dict[str, Any], shape: SchemaView) -> Iterator[Mistake]:
    """Note what is required and not sent: generated documents require too much. Alternatives are not looked into."""
    if len(shape.parts) != 1:
        return
    for name in as_list(shape.parts[0].get("required")):
        if isinstance(name, str) and name not in content:
            where = f" in `{place[-1]}`" if len(place) and place[-1] != "body" else ""
            message = f"the document requires `{name}`{where} in the body of {held.operation.label}"
            yield held.note(message, place, "if so, write it into `body`")
