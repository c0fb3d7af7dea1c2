"""What a first spec promises: nothing is silently cut, nobody else's is asked for, and what is not asked is in "Left out"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.language.load import check
from engine.openapi.compare.comparison import compare
from engine.openapi.document.operations import Api
from engine.openapi.draft.compose import compose

TEXT = {"type": "string"}
PERSON = {"type": "object", "properties": {"id": TEXT, "email": TEXT, "username": TEXT}}


def listed(**beside: Any) -> dict[str, Any]:
    """Describe an answer that holds a list of things, and what stands beside it."""
    things = {"type": "array", "items": {"type": "object", "properties": {"id": TEXT}}}
    return {"type": "object", "properties": {"data": things, **beside}}


def get(answer: Any, *parameters: dict[str, Any], **words: Any) -> dict[str, Any]:
    """Describe a GET; a parameter stands in the query unless it says otherwise."""
    held = {"200": {"description": "", "content": {"application/json": {"schema": answer}}}}
    return {"get": {"parameters": [{"in": "query", "schema": TEXT, **one} for one in parameters], "responses": held, **words}}


FIND = get({"type": "array", "items": PERSON}, {"name": "email"})


def drafted(paths: dict[str, Any], **words: Any) -> str:
    """Write a first spec, which loads and in which each difference from its document is a TODO."""
    root = {"openapi": "3.0.0", "info": {"title": "Acme"}, "servers": [{"url": "https://api.acme.example"}], **words}
    api = Api(json.dumps({**root, "paths": {"/users": FIND, **paths}}).encode(), "acme.json")
    text = compose(api, "acme", "# first")
    check(text.encode(), "acme.yaml")
    lines = text.splitlines()
    for found in compare(text.encode(), "acme.yaml", [api]):
        assert "# TODO" in "\n".join(lines[max(0, found.at.line - 8) : found.at.line - 1]), found
    return text


URL = {"type": "string", "format": "uri"}
PAGED = {"type": "object", "properties": {"next": {"type": "object", "properties": {"page": TEXT}}}}


@pytest.mark.parametrize(
    ("answer", "parameters", "told"),
    [
        (listed(pages=PAGED), [], "# TODO pages: pages.next in the answer of GET /users/{id}/notes tells of pages"),
        (listed(has_more={"type": "boolean"}), [], "# TODO pages: has_more in the answer"),
        (listed(), [{"name": "cursor"}], "# TODO pages: the parameter cursor continues the list"),
        (listed(next_cursor=URL), [{"name": "cursor"}], "# TODO pages: the parameter cursor continues the list"),
        (listed(links={"type": "object", "properties": {"next": URL}}), [{"name": "cursor"}], "pagination: {link: links.next}"),
        (listed(next={"type": "string", "example": "https://api.acme.example/x?page=2"}), [{"name": "after"}], "pagination: {link: next}"),
        (listed(next_cursor=TEXT), [{"name": "cursor"}], "pagination: {cursor: next_cursor, param: cursor}"),
    ],
)
def test_a_list_with_pages_is_never_read_as_if_it_had_none(answer, parameters, told):
    """What tells of pages is followed, else a TODO; an address is followed as one and is never sent as a cursor."""
    text = drafted({"/users/{id}/notes": get(answer, *parameters)})
    assert told in text
    assert "pagination: none" not in text.partition("  endpoints:")[2]


def test_one_list_with_untold_pages_takes_no_default_from_the_others():
    """Each request then says for itself how it goes on."""
    text = drafted({"/users/{id}/a": get(listed(next_cursor=TEXT), {"name": "cursor"}), "/users/{id}/b": get(listed(), {"name": "cursor"})})
    assert "\npagination:" not in text
    assert "      pagination: {cursor: next_cursor, param: cursor}\n" in text


def test_what_is_no_longer_available_is_not_sent():
    """The document marks it, or says so in words only."""
    gone = {"name": "user_id", "description": "This filter is no longer available."}
    text = drafted({"/notes": get(listed(), gone), "/logs": get(listed(), {"name": "user_id"})})
    assert "get: /logs" in text
    assert "get: /notes" not in text


def test_a_person_is_found_by_address_before_user_name_which_is_captured_beside():
    """What takes the user name is asked with the one that the person's record holds."""
    paths = {f"/people/{{username}}/{name}": get(listed()) for name in ("a", "b", "c", "d", "e", "f", "g", "h")}
    text = drafted({"/people/{username}": get(PERSON), **paths})
    assert "    get: /users\n    params: {email: <EMAIL>}\n" in text
    assert "capture: {LOGIN: username}" in text
    assert "get: /people/<LOGIN>/a" in text


def test_two_keys_are_not_one_secret():
    """The second is asked about, and the one secret of a connection goes into one header."""
    schemes = {name: {"type": "apiKey", "in": "header", "name": name} for name in ("X-App-Key", "X-User-Key")}
    text = drafted({}, components={"securitySchemes": schemes}, security=[{name: [] for name in schemes}])
    assert "  headers: {X-App-Key: <SECRET>}\n" in text
    assert "# TODO headers: X-User-Key may hold a key of its own" in text


