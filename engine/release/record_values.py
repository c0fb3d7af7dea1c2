"""Values of a record: as texts, at paths, and by JSON pointers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.language.expressions.lossless_json import Number
from engine.release.field_path import FieldSteps, matches

ENOUGH_FOR_A_NUMBER = 10**8  # smaller whole numbers are counts and short ids, no telephone numbers


def text_of(value: Any) -> str:
    """Give what is decided about as a text; a truth value, nothing and an empty text tell of nobody."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ""
    return value.text if isinstance(value, Number) else str(value)


def texts_at(value: Any, steps: FieldSteps) -> Iterator[str]:
    """Give the values at a path, through lists."""
    if isinstance(value, list):
        for inner in value:
            yield from texts_at(inner, steps)
    elif not steps:
        text = "" if isinstance(value, dict) else text_of(value)
        if text:
            yield text
    elif isinstance(value, dict):
        for name in [steps[0]] if steps[0] in value or "*" not in steps[0] else [key for key in value if matches(steps[0], key)]:
            if name in value:
                yield from texts_at(value[name], steps[1:])


def fields_in(value: Any, path: FieldSteps = ()) -> Iterator[FieldSteps]:
    """Give the path of every field of a record, those that hold others included."""
    if isinstance(value, list):
        for inner in value:
            yield from fields_in(inner, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from fields_in(inner, (*path, name))


def at_pointer(value: Any, pointer: str) -> Any:
    """Give the value at a JSON pointer (RFC 6901) of a record. Raises LookupError where there is none."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(name) if name.isdecimal() and name.isascii() else len(value)]
        else:
            value = (value if isinstance(value, dict) else {})[name]
    return value


def escaped(name: str) -> str:
    """Write a name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def field_at(pointer: str) -> FieldSteps:
    """Give the path of the field that a JSON pointer leads to; numbers, which stand for places in lists, are left out."""
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return tuple(step for step in steps if not step.isdecimal())
