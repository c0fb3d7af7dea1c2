"""Lint rules for where values come from: `for`, `discover` and `capture` give each <NAME> once, for everybody who uses it.

A page token (`pagination`) has a parameter, or a place in the body, of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.language.effective import Endpoint
from engine.language.expressions.template import IDENTIFIERS, Hole, Template
from engine.language.model import spec as m
from engine.language.rules.lint_context import ENDPOINTS, Scene
from engine.language.rules.names import TAKEN, ancestors, row_names
from engine.language.text.document import Path
from engine.language.text.mistakes import Mistake


def row_sources(scene: Scene) -> Iterator[Mistake]:
    """A name that `for` gives is no other value's: it would hide the person's own."""
    elsewhere = {*scene.captured, *scene.vendor.given, *scene.discovered}
    for path, endpoint, _ in scene.requests():
        for name in sorted(row_names(endpoint) & {*TAKEN, *elsewhere}):
            words = f"`for` gives <{name}>, which exists already" if name in TAKEN else f"<{name}> has two sources, `for` is one of them"
            yield scene.mistake(words, (*path, "for"), "one name, one source: use another name", key=True)


def captures_once(scene: Scene) -> Iterator[Mistake]:
    """What is captured of the account is one value, or one for each row of `for`."""
    for name, own in scene.spec.discover.items():
        parents = scene.vendor.discover[name].parents()
        if own.capture and parents:
            words = f"`{name}` is asked once per record of `{parents[0].endpoint}`, so <{next(iter(own.capture))}> would be many values"
            yield scene.mistake(words, ("discover", name, "capture"), f"write <{name}.field> where it is asked with", key=True)


def rows_covered(scene: Scene) -> Iterator[Mistake]:
    """A value that is discovered for each OBJECT is there for every OBJECT that a request names, or is asked with."""
    seen: set[tuple[str, str, str]] = set()
    for path, endpoint, own in scene.requests():
        for name in dict.fromkeys(hole.name for hole in endpoint.holes() if hole.name in scene.discovered):
            found = scene.discovered[name]
            if found.name == endpoint.name or not isinstance(own, (m.LookupSpec, m.EndpointSpec)):
                continue
            for giver in _givers(scene, path, endpoint, row_names(found)):
                for value in _uncovered(giver, found):
                    if (giver.name, found.name, value) not in seen:
                        seen.add((giver.name, found.name, value))
                        place = (*path, "for") if giver is endpoint else path
                        whose = "" if giver is endpoint else f", with which `{giver.name}` is asked"
                        words = f"`{found.name}` discovers nothing for `{value}`{whose}"
                        yield scene.mistake(words, place, f"add it to the `for` of `{found.name}`", key=True)


def _givers(scene: Scene, path: Path, endpoint: Endpoint, names: frozenset[str]) -> Sequence[Endpoint]:
    """Find the requests whose `for` gives these names: the request itself, its nearest ancestor, else the look-ups."""
    if not names:
        return ()
    for giver in (endpoint, *ancestors(scene.vendor, endpoint)):
        if names <= row_names(giver):
            return (giver,)
    return tuple(one for one in scene.vendor.lookups if names <= row_names(one)) if path[:2] == ENDPOINTS else ()


def _uncovered(giver: Endpoint, found: Endpoint) -> Iterator[str]:
    names = row_names(found)
    there = {frozenset(row) for row in found.rows}
    for row in giver.rows:
        wanted = [pair for pair in row if pair[0] in names]
        if frozenset(wanted) not in there:
            yield " ".join(one for _, one in sorted(wanted))


def page_places(scene: Scene) -> Iterator[Mistake]:
    """What asks for the next page has a place of its own: in a `post` one in the body, and nowhere that of a value."""
    for path, endpoint, own in scene.requests():
        pagination = endpoint.pagination
        if pagination is None:
            continue
        where = (*path, "pagination") if own.pagination is not None else path
        names = [pagination.param, pagination.offset, *(pagination.size or {}), *(pagination.page or {})]
        for name in (name for name in names if name is not None):
            if endpoint.method == "GET" and own.pagination is None and "." in name and _in_a_body(scene, name):
                hint = "write `pagination` into this request, or `pagination: none`"
                yield scene.note(f"`{name}` is a place in a body, and this `get` would send it in its query", path, hint)
            if endpoint.method == "GET":
                held: list[object] = [template for key, values in endpoint.params if key == name for template in values]
            else:
                holder, last = _holder(own.body, name)
                if not isinstance(holder, Mapping):
                    hint = "write the map it stands in under `body`"
                    yield scene.mistake(f"`{name}` is no place in the body of this `post`", where, hint, key=True)
                    continue
                held = [holder.get(last)]
            if any(_asks(one) for one in held):
                hint = "name the parameter in which the page token is sent"
                yield scene.mistake(
                    f"`{name}` holds what this request asks with: the next page would be asked without it", where, hint, key=True
                )


def _in_a_body(scene: Scene, name: str) -> bool:
    """Whether a `post` that pages by the top's `pagination` holds a dotted place in its body."""
    bodies = (own.body for _, one, own in scene.requests() if one.method == "POST" and own.pagination is None and one.pagination)
    return any(isinstance(_holder(body, name)[0], Mapping) for body in bodies)


def _holder(body: object, name: str) -> tuple[object, str]:
    """Find the map of a body in which a dotted place stands, and its last name."""
    *steps, last = name.split(".")
    holder = body
    for step in steps:
        holder = holder.get(step) if isinstance(holder, Mapping) else None
    return holder, last


def _asks(content: object) -> bool:
    if isinstance(content, Template):
        return any(not isinstance(part, str) for part in content.parts)
    return isinstance(content, (Mapping, list))


def address_values(scene: Scene) -> Iterator[Mistake]:
    """A request line that begins with a value begins with an address that the vendor gave, and nothing grows onto its host."""
    for path, _, own in scene.requests():
        place, (first, *rest) = (*path, "get" if own.post is None else "post"), own.line.parts
        if isinstance(first, Hole) and first.name in IDENTIFIERS:
            yield scene.mistake(f"`{first}` is what the person is called, and no address", place, "write the path in which it stands")
        elif not isinstance(first, str) and rest and not str(rest[0]).startswith("/"):
            yield scene.mistake(f"`{first}` is an address here: nothing can grow onto it", place, "a path that begins with / may follow")
