"""What the examples of a document tell beyond its schemas: an answer that is shown is an answer that was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.openapi.document.refs import Refs, as_list, as_map
from engine.openapi.document.schema_view import SchemaView

DEEPEST = 12
MOST_ELEMENTS = 20  # of a list that an example shows
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}


def shown(refs: Refs, media: dict[str, Any]) -> Iterator[Any]:
    """Give the values that a media type shows as its examples, and the one of its schema."""
    if "example" in media:
        yield media["example"]
    for told in map(refs.follow, as_map(media.get("examples")).values()):
        if "value" in told:
            yield told["value"]
    schema = refs.follow(media.get("schema"))
    if "example" in schema:
        yield schema["example"]
    yield from as_list(schema.get("examples"))[:1]


def with_examples(refs: Refs, shape: SchemaView | None, examples: Iterable[Any]) -> SchemaView | None:
    """Add to a schema the members that only examples show; where there is no schema, they are one in which others may stand, too."""
    for example in examples:
        if not isinstance(example, (dict, list)):
            continue
        if shape is None:
            shape = SchemaView(refs, _schema(example, 0))
        elif (more := _more(shape, example, 0)) is not None:
            shape = SchemaView(refs, {"anyOf": [shape.schema, more]})
    return shape


def _schema(value: Any, depth: int) -> dict[str, Any]:
    if isinstance(value, dict) and depth < DEEPEST:
        held = {name: _schema(inner, depth + 1) for name, inner in value.items() if isinstance(name, str)}
        return {"type": "object", "properties": held, "additionalProperties": True}
    if isinstance(value, list) and depth < DEEPEST:
        return {"type": "array", "items": {"anyOf": [_schema(inner, depth + 1) for inner in value[:MOST_ELEMENTS]]} if value else {}}
    return {"type": KINDS[type(value)]} if type(value) in KINDS else {}


def _more(shape: SchemaView, value: Any, depth: int) -> dict[str, Any] | None:
    """Give the members that a value has and the schema does not, as a schema that holds nothing else."""
    if depth >= DEEPEST:
        return None
    if isinstance(value, list) and shape.is_list and shape.elements is not None:
        inner = [more for one in value[:MOST_ELEMENTS] if (more := _more(shape.elements, one, depth + 1)) is not None]
        return {"type": "array", "items": {"anyOf": inner}} if inner else None
    if not isinstance(value, dict) or (shape.types and shape.types != {"object"}):
        return None
    found: dict[str, Any] = {}
    for name, held in value.items():
        known = shape.members.get(name)
        more = _schema(held, depth + 1) if known is None else _more(known, held, depth + 1)
        if more is not None and isinstance(name, str):
            found[name] = more
    return {"type": "object", "properties": found} if found else None
