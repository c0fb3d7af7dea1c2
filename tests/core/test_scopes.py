"""Which request the granted scopes allow, and what each missing one loses."""

from __future__ import annotations

import textwrap

import pytest

from engine.core.ledger import ChainEnd, Outcome
from engine.core.scopes import allowed, alternatives, matrix, named_scopes, needed_scopes, scope_hint, told_by_refusals, unallowed
from engine.language.load import load
from tests.core.specs import HEAD, vendor
from tests.whole.runs import ZOOM

GRANULAR = frozenset(ZOOM.families["granular"])
CLASSIC = frozenset(ZOOM.families["classic"])


def test_the_granular_page_of_zoom_lacks_only_what_verify_needs():
    """The scope of `verify` is named, and nothing that a run would lose."""
    found = matrix(ZOOM, GRANULAR)
    assert (found.known, found.family) == (True, "granular")
    assert found.lacking == ()
    assert found.missing == {"user:read:list_users:admin": ("verify",)}
    assert found.unneeded == ("group:read:group:admin",)
    assert {one.held for one in found.lines if one.name != "verify" and not one.optional} == {"yes"}
    assert [one.name for one in found.lines if one.optional and one.held == "no"] == ["past_meetings", "phone_sms_sessions", "phone_sms"]


def test_each_missing_scope_names_what_it_loses():
    """In the words of the family that the connection has."""
    found = matrix(ZOOM, GRANULAR - {"phone:read:list_voicemails:admin"})
    assert found.missing["phone:read:list_voicemails:admin"] == ("phone_voicemails", "phone_voicemails_trash")
    assert [one.name for one in found.lacking] == ["phone_voicemails", "phone_voicemails_trash"]
    classic = matrix(ZOOM, CLASSIC - {"phone:read:admin"})
    assert classic.family == "classic"
    assert set(classic.missing) == {"phone:read:admin"}
    assert classic.unneeded == ("group:read:admin", "imgroup:read:admin")


def test_what_to_ask_for_is_the_first_alternative_of_each_request():
    """Each scope once, in the spec's order; every alternative is named."""
    acme = vendor("a: {get: /a, granted_by: [x y, z]}\nb: {get: /b, granted_by: [y]}\nc: {get: /c}\n")
    assert needed_scopes(acme) == ("x", "y")
    assert named_scopes(acme) == {"x", "y", "z"}


def test_an_answer_without_scopes_proves_nothing():
    """Then every request is unknown, but what the vendor itself just refused is not."""
    found = matrix(ZOOM, None)
    assert (found.known, found.family, found.missing) == (False, None, {})
    assert {one.held for one in found.lines} == {"unknown"}
    refused = matrix(ZOOM, None, frozenset({"verify"}))
    assert refused.missing == {"user:read:list_users:admin": ("verify",)}


def test_a_refusal_counts_more_than_the_token_answer():
    """A scope that was listed and yet refused is no scope to add."""
    everything = GRANULAR | {"user:read:list_users:admin"}
    found = matrix(ZOOM, everything, frozenset({"verify"}))
    assert next(one.held for one in found.lines if one.name == "verify") == "no"
    assert found.missing == {}


def test_scopes_of_no_family_belong_to_none():
    """Nothing is guessed: every request lacks its first alternative."""
    found = matrix(ZOOM, frozenset({"something:else"}))
    assert found.family is None
    assert found.unneeded == ("something:else",)
    assert len(found.lacking) == len(ZOOM.endpoints) - len(found.further) + 1


def test_two_scopes_in_one_entry_are_both_needed():
    """An entry is granted whole or not at all; a request without scopes needs none."""
    acme = vendor("a: {get: /a, granted_by: [x y, z]}\nb: {get: /b}\n")
    assert acme.families == {}
    found = matrix(acme, frozenset({"x"}))
    assert found.missing == {"y": ("a",)}
    assert {one.name: one.held for one in found.lines} == {"verify": "none needed", "lookup": "none needed", "a": "no", "b": "none needed"}
    assert allowed(acme.endpoints["a"].granted_by, frozenset({"z"}))
    assert not allowed(acme.endpoints["a"].granted_by, frozenset({"y"}))


