"""Operations that are asked for one person: those that take what the look-up returns, or the identifier itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.openapi.api import BRACED, Api, Operation, Parameter, plain
from engine.openapi.names import EMAILS, IDS, USERNAMES, kind_of, norm, person_in, singular, spec_name, value_name, words
from engine.openapi.pages import CURSORS, OFFSETS, PAGES, SIZES, records_of
from engine.openapi.people import Person, is_tenant
from engine.openapi.refs import as_map
from engine.openapi.windows import Slicing, slicing_of
from engine.spec.names import TAKEN
from engine.spec.template import parse_path

PARAMETER = re.compile(r"[A-Za-z0-9_.$:@\[\]-]{1,80}")
CREDENTIALS = {"token", "tokens", "secret", "secrets", "password", "passwords", "credentials"}
MOST_VALUES = 30


@dataclass
class Belonging:
    """One request about the person: its line, what fills its parameters, and what was guessed."""

    operation: Operation
    line: str
    params: dict[str, Any]
    uses: set[str]  # ID, LOGIN
    filter: tuple[str, str] | None = None  # the query parameter that names the person, and its value
    rows: dict[str, list[str]] = field(default_factory=dict)
    slicing: Slicing | None = None
    settings: dict[str, str] = field(default_factory=dict)
    listing: Listing | None = None
    todo: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Listing:
    """A list of the account's, such as its mailing lists: asked for first, then once per record of it."""

    operation: Operation
    name: str
    value: str  # <lists.id>


class Unfit(Exception):
    """Why an operation about the person cannot be asked by what is known."""


def belongings(api: Api, person: Person) -> Iterator[Belonging | tuple[Operation, str]]:
    """Give every request about the person in the order of paths, and those that must be left out with their reason."""
    for operation in api.operations():
        if operation.method != "get" or operation.path == person.operation.path:
            continue
        values = {(one.place, one.name): value for one in operation.parameters if (value := _value(operation, one, person))}
        if not values:
            continue
        try:
            yield _fitted(operation, values, person)
        except Unfit as reason:
            yield operation, str(reason)


def id_name(person: Person) -> str:
    """The NAME under which the person's id is captured."""
    return value_name([person.noun], "_ID")


def _value(operation: Operation, one: Parameter, person: Person) -> str | None:
    """Say what a parameter takes of the person; None where it takes something else."""
    short, noun = norm(one.name), person.noun
    if one.place not in ("path", "query") or one.shape.types - {"string", "integer", "number", "array"}:
        return None
    if one.place == "path":
        before = _before(operation.path, one.name)
        if person_in(before) == noun and norm(before).endswith((noun, noun + "s", "people")):
            return "<LOGIN>" if _is_login(short, person) else _of_kind(one, person) or f"<{id_name(person)}>"
    if short == noun and person.kind == "USERNAME":
        return "<LOGIN>"
    if short in {noun, *(noun + end for end in IDS), *(noun + "s" + end for end in ("id",))}:
        return f"<{id_name(person)}>"
    if noun in ("user", "person", "member") and _is_login(short, person) and short != "name":
        return "<LOGIN>"
    if one.place == "path" or one.required:
        return _of_kind(one, person)
    return "<EMAIL>" if short in EMAILS[:4] and person_in(operation.path) is not None else None


def _is_login(short: str, person: Person) -> bool:
    return person.kind == "USERNAME" and short in USERNAMES


def _of_kind(one: Parameter, person: Person) -> str | None:
    kind = kind_of(one.name, one.about, one.shape.word("format"))
    if kind is None or kind[2] < 3 or kind[0] != person.kind or kind[0] == "USERNAME":
        return None
    return f"<{kind[0]}.{kind[1]}>" if kind[1] else f"<{kind[0]}>"


def _before(path: str, name: str) -> str:
    segments = path.split("/")
    braced = f"{{{name}}}"
    return segments[segments.index(braced) - 1] if braced in segments[1:] else ""


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


def _fitted(operation: Operation, values: dict[tuple[str, str], str], person: Person) -> Belonging:
    hindrance = _hindrance(operation)
    if hindrance is not None:
        raise Unfit(hindrance)
    made = started(operation, values)
    for one in operation.placed("query").values():
        value = values.get(("query", one.name))
        if value is not None and made.filter is None and not any(place == "path" for place, _ in values):
            made.params[_checked(one.name)], made.filter = value, (one.name, value)
    made.slicing = slicing_of(operation.placed("query"))
    if made.slicing is not None:
        made.params.update({_checked(name): value for name, value in made.slicing.params.items()})
    _require(made)
    _doubt(made)
    text = f"{made.line} {made.params}"
    made.uses = {use for use, name in (("ID", f"<{id_name(person)}>"), ("LOGIN", "<LOGIN>")) if name in text}
    return made


