"""Write the requests that are made for one person: the operations that take what the look-up captures, or the identifier itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from engine.language.expressions.template import parse_path
from engine.language.rules.names import OUTSIDE, TAKEN
from engine.openapi.document.names import (
    norm,
    person_in,
    role_of,
    singular,
    spec_name,
    value_name,
    words,
)
from engine.openapi.document.operations import BRACED, Api, Operation, Parameter, plain
from engine.openapi.document.refs import as_map, as_text
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.pages import DraftWindow, is_paging, records_of, window_of
from engine.openapi.draft.people import FINDING, MOST_TOLD, LookupCandidate, is_tenant
from engine.openapi.draft.person_values import ParameterValues, PersonKind, id_name, is_id_of, other_person, takes, value_of, values_of

CREDENTIALS = {"token", "tokens", "secret", "secrets", "password", "passwords", "credentials"}
ORDERS = ("sort", "order", "direction", "sortby", "orderby")
PARAMETER = re.compile(r"[A-Za-z0-9_.$:@\[\]-]{1,80}")
MOST_VALUES = 30
PERHAPS = "It may be another kind of person"


class AccountList(Struct, frozen=True):
    """A list of the account's, such as its mailing lists: read first, then a request is made for each of its records."""

    operation: Operation
    name: str
    value: str  # <lists.id>


class DraftRequest(Struct):
    """A request about the person: its line, what fills its parameters, and what must be confirmed."""

    operation: Operation
    line: str
    params: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    filter: tuple[str, str] | None = None  # the parameter, or member of the body, that names the person, and its value
    rows: dict[str, list[str]] = field(default_factory=dict)
    window: DraftWindow | None = None
    settings: dict[str, str] = field(default_factory=dict)
    account_list: AccountList | None = None
    todo: list[str] = field(default_factory=list)
    name: str = ""  # of the endpoint, once it is one
    parent: str = ""  # the endpoint of whose records each is asked for

    def takes(self, value: str) -> bool:
        """Whether a value such as <USER_ID> stands in it."""
        return value in f"{self.line} {self.params} {self.body}"


class Unfit(Exception):
    """Why an operation about the person cannot be asked with what is known."""


def belongings(api: Api, person: LookupCandidate) -> Iterator[DraftRequest | tuple[Operation, str]]:
    """Give every request about the person in the order of paths, and the operations that are left out, with their reason."""
    for operation in api.operations():
        if operation.path == person.operation.path and api is person.operation.api:
            continue
        if operation.method != "get":
            found = _searched(operation, person) if takes(operation, person) else None
            if found is not None:
                yield found
            continue
        values = values_of(operation, person)
        other = None if values else other_person(operation, person)
        if other is not None:
            yield operation, f"is {plain(other, 40)} the person whom the look-up finds? {PERHAPS}"
        if not values:
            continue
        try:
            yield request_for(operation, values, person)
        except Unfit as reason:
            yield operation, str(reason)


def _searched(operation: Operation, person: PersonKind) -> DraftRequest | tuple[Operation, str] | None:
    """Write the request of a search by POST whose body names the person, or say why not; None where it names nobody."""
    values = {knob.name: value for knob in operation.knobs.values() if (value := value_of(operation, knob, person))}
    hindrance = _hindrance(operation)
    if not values or hindrance is not None:
        return (operation, hindrance) if values and hindrance is not None else None
    if not _only_reads(operation):
        return operation, "is it a search, which changes nothing? Then write it by hand, with `post` and `body`"
    try:
        made = _begun(operation, values_of(operation, person))
        naming = [knob for knob in operation.knobs.values() if knob.name in values]
        _filter(made, naming, {("body", name): value for name, value in values.items()}, person)
        _require(made)
    except Unfit as reason:
        return operation, str(reason)
    paged = {one.name.partition(".")[0] for one in operation.places.values() if is_paging(one.last)}
    others = [plain(one.name, 40) for one in operation.knobs.values() if one.name not in {*made.body, *paged} and not one.deprecated]
    made.todo.append("post: is it a search, which changes nothing?")
    made.todo += [f"body: what else does the search need? It also takes {', '.join(others[:MOST_TOLD])}"] if others else []
    return made


