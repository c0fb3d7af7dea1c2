"""Usernames are compared as the spec says that the vendor does, phone numbers as numbers."""

from __future__ import annotations

import pytest

from engine.core.chain import Chain
from engine.core.http import Response
from engine.core.identity import same_username
from engine.core.response import Page, Unusable, read
from tests.core.specs import HEAD, vendor

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
BY_NAME = HEAD.replace(LOOKUP, "lookup: {get: /people/<USERNAME>, match: login, capture: {USER_ID: id}}")
WORDS = "it: {get: /p/<USER_ID>, echo: {login: <USERNAME>}}\nthat: {get: /q/<USER_ID>, records: items, match: {of: <USER_ID>}}\n"


@pytest.mark.parametrize(
    ("word", "answered", "same"),
    [
        ("", "octocat", True),
        ("", "Octocat", False),
        ("usernames: exact\n", "Octocat", False),
        ("usernames: ignore_case\n", "Octocat", True),
        ("usernames: ignore_case\n", "octocat2", False),
        ("usernames: ignore_case\n", "octo\u212aat", False),
    ],
)
def test_a_username_is_the_same_as_the_vendor_compares(word, answered, same):
    """In the look-up's `match` and in an endpoint's `echo`; a captured value stays to the letter."""
    spec = vendor(WORDS, BY_NAME.replace("refusals:", f"{word}refusals:"))
    row = (("USERNAME", "octocat"), ("USER_ID", "u1"))
    answer = Response(200, {}, f'{{"id": "u1", "login": "{answered}"}}'.encode())
    page = read(Chain(spec.lookups[0], row), answer)
    assert isinstance(page, Page)
    assert len(page.records) == same
    assert isinstance(read(Chain(spec.endpoints["it"], row), answer), Page if same else Unusable)
    listed = read(Chain(spec.endpoints["that"], row), Response(200, {}, b'{"items": [{"of": "U1"}, {"of": "u1"}]}'))
    assert isinstance(listed, Page)
    assert len(listed.records) == 1


def test_a_character_outside_ascii_never_becomes_one_of_ascii():
    """The Kelvin sign is no k: it would be another person's name."""
    assert not same_username("\u212aim", "kim")
    assert same_username("KIM", "kim")


@pytest.mark.parametrize(
    ("phones", "told"),
    [
        ('["555 010 0200", "+1 555 010 0200"]', 1),
        ('["+1 555 010 0201"]', 0),
        ('"555 010 0200"', None),
        ('["555 010 0200", "+1 555 010 0201"]', None),
    ],
)
def test_a_phone_number_without_a_country_cannot_be_checked(phones, told):
    """One that is equal is enough; else the answer says neither that it is the person nor that it is another."""
    spec = vendor("it: {get: /p/<USER_ID>}\n", HEAD.replace(LOOKUP, "lookup: {get: /p/<PHONE>, match: phone, capture: {USER_ID: id}}"))
    page = read(Chain(spec.lookups[0], (("PHONE", "+15550100200"),)), Response(200, {}, f'{{"id": 1, "phone": {phones}}}'.encode()))
    if told is None:
        assert page == Unusable("the answer cannot be checked: a phone number in it has no country code, so that it cannot be compared")
    else:
        assert isinstance(page, Page)
        assert len(page.records) == told
