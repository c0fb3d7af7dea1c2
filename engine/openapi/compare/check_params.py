"""What a request sends, against the parameters of its operation: names, values, sizes, and what it forgets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.language.expressions.template import Hole, Template
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake, did_you_mean
from engine.openapi.compare.compared_request import ComparedRequest
from engine.openapi.document.names import norm, words
from engine.openapi.document.operations import Parameter
from engine.openapi.document.values import misspelt, unfit
from engine.openapi.draft.pages import SIZES

CREDENTIALS = re.compile(r"(?i)(x-)?(api|access|auth|private|app)?[-_]?(key|token|authorization|secret)")
SECRETS = {"token", "key", "secret", "auth", "authorization", "apikey", "password", "signature", "session", "cookie"}
SENT_ANYWAY = ("accept", "content-type", "authorization", "user-agent", "accept-encoding", "host")


def parameters(held: ComparedRequest) -> Iterator[Mistake]:
    """Compare the query and the headers of one request with what its operation takes."""
    known = held.operation.placed("query")
    for name, templates in held.endpoint.params:
        parameter = _named(known, name)
        if parameter is None:
            yield _unknown(held, ("params", name), name, known)
            continue
        if parameter.deprecated:
            yield held.note(
                f"the document marks the parameter `{name}` of {held.operation.label} as deprecated", ("params", name), key=True
            )
        for index, template in enumerate(templates):
            yield from _value(held, ("params", name, index), template, parameter)
    if held.endpoint.method == "GET":
        yield from _paging(held, known)
    yield from _forgotten(held)


def _named(known: dict[str, Parameter], name: str) -> Parameter | None:
    """Find a parameter; `expand[]` and `created[gte]` belong to `expand` and `created`."""
    return known.get(name) or known.get(name.partition("[")[0]) or known.get(name.partition("[")[0] + "[]")


def _unknown(held: ComparedRequest, place: Path, name: str, known: dict[str, Parameter]) -> Mistake:
    message = f"the document has no parameter `{name}` of {held.operation.label}"
    hint = did_you_mean(name, known)
    if misspelt(name, known):
        return held.mistake(message, place, hint, key=True)
    return held.note(message, place, hint or "a vendor ignores what it does not know", key=True)


def _value(held: ComparedRequest, place: Path, template: Template, parameter: Parameter) -> Iterator[Mistake]:
    texts = [(place, str(template))] if all(isinstance(part, str) for part in template.parts) else []
    part = template.whole
    if isinstance(part, Hole) and part.form is None:
        for row in held.rows:
            for name, text in row:
                if name == part.name:
                    index = held.endpoint.rows.index(row)
                    texts.append((("for", name, index) if len(row) == 1 else ("for", index, name), text))
    for where, text in texts:
        wrong = unfit(parameter.shape, text)
        if wrong is not None:
            yield held.mistake(f"`{text}` is no value of `{parameter.name}`", where, wrong)


def _paging(held: ComparedRequest, known: dict[str, Parameter]) -> Iterator[Mistake]:
    page = held.endpoint.pagination
    if page is None:
        return
    named = [("param", page.param), ("offset", page.offset), *(("page", one) for one in page.page or ())]
    for word, name in (*named, *(("size", one) for one in page.size or ())):
        if name is not None and _named(known, name) is None:
            yield _unknown(held, ("pagination", word, *((name,) if word in ("page", "size") else ())), name, known)
    if page.size is None:
        yield from _unsized(held, known)
    for name, count in (page.size or {}).items():
        parameter = _named(known, name)
        most = parameter.shape.number("maximum") if parameter is not None else None
        place: Path = ("pagination", "size", name)
        if most is not None and count > most:
            yield held.mistake(f"the document gives at most {most} a page of {held.operation.label}", place, f"write {{{name}: {most}}}")
        elif most is not None and count < most:
            yield held.note(
                f"the document gives up to {most} a page of {held.operation.label}", place, f"{{{name}: {most}}} asks less often"
            )


def _unsized(held: ComparedRequest, known: dict[str, Parameter]) -> Iterator[Mistake]:
    """Note: pages could be larger than the vendor makes them unasked."""
    for one in known.values():
        most, usual = one.shape.number("maximum"), one.shape.number("default")
        if one.name in dict(held.endpoint.params) or norm(one.name) not in SIZES or most is None or usual is None or usual >= most:
            continue
        message = f"the document gives {usual} a page of {held.operation.label} unless asked for up to {most}"
        yield held.note(message, ("pagination",), f"add `size: {{{one.name}: {most}}}`", key=True)
        return


def is_credential(parameter: Parameter) -> bool:
    """Whether a parameter is sent with the connection, whatever the request is."""
    if parameter.place == "header":
        return bool(SECRETS & set(words(parameter.name)))
    return CREDENTIALS.fullmatch(parameter.name) is not None


def _forgotten(held: ComparedRequest) -> Iterator[Mistake]:
    """Say which parameters are required and not sent."""
    endpoint, page = held.endpoint, held.endpoint.pagination
    sent = {name for name, _ in endpoint.params}
    sent |= {one for one in (page.param, page.offset, *(page.page or ()), *(page.size or ())) if one} if page is not None else set()
    bare = {name.partition("[")[0] for name in sent}
    headers = {name.lower() for name in (*dict(endpoint.headers), *held.scene.vendor.auth.headers, *SENT_ANYWAY)}
    credentials = {scheme.get("name") for scheme in held.operation.api.schemes.values()}
    for one in held.operation.parameters:
        if not one.required or one.name in credentials or is_credential(one):
            continue
        if one.place == "query" and one.name.partition("[")[0] not in bare:
            yield held.mistake(
                f"the document requires `{one.name}` of {held.operation.label}", (held.verb,), "write it under `params`", key=True
            )
        elif one.place == "header" and one.name.lower() not in headers:
            yield held.mistake(
                f"the document requires `{one.name}` of {held.operation.label}", (held.verb,), "write it under `headers`", key=True
            )
