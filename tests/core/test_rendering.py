"""Every value stays in its place: path, host, origin, query, header, body, and inside a query language's quotes."""

from __future__ import annotations

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chain import Chain, Unresolved
from engine.core.pagination import Next, follow
from engine.core.request import described, opening
from engine.core.response import Page
from engine.language.expressions.lossless_json import Json
from engine.language.expressions.quoting import Unsafe, written
from tests.core.specs import HEAD, ROW, endpoint, first, vendor

ORIGIN = HEAD.replace("https://api.acme.example/v1", "<INSTANCE>/v1").replace(
    "https://acme.example/t}", "https://acme.example/t, capture: {INSTANCE: url}}"
)
SHOP = (
    HEAD.replace("https://api.acme.example/v1", "https://<SHOP>.acme.example/v1")
    .replace("[api.", "[.")
    .replace("auth:", "settings: {SHOP: s}\nauth:")
)
HOST = SHOP.replace("<SHOP>.acme.example", "<SHOP>")


def asked(head: str, value: str) -> str:
    """Give the address of a request whose base address holds one value."""
    it = vendor("it: {get: /p/<USER_ID>}\n", head).endpoints["it"]
    return opening(Chain(it, (*ROW, ("SHOP", value), ("INSTANCE", value)))).http.url


@pytest.mark.parametrize(
    ("head", "value", "url"),
    [
        (ORIGIN, "https://eu1.acme.example", "https://eu1.acme.example/v1/p/u%201"),
        (ORIGIN, "https://eu1.acme.example/", "https://eu1.acme.example/v1/p/u%201"),
        (SHOP, "my-shop", "https://my-shop.acme.example/v1/p/u%201"),
        (SHOP, "My-Shop", "https://my-shop.acme.example/v1/p/u%201"),
        (HOST, "eu.acme.example", "https://eu.acme.example/v1/p/u%201"),
    ],
)
def test_an_address_may_hold_its_origin_its_host_or_a_part_of_the_host(head, value, url):
    """What a setting or the token answer gives stands where the spec puts it."""
    assert asked(head, value) == url


@pytest.mark.parametrize("head", [ORIGIN, SHOP, HOST], ids=["origin", "label", "host"])
@pytest.mark.parametrize(
    "value",
    [
        "evil.example/",
        "evil.example#",
        "a/b",
        "x@evil.example",
        "http://a.example",
        "https://a.example/p",
        "https://u@a.example",
        ".",
        "-a",
        "ａ",
        "a b",
        "https://",
    ],
)
def test_no_value_leaves_the_host(head, value):
    """An address, a path, a user or a fragment in the place of a host is refused, and the message does not repeat it."""
    with pytest.raises(Unresolved) as caught:
        asked(head, value)
    assert value not in str(caught.value) or len(value) < 3


def test_a_dotted_host_is_no_label():
    """`a.b` would be a host below another one."""
    with pytest.raises(Unresolved, match="part of a host"):
        asked(SHOP, "a.b")


def test_a_record_s_address_is_asked_as_it_stands_and_keeps_its_query():
    """The vendor's own address is no text that is encoded again; parameters of the spec come behind its own."""
    spec = vendor("list: {get: /l/<USER_ID>, records: items}\nit: {get: <list.url>, params: {x: '1'}, match: {u: <USER_ID>}}\n")
    row = (*ROW, ("list.url", "https://api.acme.example/v1/c%20d?page=2"))
    assert opening(Chain(spec.endpoints["it"], row)).http.url == "https://api.acme.example/v1/c%20d?page=2&x=1"
    for wrong in (
        "http://api.acme.example/",
        "/v1/c",
        "https://api.acme.example/ x",
        "https://api.acme.example/#x",
        "javascript:x",
        "https://" + "a" * 70000,
    ):
        with pytest.raises(Unresolved, match="no https address"):
            opening(Chain(spec.endpoints["it"], (*ROW, ("list.url", wrong))))


SEARCH = """
post: /search/<USER_ID>
body:
  filters: [{name: email, value: <EMAIL>, list: <LIST>, count: 3, share: 1.50, on: true, off: null, text: "3", id: <NUMBER>}]
  text: who is <EMAIL>?
  page: {size: 1}
records: results
pagination: {cursor: next, param: page.after, size: {page.limit: 50}}
quotes: refuse
"""
WITH = HEAD.replace("verify:", "discover: {d: {get: /d, capture: {LIST: names, NUMBER: n}}}\nverify:")


def search(row: tuple[tuple[str, str], ...] = ROW):
    """Give the opening request of the search."""
    words = textwrap.indent(SEARCH, "  ").replace("who is <EMAIL>?", "who is <EMAIL>")
    it = vendor("it:\n" + words, WITH).endpoints["it"]
    return opening(Chain(it, (*row, ("LIST", Json('["a","b"]')), ("NUMBER", Json("12345678901234567890")))))


def test_a_body_keeps_the_types_of_the_spec_and_of_the_vendor():
    """A plain scalar is what YAML 1.2 says, a quoted one a text; a value that is the whole text keeps its JSON type."""
    request = search()
    assert (request.http.method, request.http.headers) == ("POST", (("Content-Type", "application/json"),))
    assert request.http.body == (
        b'{"filters":[{"name":"email","value":"a@x.io","list":["a","b"],"count":3,"share":1.50,"on":true,"off":null,"text":"3",'
        b'"id":12345678901234567890}],"text":"who is a@x.io","page":{"size":1,"limit":50}}'
    )
    assert described(request, {}) == "POST /search/<USER_ID>"


