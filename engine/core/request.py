"""From an endpoint and a row of values to the next request. The request is the state: nothing else is kept.

The place decides how a value is written: one percent-encoded segment in a path, percent-encoded in a query, no
control characters in a header. A name without a value is an error, never an empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.core.http import HttpRequest
from engine.core.identity import FORM, NOBODY, encode_query, encode_segment
from engine.core.window import Window, form
from engine.spec.effective import Endpoint, Row
from engine.spec.template import Field, Hole, Template


class Unresolved(ValueError):
    """A value is missing or may not stand where the template puts it; the message names it, never its content."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One sequence of pages: an endpoint's request for one row of values and one window."""

    endpoint: Endpoint
    row: Row = field(default=(), repr=False)
    window: Window | None = None

    def values(self) -> dict[str, str]:
        """Give the row as a map."""
        return dict(self.row)


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask next. Saved, it is a checkpoint: `follow` needs nothing else."""

    chain: Chain
    http: HttpRequest
    page: int = 1
    received: int = 0

    @property
    def endpoint(self) -> Endpoint:
        """Name the endpoint that asks."""
        return self.chain.endpoint


def opening(chain: Chain) -> Request:
    """Build a chain's first request. Raises Unresolved."""
    endpoint = chain.endpoint
    query = [pair for name, templates in endpoint.params for pair in _pairs(name, templates, chain)]
    pagination = endpoint.pagination
    if pagination is not None:
        query += [(encode_query(name), str(first)) for name, first in (pagination.page or {}).items()]
        query += [(encode_query(name), str(number)) for name, number in (pagination.size or {}).items()]
        if pagination.offset is not None:
            query.append((encode_query(pagination.offset), "0"))
    headers = tuple((name, _header(template, chain)) for name, template in endpoint.headers)
    return Request(chain, HttpRequest("GET", _url(_path(endpoint.address, chain), query), headers))


def with_param(request: Request, name: str, value: str, received: int) -> Request:
    """Build the next page's request: the same one with one parameter set anew."""
    head, _, query = request.http.url.partition("?")
    key = encode_query(name)
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != key]
    url = f"{head}?{'&'.join([*pairs, f'{key}={encode_query(value)}'])}"
    return at_address(request, url, received)


def at_address(request: Request, url: str, received: int) -> Request:
    """Build the next page's request from an address the vendor gave."""
    http = HttpRequest(request.http.method, url, request.http.headers, request.http.body)
    return Request(request.chain, http, request.page + 1, received)


def _url(path: str, query: list[tuple[str, str]]) -> str:
    return f"{path}?{'&'.join(f'{name}={value}' for name, value in query)}" if query else path


def _pairs(name: str, templates: tuple[Template, ...], chain: Chain) -> list[tuple[str, str]]:
    return [(encode_query(name), encode_query(text_of(template, chain))) for template in templates]


def _path(template: Template, chain: Chain) -> str:
    written = []
    for part in template.parts:
        if isinstance(part, str):
            written.append(part)
            continue
        value = value_of(part, chain)
        if isinstance(part, Field) and value.lower() in NOBODY:
            message = f"a record's {part} is a word with a meaning of its own (., .. or me): it cannot stand in a path"
            raise Unresolved(message)
        try:
            written.append(encode_segment(value))
        except ValueError:
            message = f"the value of {part} cannot stand in a path"
            raise Unresolved(message) from None
    return "".join(written)


def _header(template: Template, chain: Chain) -> str:
    value = text_of(template, chain)
    if value.isprintable() and value.isascii():
        return value
    message = "a value cannot stand in a header: it holds control or non-ASCII characters"
    raise Unresolved(message)


def text_of(template: Template, chain: Chain) -> str:
    """Fill a template in as plain text. Raises Unresolved."""
    return "".join(part if isinstance(part, str) else value_of(part, chain) for part in template.parts)


def value_of(part: Hole | Field, chain: Chain) -> str:
    """Give the value of `<NAME>` or `<endpoint.field>`. Raises Unresolved where there is none."""
    if isinstance(part, Hole) and part.name in ("FROM", "TO") and chain.window is not None:
        moment = chain.window.start if part.name == "FROM" else chain.window.end
        return form(moment, part.form or "rfc3339")
    value = chain.values().get(part.name)
    if value is None or value == "":
        message = f"{part} has no value"
        raise Unresolved(message)
    return FORM[part.form](value) if isinstance(part, Hole) and part.form else value


def described(request: Request, public: Mapping[str, str]) -> str:
    """Show the request line without host, identifier or anything captured; page tokens are left out.

    `public` holds what may be shown: the values of `for`, known from the spec.
    """
    endpoint, chain = request.endpoint, request.chain

    def shown(template: Template) -> str:
        return "".join(part if isinstance(part, str) else _public(part, chain, public) for part in template.parts)

    pairs = [f"{name}={shown(one)}" for name, templates in endpoint.params for one in templates]
    if endpoint.pagination is not None:
        pairs += [f"{name}={number}" for name, number in (endpoint.pagination.size or {}).items()]
    line = f"GET {shown(endpoint.line)}"
    return f"{line}?{'&'.join(pairs)}" if pairs else line


def _public(part: Hole | Field, chain: Chain, public: Mapping[str, str]) -> str:
    if isinstance(part, Hole) and part.name in ("FROM", "TO"):
        return value_of(part, chain)
    return public.get(part.name, str(part)) if isinstance(part, Hole) else str(part)
