"""Where an API lives, how one connects to it, which operation a line means: from a document, or told as a TODO."""

from __future__ import annotations

import json

import pytest

from engine.openapi.document.operations import Api, scopes_of
from engine.openapi.document.paths import HOLE, Paths, missed
from engine.openapi.draft.access import address, auth_of, base_of, hosts_of
from engine.openapi.draft.yaml_text import render


def api(**words: object) -> Api:
    return Api(json.dumps({"openapi": "3.0.0", "info": {}, "paths": {}, **words}).encode(), "x.json")


@pytest.mark.parametrize(
    ("url", "base", "hosts", "settings"),
    [
        ("https://api.example.com/v1/", "https://api.example.com/v1", [], {}),
        ("http://api.example.com", "https://api.example.com", [], {}),
        ("//api.example.com/x", "https://api.example.com/x", [], {}),
        ("/v3", "https://api.example.com/v3", [], {}),
        ("https://localhost:80/v1", "https://api.example.com", [], {}),
        (
            "https://{shop}.example.com/{version}",
            "https://<SHOP>.example.com/<ADDRESS_VERSION>",
            [".example.com"],
            {"SHOP", "ADDRESS_VERSION"},
        ),
        ("https://{domain}", "https://api.example.com", [], {}),
        ("https://x.example.com/<X>", "https://api.example.com", [], {}),
        ("https://x.example.com/a?b=c", "https://api.example.com", [], {}),
        ("https://x.example.com/../..", "https://api.example.com", [], {}),
        ("javascript:alert(1)", "https://api.example.com", [], {}),
        ("", "https://api.example.com", [], {}),
    ],
)
def test_a_server_is_an_address_or_a_todo(url, base, hosts, settings):
    """What cannot stand in a spec is never written into it."""
    found = base_of(api(servers=[{"url": url}]))
    assert (found.url, found.hosts, set(found.settings)) == (base, hosts, set(settings))
    assert bool(found.todo) is (base.startswith("https://api.example.com") and not url.startswith(("https://api", "//api")))


def test_hosts_are_what_stands_behind_the_last_value():
    """Nothing where no value stands in the host, or nothing is left of it."""
    assert hosts_of("https://<A>.<B>.example.com/x") == [".example.com"]
    assert hosts_of("https://api.example.com/<A>") == []
    assert hosts_of("https://<A>/x") == []
    assert hosts_of("https://<A>.com/x") == []


@pytest.mark.parametrize(
    ("schemes", "written"),
    [
        ({"a": {"type": "http", "scheme": "Bearer"}}, 'headers: {Authorization: "Bearer <SECRET>"}'),
        ({"a": {"type": "http", "scheme": "basic"}}, 'basic: "<SECRET>:"'),
        ({"a": {"type": "apiKey", "in": "header", "name": "X-Key"}}, "headers: {X-Key: <SECRET>}"),
        ({"a": {"type": "apiKey", "in": "header", "name": "Authorization"}}, "Bearer or another word?"),
        ({"a": {"type": "apiKey", "in": "header", "name": "Cookie"}}, "the document does not say how to connect"),
        ({"a": {"type": "apiKey", "in": "header", "name": "a: b\nc"}}, "the document does not say how to connect"),
        ({"a": {"type": "apiKey", "in": "query", "name": "key"}}, "the document does not say how to connect"),
        ({"a": {"type": "oauth2", "flows": {"implicit": {}}}}, "the document does not say how to connect"),
        ({"a": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://x.example.com/t"}}}}, "grant: client_credentials"),
        ({}, "the document does not say how to connect"),
    ],
)
def test_each_way_to_connect_is_written_or_told(schemes, written):
    """What the language cannot do is a TODO."""
    block, doubts = auth_of(api(components={"securitySchemes": schemes}), "https://api.example.com", [])
    assert written in "\n".join([*render(block), *doubts])


def test_addresses_are_resolved_and_refused():
    """Against the API's own; anything that is no https address of a public host is none."""
    assert address("/oauth/token", "https://api.example.com/v1") == "https://api.example.com/oauth/token"
    assert address("https://<X>.example.com", "https://api.example.com") == ""
    assert address("http://[::1", "https://api.example.com") == ""
    assert address("", "https://api.example.com") == ""
    assert address("/oauth/token", "https://<SHOP>.example.com") == ""


PATHS = {
    "/a/{id}": {"get": {}},
    "/a/me": {"get": {}},
    "/a/{id}.json": {"get": {}, "post": {}},
    "/b/{x}-{y}/c": {"get": {}},
    "/b/{a}{b}{c}{d}{e}": {"get": {}},
    "no slash": {"get": {}},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"/a/{HOLE}", "/a/{id}"),
        ("/a/me", "/a/me"),
        ("/a/7", "/a/{id}"),
        (f"/a/{HOLE}.json", "/a/{id}.json"),
        ("/b/1-2/c", "/b/{x}-{y}/c"),
        ("/b/anything", "/b/{a}{b}{c}{d}{e}"),
        ("/a/", None),
        ("/a/b/c", None),
        ("/" + "a/" * 5000, None),
    ],
)
def test_a_request_line_is_found_among_templates(path, found):
    """What is written out wins over what is filled in; a segment may be filled in partly."""
    operation = Paths(api(paths=PATHS)).find(path, "get")
    assert (operation.path if operation is not None else None) == found


def test_what_is_missed_is_told_with_what_is_near():
    """Another method, another path, another area; of a hundred thousand paths in a moment."""
    paths = Paths(api(paths={**PATHS, **{f"/many/{index}/{{id}}": {"get": {}} for index in range(100_000)}}))
    assert missed(paths, "/a/me", "put").hint == "it has GET"
    assert missed(paths, f"/a/{HOLE}.jsn", "post").surely
    assert missed(paths, "/many/5000/x/y/z/a", "get").hint is None
    assert not missed(paths, "/elsewhere/x", "get").surely


def test_scopes_are_read_where_a_document_has_them():
    """In `security`, in a member of its own, else in the description."""
    schemes = {"securitySchemes": {"o": {"type": "oauth2", "flows": {}}, "k": {"type": "apiKey"}}}
    items = {
        "/a": {"get": {"security": [{"o": ["x:read", "y:read"]}, {"o": ["z"]}, {"k": []}]}},
        "/b": {"get": {"x-oauth-scopes": [{"scheme": "o", "scopes": ["one two", "bad scope\n"]}]}},
        "/c": {"get": {"description": "Lists.\n\n**Scopes:** `c:read`, `c:write`\n`not.this`"}},
        "/d": {"get": {"description": "Nothing"}},
    }
    read = {path: scopes_of(operation) for path in items if (operation := api(paths=items, components=schemes).operation(path, "get"))}
    assert [sorted(one) for one in read["/a"].entries] == [["x:read", "y:read"], ["z"]]
    assert (read["/a"].sure, read["/c"].sure) == (True, False)
    assert {scope for one in read["/b"].entries for scope in one} == {"one", "two", "bad", "scope"}
    assert [sorted(one) for one in read["/c"].entries] == [["c:read"], ["c:write"]]
    assert read["/d"].entries == ()
