"""Where expressions lead in a schema, and what its values are: silence wherever a document is open."""

from __future__ import annotations

import pytest

from engine.language.expressions.select import parse_select
from engine.openapi.document.operations import Parameter
from engine.openapi.document.refs import Refs
from engine.openapi.document.schema_view import NotInSchema, SchemaView, lead, unfit
from engine.openapi.draft.pages import window_of
from engine.openapi.draft.yaml_text import flow

ROOT = {
    "Tree": {"type": "object", "properties": {"name": {"type": "string"}, "left": {"$ref": "#/Tree"}}},
    "A": {"type": "object", "properties": {"a": {"type": "string"}}},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": {"type": "string"}, "tags": {"type": "array", "items": {"$ref": "#/A"}}}},
        },
        "grid": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/A"}}},
        "tree": {"$ref": "#/Tree"},
        "any": {},
        "true": True,
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "both": {"allOf": [{"$ref": "#/A"}, {"type": "object", "properties": {"b": {"type": "integer"}}}]},
        "either": {"oneOf": [{"$ref": "#/A"}, {"type": "string"}]},
        "perhaps": {"anyOf": [{"$ref": "#/A"}, {}]},
        "nullable": {"type": ["object", "null"], "properties": {"c": {"type": "string"}}},
        "away": {"$ref": "https://example.com/x.json"},
        "odd": {"items": {"$ref": "#/A"}},
        "text": {"type": "string"},
    },
}


def led(text: str) -> str:
    found = lead(parse_select(text), SchemaView(Refs(ROOT), SCHEMA))
    return f"no {found.name}" if isinstance(found, NotInSchema) else "open" if found is None else "/".join(sorted(found.types)) or "any"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rows", "array"),
        ("rows[].id", "array"),
        ("rows[*].id", "array"),
        ("rows[].uid", "no uid"),
        ("rows[].tags[].a", "array"),
        ("rows[].tags[].b", "no b"),
        ("rows[-1].id", "string"),
        ("rows[0].uid", "no uid"),
        ("rows[:2].id", "array"),
        ("rows[?id=='x'].tags", "array"),
        ("rows[?uid=='x'].id", "no uid"),
        ("rows[?id=='x'] | [0].id", "string"),
        ("grid[].a", "array"),
        ("grid[].b", "no b"),
        ("grid[][].a", "array"),
        ("rows.id", "no id"),
        ("text.deep", "no deep"),
        ("tree.left.left.left.name", "string"),
        ("tree.left.left.left.size", "no size"),
        ("any.thing", "open"),
        ("true.thing", "open"),
        ("map.thing", "open"),
        ("both.a", "string"),
        ("both.b", "integer"),
        ("both.c", "no c"),
        ("either.a", "string"),
        ("perhaps.z", "open"),
        ("nullable.c", "string"),
        ("nullable.d", "no d"),
        ("away.x", "open"),
        ("odd.a", "string"),
        ("odd.z", "open"),
        ("nowhere || text", "string"),
        ("text || nowhere", "string"),
        ("nowhere || elsewhere", "no elsewhere"),
        ("[text, nowhere]", "no nowhere"),
        ("{a: text, b: nowhere}", "no nowhere"),
        ("{a: text}", "open"),
        ("!nowhere", "no nowhere"),
        ("nowhere == 'x'", "no nowhere"),
        ("text && nowhere", "no nowhere"),
        ("length(nowhere)", "open"),
        ("`1`", "open"),
        ("*.a", "open"),
        ("@", "object"),
        ("@.text", "string"),
    ],
)
def test_an_expression_leads_somewhere_misses_something_or_the_document_is_open(text, found):
    """Evaluated on the schema; what a document does not tell is no difference."""
    assert led(text) == found


def test_an_expression_too_deep_to_follow_is_not_followed():
    """As deep as JMESPath itself can take it; and nothing is said of an answer that is not described."""
    assert lead(parse_select("a"), None) is None
    assert led("[" + "].[".join(["text"] * 60) + "]") in ("open", "no text")


