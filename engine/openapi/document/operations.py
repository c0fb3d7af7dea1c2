"""Read a vendor's OpenAPI document as operations: parameters, body, answer, servers, security, scopes; the same for every version.

Everything is computed when it is first asked for: a document may have a hundred thousand paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from msgspec import Struct

from engine.openapi.document.examples import shown, with_examples
from engine.openapi.document.names import words
from engine.openapi.document.read import read
from engine.openapi.document.refs import Refs, as_list, as_map, as_text
from engine.openapi.document.schema_view import SchemaView

CREDENTIALS = re.compile(r"(?i)(x-)?(api|access|auth|private|app)?[-_]?(key|token|authorization|secret)")
SECRETS = {"token", "key", "secret", "auth", "authorization", "apikey", "password", "signature", "session", "cookie"}
SENT_ANYWAY = ("accept", "content-type", "authorization", "user-agent", "accept-encoding", "host")
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
GONE = re.compile(r"(?i)\bno longer (?:available|supported|used|in use|accepted|valid)\b|\b(?:was|has been|is) removed\b")
BRACED = re.compile(r"\{([^{}/]*)\}")
SPAN = re.compile(r"`([A-Za-z][\w.:/*-]{1,99})`")
NAMED = re.compile(r"[Ss]copes?\b[^\n]{0,400}")
DEEPEST, MOST_MEMBERS = 3, 300  # of a body's maps
WRITING = {"write", "manage", "edit", "modify", "update"}
SCOPE = re.compile(r"[!#-\[\]-~]{1,200}")  # RFC 6749, 3.3


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter of an operation; `place` is path, query, header, cookie, or body for a member of a JSON body."""

    name: str
    place: str
    required: bool
    deprecated: bool
    about: str
    shape: SchemaView

    @property
    def last(self) -> str:
        """Its name, of a member of a body without the way to it."""
        return self.name.rpartition(".")[2] if self.place == "body" else self.name

    @property
    def is_credential(self) -> bool:
        """Whether it belongs to the connection, which sends it with every request."""
        if self.place == "header":
            return bool(SECRETS & set(words(self.name)))
        return CREDENTIALS.fullmatch(self.name) is not None


def _members(shape: SchemaView, way: str, deepest: int) -> Iterator[tuple[str, Parameter]]:
    """Give the members of a body with the way to each, the nearest first; a name with a dot in it can only be given at the top."""
    deeper = []
    for name, inner in islice(shape.members.items(), MOST_MEMBERS):
        if not way or (name and "." not in name):
            yield f"{way}{name}", Parameter(f"{way}{name}", "body", False, False, inner.word("description"), inner)
            deeper += [(f"{way}{name}.", inner)] if deepest > 1 and name and "." not in name and inner.members and not inner.is_list else []
    for path, inner in deeper:
        yield from _members(inner, path, deepest - 1)


@dataclass(frozen=True, eq=False)
class Server:
    """The address of an API: scheme, host and base path, with `{names}` for its variables; each variable with its default."""

    url: str
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        """The host with its `{names}`; empty where the address is relative."""
        found = re.match(r"(?:https?|wss?)://([^/?#]*)", self.url, re.IGNORECASE)
        return found[1].lower() if found else ""

    @property
    def base(self) -> str:
        """The path before that of every operation, without a slash at its end: /api/v2."""
        path = re.sub(r"^[A-Za-z]+://[^/?#]*", "", self.url)
        return re.split(r"[?#]", path)[0].rstrip("/")


class Api:
    """A vendor's document."""

    def __init__(self, raw: bytes, file: str) -> None:
        """Read the bytes of a document. Raises DocumentError."""
        self.root, self.file = read(raw, file), file
        self.refs = Refs(self.root)
        self.old = "swagger" in self.root
        self.items = as_map(self.root.get("paths"))
        self.info = as_map(self.root.get("info"))

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """The servers at the top of the document; `/` where it names none."""
        if not self.old:
            return self.read_servers(self.root.get("servers"))
        host, base = as_text(self.root.get("host")), as_text(self.root.get("basePath"))
        return (Server(f"https://{host}{base}" if host else base or "/"),)

    def read_servers(self, value: Any) -> tuple[Server, ...]:
        """Read a list of servers: the top, a path and an operation may each have one."""
        found = []
        for server in map(as_map, as_list(value)):
            variables = as_map(server.get("variables")).items()
            defaults = tuple((name, as_text(as_map(told).get("default"))) for name, told in variables if isinstance(name, str))
            found.append(Server(as_text(server.get("url")), defaults))
        return tuple(found) or (Server("/"),)

    @cached_property
    def schemes(self) -> dict[str, dict[str, Any]]:
        """The security schemes by name; those of Swagger 2 in the form of OpenAPI 3."""
        if not self.old:
            held = as_map(as_map(self.root.get("components")).get("securitySchemes"))
            return {name: self.refs.follow(one) for name, one in held.items()}
        return {name: _modern(as_map(one)) for name, one in as_map(self.root.get("securityDefinitions")).items()}

    def operation(self, path: str, method: str) -> Operation | None:
        """Give the operation of a path and a method such as `get`; None where there is none."""
        item = self.refs.follow(self.items.get(path))
        return Operation(self, method, path, item, item[method]) if isinstance(item.get(method), dict) else None

    def methods(self, path: str) -> tuple[str, ...]:
        """Name the methods of a path."""
        item = self.refs.follow(self.items.get(path))
        return tuple(method for method in METHODS if isinstance(item.get(method), dict))

    def operations(self) -> Iterator[Operation]:
        """Give every GET and every POST, which may be a search, ordered by path."""
        for path in sorted(path for path in self.items if path.startswith("/")):
            for method in ("get", "post"):
                found = self.operation(path, method)
                if found is not None:
                    yield found


