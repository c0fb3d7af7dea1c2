"""What is known of the account: what the connection brings, what is discovered, in which order, and what follows where it is not."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.core.account import Account, captured, needed, own_row, spared
from engine.core.ledger import ChainEnd, Entry, Outcome, Tally
from engine.replaced import replace
from tests.core.specs import HEAD, vendor

WITH = HEAD.replace(
    "verify:",
    """settings: {ORG: o, DC: d}
discover:
  site: {get: https://api.acme.example/site, capture: {DC: dc}}
  props: {for: {KIND: [a, b]}, get: /props/<KIND>, params: {dc: <DC>}, capture: {PROPS: "items[].name"}}
  lists: {get: /lists/<DC>, records: items}
  parts: {get: /lists/<lists.id>/parts, records: items}
verify:""",
)
ENDPOINTS = """
one: {for: {KIND: [a, b]}, post: /x/<KIND>/<ORG>, body: {p: <PROPS>, u: <USER_ID>}}
two: {get: /l/<lists.id>/<USER_ID>, records: items}
plain: {get: /p/<USER_ID>}
"""
SPEC = vendor(ENDPOINTS, WITH)


def test_what_is_needed_is_asked_for_in_the_order_in_which_it_is_needed():
    """And nothing else is: an endpoint that is left out costs no request."""
    assert needed(SPEC, [SPEC.endpoints["plain"]]) == ()
    assert needed(SPEC, [SPEC.endpoints["one"]]) == ("site", "props")
    assert needed(SPEC, SPEC.endpoints.values()) == ("site", "props", "lists")
    assert needed(SPEC, [SPEC.discover["parts"]]) == ("site", "lists")


def test_what_the_connection_brings_is_not_asked_for():
    """A setting spares the request that would find it, unless its records are asked about."""
    assert spared(SPEC, "site", (("DC", "us1"),))
    assert not spared(SPEC, "site", (("ORG", "o"),))
    assert not spared(SPEC, "lists", (("DC", "us1"),))
    two = vendor("it: {get: /x/<DC>/<site.id>}\n", WITH.replace("{DC: dc}", "{DC: dc, ZONE: zone}").replace("ORG: o", "ZONE: z"))
    assert not spared(two, "site", (("DC", "us1"), ("ZONE", "z")))
    two = vendor("it: {get: /x/<DC>/<ZONE>}\n", WITH.replace("{DC: dc}", "{DC: dc, ZONE: zone}").replace("ORG: o", "ZONE: z"))
    assert not spared(two, "site", (("DC", "us1"),))
    assert spared(two, "site", (("DC", "us1"), ("ZONE", "z")))


def test_a_row_gets_what_was_discovered_for_its_own_values():
    """Each KIND its own list; a value of another KIND that came down from a parent is replaced."""
    account, one = Account(SPEC, (("ORG", "o"),)), SPEC.endpoints["one"]
    for kind, names in (("a", b'{"items":[{"name":"x"},{"name":"y"}]}'), ("b", b'{"items":[{"name":"z"}]}')):
        assert account.learn(SPEC.discover["props"], (("KIND", kind),), [names]) is None
    found = dict(account.complete(one, (("KIND", "a"), ("USER_ID", "u"))))
    assert found == {"ORG": "o", "KIND": "a", "USER_ID": "u", "PROPS": '["x","y"]'}
    assert dict(account.complete(one, (*found.items(), ("KIND", "b"))))["PROPS"] == '["z"]'
    assert account.names == {"DC", "PROPS"}
    assert account.rows_of("PROPS") == {"KIND"}


def test_what_could_not_be_discovered_ends_what_needs_it():
    """With its own outcome and reason: an object that does not exist is unlicensed, an answer without the value failed."""
    account, one = Account(SPEC, (("ORG", "o"),)), SPEC.endpoints["one"]
    account.ends["props", (("KIND", "a"),)] = ChainEnd(Outcome.UNLICENSED, "HTTP 404")
    assert account.complete(one, (("KIND", "a"),)) == ChainEnd(Outcome.UNLICENSED, "`props` was not found out: HTTP 404")
    assert account.complete(one, (("KIND", "b"),)) == ChainEnd(Outcome.FAILED, "`props` was not found out")
    account.ends["props", (("KIND", "b"),)] = ChainEnd(Outcome.DENIED, "HTTP 403", helpless=True)
    assert account.complete(one, (("KIND", "b"),)) == ChainEnd(Outcome.DENIED, "`props` was not found out: HTTP 403", helpless=True)
    used_up = ChainEnd(Outcome.FAILED, "used up", again_at=datetime(2026, 11, 25, tzinfo=UTC))
    account.ends["props", (("KIND", "b"),)] = used_up
    assert account.complete(one, (("KIND", "b"),)) == replace(used_up, reason="`props` was not found out: used up")
    account.ends["props", (("KIND", "b"),)] = ChainEnd(Outcome.COMPLETE)
    assert account.complete(one, (("KIND", "b"),)) == ChainEnd(Outcome.FAILED, "`props` was not found out")


def test_an_answer_without_the_value_or_with_several_is_none():
    """A guess would send the run to another account."""
    account, site = Account(SPEC), SPEC.discover["site"]
    assert account.learn(site, (), [b"{}"]) == ChainEnd(Outcome.FAILED, "its answer holds no usable value for <DC>")
    assert account.learn(site, (), [b'{"dc":"a"}', b'{"dc":"b"}']) == ChainEnd(Outcome.FAILED, "its answer holds several values for <DC>")
    twice = "its answer holds a member twice, so that it cannot be read in one way"
    assert account.learn(site, (), [b'{"dc":"a","dc":"b"}']) == ChainEnd(Outcome.FAILED, twice)
    assert account.learn(site, (), [b'{"dc":"a"}', b'{"dc":"a"}']) is None


def test_a_captured_value_is_a_text_or_its_json():
    """Nothing, false, a map and an empty list are no values."""
    assert [captured(one) for one in ("a", "", None, {}, {"a": 1}, [])] == ["a", None, None, None, None, None]
    assert [captured(one) for one in ("null", " Undefined", "*", " ", "nullable", "a b")] == [None, None, None, None, "nullable", "a b"]
    assert captured(False) is None
    assert (captured(12), captured(True), captured(["a", 1])) == ("12", "true", '["a",1]')
    assert own_row(SPEC.discover["props"], {"KIND": "a", "X": "y"}) == (("KIND", "a"),)


def test_a_person_goes_with_the_records_they_were_found_with():
    """A record's field that both rows hold is the same one; then their kinds are, and what was discovered for them may differ."""
    account, fields = Account(SPEC), SPEC.endpoints["two"].parents()
    account.rows[fields] = [(("KIND", kind), ("lists.id", one), ("PROPS", "p")) for kind, one in (("a", "1"), ("b", "1"), ("a", "2"))]
    account.entries["lists"] = Entry("lists", Outcome.COMPLETE, None, Tally(records=5))
    assert account.lacking(fields) == 2

    def given(*person: tuple[str, str]) -> list[tuple[str, str]]:
        return [(dict(row)["KIND"], dict(row)["lists.id"]) for row in account.rows_for(fields, person)]

    assert given(("USER_ID", "u")) == [("a", "1"), ("b", "1"), ("a", "2")]
    assert given(("USER_ID", "u"), ("KIND", "c")) == [("a", "1"), ("b", "1"), ("a", "2")]
    assert given(("lists.id", "1")) == [("a", "1"), ("b", "1")]
    assert given(("lists.id", "1"), ("KIND", "b"), ("PROPS", "q")) == [("b", "1")]
    assert given(("lists.id", "3")) == []
    assert account.rows_for((), (("USER_ID", "u"),)) == []