def _only_reads(operation: Operation) -> bool:
    """Whether a POST is named as a search and answers with a list: what adds to a list, or makes one, is never to be asked."""
    last = operation.path.rstrip("/").rpartition("/")[2]
    named = words(as_text(operation.raw.get("operationId")))[:1]
    searches = bool(FINDING & {*words(last), *named}) or named == ["list"]
    return searches and records_of(operation).listed and "201" not in as_map(operation.raw.get("responses"))


def asking(person: LookupCandidate) -> DraftRequest:
    """Give the request that finds a person. Raises Unfit where it needs what nobody knows."""
    made = _begun(person.operation, {("path", person.name): person.value} if person.place == "path" else {})
    if person.place == "query":
        made.params[_written(person.name)] = person.value
    _require(made)
    if made.rows:
        message = "it needs a choice"
        raise Unfit(message)
    _doubt(made)
    return made


def request_for(operation: Operation, values: ParameterValues, person: LookupCandidate) -> DraftRequest:
    """Write the request of an operation about the person. Raises Unfit."""
    hindrance = _hindrance(operation)
    if hindrance is not None:
        raise Unfit(hindrance)
    made = _begun(operation, values)
    queries = operation.placed("query")
    if not any(place == "path" for place, _ in values):
        _filter(made, [one for one in queries.values() if ("query", one.name) in values], values, person)
    made.window, unclear = window_of(queries)
    made.todo += unclear
    if made.window is not None:
        made.params.update({_written(name): value for name, value in made.window.params.items()})
    _require(made)
    _doubt(made)
    return made


def _hindrance(operation: Operation) -> str | None:
    """Say why an operation is not asked for at all."""
    if operation.deprecated:
        return "deprecated"
    if CREDENTIALS & {*words(operation.path.rpartition("/")[2])}:
        return "it gives out a credential"
    if operation.empty:
        return "its answer holds nothing"
    if operation.answer is None and as_map(operation.success.get("content")):
        return "its answer is no JSON"
    if [one.url for one in operation.servers] != [one.url for one in operation.api.servers]:
        return "it lives on another server"
    return None


def _begun(operation: Operation, values: ParameterValues) -> DraftRequest:
    """Write the request line; what names the account becomes a setting, what a list of the account's holds is read first. Raises Unfit."""
    made = DraftRequest(operation, "")

    def put(found: re.Match[str]) -> str:
        value = values.get(("path", found[1]))
        if value is not None:
            return value
        if is_tenant(found[1]):
            name = setting_name(found[1], "THE")
            made.settings[name] = f"the {plain(found[1], 40)} as it stands in the vendor's addresses"
            return f"<{name}>"
        above = _account_list(operation, found[1]) if made.account_list is None else None
        if above is None:
            message = f"it needs {plain(found[1], 40)}"
            raise Unfit(message)
        made.account_list = above
        return above.value

    if not writable(BRACED.sub("x", operation.path)):
        message = "its path cannot be written as a request line"
        raise Unfit(message)
    made.line = BRACED.sub(put, operation.path)
    if made.account_list is not None:
        made.todo.append(f"{made.account_list.value} asks once for each of {made.account_list.operation.path}: are these the account's?")
    return made


def setting_name(told: str, prefix: str, *taken: str) -> str:
    """Make the NAME of a setting, with a prefix where it would mean something else already."""
    name = value_name([told])
    return f"{prefix}_{name}" if name in (*TAKEN, *OUTSIDE, "LOGIN", *taken) or name.endswith("_FILE") else name


def writable(path: str) -> bool:
    """Whether a path of the document, its `{names}` aside, is a request line: no value, no query, no character that must be encoded."""
    try:
        return not any(parse_path(path).holes()) and not any(parse_path(path).fields()) and len(path) <= 500
    except ValueError:
        return False