def _exploded(whole: Parameter, told: dict[str, Any]) -> Iterator[Parameter]:
    """Give the members of an object that is sent as parameters of their own, `filter[email]` or `email`; else the parameter itself."""
    deep = told.get("style") == "deepObject"
    if whole.place != "query" or "content" in told or whole.shape.types != {"object"} or not (deep or told.get("explode", True)):
        yield whole
        return
    if whole.shape.open:
        yield whole
    wanted = {name for part in whole.shape.parts for name in as_list(part.get("required")) if isinstance(name, str)}
    for name, shape in whole.shape.members.items():
        full = f"{whole.name}[{name}]" if deep else name
        yield Parameter(full, "query", whole.required and name in wanted, whole.deprecated, shape.word("description"), shape)


FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials", "implicit": "implicit", "password": "password"}


def _modern(scheme: dict[str, Any]) -> dict[str, Any]:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return scheme
    return {"type": "oauth2", "flows": {FLOWS.get(as_text(scheme.get("flow")), "implicit"): scheme}}


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path."""

    api: Api
    method: str
    path: str
    item: dict[str, Any]
    raw: dict[str, Any]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters and those of its path; its own win. A `{name}` in the path that is described nowhere is one, too."""
        found: dict[tuple[str, str], Parameter] = {}
        for told in map(self.api.refs.follow, (*as_list(self.item.get("parameters")), *as_list(self.raw.get("parameters")))):
            name, place = as_text(told.get("name")), as_text(told.get("in"))
            if name and place in ("path", "query", "header", "cookie"):
                found |= {(place, one.name): one for one in _exploded(self._parameter(told, name, place), told)}
        for name in BRACED.findall(self.path):
            if name and ("path", name) not in found:
                found["path", name] = self._parameter({}, name, "path")
        return tuple(found.values())

    def _parameter(self, told: dict[str, Any], name: str, place: str) -> Parameter:
        contents = as_map(told.get("content"))
        schema = told.get("schema", as_map(next(iter(contents.values()), None)).get("schema"))
        shape = SchemaView(self.api.refs, (told if self.api.old else {}) if schema is None else schema)
        about = as_text(told.get("description")) or shape.word("description")
        gone = told.get("deprecated") is True or GONE.search(about[:300]) is not None
        return Parameter(name, place, told.get("required") is True or place == "path", gone, about, shape)

    def placed(self, place: str) -> dict[str, Parameter]:
        """Give its parameters of one place by name."""
        return {one.name: one for one in self.parameters if one.place == place}

    @property
    def required_headers(self) -> Iterator[Parameter]:
        """Give the headers that a request must send itself: the connection or the engine sends the others."""
        for header in self.placed("header").values():
            if header.required and header.name.lower() not in SENT_ANYWAY and not header.is_credential:
                yield header

    @property
    def knobs(self) -> dict[str, Parameter]:
        """What can be set besides the path, by name: the query, or the members of the body of a POST."""
        if self.method != "post":
            return self.placed("query")
        return dict(_members(self.body, "", 1)) if self.body is not None else {}

    @property
    def places(self) -> dict[str, Parameter]:
        """What can be set besides the path, in the maps of a body too, `paging.after`: where pages are asked for."""
        return dict(_members(self.body, "", DEEPEST)) if self.method == "post" and self.body is not None else self.knobs

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """Its own servers, else those of its path, else those of the document."""
        for holder in (self.raw, self.item):
            if as_list(holder.get("servers")):
                return self.api.read_servers(holder["servers"])
        return self.api.servers

    @cached_property
    def body(self) -> SchemaView | None:
        """The schema of its JSON body; None where there is none, or the document does not say."""
        if self.api.old:
            listed = (*as_list(self.item.get("parameters")), *as_list(self.raw.get("parameters")))
            told = next((one for one in map(self.api.refs.follow, listed) if one.get("in") == "body"), {})
            return SchemaView(self.api.refs, told["schema"]) if "schema" in told else None
        return self._json(as_map(self.api.refs.follow(self.raw.get("requestBody"))))

    @property
    def empty(self) -> bool:
        """Whether every successful answer is without content."""
        good = [str(code) for code in as_map(self.raw.get("responses")) if str(code)[:1] == "2"]
        return bool(good) and set(good) <= {"204", "205"}

    @cached_property
    def success(self) -> dict[str, Any]:
        """Its first successful answer, else the default one, as the document writes it; empty where there is none."""
        responses = as_map(self.raw.get("responses"))
        good = sorted((code for code in responses if re.fullmatch(r"2(\d\d|XX)", str(code), re.IGNORECASE)), key=str)
        chosen = good[:1] or [code for code in responses if code == "default"]
        return self.api.refs.follow(responses[chosen[0]]) if chosen else {}

    @cached_property
    def answer(self) -> SchemaView | None:
        """The schema of its successful answer, with what examples show besides; None where the document does not say."""
        refs = self.api.refs
        if self.api.old:
            schema = SchemaView(refs, self.success["schema"]) if "schema" in self.success else None
            held = as_map(self.success.get("examples"))
            return with_examples(refs, schema, [one for kind, one in held.items() if "json" in str(kind).lower()])
        media = self._media(self.success)
        return with_examples(refs, self._json(self.success), shown(refs, media) if media is not None else ())

    def refusal(self, status: str) -> SchemaView | None:
        """The schema of the answer with a status such as `404`."""
        told = self.api.refs.follow(as_map(self.raw.get("responses")).get(status))
        if self.api.old:
            return SchemaView(self.api.refs, told["schema"]) if "schema" in told else None
        return self._json(told)

    def _json(self, holder: dict[str, Any]) -> SchemaView | None:
        told = self._media(holder)
        return SchemaView(self.api.refs, told["schema"]) if told is not None and "schema" in told else None

    def _media(self, holder: dict[str, Any]) -> dict[str, Any] | None:
        held = as_map(holder.get("content")).items()
        return next((as_map(one) for kind, one in held if ("json" in kind.lower() and "seq" not in kind.lower()) or kind == "*/*"), None)

    @property
    def link(self) -> bool:
        """Whether the answer comes with a Link header."""
        return any(name.lower() == "link" for name in as_map(self.success.get("headers")))

    @property
    def deprecated(self) -> bool:
        """Whether the vendor advises against it."""
        return self.raw.get("deprecated") is True or self.raw.get("x-deprecated") is True

    @property
    def about(self) -> str:
        """What the document says of it in words."""
        return f"{as_text(self.raw.get('summary'))}\n{as_text(self.raw.get('description'))}"

    @property
    def security(self) -> list[dict[str, Any]]:
        """The security requirements, each of which is enough."""
        told = self.raw.get("security", self.api.root.get("security"))
        return [as_map(one) for one in as_list(told)]

    @property
    def line(self) -> str:
        """Its name in lists, whole: GET /users/{id}/meetings/{meeting_id}."""
        return plain(f"{self.method.upper()} {self.path}", 300)

    @property
    def label(self) -> str:
        """Its name in messages, cut: GET /users/{id}."""
        return plain(f"{self.method.upper()} {self.path}", 80)


