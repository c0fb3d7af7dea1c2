"""Which request the granted scopes allow, and what each missing one loses."""

from __future__ import annotations

import textwrap

import pytest

from engine.core.scopes import allowed, alternatives, matrix, named_scopes, needed_scopes, scope_hint
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
    assert {one.held for one in found.lines if one.name != "verify"} == {"yes"}


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
    assert len(found.lacking) == len(ZOOM.endpoints) + 1


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
