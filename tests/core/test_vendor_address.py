"""Where redirects and links lead, and whose value stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engine.core.chain import Chain
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.identity import FORM
from engine.core.request import Request, opening
from engine.core.response import Page, Refusal
from engine.core.vendor_address import (
    MOST_REDIRECTS,
    NO_ADDRESS,
    TOO_MANY,
    file_standing,
    is_link,
    own_values,
    proven,
    redirected,
    standing,
)
from engine.replaced import replace
from tests.core.specs import HEAD, endpoint, vendor

BASE = "https://api.acme.example/v1"
PERSONAL = frozenset({"EMAIL", "USERNAME", "PHONE", "USER_ID", "NUMBER"})
ROW = (
    ("EMAIL", "a@x.io"),
    ("USERNAME", "octocat"),
    ("PHONE", "+15550100200"),
    ("USER_ID", "u 1"),
    ("NUMBER", "583231"),
    ("KIND", "a"),
)
CASES = yaml.safe_load((Path(__file__).parent / "data" / "addresses.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['words'].splitlines()[-1]} {case['to']}")
def test_another_persons_value_is_told_from_one_that_is_gone(case):
    """Compared in its segment or parameter, as the identifier is; our own value anywhere else is the same person."""
    to = f"/notes?of={FORM['md5']('a@x.io')}" if case["to"] == "MD5" else case["to"]
    url = to if to.startswith("https:") else BASE + to
    assert standing(Chain(endpoint(case["words"]), ROW), url, PERSONAL) == case["then"]


def test_a_record_of_the_parent_is_not_exchanged_for_another():
    """Its value is nobody's identifier, and its own all the same."""
    spec = vendor("orders: {get: /orders, records: items}\nit: {get: /orders/<orders.id>/lines, records: items}\n")
    chain = Chain(spec.endpoints["it"], (("orders.id", "5"),))
    assert [standing(chain, f"{BASE}/orders/{number}/lines", frozenset()) for number in (5, 6)] == ["same", "other"]


@pytest.mark.parametrize(("usernames", "then"), [("exact", "other"), ("ignore_case", "same")])
def test_a_username_is_compared_as_the_vendor_does(usernames, then):
    """Where the vendor's names are the same case aside, so are they in its addresses, of requests and of files."""
    asked = replace(endpoint("get: /users/<USERNAME>/repos"), usernames=usernames)
    assert standing(Chain(asked, ROW), f"{BASE}/users/Octocat/repos", PERSONAL) == then
    own = own_values([ROW], PERSONAL)
    assert file_standing(own, usernames, f"{BASE}/users/octocat/f", f"{BASE}/users/Octocat/f") == then


@pytest.mark.parametrize(
    ("first", "to", "then"),
    [
        ("/users/u%201/files/9", "/users/u%201/blobs/9", "same"),
        ("/users/u%201/files/9", "/users/u%202/files/9", "other"),
        ("/users/u%201/files/9", "/accounts/583231/files/9", "same"),
        ("/users/u%201/files/9", "/blobs/9", "gone"),
        ("/files/9?of=a%40x.io", "/files/9?of=A%40X.io", "same"),
        ("/files/9?of=a%40x.io", "/files/9?of=b%40x.io", "other"),
        ("/orders/5/files/9", "/orders/6/files/9", "other"),
        ("/orders/5/files/9", "/blobs/9?of=6", "same"),
        ("/files/9", "/users/u%202/files/9", "same"),
        ("/users/u%203/files/9", "/users/u%204/files/9", "same"),
    ],
)
def test_a_file_is_not_exchanged_for_another_persons(first, to, then):
    """A place is known by the own value that stands in it; an address without one says nothing of any person."""
    rows = [(*ROW, ("orders.id", "5")), (*ROW, ("orders.id", "6"))]
    assert file_standing(own_values(rows, PERSONAL), "exact", BASE + first, BASE + to) == then


def test_a_request_that_cannot_be_built_proves_nothing():
    """A value is missing."""
    assert standing(Chain(endpoint("get: /p/<USER_ID>"), ()), f"{BASE}/p/1", PERSONAL) == "gone"


@pytest.mark.parametrize(
    ("words", "yes", "empty"),
    [
        ("get: /p/<USER_ID>\nrecords: items\nmatch: {of: <USER_ID>}", True, False),
        ("get: /p/<USER_ID>\nrecords: items\necho: {of: <EMAIL>}", True, True),
        ('get: /p/<USER_ID>\nrecords: items\necho: {"items[].of": <EMAIL>}', True, False),
        ("get: /p/<USER_ID>\nfor: {KIND: [a]}\nrecords: items\necho: {of: <KIND>}", False, False),
        ("get: /p/<USER_ID>", False, False),
    ],
)
def test_match_and_echo_prove_whose_an_answer_is(words, yes, empty):
    """Where they compare a value of the person, not of the spec; and of nothing only where it repeats what was asked."""
    asked = opening(Chain(endpoint(words), ROW))
    assert proven(asked, PERSONAL) is yes
    told = [proven(asked, PERSONAL, reading) for reading in (Page((b"{}",), 1), Page((), 1), Refusal("absent", "HTTP 404"))]
    assert told == [yes, empty, False]


def test_an_echo_of_the_parents_record_proves_it():
    """Its id was asked for, and is repeated."""
    spec = vendor("orders: {get: /o, records: items}\nit: {get: /o/<orders.id>, records: items, echo: {of: <orders.id>}}\n", HEAD)
    assert proven(opening(Chain(spec.endpoints["it"], (("orders.id", "5"),))), PERSONAL, Page((), 0))


def test_only_a_later_page_by_link_has_the_vendors_address():
    """Every other address is written by ourselves."""
    first = opening(Chain(endpoint("get: /p/<USER_ID>\nrecords: items\npagination: {link: next}"), ROW))
    other = opening(Chain(endpoint("get: /p/<USER_ID>\nrecords: items\npagination: {offset: o}"), ROW))
    assert [is_link(Request(one.chain, one.http, page)) for one in (first, other) for page in (1, 2)] == [False, True, False, False]


@pytest.mark.parametrize(
    ("answer", "hops", "expected"),
    [
        (Response(301, {"location": "/v1/b"}, b""), 0, f"{BASE}/b"),
        (Response(308, {"location": "https://b.example/"}, b""), 4, "https://b.example/"),
        (Response(302, {"location": "/v1/b"}, b""), MOST_REDIRECTS, TOO_MANY),
        (Response(302, {"location": "https://[x"}, b""), 0, NO_ADDRESS),
        (Response(302, {}, b""), 0, None),
        (Response(304, {"location": "/v1/b"}, b""), 0, None),
        (Response(200, {"location": "/v1/b"}, b""), 0, None),
        (NoAnswer("reset", "x"), 0, None),
    ],
)
def test_a_redirect_is_a_further_request(answer, hops, expected):
    """Of a GET only, at most five, to an address."""
    found = redirected(HttpRequest("GET", f"{BASE}/a", (("X", "y"),)), answer, hops)
    if isinstance(expected, str):
        assert found == HttpRequest("GET", expected, (("X", "y"),))
    else:
        assert found is expected
    assert redirected(HttpRequest("POST", f"{BASE}/a"), answer, hops) is None
