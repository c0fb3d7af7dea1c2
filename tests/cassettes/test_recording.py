"""A recording reads back byte for byte, whatever a vendor answers in text; what no text can hold is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cassettes.recording import CassetteError, Fault, Recording, dump, no_json, parse
from engine.core.http import HttpRequest, Response

URLS = st.builds(
    lambda path, query: f"https://api.acme.example/{path}" + (f"?{query}" if query else ""),
    st.text("abc/-._~%2F", max_size=12),
    st.text("abc=&%2F", max_size=12),
)
NAMES = st.text("abcxyz-0123456789", min_size=1, max_size=12)
VALUES = st.text(max_size=20).map(lambda text: "".join(char for char in text if char.isprintable()).strip())
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=3).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda one: st.lists(one) | st.dictionaries(NAMES, one)
)
BODIES = st.builds(lambda value, indent: json.dumps(value, indent=indent, ensure_ascii=False).encode(), JSON, st.none() | st.just(2))
BODIES |= st.builds(lambda value: json.dumps(value).encode() + b"\n\r\n", JSON)
ANSWERS = (
    st.text(max_size=60).map(str.encode) | BODIES | st.sampled_from([b"\n", b"\r\n", b"\n\nHTTP 200\n\n", b"HTTP 200", b"\xef\xbb\xbf{}"])
)


@given(URLS, HEADERS, st.none() | BODIES, st.integers(100, 599), st.dictionaries(NAMES.map(str.lower), VALUES, max_size=3), ANSWERS)
def test_what_is_written_reads_back_as_it_was(url, headers, body, status, told, answer):
    """Method, address, headers, bodies and status survive, blank lines and all."""
    request = HttpRequest("GET" if body is None else "POST", url, headers, body)
    recording = Recording(request, Response(status, told, answer))
    assert parse(dump(recording), "x.http") == recording


@given(st.text(max_size=200) | st.lists(st.sampled_from(["GET https://a.example/", "", "HTTP 200", "A: b", "{}", "POST x"])).map("\n".join))
def test_any_text_is_a_recording_or_explained(text):
    """Nothing but CassetteError comes of a text that is no recording, and every mistake has a place in it."""
    try:
        parse(text, "x.http")
    except CassetteError as error:
        assert error.mistakes
        assert all(1 <= one.at.line <= text.count("\n") + 1 for one in error.mistakes)


REQUEST = HttpRequest("GET", "https://api.acme.example/me")


@pytest.mark.parametrize(
    "recording",
    [
        Recording(REQUEST, Response(200, {}, b"\xff\xfe")),
        Recording(REQUEST, Response(200, {"x-note": "two\nlines"}, b"{}")),
        Recording(REQUEST, Response(200, {"x note": "a blank"}, b"{}")),
        Recording(REQUEST, Response(200, {"X-Note": "capitals"}, b"{}")),
        Recording(HttpRequest("GET", "http://api.acme.example/me"), Response(200, {}, b"{}")),
        Recording(HttpRequest("POST", "https://api.acme.example/me", (), b"q=1"), Response(200, {}, b"{}")),
        Recording(HttpRequest("GET", "https://api.acme.example/me", (), b"{}"), Response(200, {}, b"{}")),
    ],
)
def test_what_no_recording_can_hold_is_not_written(recording):
    """Not UTF-8, a header that breaks its line, an address without https, a body that is no JSON: ValueError."""
    with pytest.raises(ValueError, match=r"header|written|utf"):
        dump(recording)


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ('{"a": 1,\n}', 1, 8, "a comma before `}`: remove it"),
        ("[1, 2 , ]", 1, 7, "a comma before `]`: remove it"),
        ('{"a": [1, 2}', 1, 12, "a comma or a closing bracket is missing here"),
        ('{"a": [1,\n 2]', 2, 4, "it ends too early: a closing bracket or quote is missing"),
        ('{"a": "b,\n"c": 1}', 1, 10, "a closing quote is missing, or a text goes over a line end"),
        ("{}\n}", 2, 1, "it has ended before this: a bracket too many, or one missing at its beginning"),
        ("<html>", 1, 1, "Expecting value"),
        (" \n", 1, 1, "it is empty"),
        ("NaN", 1, 1, "NaN is not JSON"),
        ("[" * 100_000, 1, 1, "it is nested deeper than can be read"),
    ],
)
def test_a_slip_of_the_hand_is_found_where_it_was_made(text, line, column, why):
    """The commonest ones in words that say what to do, in every Python the same."""
    assert no_json(text) == Fault(line, column, why)


@given(JSON)
def test_what_is_json_has_no_fault(value):
    """Nothing is found in a sound text, with or without the mark that some editors put in front."""
    assert no_json("\ufeff" + json.dumps(value, indent=1)) is None


def test_a_recording_may_say_that_its_form_is_invented():
    """The line stands above the request, gives a reason, and moves nothing but the lines that are counted from it."""
    text = 'POST https://api.acme.example/find\nA: b\n\n{"q": 1}\n\nHTTP 404\n\n{"code": 7}\n'
    plain, marked = parse(text, "x.http"), parse(f"# invented: no document tells this code\n{text}", "x.http")
    assert (plain.invented, marked.invented) == ("", "no document tells this code")
    assert marked == plain
    assert (marked.answer, marked.body) == (plain.answer + 1, plain.body + 1)
    for wrong in ("# invented", "# invented:", "# a comment", "# invented: why\n# invented: twice"):
        with pytest.raises(CassetteError) as caught:
            parse(f"{wrong}\n{text}", "x.http")
        assert "a recording begins with its request" in str(caught.value)
