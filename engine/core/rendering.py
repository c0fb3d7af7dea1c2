"""Render templates: write values into addresses, headers, parameters and bodies. The place decides how each is encoded.

A path segment is percent-encoded, part of a host must be one, a value inside a query language is quoted, JSON keeps its
type. A name without a value is an error, never an empty text. Messages hold the value's name, never the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.chain import Chain, Unresolved, value_of
from engine.core.http import MOST_ADDRESS
from engine.core.identity import NOBODY, encode_segment
from engine.language.effective import Endpoint
from engine.language.expressions import lossless_json
from engine.language.expressions.address_places import Capacity, PlacedValue, address_parts, fits
from engine.language.expressions.quoting import Unsafe, enclosed, written
from engine.language.expressions.template import TIMES, Field, Hole, Template
from engine.language.model.body import mapped

UNFIT = {
    Capacity.ADDRESS: "no https address",
    Capacity.ORIGIN: "no https address of a host and nothing else",
    Capacity.HOST: "no host: letters, digits and - only",
    Capacity.LABEL: "no part of a host: letters, digits and - only",
}


def address_of(template: Template, chain: Chain) -> str:
    """Write an address with its values, each by its capacity (see `address_places`). Raises Unresolved."""
    return "".join(part if isinstance(part, str) else _placed(part, chain) for part in address_parts(template))


def _placed(part: PlacedValue, chain: Chain) -> str:
    value, capacity = value_of(part.value, chain), part.capacity
    if capacity is Capacity.SEGMENT:
        return _segment(part.value, value, chain)
    if not fits(capacity, value) or len(value) > MOST_ADDRESS:
        message = f"the value of {part.value} is {UNFIT[capacity]}"
        raise Unresolved(message)
    if capacity in (Capacity.ADDRESS, Capacity.ORIGIN):
        return value if capacity is Capacity.ADDRESS else value.rstrip("/")  # the transport checks whose host it is
    return value.lower()


def _segment(part: Hole | Field, value: str, chain: Chain) -> str:
    if (isinstance(part, Field) or part.name in chain.endpoint.discovered) and value.lower() in NOBODY:
        whose = "a record's" if isinstance(part, Field) else "the account's"
        message = f"{whose} {part} is a word with a meaning of its own (., .. or me): it cannot stand in a path"
        raise Unresolved(message)
    try:
        return encode_segment(value)
    except ValueError:
        message = f"the value of {part} cannot stand in a path"
        raise Unresolved(message) from None


def header_of(template: Template, chain: Chain) -> str:
    """Write the value of a header: printable ASCII only. Raises Unresolved."""
    value = plain_text(template, chain)
    if value.isprintable() and value.isascii():
        return value
    message = "a value cannot stand in a header: it holds control or non-ASCII characters"
    raise Unresolved(message)


def plain_text(template: Template, chain: Chain) -> str:
    """Fill in a template without any encoding, for comparisons. Raises Unresolved."""
    return "".join(part if isinstance(part, str) else value_of(part, chain) for part in template.parts)


def text_of(template: Template, chain: Chain) -> str:
    """Write a text of `params` or `body`. A value inside a longer text is written by the quoting rules of the spec. Raises Unresolved."""
    if template.whole is not None:
        value = value_of(template.whole, chain)
        if isinstance(value, lossless_json.Json) and value[:1] in ("[", "{"):
            message = f"the value of {template.whole} is a list: it stands only in a body, as the whole of a text"
            raise Unresolved(message)
        return value
    quotes, parts = dict(_quoted(template)), []
    for index, part in enumerate(template.parts):
        parts.append(part if isinstance(part, str) else _inside(part, chain, quotes[index]))
    return "".join(parts)


def _quoted(template: Template) -> list[tuple[int, str]]:
    places = [index for index, part in enumerate(template.parts) if not isinstance(part, str)]
    return [(index, quote) for index, (_, quote) in zip(places, enclosed(template), strict=True)]


def _inside(part: Hole | Field, chain: Chain, quote: str) -> str:
    value = value_of(part, chain)
    if isinstance(part, Hole) and part.name in TIMES:
        return value
    endpoint = chain.endpoint
    try:
        return written(value, quote, endpoint.quotes, words=part.name in endpoint.discovered)
    except Unsafe as error:
        message = f"the value of {part} {error}"
        raise Unresolved(message) from None


def body_of(endpoint: Endpoint, chain: Chain) -> Any:
    """Fill in a body; a value that is a whole text keeps its JSON type, such as a number. Raises Unresolved."""

    def filled(template: Template) -> Any:
        value = value_of(template.whole, chain) if template.whole is not None else None
        return lossless_json.loads(value.encode()) if isinstance(value, lossless_json.Json) else text_of(template, chain)

    return mapped(endpoint.body, filled)


def placed(content: Any, place: str, value: Any) -> Any:
    """Give a body with a value set at a dotted place such as `page.after`; `check` sees to it that its maps are there."""
    name, dot, rest = place.partition(".")
    held = content if isinstance(content, Mapping) else {}
    return {**held, name: placed(held.get(name), rest, value) if dot else value}
