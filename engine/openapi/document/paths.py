"""Find the operation that a spec's address asks: servers and path templates against it. Where there is none, the nearest is named.

The paths are kept in a tree by segment, so that finding one among a hundred thousand takes no longer than among ten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from urllib.parse import unquote

from msgspec import Struct

from engine.language.expressions.template import Template
from engine.openapi.document.operations import BRACED, Api, Operation, Server
from engine.openapi.document.refs import as_map

HOLE = "\0"  # stands in an address for a value that is not known yet
MOST_COMPARED = 2_000
MOST_HOLES = 3  # in one segment; with more of them every text fits
DEEPEST = 100  # segments


@dataclass
class _Node:
    """A node of the tree: what the next segment may be, and the path that ends here."""

    literal: dict[str, _Node] = field(default_factory=dict)
    mixed: dict[str, tuple[re.Pattern[str], _Node]] = field(default_factory=dict)
    whole: _Node | None = None
    path: str | None = None


class Miss(Struct, frozen=True):
    """Why no operation was found, and what may have been meant. `surely`: the vendor has nothing there."""

    message: str
    hint: str | None
    surely: bool


def written(template: Template, row: Mapping[str, str]) -> str:
    """Write an address with the values of one row of `for`; HOLE where a value is not known."""
    parts = []
    for part in template.parts:
        name = getattr(part, "name", None)
        known = row.get(str(name)) if name is not None and getattr(part, "form", None) is None else None
        parts.append(part if isinstance(part, str) else known if known is not None else HOLE)
    return "".join(parts)


class Paths:
    """The paths of one document."""

    def __init__(self, api: Api) -> None:
        """Build the tree."""
        self.api = api
        self.wrong = ""  # a base path that the spec has instead of the servers'
        self.top = _Node()
        for path in api.items:
            if path.startswith("/"):
                self._add(path)

    def _add(self, path: str) -> None:
        node = self.top
        for segment in path.split("/")[1:]:
            if "{" not in segment:
                node = node.literal.setdefault(segment, _Node())
            elif BRACED.fullmatch(segment) or segment.count("{") > MOST_HOLES:
                node.whole = node.whole or _Node()
                node = node.whole
            else:
                pattern = _pattern(segment, ".+")
                node = node.mixed.setdefault(pattern, (re.compile(pattern, re.DOTALL), _Node()))[1]
        node.path = node.path or path

    def find(self, path: str, method: str) -> Operation | None:
        """Give the operation for a path such as `/users/HOLE/meetings`; what is written out wins over what is filled in."""
        for found in self._walk(self.top, path.split("/", DEEPEST)[1:]):
            operation = self.api.operation(found, method)
            if operation is not None:
                return operation
        return None

    def known(self, path: str) -> str | None:
        """Give the document's path for a path, whatever its methods."""
        return next(self._walk(self.top, path.split("/", DEEPEST)[1:]), None)

    def _walk(self, node: _Node, segments: list[str]) -> Iterator[str]:
        if not segments:
            if node.path is not None:
                yield node.path
            return
        segment, rest = segments[0], segments[1:]
        literal = node.literal.get(segment) or node.literal.get(unquote(segment))
        if literal is not None:
            yield from self._walk(literal, rest)
        for pattern, inner in node.mixed.values():
            if pattern.fullmatch(segment):
                yield from self._walk(inner, rest)
        if node.whole is not None and segment:
            yield from self._walk(node.whole, rest)

    def under(self, path: str) -> bool:
        """Whether the document has anything under a path's first segment: else it is about another part of the API."""
        first = path.split("/")[1:2]
        return bool(first) and (first[0] in self.top.literal or self.top.whole is not None)

    def near(self, path: str) -> str | None:
        """Give the path of the document that was probably meant."""
        segments = [HOLE if HOLE in one else one for one in path.split("/")[1:]]
        close: dict[str, str] = {}
        for path_there in self.api.items:
            other = [HOLE if "{" in step else step for step in path_there.split("/")[1:]]
            if abs(len(other) - len(segments)) <= 1 and (other[:1] == segments[:1] or other[-1:] == segments[-1:]):
                close.setdefault("/".join(other), path_there)
            if len(close) >= MOST_COMPARED:
                break
        found = get_close_matches("/".join(segments), close, n=1, cutoff=0.75)
        return close[found[0]] if found else None

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """Every server that the document names anywhere, the longest base path first."""
        found = list(self.api.servers)
        for item in map(as_map, self.api.items.values()):
            for holder in (item, *map(as_map, item.values())):
                found += self.api.read_servers(holder["servers"]) if "servers" in holder else ()
        return tuple(sorted({one.url: one for one in found}.values(), key=lambda one: -len(one.base)))

    def behind(self, address: str) -> tuple[tuple[str, ...], bool]:
        """Give what may be left of an address's path behind the servers' base paths, and whether its host is one of theirs."""
        path = "/" + address.removeprefix("https://").partition("/")[2]
        fitting = self.fitting(address)
        bases = [_fitting(one.base, path) for one in fitting or self.servers]
        found = [path[len(base) :] or "/" for base in bases if base is not None]
        if self.wrong and path.startswith(f"{self.wrong}/"):
            found.insert(0, path[len(self.wrong) :])
        return tuple(dict.fromkeys([*found, path])), bool(fitting)

    def fitting(self, address: str) -> tuple[Server, ...]:
        """Give the servers that an address may be one of, by its host."""
        host = address.removeprefix("https://").partition("/")[0].lower()
        return tuple(one for one in self.servers if not one.host or _fits(one.host, host))


def _pattern(template: str, hole: str) -> str:
    return hole.join(re.escape(one) for one in BRACED.split(template)[::2])


def _fits(template: str, text: str) -> bool:
    """Whether a host is a server's, which may have variables; a host that is a value fits every server with one."""
    if template.count("{") > MOST_HOLES or (HOLE in text and "{" in template):
        return True
    return re.fullmatch(_pattern(template, ".+"), text, re.DOTALL) is not None


def _fitting(base: str, path: str) -> str | None:
    """Give the part of a path that a server's base path, which may have variables, covers."""
    found = re.match(_pattern(base, "[^/]+") + r"(?=/|$)", path)
    return found[0] if found else None


def missed(paths: Paths, path: str, method: str) -> Miss:
    """Say why there is no operation."""
    shown = path.replace(HOLE, "<...>")
    known = paths.known(path)
    if known is not None:
        methods = ", ".join(one.upper() for one in paths.api.methods(known)) or "no method"
        return Miss(f"the document has `{known}`, and not {method.upper()} there", f"it has {methods}", surely=True)
    near = paths.near(path)
    if near is not None:
        return Miss(f"the document has no `{shown}`", f"did you mean `{near}`?", surely=True)
    if paths.under(path):
        return Miss(f"the document has no `{shown}`", None, surely=True)
    first = path.split("/")[1].replace(HOLE, "<...>")
    return Miss(f"the document has nothing under `/{first}`: this request was not compared", None, surely=False)