def test_a_vendor_with_a_key_has_no_scopes():
    """Headers and basic are ways to connect too, and `<SECRET>` stands in them."""
    for way in ("{headers: {X-Key: <SECRET>}}", '{basic: "anystring:<SECRET>"}'):
        text = HEAD.replace("{oauth2: {authorization_url: https://acme.example/a, token_url: https://acme.example/t}}", way)
        acme = load((text + textwrap.indent("a: {get: /a}\n", "    ")).encode(), "acme.yaml")
        assert acme.families == {}
        assert matrix(acme, None).lacking == ()


@pytest.mark.parametrize(
    ("entries", "text", "hint"),
    [
        ((), "", ""),
        (({"a"},), "a", "; it needs the scope a"),
        (({"b", "a"}, {"c"}), "a and b or c", "; it needs the scope a and b or c"),
    ],
)
def test_the_scopes_that_would_help_are_written_in_one_way(entries, text, hint):
    """Any entry is enough; the scopes of one entry are needed together, and stand in alphabetical order."""
    assert alternatives(map(frozenset, entries)) == text
    assert scope_hint(map(frozenset, entries)) == hint


OPTIONAL = "a: {get: /a, granted_by: [x y, z], optional: true}\nb: {get: /b, granted_by: [y]}\nc: {get: /c}\n"


def test_what_is_optional_is_neither_asked_for_nor_missing():
    """It is told apart, with what it would add, until its scope is granted."""
    acme = vendor(OPTIONAL)
    assert needed_scopes(acme) == ("y",)
    for granted, further in [(None, {"x and y or z": ("a",)}), ({"y"}, {"x and y or z": ("a",)}), ({"y", "z"}, {})]:
        found = matrix(acme, granted if granted is None else frozenset(granted))
        assert (found.lacking, dict(found.missing), dict(found.further)) == ((), {}, further)


@pytest.mark.parametrize(
    ("name", "granted", "then"),
    [
        ("a", None, None),
        ("a", {"z"}, None),
        ("a", {"y"}, (Outcome.EXCLUDED, "optional: needs x and y or z")),
        ("b", {"x"}, (Outcome.DENIED, "the connection lacks the scope y")),
        ("c", set(), None),
    ],
)
def test_what_the_connection_is_known_to_lack_is_not_asked(name, granted, then):
    """An optional endpoint is left out, any other is denied; a vendor that does not say what it granted is asked."""
    assert unallowed(vendor(OPTIONAL).endpoints[name], granted if granted is None else frozenset(granted)) == then


@pytest.mark.parametrize(
    ("name", "granted", "outcomes", "told"),
    [
        ("a", None, "denied denied", True),
        ("a", {"y"}, "denied", True),
        ("a", {"z"}, "denied", False),
        ("a", None, "denied empty", False),
        ("a", None, "denied failed", False),
        ("a", None, "", False),
        ("b", None, "denied", False),
        ("a", None, "denied unmended", False),
    ],
)
def test_refusals_alone_show_that_an_optional_scope_is_missing(name, granted, outcomes, told):
    """All of them, none in spite of the scope, none that no scope mends: else what is missing would pass for what was left out."""
    why = "the vendor denies it (HTTP 403); it needs the scope x and y or z"
    ends = [
        ChainEnd(Outcome.DENIED, "the vendor denies it (HTTP 403)", helpless=True) if one == "unmended" else ChainEnd(Outcome(one), why)
        for one in outcomes.split()
    ]
    reason = told_by_refusals(vendor(OPTIONAL).endpoints[name], granted if granted is None else frozenset(granted), ends)
    assert reason == ("optional: needs x and y or z; the vendor denies it (HTTP 403)" if told else None)
