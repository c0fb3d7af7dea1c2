"""Build requests: the first one of a chain, and the next page's from the one before. The request is all the state there is.

How each value is written is decided in `core/rendering`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.core.chain import Chain, value_of
from engine.core.http import HttpRequest
from engine.core.identity import encode_query
from engine.core.rendering import address_of, body_of, header_of, placed, text_of
from engine.language.effective import Endpoint
from engine.language.expressions import lossless_json
from engine.language.expressions.template import TIMES, Field, Hole, Template
from engine.replaced import replace


class Request(Struct, frozen=True):
    """A request, the number of its page, the records received before it, and the page size it asks for (None where it asks for none)."""

    chain: Chain
    http: HttpRequest
    page: int = 1
    received: int = 0
    size: int | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Give the endpoint of the request."""
        return self.chain.endpoint


def opening(chain: Chain) -> Request:
    """Build a chain's first request. Raises Unresolved."""
    endpoint = chain.endpoint
    query = [(encode_query(name), encode_query(text_of(one, chain))) for name, templates in endpoint.params for one in templates]
    first = _first_page(endpoint)
    headers = [(name, header_of(template, chain)) for name, template in endpoint.headers]
    body = None
    if endpoint.method == "POST":
        content = body_of(endpoint, chain)
        for place, number in first:
            content = placed(content, place, number)
        body = None if content is None else lossless_json.dumps(content)
        headers += [("Content-Type", "application/json")] if body is not None else []
    else:
        query += [(encode_query(name), str(number)) for name, number in first]
    url = _url(address_of(endpoint.address, chain), query)
    return Request(chain, HttpRequest(endpoint.method, url, tuple(headers), body), size=_size(endpoint))


def _size(endpoint: Endpoint) -> int | None:
    return next(iter((endpoint.pagination.size or {}).values()), None) if endpoint.pagination is not None else None


def halved(request: Request) -> Request | None:
    """Ask for a first page of half the size; None where no size is asked for, or it is 1."""
    pagination, half = request.endpoint.pagination, (request.size or 0) // 2
    if pagination is None or not half:
        return None
    asked = with_param(request, next(iter(pagination.size or {})), half, 0)
    return replace(asked, page=1, size=half)


def _first_page(endpoint: Endpoint) -> list[tuple[str, int]]:
    """Give the paging parameters of the first page: its number, its size, its offset."""
    pagination = endpoint.pagination
    if pagination is None:
        return []
    return [
        *(pagination.page or {}).items(),
        *(pagination.size or {}).items(),
        *([(pagination.offset, 0)] if pagination.offset is not None else []),
    ]


def with_param(request: Request, name: str, value: str | int, received: int) -> Request:
    """Build the request for the next page: the same with one parameter changed; of a `post`, one dotted place of its body."""
    if request.http.method == "POST":
        content = lossless_json.loads(request.http.body or b"{}")
        http = replace(request.http, body=lossless_json.dumps(placed(content, name, value)))
        return Request(request.chain, http, request.page + 1, received, request.size)
    head, _, query = request.http.url.partition("?")
    key = encode_query(name)
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] != key]
    url = f"{head}?{'&'.join([*pairs, f'{key}={encode_query(str(value))}'])}"
    return at_address(request, url, received)


def at_address(request: Request, url: str, received: int) -> Request:
    """Build the request for the next page from an address that the vendor gave."""
    return Request(request.chain, replace(request.http, url=url), request.page + 1, received, request.size)


def _url(address: str, query: list[tuple[str, str]]) -> str:
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{'&'.join(f'{name}={value}' for name, value in query)}"


def described(request: Request, public: Mapping[str, str]) -> str:
    """Give the request line for the page list: without host, page token, or any value that is not `public`, such as identifiers.

    `public` are the values of `for`, which the spec holds.
    """
    endpoint, chain = request.endpoint, request.chain

    def shown(template: Template) -> str:
        return "".join(part if isinstance(part, str) else _public(part, chain, public) for part in template.parts)

    pairs = [f"{name}={shown(one)}" for name, templates in endpoint.params for one in templates]
    if endpoint.pagination is not None and endpoint.method == "GET":
        pairs += [f"{name}={request.size}" for name in endpoint.pagination.size or {}]
    line = f"{endpoint.method} {shown(endpoint.line)}"
    return f"{line}?{'&'.join(pairs)}" if pairs else line


def _public(part: Hole | Field, chain: Chain, public: Mapping[str, str]) -> str:
    if isinstance(part, Hole) and part.name in TIMES:
        return value_of(part, chain)
    return public.get(part.name, str(part)) if isinstance(part, Hole) else str(part)
