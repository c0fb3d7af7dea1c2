"""A request line of the vendor's document as a spec writes it: what fills the places in its path, and what was guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from engine.language.expressions.template import parse_path
from engine.language.rules.names import TAKEN
from engine.openapi.document.names import norm, person_in, singular, spec_name, value_name
from engine.openapi.document.operations import BRACED, Operation, plain
from engine.openapi.document.schema_view import SchemaView
from engine.openapi.draft.pages import records_of
from engine.openapi.draft.people import is_tenant
from engine.openapi.draft.windows import Slicing

PARAMETER = re.compile(r"[A-Za-z0-9_.$:@\[\]-]{1,80}")


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
    listing: ListedBelonging | None = None
    todo: list[str] = field(default_factory=list)
    name: str = ""  # of the endpoint, once it is one


@dataclass(frozen=True)
class ListedBelonging:
    """A list of the account's, such as its mailing lists: asked for first, then once per record of it."""

    operation: Operation
    name: str
    value: str  # <lists.id>


class Unfit(Exception):
    """Why an operation about the person cannot be asked by what is known."""


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


def _listing(operation: Operation, name: str) -> ListedBelonging | None:
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
    key = told_by(records.shape, name, prefix)
    if key is None:
        return None
    listed = spec_name(prefix.split("/")[-2:])
    return ListedBelonging(found, listed, f"<{listed}.{key}>")


def told_by(shape: SchemaView, name: str, path: str) -> str | None:
    """Find the member of a list's records that a parameter of the path behind it means; None where none can be told."""
    stem = singular(norm(path.rpartition("/")[2]))
    members = {norm(one): one for one in shape.members}
    key = next((members[one] for one in (norm(name), "id", f"{stem}id", "gid", "uuid", "key", "slug") if one in members), None)
    return key if key is not None and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) else None


def checked(name: str) -> str:
    """Give a parameter's name, where it can be written. Raises Unfit."""
    if PARAMETER.fullmatch(name):
        return name
    message = "a parameter's name cannot be written"
    raise Unfit(message)
