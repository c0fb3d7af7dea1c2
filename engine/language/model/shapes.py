"""How a single value is read from its text, and how it is described in the JSON Schema: pattern, examples, YAML types.

A spec's scalars are text to the loader. An editor reads YAML 1.2, where `1` is a number and `false` a boolean: a word whose text may
look like one says so in its shape. What no pattern can check (JMESPath, days of the calendar) only the loader checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from engine.language.expressions.template import FORMS
from engine.language.text.mistakes import Misfit

JsonSchema = dict[str, Any]

WRITTEN = r"\S"  # an empty value is a mistake everywhere
SCALAR = ("number", "boolean")
NAMED = rf"<[A-Z][A-Z0-9_]*(?:\.(?:{'|'.join(FORMS)}))?>"
FIELD = r"<[a-z][a-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+>"
PLAIN = rf"[^<>]|{NAMED}|{FIELD}"
FILLED = rf"(?:{PLAIN}|<[@#!](?:{PLAIN})*>)*"  # with a vendor's own mark-up in it, such as <@<USER_ID>>


def text(value: Any) -> str:
    """Take a scalar as it is written."""
    if isinstance(value, str):
        return str(value)
    message = "expects a text here"
    raise Misfit(message, "not a list or map")


def _near(value: str, pattern: str) -> str | None:
    """Propose the same word in the other case, with `_` for what may not stand in it."""
    words = (re.sub(r"\W+", "_", change(value)) for change in (str.lower, str.upper))
    return next((f"write `{one}`" for one in words if re.fullmatch(pattern, one)), None)


def parsed(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Take a scalar by a function of its text."""
    return lambda value: parse(text(value))


def matching(pattern: str, what: str) -> Callable[[Any], str]:
    """Take a text that matches; `what` says what it should be."""

    def check(value: Any) -> str:
        if re.fullmatch(pattern, text(value)):
            return str(value)
        message = f"`{value}` is not {what}"
        raise Misfit(message, _near(str(value), pattern))

    return check


def shape(pattern: str, what: str, *examples: str, also: tuple[str, ...] = ()) -> WithJsonSchema:
    """Describe a text. `also`: what else it is in an editor's eyes, `number`, `integer` or `boolean`."""
    kinds = ["string", *also] if also else "string"
    shown: JsonSchema = {"type": kinds, "pattern": pattern, "patternErrorMessage": f"expects {what}"}
    return WithJsonSchema({**shown, "examples": list(examples)} if examples else shown)


def whole(pattern: str) -> str:
    """Give the pattern that a whole text must match; JSON Schema's are searched for."""
    return rf"^(?:{pattern})$"


def any_case(words: tuple[str, ...]) -> str:
    """Give the pattern of some words in capitals or not; a schema's patterns have no flag for it."""
    return "(?:" + "|".join("".join(f"[{char.upper()}{char}]" for char in word) for word in words) + ")"


class OneOrMore:
    """A single value where a list may stand is a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make the list."""
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Allow both."""
        listed = handler(schema)
        return {"anyOf": [listed["items"], listed]}


class OrNone:
    """The word `none` switches a default off."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make it None."""
        return core_schema.no_info_before_validator_function(_optional, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Allow the word."""
        return {"anyOf": [{"const": "none"}, handler(schema)]}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _optional(value: Any) -> Any:
    return None if value == "none" else value


def either(*ways: str, needs: Mapping[str, str]) -> JsonSchema:
    """Say that exactly one of some words stands in a map; what one of them `needs` stands beside that one only."""
    branches: list[JsonSchema] = []
    for way in ways:
        own = [way, needs[way]] if way in needs else [way]
        others = [one for one in (*ways, *needs.values()) if one not in own]
        branches.append({"required": own, "not": at_least_one(*others)})
    return {"oneOf": branches}


def at_least_one(*words: str) -> JsonSchema:
    """Say that some of these words stand in a map."""
    return {"anyOf": [{"required": [word]} for word in words]}


def only_beside(word: str, other: str, value: str) -> JsonSchema:
    """Say that a word stands only beside another one with this value."""
    return {"if": {"required": [word]}, "then": {"properties": {other: {"const": value}}}}