def test_the_next_page_of_a_search_is_asked_for_in_its_body():
    """The cursor keeps its type and goes to its place; everything else stays."""
    request = search()
    for cursor, text in (("abc", '"abc"'), (7, "7")):
        following = follow(request, Page([b"{}"], 1, cursor=cursor), frozenset())
        assert isinstance(following, Next)
        assert following.request.http.url == request.http.url
        assert f'"limit":50,"after":{text}}}' in (following.request.http.body or b"").decode()


def test_page_numbers_and_offsets_have_a_place_in_a_body_too():
    """They are numbers there."""
    words = "post: /s\nbody: {q: <USER_ID>}\nrecords: items\npagination: "
    assert json.loads(first(words + "{page: {page: 1}, size: {n: 2}}").http.body) == {"q": "u 1", "page": 1, "n": 2}
    following = follow(first(words + "{offset: skip}"), Page([b"{}"] * 3, 3), frozenset())
    assert isinstance(following, Next)
    assert json.loads(following.request.http.body) == {"q": "u 1", "skip": 3}


def test_a_post_without_a_body_sends_none():
    """And says nothing of its type."""
    request = first("post: /s/<USER_ID>")
    assert (request.http.body, request.http.headers) == (None, ())


def test_a_list_stands_in_a_body_only():
    """In a path, a query or a longer text it would be a guess how it is written."""
    it = vendor("it: {get: /p/<USER_ID>, params: {x: <LIST>}}\n", WITH).endpoints["it"]
    with pytest.raises(Unresolved, match="is a list"):
        opening(Chain(it, (*ROW, ("LIST", Json('["a"]')))))
    bare = vendor("it:\n  get: /p/<USER_ID>\n  params:\n    q: names <LIST>\n", WITH).endpoints["it"]
    with pytest.raises(Unresolved, match="could end its place"):
        opening(Chain(bare, (*ROW, ("LIST", Json('["a"]')))))
    assert opening(Chain(bare, (*ROW, ("LIST", "Id,Owner.Name")))).http.url.endswith("q=names%20Id%2COwner.Name")


def test_a_time_in_a_longer_text_is_written_as_it_is():
    """What the engine makes itself needs no guard."""
    words = "get: /p/<USER_ID>\nparams:\n  q: created:<FROM>..<TO.date> by <USER_ID>\nwindow: {step: 28d, since: 1mo}"
    from tests.core.test_request import WINDOW

    made = opening(Chain(endpoint(words), (("USER_ID", "u1"),), WINDOW))
    assert made.http.url.endswith("q=created%3A2026-01-01T00%3A00%3A00Z..2026-01-29%20by%20u1")


@pytest.mark.parametrize("value", ["a b", "x' OR 'y", "(a)", "a:b", "a,b", "", "a*", "ä"])
def test_what_is_no_word_does_not_stand_bare_in_a_query(value):
    """A blank, an operator or a quote could end the value's place."""
    with pytest.raises(Unresolved):
        opening(Chain(endpoint("get: /s\nparams:\n  q: from:<USER_ID> sort:new"), (("USER_ID", value),)))


def read_backslash(text: str) -> tuple[str, str]:
    """Read what stands between quotes as a dialect with backslashes does; gives it and what follows."""
    quote, value, index = text[0], "", 1
    while text[index] != quote:
        index += text[index] == "\\"
        value += text[index]
        index += 1
    return value, text[index + 1 :]


def read_double(text: str) -> tuple[str, str]:
    """Read it as a dialect that doubles its quotes does."""
    quote, value, index = text[0], "", 1
    while text[index] != quote or text[index : index + 2] == quote * 2:
        index += text[index] == quote
        value += text[index]
        index += 1
    return value, text[index + 1 :]


def read_refuse(text: str) -> tuple[str, str]:
    """Read it as a dialect that knows no escape does."""
    value, _, rest = text[1:].partition(text[0])
    return value, rest


READERS = {"backslash": read_backslash, "double": read_double, "refuse": read_refuse}
ODD = st.text(st.sampled_from("'\"\\ab\n\t %)(\x85\u2028é"), max_size=12) | st.text(max_size=12)


@given(ODD, st.sampled_from("'\""), st.sampled_from(sorted(READERS)))
def test_no_value_leaves_its_quotes(value, quote, quotes):
    """Whatever it holds, a reader of the dialect gets it back whole, or it is refused."""
    try:
        text = written(value, quote, quotes)
    except Unsafe as error:
        assert len(value) < 3 or value not in str(error)
        return
    assert READERS[quotes](f"{quote}{text}{quote} AND more") == (value, " AND more")


@pytest.mark.parametrize("value", ["a\x00", "a\nb", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize("quotes", ["backslash", "double", None])
def test_a_control_character_is_in_no_query(value, quotes):
    """Whatever a dialect may escape, nobody knows what it makes of these."""
    with pytest.raises(Unsafe, match="holds a control character"):
        written(value, "'", quotes)


def test_a_quote_is_doubled_where_the_dialect_says_so():
    """And a backslash is a letter like any other there."""
    assert written("O'Brien\\", "'", "double") == "O''Brien\\"


def test_a_value_between_quotes_is_written_as_the_spec_says():
    """In the query of a request."""
    words = "get: /q\nquotes: backslash\nparams:\n  q: SELECT a FROM b WHERE c = '<USER_ID>' AND d = <EMAIL>"
    made = opening(Chain(endpoint(words), (("USER_ID", "O'Brien\\"), ("EMAIL", "a@x.io"))))
    assert made.http.url.endswith("c%20%3D%20%27O%5C%27Brien%5C%5C%27%20AND%20d%20%3D%20a%40x.io")
