"""What counts in a vendor's document besides its schemas, and what the author of a spec knows better than it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.openapi.compare.comparison import compare
from engine.openapi.document.operations import Api

SPEC = """\
spec: 1
vendor: acme
base_url: https://api.acme.example
auth: {headers: {X-Key: <SECRET>}}
verify: {get: /users, params: {"filter[email]": x, limit: 1}}
access:
  lookup:
    get: /users
    params: {"filter[email]": <EMAIL>, limit: 5}
    records: users
    match: email
    capture: {USER_ID: id}
  endpoints:
    notes:
      get: /users/<USER_ID>/notes
      records: items
      files: link.href
"""
PERSON = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
FILTER = {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object", "properties": {"email": {"type": "string"}}}}
PAGE = {"name": "page", "in": "query", "schema": {"type": "object", "properties": {"limit": {"type": "integer", "maximum": 4}}}}
SHOWN = {"users": [{"id": "1"}, {"email": "x@example.com"}]}


def answered(schema: Any = None, **words: Any) -> dict[str, Any]:
    """Describe an answer by a schema, examples, or both."""
    return {"200": {"content": {"application/json": {**({"schema": schema} if schema else {}), **words}}}}


def held(users: dict[str, Any], notes: dict[str, Any], *more: dict[str, Any], spec: str = SPEC) -> list[tuple[str, str]]:
    """Compare the spec with a document, and with others; give level and message of each difference."""
    path = {"/users": {"get": {"parameters": [FILTER, PAGE], "responses": users}}, "/users/{id}/notes": {"get": {"responses": notes}}}
    roots = [{"openapi": "3.0.0", "info": {}, "servers": [{"url": "https://api.acme.example"}], "paths": one} for one in (path, *more)]
    apis = [Api(json.dumps(root).encode(), "x.json") for root in roots]
    return [(one.level, one.message) for one in compare(spec.encode(), "acme.yaml", apis)]


LISTED = {"type": "object", "properties": {"users": {"type": "array", "items": PERSON}}, "additionalProperties": False}
NOTED = {"type": "object", "properties": {"data": {"type": "array", "items": {"type": "object"}}}}
LIMIT = ("error", "`5` is no value of `limit`")
NO_ITEMS = ("error", "the document has no `items` in the answer of GET /users/{id}/notes")


@pytest.mark.parametrize(
    ("users", "notes", "told"),
    [
        (answered(LISTED), answered(NOTED), ["email", "items"]),
        (answered(LISTED, example=SHOWN), answered(NOTED, example={"items": [{"link": {"href": "x"}}]}), []),
        (answered(LISTED, examples={"a": {"value": {"users": []}}, "b": {"value": SHOWN}}), answered(example={"data": []}), []),
        (answered({**LISTED, "example": SHOWN}), answered({**NOTED, "examples": [{"items": []}]}), []),
        (answered(LISTED, example={"users": {"email": 1}}), answered(NOTED, example="items"), ["email", "items"]),
    ],
)
def test_what_an_example_shows_is_there(users, notes, told):
    """A member that only an example has is no mistake; an example without a schema is no list of all there is; one of another kind is none."""
    found = [message.split("`")[1] for level, message in held(users, notes) if level == "error" and "answer" in message]
    assert found == told


def test_an_object_in_the_query_is_its_members():
    """`filter[email]` in its own style, `limit` by default: bounds and names are theirs."""
    assert LIMIT in held(answered(LISTED, example=SHOWN), answered())
    misspelt = SPEC.replace('params: {"filter[email]": <EMAIL>', 'params: {"filter[emall]": <EMAIL>')
    assert ("error", "the document has no parameter `filter[emall]` of GET /users") in held(answered(), answered(), spec=misspelt)
    assert held(answered(), answered(), spec=SPEC.replace("limit: 5", "limit: 4")) == []


def test_every_document_is_tried():
    """Where two describe one operation, the one with which the spec agrees counts."""
    newer = {"/users/{id}/notes": {"get": {"responses": answered({"type": "object", "properties": {"items": {"type": "array"}}})}}}
    assert NO_ITEMS in held(answered(LISTED, example=SHOWN), answered(NOTED))
    assert NO_ITEMS not in held(answered(LISTED, example=SHOWN), answered(NOTED), newer)


@pytest.mark.parametrize(
    "line",
    [
        "records: items  # unlike the document: seen in an answer of November 2026",
        "# unlike the document: seen in an answer of November 2026\n      # and later\n      records: items",
    ],
)
def test_what_the_author_knows_better_is_listed_with_the_reason(line):
    """It is no mistake any more, and stays to be seen."""
    spec = SPEC.replace("records: items", line)
    document = {"openapi": "3.0.0", "info": {}, "paths": {"/users/{id}/notes": {"get": {"responses": answered(NOTED)}}}}
    (found,) = [one for one in compare(spec.encode(), "x", [Api(json.dumps(document).encode(), "x")]) if "items" in one.message]
    assert (found.level, found.hint) == ("note", "the spec knows better: seen in an answer of November 2026")


def test_a_reason_without_a_difference_is_noted():
    """The vendor has mended its document, or the comment stands at another line."""
    spec = SPEC.replace("match: email", "match: email  # unlike the document: it is there")
    assert ("note", "nothing is unlike the document here") in held(answered(LISTED, example=SHOWN), answered(), spec=spec)