def asking(person: Person) -> Belonging:
    """Give the request that finds a person. Raises Unfit where it needs what nobody knows."""
    made = started(person.operation, {("path", person.name): person.value} if person.place == "path" else {})
    if person.place == "query":
        made.params[_checked(person.name)] = person.value
    _require(made)
    if made.rows:
        message = "it needs a choice"
        raise Unfit(message)
    _doubt(made)
    return made


def started(operation: Operation, values: dict[tuple[str, str], str]) -> Belonging:
    """Write the request line; what names the account becomes a setting, what a list of the account's holds is asked for. Raises Unfit."""
    made = Belonging(operation, "", {}, set())

    def put(found: re.Match[str]) -> str:
        value = values.get(("path", found[1]))
        if value is not None:
            return value
        if is_tenant(found[1]):
            name = value_name([found[1]])
            name = f"THE_{name}" if name in TAKEN else name
            made.settings[name] = f"the {plain(found[1], 40)} as it stands in the vendor's addresses"
            return f"<{name}>"
        listing = _listing(operation, found[1]) if made.listing is None else None
        if listing is None:
            message = f"it needs {plain(found[1], 40)}"
            raise Unfit(message)
        made.listing = listing
        return listing.value

    if not writable(BRACED.sub("x", operation.path)):
        message = "its path cannot be written as a request line"
        raise Unfit(message)
    made.line = BRACED.sub(put, operation.path)
    if made.listing is not None:
        made.todo.append(f"{made.listing.value} asks once for each of {made.listing.operation.path}: are these the account's?")
    return made


def writable(path: str) -> bool:
    """Whether a path of the document, its `{names}` aside, is a request line: no value, no query, no character that must be encoded."""
    try:
        return not any(parse_path(path).holes()) and not any(parse_path(path).fields()) and len(path) <= 500
    except ValueError:
        return False


def _listing(operation: Operation, name: str) -> Listing | None:
    """Find the list that stands before a parameter of the path, where it can be asked for as it is, and what of its records it means."""
    prefix, _, behind = operation.path.partition(f"/{{{name}}}")
    if not behind.strip("/"):
        return None  # one of the account's things itself, not what it holds of the person
    found = operation.api.operation(prefix, "get") if "{" not in prefix and person_in(prefix) is None else None
    if found is None or found.deprecated or not writable(prefix) or any(one.required and one.place == "query" for one in found.parameters):
        return None
    records = records_of(found)
    if not records.listed or records.shape is None:
        return None
    stem = singular(norm(prefix.rpartition("/")[2]))
    members = {norm(one): one for one in records.shape.members}
    key = next((members[one] for one in (norm(name), "id", f"{stem}id", "gid", "uuid", "key", "slug") if one in members), None)
    if key is None or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        return None
    listed = spec_name(prefix.split("/")[-2:])
    return Listing(found, listed, f"<{listed}.{key}>")


def _require(made: Belonging) -> None:
    """Fill in what is required besides: a choice is asked with each of its values. Raises Unfit."""
    for one in made.operation.parameters:
        if one.place != "query" or not one.required or one.name in made.params:
            continue
        short = norm(one.name)
        if short in ("token", "apikey", "accesstoken", "key") or _is_paging(short):
            continue
        enum = (one.shape.elements or one.shape).enum if one.shape.is_list else one.shape.enum
        if not enum or len(enum) > MOST_VALUES or not all(_is_text(value) for value in enum):
            message = f"it needs {plain(one.name, 40)}"
            raise Unfit(message)
        if len(enum) == 1:
            made.params[_checked(one.name)] = enum[0]
            continue
        if made.rows:
            message = f"it needs {plain(one.name, 40)} and another choice"
            raise Unfit(message)
        name = value_name([one.name])
        asked = {value_name([held]) for server in made.operation.api.servers for held in BRACED.findall(server.url)}
        name = f"{name}_CHOICE" if name in {*TAKEN, *asked, "LOGIN"} or name.endswith("_ID") or is_tenant(one.name) else name
        made.rows = {name: list(enum)}
        made.params[_checked(one.name)] = f"<{name}>"


def _doubt(made: Belonging) -> None:
    """Say which filters hide records unless they are set otherwise."""
    for one in made.operation.placed("query").values():
        usual = next((part.get("default") for part in one.shape.parts if "default" in part), None)
        if (
            one.name in made.params
            or usual is None
            or len(one.shape.enum) < 2
            or norm(one.name) in ("sort", "order", "direction", "sortby", "orderby")
        ):
            continue
        others = ", ".join(value for value in one.shape.enum[:8] if value != str(usual))
        made.todo.append(f"{one.name} is {usual} unless set: is all wanted, with `for`? It may also be {others}")


def _is_paging(short: str) -> bool:
    return short in (*CURSORS, *OFFSETS, *PAGES, *SIZES)


def _checked(name: str) -> str:
    if PARAMETER.fullmatch(name):
        return name
    message = "a parameter's name cannot be written"
    raise Unfit(message)


def _is_text(value: str) -> bool:
    return bool(value.strip()) and value.isprintable() and len(value) <= 100 and not {"<", ">"} & set(value)