def plain(text: str, most: int = 60) -> str:
    """Write a text of the document on one line, without control characters, cut at `most` characters."""
    line = "".join(char if char.isprintable() else " " for char in text)
    line = re.sub(r"\s+", " ", line).strip()
    return line if len(line) <= most else line[: most - 3] + "..."


class Scopes(Struct, frozen=True):
    """What an operation asks for: each entry alone is enough. `sure`: they stand in `security` or an `x-` member, not in prose."""

    entries: tuple[frozenset[str], ...]
    sure: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """Each entry as a spec writes it: its scopes in order, with blanks between them."""
        return tuple(" ".join(sorted(entry)) for entry in self.entries)

    def reading(self, entry: frozenset[str]) -> frozenset[str] | None:
        """Give the entry that differs from this one only in that it does not let write; None where there is none."""
        mine = set(words(" ".join(entry)))
        if not mine & WRITING:
            return None
        return next((other for other in self.entries if set(words(" ".join(other))) | {"read"} == mine - WRITING | {"read"}), None)


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
        for inner in value:
            yield from _valid(inner)
    elif isinstance(value, dict):
        yield from _valid(value.get("scopes", [name for name in value if isinstance(name, str)]))


def announced(operation: Operation) -> frozenset[str]:
    """Give every scope that the OAuth schemes of the document list."""
    found: set[str] = set()
    for scheme in operation.api.schemes.values():
        for flow in as_map(scheme.get("flows")).values():
            found |= set(as_map(as_map(flow).get("scopes")))
    return frozenset(found)
