"""How lists go on, as `habeas new` asks for it: of what is asked by GET, and of a look-up by POST, whose places are in its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.cli.asker import Asker, as_word, one_of, or_none
from engine.spec import words as w

KINDS = ("none", "cursor", "link", "page", "offset")


def pages(asker: Asker, question: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask for a pagination; nothing where there is none. In a `body` the maps that its places stand in are made."""
    kind = asker.ask(f"{question}: {', '.join(KINDS)}", one_of(KINDS), "none")
    made: dict[str, Any] = {}
    where = "place in the body" if body is not None else "parameter"
    if kind == "none":
        return made
    if kind == "cursor":
        made["cursor"] = asker.ask("Where the answer holds the next cursor, such as paging.next", as_word(w.Path))
        made["param"] = asker.ask(f"The {where} it is sent in", _name(body), "cursor")
    elif kind == "link":
        made["link"] = asker.ask("Where the answer holds the next page's address, or `header`", as_word(w.Path), "header")
    elif kind == "page":
        counted = asker.ask(f"The {where} of the page number", _name(body, 1), "page")
        made["page"] = {counted: int(asker.ask("The first page's number", as_word(w.Number), "1"))}
    else:
        made["offset"] = asker.ask(f"The {where} that is advanced by the records received", _name(body, 0), "offset")
    size = asker.ask(f"Page size, {where.upper().replace(' ', '_')}=MOST, such as limit=100", or_none(_size(body)), "")
    made.update({"size": size} if size else {})
    _tidied(body, made.get("param", ""))
    return made


def _name(body: dict[str, Any] | None, value: int | None = None) -> Callable[[str], str]:
    def read(text: str) -> str:
        name = as_word(w.Text)(text)
        if body is not None:
            make_room(body, name, value)
        return name

    return read


def make_room(body: dict[str, Any], name: str, value: int | None) -> None:
    """Make the maps that a dotted place of a body stands in, none of them empty. Raises ValueError where something else stands there."""
    steps = name.split(".")
    holder: Any = body
    for index, step in enumerate(steps[:-1], 1):
        holder = holder.get(step, {})
        fits = isinstance(holder, dict)
        if not fits:
            message = f"`{'.'.join(steps[:index])}` in the body is no map, so `{name}` has no place there"
            raise ValueError(message)
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    if not any(one is not None for one in body.values()):
        body[steps[-1]] = value  # the language knows no empty map


def _tidied(body: dict[str, Any] | None, place: str) -> None:
    """Take the cursor that is not known yet out of a map that holds something besides."""
    *steps, last = place.split(".")
    for step in steps:
        body = body[step] if body is not None else None
    if body is not None and len(body) > 1 and last in body and body[last] is None:
        del body[last]


def _size(body: dict[str, Any] | None) -> Callable[[str], dict[str, int]]:
    def read(text: str) -> dict[str, int]:
        name, equals, count = text.partition("=")
        if not equals:
            message = f"`{text}`: write PARAMETER=MOST, such as limit=100"
            raise ValueError(message)
        most = int(as_word(w.Number)(count.strip()))
        return {_name(body, most)(name.strip()): most}

    return read
