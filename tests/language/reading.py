"""The two readers of a spec besides the loader: an editor's YAML (1.2, core schema), and a JSON Schema validator.

The validator knows the keywords that our schema uses and no others: one that it does not know is an error of the test.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import yaml

NOTED = {
    "$schema", "$defs", "$comment", "title", "description", "markdownDescription", "patternErrorMessage", "examples", "default",
    "then", "else",
}  # fmt: skip
KINDS = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}


class _Core(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2: no `yes`, no dates, no 12:30."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Core.add_implicit_resolver("!int", re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789"))
_Core.add_implicit_resolver("!float", re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789"))
_Core.add_constructor("!int", lambda _, node: int(node.value, 0 if node.value[1:2] in ("x", "o") else 10))
_Core.add_constructor("!float", lambda _, node: float(node.value))


def as_an_editor(text: str) -> Any:
    """Read YAML as an editor does: numbers, booleans and nulls have their type."""
    return yaml.load(text, Loader=_Core)


def holds(schema: Any, value: Any, root: dict[str, Any] | None = None) -> bool:
    """Whether a value is what a schema describes."""
    root = schema if root is None else root
    if isinstance(schema, bool):
        return schema
    known = {name: rule for name, rule in schema.items() if name not in NOTED}
    return all(KEYWORDS[name](rule, value, schema, lambda one, of=value: holds(one, of, root), root) for name, rule in known.items())


def _of(kind: type) -> Any:
    """A keyword that speaks of one kind of value holds for every other."""
    return lambda check: lambda rule, value, *rest: not isinstance(value, kind) or check(rule, value, *rest)


KEYWORDS: dict[str, Any] = {
    "$ref": lambda rule, value, schema, inner, root: inner(root["$defs"][rule.removeprefix("#/$defs/")]),
    "type": lambda rule, value, *_: any(_is(kind, value) for kind in ([rule] if isinstance(rule, str) else rule)),
    "const": lambda rule, value, *_: _same(rule, value),
    "enum": lambda rule, value, *_: any(_same(one, value) for one in rule),
    "anyOf": lambda rule, value, schema, inner, root: any(map(inner, rule)),
    "oneOf": lambda rule, value, schema, inner, root: sum(map(inner, rule)) == 1,
    "not": lambda rule, value, schema, inner, root: not inner(rule),
    "if": lambda rule, value, schema, inner, root: inner(schema.get("then" if inner(rule) else "else", True)),
    "pattern": _of(str)(lambda rule, value, *_: re.search(re.sub(r"\$(?=$|\))", r"\\Z", rule), value, re.ASCII) is not None),
    "items": _of(list)(lambda rule, value, schema, inner, root: all(inner(rule, one) for one in value)),
    "minItems": _of(list)(lambda rule, value, *_: len(value) >= rule),
    "minProperties": _of(dict)(lambda rule, value, *_: len(value) >= rule),
    "maxProperties": _of(dict)(lambda rule, value, *_: len(value) <= rule),
    "required": _of(dict)(lambda rule, value, *_: all(one in value for one in rule)),
    "propertyNames": _of(dict)(lambda rule, value, schema, inner, root: all(inner(rule, one) for one in value)),
    "properties": _of(dict)(lambda rule, value, schema, inner, root: all(inner(rule[one], value[one]) for one in value if one in rule)),
    "additionalProperties": _of(dict)(
        lambda rule, value, schema, inner, root: all(inner(rule, value[one]) for one in value if one not in schema.get("properties", {}))
    ),
}


def _is(kind: str, value: Any) -> bool:
    if kind in ("number", "integer"):
        return not isinstance(value, bool) and (
            isinstance(value, int) or (isinstance(value, float) and (kind == "number" or value.is_integer()))
        )
    return isinstance(value, KINDS[kind])


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
