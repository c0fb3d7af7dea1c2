"""Pages of records: what is the same in all is said once, a table or a list each, places, names, numbers, pages of a thousand."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from engine.package.record_words import links_of
from engine.pages.texts import texts
from engine.release.given_record import WithheldPlace
from tests.package.answers import answer, given, kind, labels, masked, meeting, service
from tests.package.reading import pages_of, safe

PAGE = "read/zoom-meetings-1.html"


def page_of(records, tmp_path, **changed):
    pages = pages_of(answer(service(kind(records, **changed))), tmp_path)
    return pages[PAGE], safe(pages)[PAGE].text


def wide(number: int, fields: int) -> dict[str, str]:
    return {f"field_{at}": f"{at} of {number}" for at in range(fields)}


def test_what_is_the_same_in_all_is_said_once(tmp_path):
    """Above the table; what differs in one record is a column, what one record lacks too; 1 is not true, 1.10 not 1.1."""
    records = [
        b'{"a": 1, "b": "x", "c": 1.10, "d": [1], "e": {"f": 2}}',
        b'{"a": true, "b": "x", "c": 1.1, "d": [1], "e": {"f": 2}, "g": null}',
    ]
    html, text = page_of([given(line) for line in records], tmp_path)
    assert "The same in all 2 b x d 1 f 2 The records" in text
    assert "No. a c g 1 1 1.10 not there 2 yes 1.1 empty Records 1 to 2 of 2" in text
    assert html.count('<th role="columnheader"') == 4


def test_places_that_are_withheld_in_all_are_said_once(tmp_path):
    """And where one differs in it, each says it."""
    drop = WithheldPlace("/gone", "drop", "not_personal")
    html, text = page_of([given({"id": 1}, drop), given({"id": 2}, drop)], tmp_path)
    assert "The same in all 2 gone [withheld: not about you] The records" in text
    assert html.count('<span class="gone">') == 1
    html, text = page_of([given({"id": 1}, drop), given({"id": 2, "gone": "still"})], tmp_path / "b")
    assert "1 1 [withheld: not about you] 2 2 still" in text
    assert "In 1 place something is withheld: 1 as “not about you”." in text


def test_words_of_the_vendor_are_no_withheld_place(tmp_path):
    """A text that reads like one is not the same as one, and is not framed."""
    words = "[withheld: security]"
    html, text = page_of([given({"a": words}, masked("/a", words)), given({"a": words})], tmp_path)
    assert html.count('<span class="gone">') == 1
    assert f"No. a 1 {words} 2 {words} Records" in text
    html, _ = page_of([given({"a": words}), given({"a": words}, masked("/a", words))], tmp_path / "b")
    assert html.count('<span class="gone">') == 1


def test_a_number_keeps_its_sign(tmp_path):
    """Of nothing too; and its digits, however many."""
    _, text = page_of([given(b'{"a": -0, "b": "-0", "c": 9223372036854775808, "d": -0.0, "e": 1e400}')], tmp_path)
    assert "a -0 b -0 c 9223372036854775808 d -0.0 e 1e400" in text


@pytest.mark.parametrize(("fields", "table"), [(12, True), (13, False)])
def test_up_to_twelve_fields_that_differ_are_a_table(fields, table, tmp_path):
    """Beyond that each record is a list of its own; each has its place."""
    html, text = page_of([given(wide(number, fields)) for number in range(3)], tmp_path)
    assert ("<table" in html) == table
    assert ("<h3" in html) != table
    assert re.findall(r'id="(r\d+)"', html) == ["r1", "r2", "r3"]
    assert ("Record 2" in text) != table


def test_a_list_leaves_out_what_its_record_has_not(tmp_path):
    """But not what is empty in it."""
    _, text = page_of([given(wide(1, 14)), given(wide(2, 14) | {"more": None})], tmp_path)
    assert text.count("more") == 1
    assert "more empty" in text
    assert "not there" not in text


def test_one_record_needs_no_table(tmp_path):
    """All of it stands in one list, which is its place."""
    html, text = page_of([given({"id": "Zu", "empty": {}})], tmp_path)
    assert '<h2 id="r1">The record</h2>' in html
    assert "1 record, as Zoom gave it." in text
    assert "Identifier Zu empty empty" in text
    assert "<table" not in html


def test_records_that_are_all_the_same_are_still_all_there(tmp_path):
    """With one column, so that each has its row; records of nothing too."""
    _, text = page_of([given({"id": 1, "a": 2})] * 3, tmp_path)
    assert "The same in all 3 a 2 The records" in text
    assert "No. Identifier 1 1 2 1 3 1" in text
    _, text = page_of([given({}), given({})], tmp_path / "b")
    assert "No. 1 2 Records 1 to 2 of 2" in text
    _, text = page_of([given({})], tmp_path / "c")
    assert "1 record, as Zoom gave it." in text


def test_no_record_says_so(tmp_path):
    """And what is missing, and why; records that are held are counted by their reason."""
    _, text = page_of([], tmp_path, outcome="denied", why="Zoom refused.")
    assert "No record of this kind is in this package." in text
    assert "Not all is here. Zoom refused." in text
    _, text = page_of([], tmp_path / "b", held={"privilege": 1200, "security": 1})
    assert "1,201 whole records are withheld: 1,200 as “confidential, with a lawyer” and 1 as “security”." in text


def test_a_field_is_called_by_its_label(tmp_path):
    """Else by its own name; two that would be called the same show where they stand; in lists each has its number."""
    record = {
        "owner": {"name": "A", "x": 1}, "host": {"name": "B"}, "x": 2, "type": 3,
        "numbers": [{"number": "1"}, {"number": "2"}], "deep": [[{"a": 1}], ["b"]], "mixed": [{"a": 1}, "c", {}], "emails": ["a", "b"],
    }  # fmt: skip
    html, text = page_of([given(record)], tmp_path)
    assert "Owner > Name A x owner.x 1 Name B x 2 Kind of meeting repeated (3)" in text
    assert "Telephone numbers > Number no. 1 1 Telephone numbers > Number no. 2 2" in text
    assert "a no. 1.1 1 deep no. 2.1 b a no. 1 1 mixed no. 2 c mixed no. 3 empty E-mail addresses ab" in text
    assert "a<br>b" in html
    assert '<span class="id">x</span>' in html


def test_a_label_and_a_name_are_text(tmp_path):
    """In the head of a table, and where a small screen repeats it."""
    bad = '"><b>\nx'
    told = labels({"labels": "1", "vendor": "zoom", "everywhere": {"a": '"><i>'}})
    pages = pages_of(answer(service(kind([given({"a": 1, bad: 1}), given({"a": 2, bad: 2})]), labels=told)), tmp_path)
    safe(pages)
    assert 'data-l="&#34;&gt;&lt;i&gt;"' in pages[PAGE]
    assert 'data-l="&#34;&gt;&lt;b&gt; x"' in pages[PAGE]


def test_pointers_lead_through_lists_and_odd_names(tmp_path):
    """A name that is a number, one with a slash or a tilde, an item of a list of objects, a list that was left out."""
    record = {"0": "[withheld: security]", "a/b~c": "[withheld: security]", "l": [{"n": "x"}, {"n": "[withheld: security]"}]}
    places = [WithheldPlace(pointer, "mask", "security", "[withheld: security]", 0, 20) for pointer in ("/0", "/a~1b~0c", "/l/1/n")]
    drops = [WithheldPlace(pointer, "drop", "not_personal") for pointer in ("/gone/deep", "/l/0/more", "/l/2")]
    html, text = page_of([given(record, *places, *drops)], tmp_path)
    assert html.count('<span class="gone">[withheld: security]</span>') == 3
    assert "deep [withheld: not about you] more no. 1 [withheld: not about you] l no. 3 [withheld: not about you]" in text


@pytest.mark.parametrize(("number", "names"), [(1000, ["1"]), (1001, ["1", "2", "search"]), (2500, ["1", "2", "3", "search"])])
def test_a_page_has_a_thousand_records(number, names, tmp_path):
    """The last has the rest; only beyond the first one there is a search; every page leads to the others."""
    pages = pages_of(answer(service(kind([meeting(at) for at in range(number)]))), tmp_path)
    safe(pages)
    assert [name[19:-5].lstrip("-") for name in pages if name.startswith("read/")] == names
    last = pages[f"read/zoom-meetings-{names[-2] if len(names) > 1 else 1}.html"]
    assert re.findall(r'id="(r\d+)"', last)[-1] == f"r{number}"
    assert f" to {number:,} of {number:,}" in last
    assert ("zoom-meetings-search.html" in last) == (number > 1000)
    assert ("The same in all 1,000 on this page" in pages[PAGE]) == (number > 1000)


@pytest.mark.parametrize(
    ("number", "count", "shown"),
    [
        (1, 1, ""),
        (1, 2, "1* 2 Next"),
        (2, 2, "Previous 1 2*"),
        (4, 12, "Previous 1 2 3 4* 5 6 … 12 Next"),
        (6, 12, "Previous 1 … 4 5 6* 7 8 … 12 Next"),
        (12, 12, "Previous 1 … 10 11 12*"),
    ],
)
def test_links_lead_to_the_neighbours_and_the_ends(number, count, shown):
    """One without an address is where we are."""
    links = links_of(number, count, "x-*.html", texts("engine.package", "en"))
    assert " ".join(f"{name}{'' if address or name == '…' else '*'}" for name, address in links) == shown
    assert all(address in ("", f"x-{name}.html") or name in ("Previous", "Next") for name, address in links)


def test_kinds_lead_to_their_neighbours(tmp_path):
    """The first has none before it, the last none after it."""
    kinds = [kind(endpoint=name, title=name.capitalize()) for name in ("a", "b", "c")]
    read = safe(pages_of(answer(service(*kinds)), tmp_path))
    assert "Before: A Next: C" in read["read/zoom-b-1.html"].text
    assert "Before" not in read["read/zoom-a-1.html"].text
    assert "Next" not in read["read/zoom-c-1.html"].text


def test_a_search_holds_what_it_looks_at_and_says_what_not(tmp_path):
    """Its data are JSON that ends no script, its script is the one of the page's policy; times and codes are what the pages show."""
    records = [meeting(at, topic="</script><!--" if at == 7 else f"Möte {at}", type=2 + at % 2) for at in range(1001)]
    records[8] = given({"id": "\ud83d", "other": 1})
    pages = pages_of(answer(service(kind(records))), tmp_path)
    html = pages["read/zoom-meetings-search.html"]
    found = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])
    assert len(found["rows"]) == 1001
    assert found["heads"] == ["No.", "Identifier", "Topic", "Kind of meeting", "Start", "Link to join", "other"]
    assert found["rows"][7] == [
        "90000000007",
        "</script><!--",
        "repeated (3)",
        "Sun 8 Nov 2026, 08:00",
        "https://example.com/j/7?pwd=[withheld: security]",
        "",
    ]
    assert found["rows"][8] == ["\\ud83d", "", "", "", "", "1"]
    assert (found["page"], found["size"], found["language"]) == ("zoom-meetings-*.html", 1000, "en")
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html.replace("&#39;", "'")
    assert len(script.splitlines()) <= 36
    text = safe(pages)["read/zoom-meetings-search.html"].text
    assert "Looked at in every record: Identifier, Topic, Kind of meeting, Start, Link to join, other. Nothing else of a record" in text


def test_a_search_looks_at_twelve_columns_of_many(tmp_path):
    """Those that the first page shows first; a record that lacks one has nothing there."""
    pages = pages_of(answer(service(kind([given(wide(at, 20)) for at in range(1001)]))), tmp_path)
    html = pages["read/zoom-meetings-search.html"]
    assert html.count('role="columnheader"') == 13
    assert "field_11" in html
    assert "field_12" not in html


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_says_once_in_which_zone_its_times_are(count, tmp_path):
    """Of a single record too: who reads when they signed in last need not look for it on the first page."""
    pages = pages_of(answer(service(kind([meeting(at) for at in range(count)]))), tmp_path)
    assert pages["read/zoom-meetings-1.html"].count("Times are UTC, unless another zone") == 1
