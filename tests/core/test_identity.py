"""Identifiers: what is accepted, what is refused without being repeated, and that none leaves its segment."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from engine.core.identity import FORM, Identifier, encode_query, encode_segment, identify, same_person
from engine.errors import Refused

BAD = [
    ("email", ""),
    ("email", "x" * 250 + "@y.io"),
    ("email", "a b@x.io"),
    ("email", " a@x.io"),
    ("email", "a@x.io\n"),
    ("email", "a\u200b@x.io"),
    ("email", "a\x00@x.io"),
    ("email", "a\u00a0@x.io"),
    ("email", "me"),
    ("email", "ME"),
    ("email", "."),
    ("email", ".."),
    ("email", "nobody"),
    ("email", "a@b@x.io"),
    ("email", "@x.io"),
    ("email", "a@"),
    ("email", "x@y.z?page_size=300"),
    ("email", "x@y.z/../me"),
    ("email", "x@y.z#"),
    ("email", "x@-y.io"),
    ("email", "x@y..io"),
    ("email", "x@[127.0.0.1]"),
    ("email", "x@y_z.io"),
    ("email", "x@" + "a" * 64 + ".io"),
    ("email", '"a@x.io'),
    ("email", '"a"b@x.io'),
    ("phone", "0151"),
    ("phone", "+1 555 010"),
    ("phone", "+0123456789"),
    ("username", ""),
    ("username", ".."),
    ("username", "a\tb"),
]
GOOD = [
    "a#b@x.io",
    "a+b@x.io",
    "a/b@x.io",
    "per%41cent@x.io",
    "zoë@x.io",
    "x@müller.example",
    '"a@b"@x.io',
    '"a\\"b"@x.io',
    "x@localhost",
    "o'neil@x.io",
    "a?b=c&d@x.io",
    "..@x.io",
]


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_an_unsafe_identifier_is_refused_and_never_repeated(kind, text):
    """Exit 5, a reason, and not a word of the identifier."""
    with pytest.raises(Refused) as caught:
        identify(kind, text)
    assert caught.value.exit_code == 5
    assert len(text) < 4 or text.strip() not in str(caught.value)
    assert "nothing was sent" in str(caught.value)


@pytest.mark.parametrize("text", GOOD)
def test_an_odd_address_is_accepted_and_stays_in_one_segment(text):
    """It is decoded once to exactly what was given."""
    found = identify("email", text)
    assert unquote(encode_segment(found.value), errors="strict") == text


def test_other_kinds_are_accepted_and_no_repr_shows_a_value():
    """Phone numbers in E.164, usernames as they are."""
    assert identify("phone", "+15550100200").value == "+15550100200"
    assert identify("username", "U0123").value == "U0123"
    assert "x.io" not in repr(Identifier("email", "a@x.io"))


@given(st.text(min_size=1))
def test_no_value_ever_leaves_its_segment(text):
    """Unreserved characters and percent signs only; two readers find three segments and the value in the middle."""
    if text in (".", ".."):
        with pytest.raises(ValueError):
            encode_segment(text)
        return
    segment = encode_segment(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+", segment)
    url = f"https://h.example/a/{segment}/b"
    assert urlsplit(url).path.split("/") == ["", "a", segment, "b"]
    assert URL(url, encoded=True).raw_path.split("/") == ["", "a", segment, "b"]
    assert unquote(segment, errors="surrogatepass") == text
    assert encode_query(text) == segment


def test_an_empty_segment_would_change_the_path():
    """So it is refused."""
    with pytest.raises(ValueError, match="change the path"):
        encode_segment("")


@pytest.mark.parametrize(
    ("kind", "asked", "answered", "same"),
    [
        ("email", "A@X.io", "a@x.IO ", True),
        ("email", "a@x.io", "b@x.io", False),
        ("phone", "+15550100200", "+15550100200 ", True),
        ("phone", "+15550100200", "+1 (555) 010-0200", True),
        ("phone", "+15550100200", "+1.555.010.0201", False),
        ("phone", "+442079460018", "+44 (0)20 7946 0018", True),
        ("phone", "+390612345678", "+39 06 1234 5678", True),
        ("phone", "+390612345678", "+39 6 1234 5678", False),
        ("phone", "+15550100200", "+15550100201", False),
        ("phone", "+15550100200", "+445550100200", False),
        ("phone", "+15550100200", "", False),
        ("phone", "+15550100200", "unknown", False),
        ("phone", "+15550100200", "+1555\u0663100200", None),
        ("phone", "+18003569377", "+1 800 FLOWERS 1", None),
        ("phone", "+15550100200", "+1555a0100200", None),
        ("phone", "+15550100200", "+1 555 010 0200 x12", None),
        ("phone", "+15550100200", "555 010 0200", None),
        ("phone", "+15550100200", "15550100200", None),
        ("phone", "+15550100200", "0155 5010 0200", None),
        ("phone", "+15550100200", "+999 555 010 0200", None),
        ("phone", "+9991234567", "+9991234567", True),
        ("username", "A", "a", False),
        ("username", "a", "a", True),
        ("email", "a@x.io", "b@x.io; A@x.io", True),
        ("email", "a@x.io", "b@x.io,a@x.io ", True),
        ("email", "a@x.io", "b@x.io a@x.io", False),
        ("email", "a@x.io", '"b;a@x.io;c"@y.io', False),
        ("email", '"b;c"@y.io', '"B;c"@y.io', True),
    ],
)
def test_who_is_the_same_person(kind, asked, answered, same):
    """Addresses case aside, numbers by country and number, the rest to the letter; None where a number's country is not known."""
    assert same_person(kind, asked, answered) is same


def test_forms_are_taken_of_the_trimmed_lower_cased_text():
    """So that a vendor's md5 of an address is found however it is typed."""
    assert FORM["md5"](" A@x.io") == FORM["md5"]("a@x.io") == FORM["md5"]("A@X.IO")
    assert len(FORM["sha256"]("a")) == 64
    assert FORM["lower"]("ÄB") == "äb"
    assert FORM["digits"]("+1 555") == "1555"
