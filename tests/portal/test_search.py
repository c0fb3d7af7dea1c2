"""The search of a case: every text of every record, however it is written; what is looked for stands in no address."""

from __future__ import annotations

import re

import pytest

from tests.case.package_kit import open_here
from tests.portal.cases_kit import AT, here, lines, served_with

FOUND = re.compile(rf'<a href="({AT}/acme/[a-z]+/\d+)">')
NOTES = lines(
    {"id": 1, "text": "Lunch with Jürgen Öberg, then home"},
    {"id": 2, "text": "nothing here", "deep": {"er": [{"still": "call +46 8-555 01 36 again"}]}},
    {"id": 3, "text": "JU\u0308RGEN O\u0308BERG in parts"},
    {"id": 4, "address": "https://example.com/?q=J%C3%BCrgen%20%C3%96berg"},
    {"id": 5, "number": 4711234567},
    {"id": 6, "html": "a &lt;b&gt; &amp;c; <i>bold</i>"},
    {"j": "\\u004a\\u00fcrgen \\u00d6berg as code"},
)


@pytest.fixture
def searched(serve, habeas, tmp_path):
    """Serve a case with some notes and many calls."""
    calls = lines(*({"id": at, "topic": f"call {at} with everybody"} for at in range(1, 131)))
    return served_with(serve, habeas, tmp_path, {"calls": calls, "notes": NOTES})


def found(portal, words: str, **fields: str) -> list[str]:
    """Search, and give where the results lead."""
    answer = portal.send(f"{AT}/search", portal.see(f"{AT}/search"), q=words, **fields)
    assert answer.status == 200, answer.text
    return FOUND.findall(answer.text)


@pytest.mark.parametrize(
    ("words", "records"),
    [
        ("Jürgen Öberg", [1, 3, 4, 7]),
        ("jürgen öberg", [1, 3, 4, 7]),
        ("  JÜRGENÖBERG ", [1, 3, 4, 7]),
        ("+4685550136", [2]),
        ("08-555 01 36", [2]),
        ("555 01 36", [2]),
        ("4711234567", [5]),
        ("<b> &c", [6]),
        ("again", [2]),
        ("Jurgen Oberg", []),
        ("no such text", []),
        ("text", []),
        ("100%", []),
        ("'; DROP TABLE", []),
    ],
)
def test_a_text_is_found_however_it_is_written(searched, words, records):
    """Capitals, accents, blanks, escapes of addresses and of JSON, marks between digits; not names of fields."""
    assert found(searched, words) == [f"{AT}/acme/notes/{number}" for number in records]


@pytest.mark.parametrize("words", ["Jurgen Oberg", "J\u00fcrgen \u00d6berg"])
def test_what_a_package_would_let_slip_is_found_as_its_search_found_it(searched, words):
    """That knows a name without its accents too: the reviewer who is sent from there sees the same records."""
    assert found(searched, words, **{"as": "package"}) == [f"{AT}/acme/notes/{number}" for number in (1, 3, 4, 7)]


def test_a_result_leads_to_its_record_and_shows_what_stands_there(searched):
    """The field, and the words around."""
    answer = searched.send(f"{AT}/search", searched.see(f"{AT}/search"), q="öberg")
    assert "Lunch with Jürgen <mark>Öberg</mark>, then home" in answer.text
    assert "stands in 4 records" in answer.text
    assert "Jürgen Öberg" in searched.see(found(searched, "then home")[0])
    assert "stands in no record" in searched.send(f"{AT}/search", answer.text, q="nobody").text


def test_many_results_are_shown_one_part_after_another(searched):
    """Each once, in the order of the file, until all were shown."""
    seen, fields = [], {}
    for _ in range(3):
        answer = searched.send(f"{AT}/search", searched.see(f"{AT}/search"), q="with everybody", **fields)
        seen += FOUND.findall(answer.text)
        after = re.search(r'name="after" value="([^"]+)"', answer.text)
        fields = {"after": after[1]} if after else {}
    assert seen == [f"{AT}/acme/calls/{number}" for number in range(1, 131)]
    assert fields == {}
    assert len(found(searched, "with everybody", after="x/y/1")) == 0
    assert len(found(searched, "with everybody", after="acme/calls/999")) == 0


def test_nothing_is_written_and_no_address_holds_what_is_looked_for(searched, habeas):
    """A search is a form; the question behind an address is not read."""
    before = open_here(habeas).case.n
    assert "Öberg" not in searched.see(f"{AT}/search?q=%C3%96berg")
    found(searched, "öberg")
    assert open_here(habeas).case.n == before
    assert searched.ask("POST", f"{AT}/search", "q=x", Origin="http://evil.example").status == 403


def test_what_is_too_short_is_told_and_kept(searched):
    """One letter stands nearly everywhere."""
    for words in ("x", "-", "+ ("):
        answer = searched.send(f"{AT}/search", searched.see(f"{AT}/search"), q=words)
        assert answer.status == 422, words
        assert "write at least 2 letters or digits" in answer.text
        assert f'name="q" type="search" size="30" required maxlength="200" autocomplete="off" value="{words}"' in answer.text


def test_a_search_passes_over_no_file(searched, habeas):
    """One that is gone, or shorter than it was: nothing is said to be absent."""
    file = here(habeas, "notes.jsonl")
    raw = file.read_bytes()
    for change in (lambda: file.write_bytes(raw[:50]), file.unlink):
        change()
        answer = searched.send(f"{AT}/search", searched.see(f"{AT}/search"), q="Öberg")
        assert (answer.status, "notes.jsonl is not as it was taken in" in answer.text) == (422, True)
        assert "stands in no record" not in answer.text
