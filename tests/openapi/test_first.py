"""First specs, written from documents: each as a pair of files, and whatever a document holds, what is written loads."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.language.load import check
from engine.language.schema import LINE
from engine.language.text.document import MOST_BYTES
from engine.language.text.document import read as read_spec
from engine.openapi.compare.comparison import compare
from engine.openapi.document.operations import Api
from engine.openapi.document.read import DocumentError
from engine.openapi.draft.compose import compose
from engine.openapi.draft.pages import room
from engine.openapi.draft.yaml_text import DraftBlock, quoted, render
from tests.moments import few

HERE = Path(__file__).parent
HEAD = LINE
FIRST = sorted((HERE / "first").glob("*.yaml"))
ACME = yaml.safe_load((HERE / "documents" / "acme.yaml").read_text("utf-8"))


def made(document: object) -> str:
    return compose(Api(json.dumps(document).encode("utf-8", "surrogatepass"), "x.json"), "acme", HEAD)


def api_of(path: Path) -> Api:
    found = next(one for one in (HERE / "documents").iterdir() if one.stem == path.stem)
    return Api(found.read_bytes(), found.name)


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_a_first_spec_is_written_to_the_letter(path):
    """Look-up, endpoints, pages, windows, scopes, and a TODO with its reason wherever something was guessed."""
    assert compose(api_of(path), path.stem, HEAD) == path.read_text("utf-8")


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_a_first_spec_loads_and_agrees_with_its_document(path):
    """Nothing in it is a mistake, neither of the language nor by the document it came from."""
    raw = path.read_bytes()
    check(raw, path.name)
    assert [one for one in compare(raw, path.name, [api_of(path)]) if one.level == "error"] == []


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_what_its_document_says_otherwise_is_a_todo(path):
    """Each finding of the comparison stands in the file already, right above the line that it is about."""
    raw, lines = path.read_bytes(), path.read_text("utf-8").splitlines()
    for found in compare(raw, path.name, [api_of(path)]):
        above = []
        for line in reversed(lines[: found.at.line - 1]):
            if not line.lstrip().startswith("#"):
                break
            above.insert(0, line.lstrip("# "))
        assert f"TODO {found.message}" in " ".join(above)


HEADERS = [
    {"name": "X-Version", "in": "header", "required": True, "schema": {"type": "string", "default": "2026-01-01"}},
    {"name": "X-Shop", "in": "header", "required": True, "schema": {"type": "string"}},
    {"name": "X-Api-Key", "in": "header", "required": True, "schema": {"type": "string"}},
    {"name": "X-Trace", "in": "header", "schema": {"type": "string", "default": "on"}},
]


def test_a_required_header_is_written_where_its_value_is_told_and_else_a_todo():
    """What no document can tell is asked of whoever connects; what belongs to the connection, and what may be left out, is neither."""
    document = copy.deepcopy(ACME)
    document["paths"]["/users"]["get"]["parameters"] += HEADERS
    text = made(document)
    assert "\nheaders: {X-Version: 2026-01-01, X-Shop: <X_SHOP>}\n" in text
    assert 'X_SHOP: "the X-Shop that every request names in a header"' in text.split("# TODO settings: what an operator is asked for")[1]
    assert compare(text.encode(), "x.yaml", [Api(json.dumps(document).encode(), "x.json")]) == ()
    assert "X-Api-Key" not in text
    assert "X-Trace" not in text


def test_what_could_not_be_looked_into_is_told_at_the_end():
    """A part of the document that lies elsewhere was not compared, and may hold more."""
    document = copy.deepcopy(ACME)
    document["paths"]["/users"]["get"]["responses"]["500"] = {"$ref": "other.yaml#/Failed"}
    text = made(document)
    assert text.endswith("# TODO a `$ref` to other documents: they are never fetched, and were not looked into: `other.yaml#/Failed`\n")
    check(text.encode(), "x.yaml")


def test_of_what_a_page_may_hold_nothing_is_guessed():
    """A size that the document does not tell is a TODO, and is not sent."""
    document = copy.deepcopy(ACME)
    document["components"]["parameters"]["size"]["schema"] = {"type": "integer", "default": 30}
    text = made(document)
    assert "# TODO size: the document does not say how large limit may be\npagination: {cursor: next_cursor, param: cursor," in text
    assert "verify:\n  get: /users\n  params: {limit: 1}\n" in text


def test_what_a_refusal_holds_is_told_and_what_it_means_is_asked():
    """A flag beside the data, or the members of the first refusal that is described."""
    first = {path.stem: path.read_text("utf-8") for path in FIRST}
    assert '# TODO refusals: an answer of GET /threads holds ok: is it false in a refusal? Then `refused: "!ok"`' in first["search"]
    assert "that of GET /users (404) holds code, message" in first["acme"]
    assert "# TODO refusals: where a refusal has its code and message, and what it means" in first["legacy"]


def test_there_are_several():
    """The pairs are found at all."""
    assert {path.stem for path in FIRST} >= {"acme", "legacy", "lists", "links", "search"}


def test_nothing_that_names_a_person_or_hangs_below_what_is_asked_vanishes():
    """Each is asked for, or stands under `gaps` with its reason; what makes something new is neither."""
    text = (HERE / "first" / "desk.yaml").read_text("utf-8")
    left, asked = text.split("# Left out, ")[1].split("\naccess:\n")
    for path in ("/calls", "/surveys/satisfaction_ratings", "/tickets", "/tickets/<tickets.id>/conversations"):
        assert f"get: {path}\n" in asked
    assert "post: /orders/search\n" in asked
    for path in (
        "/reminders",
        "/tickets/{ticket_id}",
        "/tickets/{ticket_id}/watchers/users",
        "/agents/{agent_id}/tickets",
        "/time_entries",
    ):
        assert f" {path}: " in left
    assert "POST /orders:" not in left


def test_the_order_of_paths_in_a_document_changes_nothing():
    """A document that is generated anew gives the same spec."""
    turned = {**ACME, "paths": dict(reversed(ACME["paths"].items()))}
    assert made(turned) == made(ACME)


def test_without_a_look_up_nothing_is_written_and_the_other_way_is_named():
    """A document in which nobody is found says so, and what was looked at."""
    with pytest.raises(DocumentError, match=r"of those that speak of people, GET /users, POST /users take none"):
        made({"openapi": "3.0.0", "paths": {"/users": {"get": {}, "post": {}}}})
    with pytest.raises(DocumentError, match=r"no operation finds a person .* without --openapi, `habeas new` asks"):
        made({"openapi": "3.0.0", "paths": {"/things": {"get": {}}}})


TEXT, MANY = {"type": "string"}, {"type": "array"}


@pytest.mark.parametrize(
    ("members", "written"),
    [
        (
            {
                "filterGroups": {
                    **MANY,
                    "items": {
                        "properties": {
                            "filters": {
                                **MANY,
                                "items": {
                                    "required": ["mode"],
                                    "properties": {
                                        "propertyName": TEXT,
                                        "operator": {**TEXT, "enum": ["LT", "EQ"]},
                                        "value": TEXT,
                                        "mode": {**TEXT, "enum": ["any"]},
                                    },
                                },
                            }
                        }
                    },
                }
            },
            "{filterGroups: [{filters: [{value: <EMAIL>}]}]}",
        ),
        ({"filter": {"properties": {"email_address": TEXT, "value": TEXT}}}, "{filter: {email_address: <EMAIL>}}"),
        (
            {"where": {"properties": {"key": {**TEXT, "enum": ["id"]}, "op": {**TEXT, "enum": ["<"]}, "value": TEXT}}},
            "{where: {value: <EMAIL>}}",
        ),
        (
            {"criteria": {"properties": {"key": {**TEXT, "enum": ["id", "mail"]}, "op": TEXT, "text": TEXT}}},
            "{criteria: {text: <EMAIL>}}",
        ),
    ],
)
def test_a_search_that_proves_nothing_is_the_nearest_to_a_look_up(members, written):
    """It is written with the one place that may take the identifier; the other places are told, and it loads."""
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": members}}}}
    text = made({"openapi": "3.0.0", "paths": {"/contacts/search": {"post": {"requestBody": body}}}})
    assert written in " ".join(text.split())
    assert "# TODO no operation finds a person" in text
    check(text.encode(), "x.yaml")


def test_a_body_that_turns_in_circles_ends():
    """A filter of filters is followed a few steps, and gives no look-up."""
    again = {"type": "object", "properties": {name: {"$ref": "#/components/schemas/F"} for name in ("filter", "where", "query", "rules")}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/F"}}}}
    with pytest.raises(DocumentError, match="no operation finds a person"):
        made({"openapi": "3.0.0", "paths": {"/contacts/search": {"post": {"requestBody": body}}}, "components": {"schemas": {"F": again}}})


ODD = (
    "a\nvendor: evil",
    "x: y # z",
    "]}\n- &a *b",
    "<X>",
    "<EMAIL>",
    "<users.id>",
    "{{x}}",
    "'\"\\",
    "!!python/object:os.system",
    "\u2028\u0085\ufeff",
    "\ud800",
    "😀",
    "\x1b[2J",
    "on",
    "null",
    "~",
    "1e5",
    "",
    " ",
    "a" * 5000,
    "<<",
    "-",
    "?",
    "%",
    "@",
    "`",
    "../..",
    "a?b#c",
)


def sprinkled(value: object, odd: str, chance) -> object:
    """Put an odd text into names and values of a document, here and there."""
    if isinstance(value, dict):
        return {(name + odd if chance() else name): sprinkled(one, odd, chance) for name, one in value.items()}
    if isinstance(value, list):
        return [sprinkled(one, odd, chance) for one in value]
    return odd if isinstance(value, str) and not value.startswith("#/") and chance() else value


def loads_or_says(document: object) -> None:
    try:
        text = made(document)
    except DocumentError as error:
        assert "\n" not in str(error)
        return
    check(text.encode("utf-8"), "x.yaml")
    assert text.startswith(HEAD + "\n")


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("every", [3, 7, 20])
def test_nothing_of_a_document_leaves_its_place(odd, every):
    """Whatever stands in names, paths and descriptions: what is written loads, and holds nothing that it injected."""
    for seed in range(every):
        count = iter(range(10**9))
        document = sprinkled(copy.deepcopy(ACME), odd, lambda count=count, seed=seed: (next(count) + seed) % every == 0)
        document = {**document, "openapi": "3.0.0"} if isinstance(document, dict) else document
        loads_or_says(document)


@given(st.data())
def test_a_mutated_document_gives_a_spec_that_loads_or_a_sentence(data):
    """Members deleted, exchanged for something of another kind, or doubled elsewhere."""
    document = copy.deepcopy(ACME)
    for _ in range(data.draw(st.integers(1, 6))):
        here, way = document, []
        while isinstance(here, (dict, list)) and here and (not way or data.draw(st.booleans()) or len(way) < 3):
            key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
            way.append((here, key))
            here = here[key]
        if not way:
            continue
        holder, key = data.draw(st.sampled_from(way))
        other = data.draw(
            st.sampled_from([None, [], {}, 0, True, "x", "<X>", {"$ref": "#/paths"}, {"$ref": "#"}, [[[]]], {"a": None}, -1.5])
        )
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = other
    loads_or_says(document)


@pytest.mark.parametrize("count", few([5_000, 100_000], 5_000))
def test_a_hundred_thousand_paths_take_seconds_and_the_spec_stays_one(count):
    """The endpoints are bounded, the rest is left out; the file is no larger than a spec may be."""
    answer = {"200": {"description": "x", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}}
    extra = {f"/users/{{user_id}}/thing-{index}": {"get": {"responses": answer}} for index in range(count)}
    began = time.process_time()
    text = made({**ACME, "paths": {**ACME["paths"], **extra}})
    assert time.process_time() - began < 60
    assert len(text.encode()) <= MOST_BYTES
    assert "too many for one spec" in text
    vendor, _ = check(text.encode(), "x.yaml")
    assert len(vendor.endpoints) == 150


@given(st.text())
def test_a_quoted_text_is_read_back_as_it_was(text):
    """As value and as key, whatever it is; half a pair of surrogates, which no file holds, becomes a question mark."""
    block = DraftBlock()
    block.add("key", {text or "x": [text or "x", "y"]})
    lines = render(block)
    assert all("\n" not in line and "\r" not in line for line in lines)
    read = yaml.safe_load("\n".join(lines))
    whole = "".join("?" if 0xD800 <= ord(char) <= 0xDFFF else char for char in text or "x")
    assert read["key"][whole][0] == whole
    assert quoted("on") == '"on"'
    assert quoted("none") == "none"


@pytest.mark.parametrize("text", ["a: b", "a #b", "#a", "- a", "true", "1", "1.5", "null", "*a", "&a", "!a", "a\tb", "a\nb", "", "'", "["])
def test_what_means_something_to_yaml_is_written_in_quotes(text):
    """Read back by the language's own reader, it is the same text."""
    assert read_spec(f"a: {quoted(text or ' .')}\n".encode(), "x").value == {"a": text or " ."}


