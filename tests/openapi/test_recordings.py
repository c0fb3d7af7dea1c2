"""`habeas check --openapi` compares recorded answers with the vendor's documents, and counts what is marked as invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.check import CheckArguments, check_command
from engine.openapi.compare.check_recording import contradicted
from engine.openapi.document.operations import Api
from engine.openapi.document.paths import Paths

NOTE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "kind": {"type": "string", "enum": ["a", "b"]}, "by": {"type": "number"}},
}
CLOSED = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}
WHOLE = {
    "type": "object",
    "properties": {
        "next": {"type": "string"},
        "notes": {"type": "array", "items": NOTE},
        "one": {"oneOf": [CLOSED, {"type": "null"}]},
        "any": {},
        "shut": CLOSED,
    },
}
REFUSED = {"type": "object", "properties": {"code": {"type": "integer"}}}


def api(paths: dict) -> Api:
    top = {"openapi": "3.0.0", "info": {"title": "Acme"}, "servers": [{"url": "https://api.acme.example/v2"}]}
    return Api(json.dumps({**top, "paths": paths}).encode(), "x.json")


def answering(schema: dict, refused: dict) -> dict:
    held = {code: {"content": {"application/json": {"schema": one}}} for code, one in (("200", schema), ("404", refused))}
    return {"/notes/{id}": {"get": {"responses": held}}}


URL = "https://api.acme.example/v2/notes/7?page=2"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, ()),
        ({"next": "p2", "notes": [{"id": 1, "kind": "a", "by": 1, "more": 1}], "any": [{"x": 1}], "one": None}, ()),
        ({"next": None, "notes": [{"id": 1.0, "by": 1.5}]}, ()),
        ({"next": 2}, ("next is of type integer; the document has string",)),
        ([], ("the answer is of type array; the document has object",)),
        ({"total": 2}, ("total is no member that the document has",)),
        ({"notes": [{"id": True}, {"id": False}]}, ("notes[].id is of type boolean; the document has integer",)),
        ({"notes": [{"id": 1.5}]}, ("notes[].id is of type number; the document has integer",)),
        ({"notes": [{"kind": "c"}]}, ("notes[].kind has a value that the document does not list",)),
        ({"notes": [{"id": float("inf")}]}, ("notes[].id is of type number; the document has integer",)),
        ({"shut": {"id": "1", "x": 1}}, ("shut.x is no member that the document has",)),
    ],
)
def test_only_what_contradicts_is_told(answer, said):
    """Parts that are missing, null, further members of a record, and what the document leaves open contradict nothing."""
    assert contradicted([Paths(api(answering(WHOLE, REFUSED)))], "GET", URL, 200, answer) == said


def test_the_document_that_fits_best_counts_and_what_none_tells_is_not_compared():
    """By address, method and status; a second document may have another form of the same answer."""
    first, second = Paths(api(answering(WHOLE, REFUSED))), Paths(api(answering(NOTE, REFUSED)))
    assert contradicted([first, second], "GET", URL, 200, {"kind": "a"}) == ()
    assert contradicted([first], "GET", URL, 404, {"code": "7"}) == ("code is of type string; the document has integer",)
    assert contradicted([first], "GET", URL, 500, {"code": "7"}) is None
    assert contradicted([first], "POST", URL, 200, {}) is None
    assert contradicted([first], "GET", "https://api.acme.example/v2/other", 200, {}) is None


SPEC = """# yaml-language-server: $schema=habeas.schema.json
spec: 1
vendor: acme
base_url: https://api.acme.example/v2
auth: {headers: {Authorization: <SECRET>}}
verify: {get: /users}
rate_limits: {all: 10/s}
gaps: none
access:
  lookup: {get: /users/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
    notes: {get: /notes/<USER_ID>}
"""


@pytest.mark.parametrize("mark", ["", "# invented: no document shows the total\n"])
def test_what_is_invented_is_counted_and_what_contradicts_is_noted(tmp_path: Path, capsys, mark):
    """A mark with a reason takes the note away, and is counted instead, also without a document."""
    folder = tmp_path / "fixtures" / "acme" / "cassettes" / "whole"
    folder.mkdir(parents=True)
    (tmp_path / "acme.yaml").write_text(SPEC, "utf-8")
    (tmp_path / "acme.json").write_text(json.dumps(api(answering(WHOLE, REFUSED)).root), "utf-8")
    (folder / "cassette.yaml").write_text("about: A person.\nperson: {email: ada@example.com}\nnow: 2026-11-24T12:00:00Z\n", "utf-8")
    for name, path, answer in (
        ("010-verify", "users", "{}"),
        ("020-lookup", "users/ada%40example.com", '{"id": "7", "email": "ada@example.com"}'),
    ):
        (folder / f"{name}.http").write_text(f"GET https://api.acme.example/v2/{path}\n\nHTTP 200\n\n{answer}\n", "utf-8")
    (folder / "030-notes.http").write_text(f'{mark}GET https://api.acme.example/v2/notes/7\n\nHTTP 200\n\n{{"total": 1}}\n', "utf-8")
    check_command((str(tmp_path / "acme.yaml"),), CheckArguments(accept=True))
    capsys.readouterr()
    check_command((str(tmp_path / "acme.yaml"),), CheckArguments(openapi=(tmp_path / "acme.json",)))
    text = capsys.readouterr().out
    assert f"acme: 1 cassette, 3 recordings{', 1 of an invented form' if mark else ''}; " in text
    assert ("total is no member that the document has" in text) is (mark == "")
    assert f"acme: 1 of 3 recordings compared with the documents, {0 if mark else 1} contradicted\n" in text
