"""`habeas check --openapi` lists what takes the person and is neither asked nor named in `gaps`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.check import CheckArguments, check_command
from engine.language.load import load
from engine.openapi.compare.left_out import left_out
from engine.openapi.document.operations import Api
from engine.openapi.draft.compose import compose
from tests.openapi.test_first import FIRST, HEAD, api_of

SPEC = """# yaml-language-server: $schema=habeas.schema.json
spec: 1
vendor: acme
base_url: https://api.acme.example
auth: {{headers: {{Authorization: <SECRET>}}}}
verify: {{get: /users}}
rate_limits: {{all: 10/s}}
{gaps}access:
  lookup: {lookup}
  endpoints:
    notes: {{get: /users/<{name}>/notes}}
"""
BY_MAIL = "{get: /users, params: {email: <EMAIL>}, records: users, match: email, capture: {USER_ID: id}}"
PATHS = (
    *("/users", "/users/{user_id}", "/users/{user_id}/notes", "/users/{userId}/pins", "/users/{uid}/pins/{pin_id}", "/rooms/{room_id}"),
    *("/reports?user_id", "/reports?colour", "/reports/all?user_id"),
)


def document(*paths: str) -> dict:
    made = {}
    for path in paths:
        bare, _, query = path.partition("?")
        told = {"summary": "What is there", "responses": {"200": {"description": "OK"}}}
        made[bare] = {"get": {**told, "parameters": [{"name": query, "in": "query", "schema": {"type": "string"}}] if query else []}}
    return {"openapi": "3.0.0", "info": {"title": "Acme"}, "servers": [{"url": "https://api.acme.example"}], "paths": made}


def listed(gaps: str, told: dict, *, lookup: str = BY_MAIL, name: str = "USER_ID") -> list[str]:
    raw = SPEC.format(gaps=gaps, lookup=lookup, name=name).encode()
    load(raw, "acme.yaml")
    return [line for note in left_out(raw, "acme.yaml", [Api(json.dumps(told).encode(), "x.json")]) for line in note.detail]


REPORTS = "GET /reports/all  What is there"
ITSELF, PINS, PIN = (f"GET {path}  What is there" for path in ("/users/{user_id}", "/users/{userId}/pins", "/users/{uid}/pins/{pin_id}"))


@pytest.mark.parametrize(
    ("gaps", "left"),
    [
        ("", [REPORTS, PIN, PINS, ITSELF]),
        ("gaps: none\n", [REPORTS, PIN, PINS, ITSELF]),
        ("gaps: none\n# GET /users/{user_id}/pins\n", [REPORTS, PIN, PINS, ITSELF]),
        ("gaps: [Pins are not asked.]\n", [REPORTS, PIN, PINS, ITSELF]),
        ("gaps: [Pins are not asked.]\n# GET /users/{user_id}/pins: they are public\n", [REPORTS, PIN, ITSELF]),
        ("gaps:\n  - Pins (/users/{user_id}/pins) are not asked.\n  # /reports/all, /users/{id}\n", [PIN]),
        ("gaps: [Pins are not asked.]\ntitle: Acme # /users/{user_id}/pins\n", [REPORTS, PIN, PINS, ITSELF]),
    ],
)
def test_what_takes_the_person_is_asked_or_named_or_listed(gaps, left):
    """Only `gaps` names: its sentences, and the comments between them; what is asked is not listed, nor what takes somebody else."""
    told = document(*(path for path in PATHS if path not in ("/reports?user_id", "/reports?colour")))
    assert sorted(listed(gaps, told)) == sorted(left)


def test_what_is_deprecated_or_holds_nothing_is_not_listed():
    """The vendor advises against the one, and the other has no answer to keep."""
    told = document("/users", "/users/{user_id}/notes", "/users/{user_id}/old", "/users/{user_id}/nothing")
    told["paths"]["/users/{user_id}/old"]["get"]["deprecated"] = True
    told["paths"]["/users/{user_id}/nothing"]["get"]["responses"] = {"204": {"description": "Nothing"}}
    assert listed("", told) == []


def test_a_post_that_may_be_a_search_is_listed_and_what_surely_writes_is_not():
    """As in a draft: what is named as a search or a list may ask, and a list of writing calls is no list of gaps; a parameter names nothing."""
    told = document("/users", "/users/{user_id}/notes")
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"user_id": {"type": "string"}}}}}}
    for path, name in (
        ("/orders/search", "x"),
        ("/orders", "addOrder"),
        ("/orders/list", "x"),
        ("/bills", "listBills"),
        ("/lists/{list_id}/members", "postListsIdMembers"),
    ):
        answers = {"200": {"description": "OK"}}
        told["paths"][path] = {"post": {"operationId": name, "requestBody": body, "responses": answers}}
    assert listed("", told) == ["POST /bills", "POST /orders/list", "POST /orders/search"]


@pytest.mark.parametrize(
    ("lookup", "name", "path"),
    [
        ("{get: /users/<USERNAME>, match: login, capture: {LOGIN: login}}", "LOGIN", "/users/{username}/pins"),
        ("{get: /people/<EMAIL>, match: email, capture: {CONTACT_ID: id}}", "CONTACT_ID", "/contacts/{contactId}/pins"),
        ("{get: /people/<EMAIL>, match: email, capture: {HASH: id}}", "HASH", "/persons/{person_id}/pins"),
        ("{get: /find/<EMAIL>, match: email, capture: {HASH: id}}", "HASH", "/users/{user_id}/pins"),
    ],
)
def test_the_person_is_known_by_what_the_lookup_captures(lookup, name, path):
    """By the name that is captured, the look-up's address, or the user name."""
    assert listed("", document(path, "/things/{thing_id}"), lookup=lookup, name=name) == [f"GET {path}  What is there"]


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_a_draft_names_everything_that_it_leaves_out(path):
    """Nothing of its own document is left for the note."""
    text = compose(api_of(path), path.stem, HEAD)
    assert list(left_out(text.encode(), path.name, [api_of(path)])) == []


def test_a_spec_without_gaps_gets_a_note_and_with_strict_a_mistake(tmp_path: Path, capsys):
    """`gaps: none` is a sentence, too."""
    for gaps, found in (("", True), ("gaps: none\n", False), ("gaps: [Pins are not asked.]\n", False)):
        (tmp_path / "acme.yaml").write_text(SPEC.format(gaps=gaps, lookup=BY_MAIL, name="USER_ID"), "utf-8")
        for strict in (False, True):
            check_command((str(tmp_path / "acme.yaml"),), CheckArguments(strict=strict))
            said = f"{'error' if strict else 'note'}: nothing says what this vendor's API cannot give, or is not asked\n"
            assert (said in capsys.readouterr().out) is found, (gaps, strict)
