"""Compare recorded answers with what the vendor's documents say of them: only what contradicts is told.

That is another type, a value outside a list, a member at the top of the answer that is not listed, and anywhere one where the
document says that there are no others. A part that is missing contradicts nothing: recordings are shortened by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.openapi.document.paths import Paths
from engine.openapi.document.schema_view import SchemaView

MOST_ELEMENTS = 50
DEEPEST = 12
TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def contradicted(every: Sequence[Paths], method: str, url: str, status: int, answer: Any) -> tuple[str, ...] | None:
    """Say what of a recorded answer no document allows, by the document that fits best; None where none tells of it."""
    tried = [tuple(contradictions(schema, answer)) for schema in _schemas(every, method, url, status)]
    return min(tried, key=len) if tried else None


def _schemas(every: Sequence[Paths], method: str, url: str, status: int) -> Iterator[SchemaView]:
    """Give the schema of the answer of that status by each document that has the operation."""
    for paths in every:
        candidates, _ = paths.behind(url.partition("?")[0])
        operation = next((one for path in candidates if (one := paths.find(path, method.lower())) is not None), None)
        schema = None if operation is None else operation.answer if status // 100 == 2 else operation.refusal(str(status))
        if schema is not None:
            yield schema


def contradictions(shape: SchemaView, value: Any, place: str = "", depth: int = DEEPEST) -> Iterator[str]:
    """Say where a value is what its schema excludes."""
    kind = TYPES.get(type(value))
    if kind is None or not depth:
        return  # null: documents hardly ever say where it may stand
    allowed = shape.types | ({"integer"} if "number" in shape.types else frozenset())
    if allowed and kind not in allowed and not (kind == "number" and "integer" in allowed and float(value).is_integer()):
        yield f"{place or 'the answer'} is of type {kind}; the document has {' or '.join(sorted(shape.types))}"
    elif isinstance(value, str) and shape.enum and value not in shape.enum:
        yield f"{place} has a value that the document does not list"
    elif isinstance(value, dict):
        yield from _members(shape, value, place, depth)
    elif isinstance(value, list) and shape.elements is not None:
        found = (told for one in value[:MOST_ELEMENTS] for told in contradictions(shape.elements, one, f"{place}[]", depth - 1))
        yield from dict.fromkeys(found)


def _members(shape: SchemaView, value: dict[str, Any], place: str, depth: int) -> Iterator[str]:
    closed = not shape.open and (not place or all(part.get("additionalProperties") is False for part in shape.parts))
    for name, inner in value.items():
        path = f"{place}.{name}" if place else name
        known = shape.members.get(name)
        if known is not None:
            yield from contradictions(known, inner, path, depth - 1)
        elif closed:
            yield f"{path} is no member that the document has"
