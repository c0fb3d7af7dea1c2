"""The body of a `post`: JSON written as YAML, the only place where a plain scalar has a type (YAML 1.2 core schema).

Each text becomes a template, each number keeps its digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.language.expressions.lossless_json import Number
from engine.language.expressions.template import Template, parse_template
from engine.language.text.document import Path, Quoted
from engine.language.text.mistakes import Misfit

Content = Any
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
WORDS: Mapping[str, Any] = {"null": None, "~": None, "true": True, "false": False}


class BodyError(ValueError):
    """Texts of a body that are no templates, each with its place in it."""

    def __init__(self, faults: Sequence[tuple[Path, Misfit]]) -> None:
        """Keep every one of them."""
        super().__init__(str(faults[0][1]))
        self.faults = tuple(faults)


def parse_body(value: Any) -> Content:
    """Give every scalar its type and every text its template. Raises BodyError with all that is wrong."""
    faults: list[tuple[Path, Misfit]] = []
    parsed = _parsed(value, (), faults)
    if faults:
        raise BodyError(faults)
    return parsed


def _parsed(value: Any, path: Path, faults: list[tuple[Path, Misfit]]) -> Any:
    if isinstance(value, dict):
        return {name: _parsed(one, (*path, name), faults) for name, one in value.items()}
    if isinstance(value, list):
        return [_parsed(one, (*path, index), faults) for index, one in enumerate(value)]
    if not isinstance(value, Quoted):
        if value in WORDS:
            return WORDS[value]
        if INTEGER.fullmatch(value):
            return int(value)
        if FLOAT.fullmatch(value):
            return Number(value)
    try:
        return parse_template(value)
    except Misfit as error:
        faults.append((path, error))
        return None


def texts(content: Content, path: Path = ()) -> Iterator[tuple[Path, Template]]:
    """Give every text of a body with its place in it."""
    if isinstance(content, Template):
        yield path, content
    elif isinstance(content, Mapping):
        for name, member in content.items():
            yield from texts(member, (*path, name))
    elif isinstance(content, list):
        for index, element in enumerate(content):
            yield from texts(element, (*path, index))


def mapped(content: Content, change: Callable[[Template], Any]) -> Any:
    """Give the same body with every text replaced by what `change` makes of it."""
    if isinstance(content, Template):
        return change(content)
    if isinstance(content, Mapping):
        return {name: mapped(one, change) for name, one in content.items()}
    if isinstance(content, list):
        return [mapped(one, change) for one in content]
    return content
