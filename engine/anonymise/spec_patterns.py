"""Patterns made of a spec: which request an address belongs to, and which values stand in a longer text such as a query.

A template becomes a regular expression that finds its values again; `MixedText` also writes others in their places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from msgspec import Struct

from engine.core.http import HttpRequest
from engine.language.effective import Endpoint, Vendor
from engine.language.expressions.quoting import enclosed, written
from engine.language.expressions.template import Template

ANY = "(.+?)"
BARE = r"([^\s'\"]+?)"
INSIDE = {"backslash": r"((?:[^{0}\\]|\\.)+?)", "double": r"((?:[^{0}]|{0}{0})+?)"}
PLAIN = "([^{0}]+?)"


class MixedText(Struct, frozen=True):
    """A text with values in it: its pattern, its parts (None for a value), the quote around each value, and how a quote is escaped."""

    pattern: re.Pattern[str]
    parts: tuple[str | None, ...]
    quotes: tuple[str, ...]
    way: str | None

    @property
    def literal(self) -> int:
        """How many characters are literal: patterns with more of them are tried first."""
        return sum(len(part) for part in self.parts if part is not None)

    def read(self, text: str) -> list[str] | None:
        """Give the values in a text, unquoted; None where it does not match."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        return [_bare(one, quote, self.way) for one, quote in zip(found.groups(), self.quotes, strict=True)]

    def write(self, values: list[str]) -> str:
        """Write the text with other values. Raises Unsafe for a value that would break out of its quotes."""
        made = iter(written(one, quote, self.way) if quote else one for one, quote in zip(values, self.quotes, strict=True))
        return "".join(next(made) if part is None else part for part in self.parts)


def mixed_of(template: Template, quotes: str | None, *, query: bool) -> MixedText:
    """Make the pattern of a template. In a `query` an unquoted value is one word, elsewhere it may be anything."""
    around = tuple(quote for _, quote in enclosed(template)) if query else ("",) * sum(not isinstance(one, str) for one in template.parts)
    ways = iter(around)
    pattern = "".join(re.escape(part) if isinstance(part, str) else _value(next(ways), quotes, query=query) for part in template.parts)
    parts = tuple(part if isinstance(part, str) else None for part in template.parts)
    return MixedText(re.compile(pattern, re.DOTALL), parts, around, quotes)


def _value(quote: str, way: str | None, *, query: bool) -> str:
    if not quote:
        return BARE if query else ANY
    return INSIDE.get(way or "", PLAIN).replace("{0}", quote)


def _bare(value: str, quote: str, way: str | None) -> str:
    if quote and way == "backslash":
        return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    return value.replace(quote * 2, quote) if quote and way == "double" else value


class RequestPattern(Struct, frozen=True):
    """The pattern of a request's address, how many characters of it are literal, and its literal and other parameters."""

    endpoint: Endpoint
    pattern: re.Pattern[str]
    written: int
    params: frozenset[tuple[str, str]]
    names: frozenset[str]


@dataclass
class RequestPatterns:
    """The address patterns of every request of a spec."""

    vendor: Vendor
    lines: list[RequestPattern] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compile the patterns."""
        for endpoint in self.vendor.requests():
            pattern = "".join(re.escape(part) if isinstance(part, str) else "[^?#]+" for part in endpoint.address.parts)
            written = sum(len(part) for part in endpoint.address.parts if isinstance(part, str))
            pairs = [(name, values) for name, values in endpoint.params if isinstance(name, str)]
            fixed = frozenset((name, str(one)) for name, values in pairs for one in values if _plain(one))
            self.lines.append(RequestPattern(endpoint, re.compile(pattern), written, fixed, frozenset(name for name, _ in pairs)))

    def of(self, request: HttpRequest) -> list[Endpoint]:
        """Give the endpoints that a request may belong to, the likeliest first; all of them where none fits (a link of the vendor's)."""
        address, _, query = request.url.partition("?")
        given = {(unquote(name), unquote(value)) for name, _, value in (pair.partition("=") for pair in query.split("&"))}
        names = {name for name, _ in given}
        fitting = [
            (len(line.params), len(line.names & names) - len(line.names - names), line.written, -index, line.endpoint)
            for index, line in enumerate(self.lines)
            if line.pattern.fullmatch(address) and line.params <= given
        ]
        fitting.sort(key=lambda one: one[:4], reverse=True)
        return [one[4] for one in fitting] or [line.endpoint for line in self.lines]


def _plain(template: Template) -> bool:
    return all(isinstance(part, str) for part in template.parts)
