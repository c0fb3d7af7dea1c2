"""How a value is written in its place: a segment, a host, an origin, a query, a header, a text, JSON. The place decides.

A name without a value is an error, never an empty text; messages name the value's name, never its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.core.http import MOST_ADDRESS
from engine.core.identity import FORM, NOBODY, encode_segment
from engine.core.window import Window, form
from engine.language.effective import Endpoint, Row
from engine.language.expressions import lossless_json
from engine.language.expressions.quoting import Unsafe, enclosed, written
from engine.language.expressions.template import TIMES, Field, Hole, Template, host_of
from engine.language.model.body import mapped

LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
HOST = re.compile(rf"(?:{LABEL.pattern}\.)+{LABEL.pattern}")
ORIGIN = re.compile(rf"https://{HOST.pattern}/?")
ADDRESS = re.compile(rf"https://{HOST.pattern}(?:/[!$-;=?-\[\]_a-z~]*)?")


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


def value_of(part: Hole | Field, chain: Chain) -> str:
    """Give the value of `<NAME>` or `<endpoint.field>`. Raises Unresolved where there is none."""
    if isinstance(part, Hole) and part.name in TIMES and chain.window is not None:
        moment = chain.window.start if part.name == "FROM" else chain.window.end
        return form(moment, part.form or "rfc3339")
    value = chain.values().get(part.name)
    if value is None or value == "":
        message = f"{part} has no value"
        raise Unresolved(message)
    return FORM[part.form](value) if isinstance(part, Hole) and part.form else value


def address_of(template: Template, chain: Chain) -> str:
    """Write an address: values as its origin, as its host, as labels of the host, and as segments. Raises Unresolved."""
    first, *rest = template.parts
    if isinstance(first, str):
        parts: list[str | Hole | Field] = list(template.parts)
        written_ = ""
    else:
        written_ = _origin(first, chain, whole=not rest)
        parts = list(rest)
    for part in parts:
        inside = written_.startswith("https://") and written_.count("/") < 3
        written_ += part if isinstance(part, str) else _host(part, chain, template) if inside else _segment(part, chain)
    return written_


def _origin(part: Hole | Field, chain: Chain, *, whole: bool) -> str:
    """Write a value that is an address the vendor gave: as a whole, or only its origin. Whose host it is, the transport checks."""
    value = value_of(part, chain)
    if (ADDRESS if whole else ORIGIN).fullmatch(value) and len(value) <= MOST_ADDRESS:
        return value if whole else value.rstrip("/")
    message = f"the value of {part} is no https address" + ("" if whole else " of a host and nothing else")
    raise Unresolved(message)


def _host(part: Hole | Field, chain: Chain, template: Template) -> str:
    value = value_of(part, chain)
    alone = host_of(str(template)) == str(part)
    if (HOST if alone else LABEL).fullmatch(value):
        return value.lower()
    message = f"the value of {part} is no {'host' if alone else 'part of a host'}: letters, digits and - only"
    raise Unresolved(message)


def _segment(part: Hole | Field, chain: Chain) -> str:
    value = value_of(part, chain)
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
    """Write a header's value. Raises Unresolved."""
    value = plain_text(template, chain)
    if value.isprintable() and value.isascii():
        return value
    message = "a value cannot stand in a header: it holds control or non-ASCII characters"
    raise Unresolved(message)


def plain_text(template: Template, chain: Chain) -> str:
    """Fill a template in as it is, to be compared. Raises Unresolved."""
    return "".join(part if isinstance(part, str) else value_of(part, chain) for part in template.parts)


def text_of(template: Template, chain: Chain) -> str:
    """Write a text of `params` or `body`; a value inside a longer one stays in its place. Raises Unresolved."""
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
    """Fill a body in; a value that is a whole text keeps its JSON type. Raises Unresolved."""

    def filled(template: Template) -> Any:
        value = value_of(template.whole, chain) if template.whole is not None else None
        return lossless_json.loads(value.encode()) if isinstance(value, lossless_json.Json) else text_of(template, chain)

    return mapped(endpoint.body, filled)


def placed(content: Any, place: str, value: Any) -> Any:
    """Give a body with a value at a dotted place; its maps are there (`check` sees to it)."""
    name, dot, rest = place.partition(".")
    held = content if isinstance(content, Mapping) else {}
    return {**held, name: placed(held.get(name), rest, value) if dot else value}
