"""What a schema says of a value: its types, members and values, and where a JMESPath expression leads in it.

The schemas of `allOf`, `oneOf` and `anyOf` are taken together: whether there can be a member of a name does not depend on which
of the three it is. Nothing is unfolded, so recursive schemas do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from msgspec import Struct

from engine.language.expressions.select import Select
from engine.language.text.mistakes import did_you_mean
from engine.openapi.document.refs import UNTOLD, Refs, as_list, as_map, as_text

MOST_PARTS = 200
MOST_SHOWN = 12  # values of an enumeration in a message
MISSPELT = 0.8
OPEN_WORDS = ("patternProperties", "x-untold", "not", "if", "$dynamicRef", "unevaluatedProperties", "dependentSchemas")
COMPOSED = ("allOf", "oneOf", "anyOf")


class NotInSchema(Struct, frozen=True):
    """An expression asks for a member that the schema does not have; `known` are those it has."""

    name: str
    known: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SchemaView:
    """What the document says of one value; None in its place: it says nothing."""

    refs: Refs
    schema: Any

    @cached_property
    def parts(self) -> tuple[dict[str, Any], ...]:
        """The schemas that say something about it, none of them a `$ref` or composed."""
        found: list[dict[str, Any]] = []
        waiting, seen = [(self.schema, False)], set[int]()
        while waiting and len(found) < MOST_PARTS:
            raw, choice = waiting.pop()
            schema = UNTOLD if raw is True else self.refs.follow(raw)
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            inner = [(one, word != "allOf") for word in COMPOSED for one in as_list(schema.get(word))]
            waiting.extend(reversed([*inner, *((one, True) for one in _hidden(schema))]))
            if not inner or any(word in schema for word in ("properties", "items", "type", "additionalProperties")):
                found.append(UNTOLD if choice and not inner and _says_nothing(schema) else schema)
        return (*found, UNTOLD) if waiting else tuple(found)

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that it can have; none named: the empty set."""
        names: set[str] = set()
        for part in self.parts:
            told = part.get("type")
            names |= {told} if isinstance(told, str) else {one for one in as_list(told) if isinstance(one, str)}
            names |= {"object"} if "properties" in part else set()
        return frozenset(names - {"null"})

    @cached_property
    def members(self) -> dict[str, SchemaView]:
        """The members that the document lists, in its order."""
        found: dict[str, list[Any]] = {}
        for part in self.parts:
            for name, schema in as_map(part.get("properties")).items():
                found.setdefault(name, []).append(schema)
        return {name: self.of(schemas) for name, schemas in found.items()}

    @property
    def open(self) -> bool:
        """Whether it may have members that are not listed."""
        if any(word in part for part in self.parts for word in OPEN_WORDS) or any(_hidden(part) for part in self.parts):
            return True
        if any(part.get("additionalProperties") not in (None, False) for part in self.parts):
            return True
        return not self.members and (not self.types or "object" in self.types)

    @cached_property
    def elements(self) -> SchemaView | None:
        """The schema of a list's elements; None where it is not a list, or the document does not say."""
        held = [part["items"] for part in self.parts if isinstance(part.get("items"), dict)]
        return self.of(held) if held else None

    @property
    def is_list(self) -> bool:
        """Whether it can only be a list."""
        return self.types == {"array"}

    @cached_property
    def enum(self) -> tuple[str, ...]:
        """The values that it may have, as text; none told: empty. Where an alternative is free, every value may stand."""
        lists = [as_list(part.get("enum")) or ([part["const"]] if "const" in part else []) for part in self.parts]
        if not lists or not all(lists):
            return ()
        return tuple(dict.fromkeys(_plain(value) for one in lists for value in one if value is not None))

    def number(self, word: str) -> int | None:
        """Give a whole number such as `maximum` or `default`, where the document tells it."""
        for part in self.parts:
            value = part.get(word)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, int) and not isinstance(value, bool):
                exclusive = word == "maximum" and part.get("exclusiveMaximum") is True
                return value - 1 if exclusive else value
        return None

    def word(self, name: str) -> str:
        """Give a text such as `format` or `description`; the first that is told."""
        return next((as_text(part[name]) for part in self.parts if as_text(part.get(name))), "")

    def of(self, schemas: list[Any]) -> SchemaView:
        """Make the shape of a value inside it."""
        return SchemaView(self.refs, schemas[0] if len(schemas) == 1 else {"anyOf": schemas})

    def listed(self) -> SchemaView:
        """Make the shape of a list of such values."""
        return SchemaView(self.refs, {"type": "array", "items": self.schema if isinstance(self.schema, dict) else {}})

    def member(self, name: str) -> SchemaView | NotInSchema | None:
        """Say what a member is."""
        if name in self.members:
            return self.members[name]
        return None if self.open else NotInSchema(name, tuple(self.members))