@pytest.mark.parametrize(
    ("body", "pages", "written"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"cursor": "next", "param": "after", "size": {"limit": 9}}, {"a": 1}),
        ({}, {"cursor": "next", "param": "paging.after"}, {"paging": {"after": None}}),
        ({}, {"cursor": "next", "param": "paging.after", "size": {"paging.limit": 9}}, {"paging": {"limit": 9}}),
        ({"paging": {"sort": "id"}}, {"cursor": "next", "param": "paging.after"}, {"paging": {"sort": "id"}}),
        ({}, {"page": {"a.b.page": 0}, "size": {"a.limit": 9}}, {"a": {"b": {"page": 0}, "limit": 9}}),
        ({}, {"offset": "paging.start"}, {"paging": {"start": 0}}),
        ({}, {"link": "next"}, {}),
    ],
)
def test_a_body_has_room_for_what_asks_for_its_pages(body, pages, written):
    """The maps in which it stands, with the first page's numbers; a cursor of null only where its map would hold nothing else."""
    before = copy.deepcopy(body)
    assert room(body, pages) == written
    assert body == before


def by_post(path: str, **told: object) -> dict[str, object]:
    """Give a document in which a person's things are asked for by POST."""
    ids = {"contact_id": {"type": "string"}}
    listed = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
    content = {"application/json": {"schema": listed}}
    asked = {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": ids}}}}}
    contact = {"type": "object", "properties": {"id": {"type": "string"}, "email": {"type": "string"}}}
    found = {"type": "array", "items": contact}
    email = [{"name": "email", "in": "query", "schema": {"type": "string"}}]
    lookup = {"get": {"parameters": email, "responses": {"200": {"content": {"application/json": {"schema": found}}}}}}
    operation = {**asked, "responses": {"200": {"content": content}}, **told}
    return {"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {"/contacts": lookup, path: {"post": operation}}}


@pytest.mark.parametrize(
    ("path", "told", "asked"),
    [
        ("/things/search", {}, True),
        ("/things/_query", {}, True),
        ("/things", {"operationId": "searchThings"}, True),
        ("/things", {"operationId": "listThings"}, True),
        ("/mailing/list", {}, False),
        ("/list/members", {"operationId": "addToList"}, False),
        ("/search/members", {}, False),
        ("/things/search", {"deprecated": True}, False),
        ("/things/search", {"responses": {"201": {"description": "a search was saved"}}}, False),
        ("/things/search", {"responses": {"200": {"description": "done"}}}, False),
    ],
)
def test_only_what_is_surely_a_search_is_asked_by_post(path, told, asked):
    """What may add to a list, or save a search, stands in what is left out; and of a search it is asked that somebody confirms it."""
    text = made(by_post(path, **told))
    assert (f"post: {path}\n" in text) == asked
    assert ("TODO post: is it a search, which changes nothing?" in text) == asked
    assert asked or f"POST {path}: " in text