def test_a_key_that_only_requests_list_is_the_key():
    """A header that every request sends, and no security scheme of the document speaks of."""
    key = {"name": "Api-Key", "in": "header", "required": True}
    assert "  headers: {Api-Key: <SECRET>}\n" in drafted({"/users/{id}/notes": get(listed(), key)})


def test_sparse_answers_are_asked_about_once():
    """What widens an answer is named with the operations that take it; which fields, the document cannot know."""
    text = drafted({f"/users/{{id}}/{name}": get(listed(), {"name": "opt_fields"}) for name in ("a", "b")})
    assert "# TODO params: answers may be sparse. What is to be named by opt_fields (GET /users/{id}/a and 1 more)?" in text


@pytest.mark.parametrize(
    ("url", "usual", "base", "hosts"),
    [
        ("https://{domain}", "acme.vendor.example", "https://<DOMAIN>", 'hosts: [".vendor.example"]'),
        ("https://{domain}", "", "https://api.example.com", "# TODO base_url: the document names no server"),
        ("https://{domain}", "localhost", "https://api.example.com", "# TODO base_url: the document names no server"),
    ],
)
def test_a_host_that_differs_by_account_is_a_setting_or_a_todo(url, usual, base, hosts):
    """Its usual value tells to which hosts the credential may go; where OAuth's addresses are paths, they lie there too."""
    flows = {"authorizationCode": {"authorizationUrl": "/authorize", "tokenUrl": "/token", "scopes": {}}}
    servers = [{"url": url, "variables": {"domain": {"default": usual}}}]
    text = drafted({}, servers=servers, components={"securitySchemes": {"a": {"type": "oauth2", "flows": flows}}})
    assert f"base_url: {base}\n" in text
    assert hosts in text
    assert f"token_url: {base}/token\n" in text


@pytest.mark.parametrize(
    ("path", "parameter", "asked"),
    [
        ("/users/{id}/notes", {}, "get: /users/<USER_ID>/notes"),
        ("/users/{idOrLogin}/notes", {}, "get: /users/<USER_ID>/notes"),
        ("/schemas/user/{schemaId}", {}, "- GET /schemas/user/{schemaId}: is schemaId the person"),
        ("/types/user/{type_id}", {}, "- GET /types/user/{type_id}: is type_id the person"),
        ("/orders/{owner_id}", {}, "- GET /orders/{owner_id}: is owner_id the person"),
        ("/orders", {"name": "target", "required": True, "description": "The id of the user."}, "- GET /orders: is target the person"),
        ("/orders", {"name": "user_id", "required": True, "deprecated": True}, "- GET /orders: is user_id the person"),
    ],
)
def test_what_takes_a_person_is_asked_or_left_out_with_a_reason(path, parameter, asked):
    """An id that stands behind a person's kind and names something else is not the person's."""
    assert asked in drafted({path: get(listed(), *([parameter] if parameter else []))})


def test_a_chain_ends_two_levels_below_the_person():
    """The notes of the person's tickets are asked for; what hangs below a note may be anybody's, and is left out with that reason."""
    below = {f"/users/{{id}}/tickets{rest}": get(listed()) for rest in ("", "/{ticket_id}/notes", "/{ticket_id}/notes/{note_id}/files")}
    text = drafted({**below, "/notes/{note_id}/files": get(listed())})
    assert "get: /users/<USER_ID>/tickets/<tickets.id>/notes" in text
    assert "- GET /notes/{note_id}/files: it hangs below tickets_notes, two levels below the person" in text
    assert "get: /notes/" not in text


def another(servers: list[dict[str, str]], paths: dict[str, Any]) -> Api:
    """Make a vendor's second document."""
    root = {"openapi": "3.0.0", "info": {"title": "More"}, "servers": servers, "paths": paths}
    return Api(json.dumps(root).encode(), "more.json")


FIRST = another([{"url": "https://api.acme.example/core"}], {"/users": FIND, "/users/{id}/notes": get(listed())})


@pytest.mark.parametrize(
    ("servers", "line", "hosts"),
    [
        ([{"url": "https://api.acme.example/core"}], "/desk/<USER_ID>/tickets", False),
        ([{"url": "https://api.acme.example/desk/v1"}], "https://api.acme.example/desk/v1/desk/<USER_ID>/tickets", False),
        ([{"url": "https://desk.acme.example"}], "https://desk.acme.example/desk/<USER_ID>/tickets", True),
    ],
)
def test_several_documents_make_one_spec(servers, line, hosts):
    """The look-up comes from the one that finds a person, in whichever order they are named; the other's requests have its own address."""
    desk = another(servers, {"/desk/{user_id}/tickets": get(listed()), "/desk/{user_id}/tickets/{ticket_id}/logs": get(listed())})
    for first, *others in ((FIRST, desk), (desk, FIRST)):
        text = compose(first, "acme", "# first", others)
        check(text.encode(), "acme.yaml")
        assert "base_url: https://api.acme.example/core\n" in text
        assert f"get: {line}\n" in text
        assert f"get: {line.replace('/tickets', '/tickets/<desk_tickets.id>/logs')}\n" in text
        assert "get: /users/<USER_ID>/notes\n" in text
        assert ("hosts: [api.acme.example, desk.acme.example]\n" in text) is hosts
        assert [one.message for one in compare(text.encode(), "acme.yaml", (first, *others)) if one.level == "error"] == []
