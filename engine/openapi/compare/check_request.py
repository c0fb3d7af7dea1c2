"""Compare one request of a spec with its operation in the vendor's document: what it sends, what it reads, where its words stand.

Documents are careless about scopes and about what a body must hold, so those are notes. Where a schema is open, every path
may be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from engine.language.effective import Endpoint, Row
from engine.language.expressions.select import Select
from engine.language.expressions.template import Hole, Template
from engine.language.rules.lint_context import LintContext, row_place
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.document.names import SIZES, norm
from engine.openapi.document.operations import Operation, Parameter, Scopes, announced, scopes_of
from engine.openapi.document.refs import as_list
from engine.openapi.document.schema_view import NotInSchema, SchemaView, lead, misspelt, unfit
from engine.replaced import replace


class ComparedRequest(Struct, frozen=True):
    """A request and its operation; `rows` are the values of its `for` with which it asks this operation and no other."""

    context: LintContext
    path: Path
    endpoint: Endpoint
    operation: Operation
    rows: Sequence[Row]

    @property
    def verb(self) -> str:
        """The word behind which the request line stands: get or post."""
        return self.endpoint.method.lower()

    def mistake(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a mistake at the place of a word; `key`: at the word itself, not at its value."""
        return self.context.mistake(message, self.place(place), hint, key=key)

    def note(self, message: str, place: Path, hint: str | None = None, *, key: bool = False) -> Mistake:
        """Make a note at the place of a word; `key`: at the word itself, not at its value."""
        return replace(self.mistake(message, place, hint, key=key), level="note")

    def oversized(self, name: str, count: int, shape: SchemaView | None) -> Iterator[Mistake]:
        """Find a page size that is larger than the document allows."""
        most = shape.number("maximum") if shape is not None else None
        if most is not None and count > most:
            message = f"the document gives at most {most} a page of {self.operation.label}"
            yield self.mistake(message, ("pagination", "size", name), f"write {{{name}: {most}}}")

    def page_places(self) -> Iterator[tuple[Path, str]]:
        """Give what pagination sends: where the name stands in the spec, and the parameter or place in the body that it names."""
        page = self.endpoint.pagination
        if page is None:
            return
        for word, name in (("param", page.param), ("offset", page.offset)):
            if name is not None:
                yield ("pagination", word), name
        yield from ((("pagination", "page", name), name) for name in page.page or ())
        yield from ((("pagination", "size", name), name) for name in page.size or ())

    def writes(self, place: Path) -> bool:
        """Whether the request itself writes a word."""
        return (*self._own, *place) in self.context.document.keys

    def place(self, place: Path) -> Path:
        """Find a word: in the request, else at the top where that is where it stands."""
        for end in range(len(place), 0, -1):
            if (*self._own, *place[:end]) in self.context.document.keys:
                return (*self._own, *place)
            if place[:end] in self.context.document.keys:
                return place
        return (*self._own, *place)

    @property
    def _own(self) -> Path:
        """The request's own place; a look-up that is the only one has no number there."""
        values = self.context.document.values
        return tuple(step for index, step in enumerate(self.path) if isinstance(step, str) or self.path[: index + 1] in values)


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
    headers = {name.lower() for name in (*dict(endpoint.headers), *held.context.vendor.auth.headers)}
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
        if told.entries and told.sure and held.context.vendor.auth.oauth2 is not None:
            yield held.note(f"the document asks for scopes for {operation.label}: `granted_by` names none", (held.verb,), _shown(told))
        return
    if known:
        known |= {scope for entry in told.entries for scope in entry}
        for scope in sorted({scope for entry in endpoint.granted_by for scope in entry} - known):
            yield held.note(f"the document lists no scope `{scope}`", place, did_you_mean(scope, known), key=True)
    if told.entries and not any(entry & other for entry in endpoint.granted_by for other in told.entries):
        yield held.note(f"the document grants {operation.label} by other scopes", place, _shown(told), key=True)
    for entry in endpoint.granted_by[:1]:  # the one that `connect` asks for
        reading = told.reading(entry)
        if reading is not None:
            hint = f"write `{' '.join(sorted(reading))}` first: it only reads"
            yield held.note(f"the document grants {operation.label} by less than `{' '.join(sorted(entry))}`", place, hint, key=True)


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


MOST_KNOWN = 12
UNREAD = "add an endpoint that asks the same and names it as its `records`, if it holds data of the person"

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


def unread(held: ComparedRequest) -> Iterator[Mistake]:
    """Note the lists of maps that stand beside the records, such as JSON:API's `included`: nothing of them is kept."""
    endpoint, level = held.endpoint, held.operation.answer
    select = endpoint.records if endpoint.name in held.context.vendor.endpoints else None
    if select is None or not select.steps or isinstance(lead(select, level), NotInSchema):
        return
    for depth, step in enumerate(select.steps):
        for name, shape in level.members.items() if level is not None else ():
            path = (*select.steps[:depth], name)
            if name != step and _list_of_maps(shape) and not held.context.vendor.reads(endpoint, path):
                message = f"the document has the list `{'.'.join(path)}` beside the records of {held.operation.label}, and nothing keeps it"
                yield held.note(message, ("records",), UNREAD, key=True)
        found = level.member(step) if level is not None else None
        level = found if isinstance(found, SchemaView) else None


def _list_of_maps(shape: SchemaView) -> bool:
    return shape.is_list and shape.elements is not None and shape.elements.types == {"object"}


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
