"""Which call shows that a connection is alive, and best that it sees people: a list of them, one a page."""

from __future__ import annotations

from collections.abc import Callable

from engine.openapi.document.names import PERSONS, norm, singular, words
from engine.openapi.document.operations import Operation
from engine.openapi.draft.choose import Chosen
from engine.openapi.draft.pages import records_of, size_of
from engine.openapi.draft.request_line import writable
from engine.openapi.draft.yaml_text import Block

ALIVE = ("me", "self", "whoami", "ping", "status", "myself", "currentuser", "account", "user", "profile", "authtest", "test", "info")
MOST_LOOKED = 20_000


def connected(chosen: Chosen, granted: Callable[[Operation], tuple[str, tuple[str, ...]]]) -> tuple[Block, str]:
    """Write `verify`, and why it may be another call."""
    found = _people(chosen) or _alive(chosen)
    block = Block()
    if found is None:
        block.add("get", "/")
        return block, "verify: the document has no call that needs nothing: name one that every connection may make"
    block.add("get", found.path)
    size, _ = size_of(found.placed("query"))
    if size and records_of(found).listed:
        known = found.placed("query")
        block.add("params", {name: max(1, known[name].shape.number("minimum") or 1) for name in size})
    scope, _ = granted(found)
    block.add("granted_by", [scope] if scope else None)
    sees = records_of(found).listed and _speaks_of(found, chosen)
    return block, "" if sees else "verify: better a call that shows that the connection sees people, such as their list"


def _free(chosen: Chosen) -> list[Operation]:
    found = []
    for count, one in enumerate(chosen.lookup.operation.api.operations()):
        if count > MOST_LOOKED:
            break
        if (
            one.method == "get"
            and "{" not in one.path
            and not one.deprecated
            and writable(one.path)
            and not any(
                parameter.required and parameter.place == "query" and norm(parameter.name) not in ("token", "apikey", "accesstoken")
                for parameter in one.parameters
            )
        ):
            found.append(one)
    return found


def _speaks_of(operation: Operation, chosen: Chosen) -> bool:
    last = [singular(one) for one in words(operation.path.rstrip("/").rpartition("/")[2])]
    return chosen.person.noun in last or any(PERSONS.get(one, 0) == 3 for one in last)


def _people(chosen: Chosen) -> Operation | None:
    lists = [one for one in _free(chosen) if _speaks_of(one, chosen) and records_of(one).listed]
    return min(lists, key=lambda one: (chosen.person.noun not in map(singular, words(one.path)), len(one.path), one.path), default=None)


def _alive(chosen: Chosen) -> Operation | None:
    free = [one for one in _free(chosen) if one.answer is not None]
    known = [one for one in free if norm(one.path.rstrip("/").rpartition("/")[2]) in ALIVE]
    return min(known or free, key=lambda one: (len(one.path), one.path), default=None)