def _hidden(schema: dict[str, Any]) -> list[Any]:
    """Give what stands under `items` of something that is not said to be a list: some documents mean alternatives by it."""
    told = schema.get("items") if "type" not in schema else None
    return told if isinstance(told, list) else [told] if isinstance(told, dict) else []


def _says_nothing(schema: dict[str, Any]) -> bool:
    return not any(word in schema for word in ("type", "properties", "items", "enum", "const", "additionalProperties", "format"))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def lead(select: Select, shape: SchemaView | None) -> SchemaView | NotInSchema | None:
    """Follow an expression: to a schema, to a member that is not there, or to None where the document does not tell."""
    if shape is None:
        return None
    if select.steps is not None:
        found: SchemaView | NotInSchema | None = shape
        for step in select.steps:
            if not isinstance(found, SchemaView):
                return found
            found = found.member(step)
        return found
    try:
        return _node(select.compiled.parsed, shape)
    except RecursionError:
        return None


def _node(node: Any, shape: SchemaView | NotInSchema | None) -> SchemaView | NotInSchema | None:
    if not isinstance(shape, SchemaView):
        return shape
    kind, parts = node["type"], node["children"]
    if kind == "field":
        return shape.member(node["value"])
    if kind in ("subexpression", "pipe", "index_expression"):
        found: SchemaView | NotInSchema | None = shape
        for part in parts:
            found = _node(part, found)
        return found
    if kind in ("current", "identity"):
        return shape
    if kind == "index":
        return shape.elements
    if kind in ("projection", "filter_projection", "flatten", "slice"):
        return _projected(kind, parts, shape)
    if kind == "or_expression":
        first = _node(parts[0], shape)
        return _node(parts[1], shape) if isinstance(first, NotInSchema) else first
    return next((one for one in _asides(kind, parts, shape) if isinstance(one, NotInSchema)), None)


def _projected(kind: str, parts: list[Any], shape: SchemaView) -> SchemaView | NotInSchema | None:
    if kind == "slice":
        return shape
    found = _node(parts[0], shape)
    if not isinstance(found, SchemaView):
        return found
    inner = found.elements
    if kind == "flatten":
        nested = inner.elements if inner is not None and inner.is_list else None
        return found if nested is None else nested.listed()
    if kind == "filter_projection" and isinstance(missed := _node(parts[2], inner), NotInSchema):
        return missed
    result = _node(parts[1], inner)
    return result.listed() if isinstance(result, SchemaView) else result


def _asides(kind: str, parts: list[Any], shape: SchemaView) -> Iterator[SchemaView | NotInSchema | None]:
    """Conditions and lists of expressions: each is looked at, what they make together is not told."""
    if kind in ("and_expression", "not_expression", "comparator", "multi_select_list"):
        yield from (_node(part, shape) for part in parts)
    elif kind == "multi_select_dict":
        yield from (_node(pair["children"][0], shape) for pair in parts)


def misspelt(name: str, known: Iterable[str]) -> bool:
    """Whether an unknown name is so close to a known one that it must be a mistake."""
    return bool(get_close_matches(name, known, n=1, cutoff=MISSPELT))


def unfit(shape: SchemaView, text: str) -> str | None:
    """Say why a text cannot be a value; None where it can, or the document does not tell."""
    if shape.is_list and shape.elements is not None:
        inner = shape.elements
        return next((wrong for one in text.split(",") if (wrong := unfit(inner, one.strip()))), None)
    if shape.enum:
        return None if text in shape.enum else _listed(shape.enum, text)
    if shape.types == {"integer"}:
        return _number(shape, text)
    if shape.types == {"boolean"} and text not in ("true", "false", "0", "1"):
        return "the document takes true or false"
    return None


def _listed(values: tuple[str, ...], text: str) -> str:
    if len(values) <= MOST_SHOWN:
        return f"the document has {', '.join(one[:60] for one in values)}"
    return did_you_mean(text, values) or "the document lists others"


def _number(shape: SchemaView, text: str) -> str | None:
    if not re.fullmatch(r"-?[0-9]{1,30}", text):
        return "the document takes a whole number"
    most, least = shape.number("maximum"), shape.number("minimum")
    if most is not None and int(text) > most:
        return f"the document takes at most {most}"
    return f"the document takes at least {least}" if least is not None and int(text) < least else None
