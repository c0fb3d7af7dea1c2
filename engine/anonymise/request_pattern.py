"""Which request of the spec an exchange was. Told from its address alone, so several can fit; the likeliest comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from engine.core.http import HttpRequest
from engine.language.effective import Endpoint, Vendor
from engine.language.expressions.template import Template


@dataclass(frozen=True)
class RequestPattern:
    """One request line: what its address looks like, how much of it is written out, and the parameters that are."""

    endpoint: Endpoint
    pattern: re.Pattern[str]
    written: int
    params: frozenset[tuple[str, str]]
    names: frozenset[str]


@dataclass
class RequestPatterns:
    """Every request line of a spec."""

    vendor: Vendor
    lines: list[RequestPattern] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compile them."""
        for endpoint in self.vendor.requests():
            pattern = "".join(re.escape(part) if isinstance(part, str) else "[^?#]+" for part in endpoint.address.parts)
            written = sum(len(part) for part in endpoint.address.parts if isinstance(part, str))
            pairs = [(name, values) for name, values in endpoint.params if isinstance(name, str)]
            fixed = frozenset((name, str(one)) for name, values in pairs for one in values if _plain(one))
            self.lines.append(RequestPattern(endpoint, re.compile(pattern), written, fixed, frozenset(name for name, _ in pairs)))

    def of(self, request: HttpRequest) -> list[Endpoint]:
        """Give the endpoints a request can belong to; all of them where none fits, as for an address that a vendor gave."""
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
