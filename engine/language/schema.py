"""The JSON Schema of a spec (draft 2020-12), derived from the model: with it an editor completes words and underlines mistakes.

It checks what patterns and shapes can check, the loader the same and more (tests/language/test_schema.py compares them).
Besides `$defs` only keywords that editors have known since draft 7 are used.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from engine.language.model.shapes import FILLED
from engine.language.model.spec import Spec, Words

NAME = "habeas.schema.json"
TITLE = "A Habeas spec"
LINE = f"# yaml-language-server: $schema={NAME}"

BODY: dict[str, Any] = {  # any JSON: numbers, truths and nulls are what they look like, a text is a template
    "anyOf": [
        {"type": ["number", "boolean", "null"]},
        {"type": "string", "pattern": rf"^(?=[\s\S]*\S){FILLED}$"},
        {"type": "array", "items": {"$ref": "#/$defs/Body"}, "minItems": 1},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Body"}, "minProperties": 1},
    ]
}


def schema_text() -> str:
    """Give the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Derive the schema from the model."""
    derived = described(Spec)
    told = {"$schema": GenerateJsonSchema.schema_dialect, "title": f"{TITLE}, version 1", **derived}
    for place in told["$defs"].values():
        if "body" in place["properties"]:
            place["properties"]["body"]["$ref"] = "#/$defs/Body"
    told["$defs"]["Body"] = BODY
    _with_markdown(told)
    return told


def described(place: type[Words]) -> dict[str, Any]:
    """Give what is said of the words of one place: meanings, examples, shapes."""
    return place.model_json_schema(by_alias=True, schema_generator=_Generator)


class _Generator(GenerateJsonSchema):
    """As pydantic derives it, but: no titles, nothing is null, nothing is empty, and keys are held to their pattern."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002
        return value  # the words of an example keep their order

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        return {**made, "minProperties": 1}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner, default = self.generate_inner(schema["schema"]), schema.get("default")
        return {**inner, "default": default} if isinstance(default, str) else inner

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        return {**super().tuple_schema(schema), "minItems": 1}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        names = {key: value for key, value in self.generate_inner(schema["keys_schema"]).items() if key not in ("type", "examples")}
        values = self.generate_inner(schema["values_schema"])
        return {"type": "object", "propertyNames": names, "additionalProperties": values, "minProperties": 1, **_counts(schema)}


def _counts(schema: core_schema.DictSchema) -> JsonSchemaValue:
    return {"maxProperties": schema["max_length"]} if "max_length" in schema else {}


def _with_markdown(value: Any) -> None:
    """Give every description a second time as Markdown, which is how some editors want it."""
    if isinstance(value, list):
        for item in value:
            _with_markdown(item)
    elif isinstance(value, dict):
        for member in list(value.values()):
            _with_markdown(member)
        if isinstance(value.get("description"), str):
            value["markdownDescription"] = value["description"]