def _account_list(operation: Operation, name: str) -> AccountList | None:
    """Find the list that stands before a parameter of the path, where it can be asked for as it is, and what of its records it means."""
    prefix, _, behind = operation.path.partition(f"/{{{name}}}")
    if not behind.strip("/"):
        return None  # one of the account's things itself, not what it holds of the person
    found = operation.api.operation(prefix, "get") if "{" not in prefix and person_in(prefix) is None else None
    if found is None or found.deprecated or not writable(prefix) or any(one.required for one in found.placed("query").values()):
        return None
    records = records_of(found)
    key = key_for(records.shape, name, prefix) if records.listed and records.shape is not None else None
    listed = spec_name(prefix.split("/")[-2:])
    return AccountList(found, listed, f"<{listed}.{key}>") if key is not None else None


def key_for(shape: SchemaView, name: str, path: str) -> str | None:
    """Find the member of a list's records that a parameter of the path behind it means; None where none can be told."""
    stem = singular(norm(path.rpartition("/")[2]))
    members = {norm(one): one for one in shape.members}
    key = next((members[one] for one in (norm(name), "id", f"{stem}id", "gid", "uuid", "key", "slug") if one in members), None)
    return key if key is not None and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) else None


def _written(name: str) -> str:
    """Give a parameter's name, where a spec can hold it. Raises Unfit."""
    if PARAMETER.fullmatch(name):
        return name
    message = "a parameter's name cannot be written"
    raise Unfit(message)


def _filter(made: DraftRequest, naming: list[Parameter], values: ParameterValues, person: PersonKind) -> None:
    """Name the person by the likeliest parameter of the query, or of the body, and say what was guessed and which others there are."""

    def likeness(one: Parameter) -> int:
        role = role_of(one.name)
        return -2 if is_id_of(one, person) else -1 if role is None else role

    if not naming:
        return
    first, *others = sorted(naming, key=likeness)
    value = values[first.place, first.name]
    if first.place == "body":
        made.body[_written(first.name)] = [value] if first.shape.is_list else value
    else:
        made.params[_written(first.name)] = value
    made.filter = (first.name, value)
    if value in (f"<{id_name(person)}>", "<LOGIN>") and likeness(first) >= 0:
        made.todo.append(f"{plain(first.name, 40)} is taken to accept {value}, by its name: confirm it")
    if others:
        made.todo.append(f"the person may also be named by {', '.join(plain(one.name, 40) for one in others[:6])}: is more wanted?")


def _require(made: DraftRequest) -> None:
    """Fill in what is required besides: a choice is asked with each of its values. Raises Unfit."""
    for parameter in made.operation.placed("query").values():
        if not parameter.required or parameter.name in made.params or parameter.is_credential or is_paging(parameter.name):
            continue
        enum = (parameter.shape.elements or parameter.shape).enum if parameter.shape.is_list else parameter.shape.enum
        if not enum or len(enum) > MOST_VALUES or not all(_is_text(value) for value in enum):
            message = f"it needs {plain(parameter.name, 40)}"
            raise Unfit(message)
        if len(enum) == 1:
            made.params[_written(parameter.name)] = enum[0]
            continue
        if made.rows:
            message = f"it needs {plain(parameter.name, 40)} and another choice"
            raise Unfit(message)
        name = value_name([parameter.name])
        asked = {value_name([held]) for server in made.operation.api.servers for held in BRACED.findall(server.url)}
        name = f"{name}_CHOICE" if name in {*TAKEN, *asked, "LOGIN"} or name.endswith("_ID") or is_tenant(parameter.name) else name
        made.rows = {name: list(enum)}
        made.params[_written(parameter.name)] = f"<{name}>"


def _is_text(value: str) -> bool:
    return bool(value.strip()) and value.isprintable() and len(value) <= 100 and not {"<", ">"} & set(value)


def _doubt(made: DraftRequest) -> None:
    """Say which filters hide records unless they are set otherwise."""
    for filtering in made.operation.placed("query").values():
        usual = next((part.get("default") for part in filtering.shape.parts if "default" in part), None)
        if filtering.name in made.params or usual is None or len(filtering.shape.enum) < 2 or norm(filtering.name) in ORDERS:
            continue
        others = ", ".join(value for value in filtering.shape.enum[:8] if value != str(usual))
        made.todo.append(f"{filtering.name} is {usual} unless set: is all wanted, with `for`? It may also be {others}")
