"""Which scopes an operation asks for: what `security` says, what the vendor wrote into an `x-` member, or into the description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.openapi.document.operations import Operation
from engine.openapi.document.refs import as_map, as_text

SPAN = re.compile(r"`([A-Za-z][\w.:/*-]{1,99})`")
NAMED = re.compile(r"[Ss]copes?\b[^\n]{0,400}")
SCOPE = re.compile(r"[!#-\[\]-~]{1,200}")  # RFC 6749, 3.3


@dataclass(frozen=True)
class Scopes:
    """The alternatives, any of which is enough; `sure` where they stand in `security` or an `x-` member, not in prose."""

    entries: tuple[frozenset[str], ...]
    sure: bool


def scopes_of(operation: Operation) -> Scopes:
    """Read an operation's scopes; no entries where the document tells none."""
    told = []
    for alternative in operation.security:
        for name, scopes in alternative.items():
            if as_text(operation.api.schemes.get(name, {}).get("type")) in ("oauth2", "openIdConnect"):
                told.append(frozenset(_valid(scopes)))
    entries = tuple(one for one in dict.fromkeys(told) if one)
    if entries:
        return Scopes(entries, sure=True)
    extended = [one for key, value in operation.raw.items() if key.startswith("x-") and "scope" in key.lower() for one in _valid(value)]
    if extended:
        return Scopes(tuple(frozenset((one,)) for one in dict.fromkeys(extended)), sure=True)
    text = "\n".join([operation.about, *(one.about for one in operation.parameters if one.name.lower() in ("token", "authorization"))])
    spans = [span for found in NAMED.finditer(text[:20_000]) for span in SPAN.findall(found[0]) if re.search(r"[.:_/]", span)]
    return Scopes(tuple(frozenset((one,)) for one in dict.fromkeys(spans)), sure=False)


def _valid(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (one for one in value.split() if SCOPE.fullmatch(one))
    elif isinstance(value, list):
        for one in value:
            yield from _valid(one)
    elif isinstance(value, dict):
        yield from _valid(value.get("scopes", [name for name in value if isinstance(name, str)]))


def announced(operation: Operation) -> frozenset[str]:
    """Every scope that the document's OAuth schemes list; empty where they list none."""
    found: set[str] = set()
    for scheme in operation.api.schemes.values():
        for flow in as_map(scheme.get("flows")).values():
            found |= set(as_map(as_map(flow).get("scopes")))
    return frozenset(found)