@pytest.mark.parametrize(
    ("schema", "text", "wrong"),
    [
        ({"type": "integer", "maximum": 5, "minimum": 2}, "3", None),
        ({"type": "integer", "maximum": 5}, "6", "the document takes at most 5"),
        ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, "5", "the document takes at most 4"),
        ({"type": "integer", "maximum": 5.0}, "6", "the document takes at most 5"),
        ({"type": "integer", "minimum": 2}, "1", "the document takes at least 2"),
        ({"type": "integer"}, "x", "the document takes a whole number"),
        ({"type": "integer"}, "9" * 400, "the document takes a whole number"),
        ({"type": "boolean"}, "true", None),
        ({"type": "boolean"}, "yes", "the document takes true or false"),
        ({"type": "string"}, "anything", None),
        ({"enum": [True, 1, "a", None]}, "true", None),
        ({"enum": [True, 1, "a", None]}, "b", "the document has true, 1, a"),
        ({"const": "x"}, "y", "the document has x"),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "c", "the document has a, b"),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, "c", None),
        ({"enum": [f"value_{index}" for index in range(40)]}, "value_4x", "did you mean `value_4`?"),
        ({"enum": [f"value_{index}" for index in range(40)]}, "zzz", "the document lists others"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "a,b", None),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "a, c", "the document has a, b"),
    ],
)
def test_a_text_is_a_value_or_not(schema, text, wrong):
    """By type, bounds and enumeration; a list is written with commas."""
    assert unfit(SchemaView(Refs({}), schema), text) == wrong


def parameter(name: str, about: str = "", **schema: object) -> Parameter:
    return Parameter(name, "query", schema.pop("required", False) is True, False, about, SchemaView(Refs({}), {"type": "string", **schema}))


@pytest.mark.parametrize(
    ("start", "end", "params"),
    [
        (parameter("from", format="date"), parameter("to"), {"from": "<FROM.date>", "to": "<TO.date>"}),
        (parameter("start_time", format="date-time"), parameter("end_time"), {"start_time": "<FROM>", "end_time": "<TO>"}),
        (
            parameter("createdAfter", format="date"),
            parameter("createdBefore"),
            {"createdAfter": "<FROM.date>", "createdBefore": "<TO.date>"},
        ),
    ],
)
def test_two_parameters_are_a_window(start, end, params):
    """In the form that their format tells; how long a range may be and how far back it reaches is asked, with the document's words."""
    found, unclear = window_of({start.name: start, end.name: end})
    assert found is not None
    assert (found.params, found.words, unclear) == (params, {"step": "28d", "since": "2015-01-01"}, [])
    assert [told.partition(":")[0] for told in found.todo[:2]] == ["step", "since"]


def test_the_longest_range_is_quoted_and_not_guessed():
    """What the document says of the two parameters stands in the TODO."""
    start, end = parameter("from", "At most 30 days.", format="date", required=True), parameter("to", "At most 30 days.")
    found, _ = window_of({"from": start, "to": end})
    assert found is not None
    assert found.todo[0] == "step: how long may a range between from and to be? The document says: At most 30 days."
    assert len(found.todo) == 2


@pytest.mark.parametrize("about", ["Unix time, at most 7 days", "epoch in milliseconds", "in ISO 8601", "as yyyy-mm-dd, within a year"])
def test_a_form_that_only_words_tell_makes_no_window(about):
    """It is asked instead whether all comes without it."""
    found, unclear = window_of({"since": parameter("since", about), "until": parameter("until")})
    assert found is None
    assert unclear == ["since and until may limit the answer in time: does all come without them? Else write a `window`"]


@pytest.mark.parametrize("names", [("from", "until"), ("from",), ("start", "end")])
def test_two_parameters_are_no_window(names):
    """That do not belong together, or of which nobody knows the form."""
    assert window_of({name: parameter(name) for name in names}) == (None, [])


def test_a_value_is_written_on_one_line():
    """Numbers, truth and nothing as such, texts in quotes where they need them."""
    assert flow({"a": [1, 1.5, True, None, "1", "x y"]}) == '{a: [1, 1.5, true, null, "1", "x y"]}'
