"""What must hold of texts in a query language, of GraphQL, and of what a `post` sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.spec import model as m
from engine.spec.document import Path
from engine.spec.effective import Endpoint
from engine.spec.mistake import Mistake
from engine.spec.quoting import Unsafe, enclosed, patterned, written
from engine.spec.scene import Scene, written_texts
from engine.spec.template import TIMES, Field, Hole, Template

WRITES = re.compile(r"(?:\A|[\s}])(mutation|subscription)\b", re.IGNORECASE)


def query_rules(scene: Scene) -> Iterator[Mistake]:
    """A value stays in its place inside a longer text."""
    for path, endpoint, own in scene.requests():
        for place, template in written_texts(path, own):
            if template.whole is None and not _is_graphql(path, place, own):
                yield from _enclosed(scene, place, endpoint, template)
        if isinstance(own.body, Mapping):
            yield from _graphql(scene, path, own)
        yield from _places(scene, path, endpoint, own)


def _enclosed(scene: Scene, place: Path, endpoint: Endpoint, template: Template) -> Iterator[Mistake]:
    values = list(enclosed(template))
    quoted = next((part for part, quote in values if quote), None)
    if values and patterned(template):
        words = "a value stands in a pattern, where `%`, `_` or `*` in it would stand for anything"
        yield scene.mistake(words, place, "compare with = instead, and let `match` sift the answer", part=values[0][0])
    elif quoted is not None and endpoint.quotes is None:
        hint = "write `quotes: backslash`, `double` or `refuse`: how this vendor's query language writes a quote inside quotes"
        yield scene.mistake(f"`{quoted}` stands between quotes, and `quotes` is missing", place, hint, part=quoted)
    for part, quote in values:
        yield from _authored(scene, place, endpoint, part, quote)


def _authored(scene: Scene, place: Path, endpoint: Endpoint, part: Hole | Field, quote: str) -> Iterator[Mistake]:
    """What `for` gives is known now, so it is tried now."""
    values = [value for row in endpoint.rows for name, value in row if isinstance(part, Hole) and name == part.name and name not in TIMES]
    for value in values:
        try:
            written(value, quote, endpoint.quotes)
        except Unsafe as error:
            yield scene.mistake(f"`{value}` cannot stand in the place of `{part}`: it {error}", place, "put quotes around the value")


def _is_graphql(path: Path, place: Path, own: m.Request) -> bool:
    return place == (*path, "body", "query") and isinstance(own.body, Mapping) and isinstance(own.body.get("query"), Template)


def _graphql(scene: Scene, path: Path, own: m.Request) -> Iterator[Mistake]:
    query = own.body.get("query")
    if not isinstance(query, Template) or "{" not in str(query):
        return
    place = (*path, "body", "query")
    value = next((part for part in query.parts if not isinstance(part, str)), None)
    if value is not None:
        hint = "declare a variable in the query, such as `query ($email: String!)`, and give it under `variables`"
        yield scene.mistake(f"`{value}` stands in the text of a GraphQL query, where it could change it", place, hint, part=value)
    if WRITES.search("".join(part for part in query.parts if isinstance(part, str))):
        yield scene.mistake("a GraphQL `mutation` or `subscription`: a spec only reads", place, "write a `query`")


def _places(scene: Scene, path: Path, endpoint: Endpoint, own: m.Request) -> Iterator[Mistake]:
    """In a `post` the cursor and the page size have a place in the body."""
    pagination = endpoint.pagination
    if endpoint.method != "POST" or pagination is None:
        return
    names = [pagination.param, pagination.offset, *(pagination.size or {}), *(pagination.page or {})]
    for name in (one for one in names if one is not None):
        holder = own.body
        for step in name.split(".")[:-1]:
            holder = holder.get(step) if isinstance(holder, Mapping) else None
        if not isinstance(holder, Mapping):
            where = (*path, "pagination") if own.pagination is not None else path
            yield scene.mistake(
                f"`{name}` is no place in the body of this `post`", where, "write the map it stands in under `body`", key=True
            )
