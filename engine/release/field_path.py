"""Names of fields in a policy: `meetings.topic`, `phone_profile.phone_numbers[].number`, and in a step `*` for any text: `caller_*`.

A path goes through lists, as in `run --without`; `[]` may be written behind a list's name, for the reader, and means nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from engine.language.text.mistakes import Misfit

ENDPOINT = r"[a-z*][a-z0-9_*]*"
FieldSteps = tuple[str, ...]


class FieldPath(msgspec.Struct, frozen=True):
    """Fields by name; without `endpoint` inside a record, without `steps` the whole endpoint."""

    endpoint: str
    steps: FieldSteps
    text: str


@lru_cache(maxsize=4096)
def matches(pattern: str, name: str) -> bool:
    """Whether a name is one of those that a step or an endpoint stands for."""
    if "*" not in pattern:
        return pattern == name
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def reaches(steps: FieldSteps, path: FieldSteps) -> bool:
    """Whether a field is what these steps name, or lies below it."""
    return len(steps) <= len(path) and all(map(matches, steps, path))


def parse_steps(text: str) -> FieldSteps:
    """Read a path inside a record. Raises Misfit."""
    steps = tuple(step.replace("[]", "") if step.endswith("[]") else step for step in text.split("."))
    if not all(steps) or any("[" in step or step != step.strip() for step in steps):
        message = f"`{text}` is no path of a field"
        raise Misfit(message, "names with dots between them, as in `run --without`: `owner.phone_numbers[].number`")
    return steps


def parse_endpoint(text: str) -> str:
    """Read the name of an endpoint, or a pattern of some. Raises Misfit."""
    if not re.fullmatch(ENDPOINT, text):
        message = f"`{text}` is no name of an endpoint"
        raise Misfit(message, "as the spec names it; `*` stands for any text: `phone_*`")
    return text


def parse_place(text: str) -> FieldPath:
    """Read an endpoint, or an endpoint and a path in its records. Raises Misfit."""
    endpoint, dot, rest = text.partition(".")
    return FieldPath(parse_endpoint(endpoint), parse_steps(rest) if dot else (), text)


def parse_field(text: str) -> FieldPath:
    """Read an endpoint and a path in its records. Raises Misfit."""
    found = parse_place(text)
    if not found.steps:
        message = f"`{text}` names no field"
        raise Misfit(message, f"write `{text}.FIELD`")
    return found


def endpoints_of(pattern: str, known: Iterable[str]) -> list[str]:
    """Give the endpoints that a name or a pattern stands for."""
    return [name for name in known if matches(pattern, name)]
