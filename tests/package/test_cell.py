"""How one value of a record is written for its reader: nothing of it is markup, nothing of it is lost without a word."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given as suppose
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number
from engine.package.cell import ABSENT, LEFT_OUT, LONGEST, Cells, escaped
from engine.pages.texts import texts
from engine.pages.visible import visible
from engine.release.given_record import WithheldPlace
from tests.package.answers import masked

CODES = {"2": "planned, once", "true": "on", "a": "first"}
WITHHELD = "[withheld: security]"
GONE = f'<span class="gone">{WITHHELD}</span>'


def cells(language: str = "en") -> Cells:
    return Cells(texts("engine.package", language), "Zoom", "data/zoom/meetings.json")


def soft(text: str) -> str:
    return f'<span class="soft">{text}</span>'


VALUES = [
    ("plain", "plain"),
    ("<b>\"a\" & 'b'</b>", "&lt;b&gt;&#34;a&#34; &amp; 'b'&lt;/b&gt;"),
    ("a\nb\r\nc\rd", "a<br>b<br>c<br>d"),
    ("a\tb", "a\tb"),
    ("a\x00\x1b[0m\x7f\x85", "a\\u0000\\u001b[0m\\u007f\\u0085"),
    ("a\x00b", "a\\u0000b"),
    ("\u202eabc\u2066", "\\u202eabc\\u2066"),
    ("\ud83d", "\\ud83d"),
    ("שלום 🙂", "שלום 🙂"),
    ("", soft("empty")),
    (None, soft("empty")),
    ([], soft("empty")),
    ({}, soft("empty")),
    (True, "yes"),
    (False, "no"),
    (9223372036854775808, "9223372036854775808"),
    (Number("1.10"), "1.10"),
    (Number("-0"), "-0"),
    (["a", 1, None, True], f"a<br>1<br>{soft('empty')}<br>yes"),
    ("2026-11-28T08:00:00Z", '<time datetime="2026-11-28T08:00:00Z">Sat 28 Nov 2026, 08:00</time>'),
    ("2026-11-28T08:00:07.25+00:00", '<time datetime="2026-11-28T08:00:07.25+00:00">Sat 28 Nov 2026, 08:00:07.25</time>'),
    ("2026-11-28 08:00 +0200", '<time datetime="2026-11-28 08:00 +0200">Sat 28 Nov 2026, 08:00 +0200</time>'),
    ("2026-11-28T08:00:00", f'<time datetime="2026-11-28T08:00:00">Sat 28 Nov 2026, 08:00</time> {soft("(no time zone is given)")}'),
    ("2026-11-28", '<time datetime="2026-11-28">Sat 28 Nov 2026</time>'),
    ("0001-01-01", '<time datetime="0001-01-01">Mon 1 Jan 0001</time>'),
    ("2026-02-30", "2026-02-30"),
    ("2026-11-28T25:00:00Z", "2026-11-28T25:00:00Z"),
    ("2026-11-28T08:00:00Zulu", "2026-11-28T08:00:00Zulu"),
    ("٢٠٢٦-11-28", "٢٠٢٦-11-28"),
    ("2026-11-28T٠٨:٠٠:00Z", "2026-11-28T٠٨:٠٠:00Z"),
    ("2026-11-28T08:00:٠٧Z", "2026-11-28T08:00:٠٧Z"),
    ("https://example.com/<a>", "https://example.com/&lt;a&gt;"),
]


@pytest.mark.parametrize(("value", "html"), VALUES, ids=lambda one: repr(one)[:30])
def test_a_value_is_written_as_it_is(value, html):
    """Alone and as one of a column, the same."""
    assert cells().html(value, {}) == html
    assert cells().column([value], {}, None) == [html]
    assert cells().column([value, "x", value, ABSENT], {}, None) == [html, "x", html, ""]
    assert cells().column([value, value], {}, [(), ()]) == [html, html]


def test_a_time_is_written_as_its_language_does():
    """In German too."""
    assert ">Sa 28. Nov 2026, 08:00</time>" in cells("de").html("2026-11-28T08:00:00Z", {})
    assert "(ohne Angabe der Zeitzone)" in cells("de").html("2026-11-28T08:00", {})
    assert cells("de").column([True, None], {}, None) == ["ja", soft("leer")]


@pytest.mark.parametrize(
    ("value", "html"),
    [
        (2, "planned, once (2)"),
        ("2", "planned, once (2)"),
        (True, "on (true)"),
        (["a", 2], "first (a)<br>planned, once (2)"),
        (99, f"99 {soft('(what 99 means is not said by Zoom)')}"),
        ("<", f"&lt; {soft('(what &lt; means is not said by Zoom)')}"),
        ("9\u202e", "9\\u202e " + soft("(what 9\\u202e means is not said by Zoom)")),
        ("", soft("empty")),
        (None, soft("empty")),
    ],
)
def test_a_code_stands_behind_its_meaning(value, html):
    """One that nobody explained says so."""
    assert cells().html(value, CODES) == html
    assert cells().column([value, ABSENT], CODES, None) == [html, ""]
    assert cells().column([value, value], CODES, None) == [html, html]


def test_a_code_that_is_its_own_meaning_is_said_once():
    """As a word of the vendor that is plain already: nobody reads it twice."""
    codes = {"answered": "answered", "no_answer": "nobody answered"}
    assert [cells().html(code, codes) for code in codes] == ["answered", "nobody answered (no_answer)"]
    assert [cells().plain(code, codes) for code in codes] == ["answered", "nobody answered (no_answer)"]
    assert cells().html(["answered"], codes) == "answered"
    assert cells().html("Mobile", {"Mobile": "mobile"}) == cells().plain("Mobile", {"Mobile": "mobile"}) == "Mobile"


def test_no_code_and_no_meaning_turns_the_text_around():
    """Neither one that is explained, nor its meaning, nor one that nobody explained."""
    codes = {"2\u202e": "plan\u2066ned"}
    assert cells().html("2\u202e", codes) == "plan\\u2066ned (2\\u202e)"
    assert "(2\\u202e)" in cells().plain("2\u202e", codes)
    assert cells().plain("3\u202e", codes) == "3\\u202e"


@pytest.mark.parametrize(
    ("text", "seen"), [("a\x00b", "a\\u0000b"), ("a\x1bb", "a\\u001bb"), ("a\x7fb", "a\\u007fb"), ("a\u202eb", "a\\u202eb")]
)
def test_a_column_of_text_shows_what_nobody_could_see(text, seen):
    """Among texts of which nothing is to be written otherwise."""
    assert list(cells().plain_column(["x", text], {}, 100)) == ["x", seen]


def test_what_stands_in_a_frame_is_text_too():
    """Whatever stands where something was withheld: none of it is markup."""
    place = WithheldPlace("/a", "alias", "third_party", "person 3", 0, 3)
    assert cells().html("<b>", {}, [place]) == '<span class="gone">&lt;b&gt;</span>'


def test_a_withheld_place_is_seen_where_it_was():
    """With its reason in brackets; a person's number has none; a code, a time and a link around it stay text."""
    text = f"<{WITHHELD}> and {WITHHELD}"
    first = masked("/a", text)
    second = WithheldPlace("/a", "mask", "security", WITHHELD, text.rindex("["), len(text))
    assert cells().html(text, CODES, [second, first]) == f"&lt;{GONE}&gt; and {GONE}"
    alias = WithheldPlace("/a", "alias", "third_party", "person 3", 4, 12)
    assert cells().html("2026person 3", {}, [alias]) == '2026<span class="gone">person 3</span>'
    assert cells().html(["x", WITHHELD, "y"], {}, [masked("/a/1", WITHHELD)]) == f"x<br>{GONE}<br>y"


def test_what_was_dropped_is_seen_too():
    """A field, and items of a list: between those that are left, and behind them."""
    drop = WithheldPlace("/a", "drop", "not_personal")
    dropped = '<span class="gone">[withheld: not about you]</span>'
    assert cells().column([LEFT_OUT, ABSENT], {}, [(drop,), ()]) == [dropped, ""]
    assert cells().html(LEFT_OUT, {}, [drop, drop]) == f"{dropped}<br>{dropped}"
    items = [WithheldPlace("/a/1", "drop", "not_personal"), WithheldPlace("/a/2", "drop", "not_personal")]
    assert cells().html(["x", "y"], {}, items) == f"x<br>{dropped}<br>y<br>{dropped}"
    assert cells("de").html(LEFT_OUT, {}, [drop]) == '<span class="gone">[zurückgehalten: nicht über Sie]</span>'


def test_what_is_cut_says_so():
    """How many characters there are, and where all of them stand."""
    told = " of 10,001; all of them are in the file data/zoom/meetings.json)"
    long, ends = "a" * 10_001, "a" * 9_981 + WITHHELD
    whole = "a" * LONGEST + " " + soft(f"(the first 10,000 characters{told}")
    assert cells().html(long, {}) == cells().column([long, "b"], {}, None)[0] == whole
    assert cells().html(ends, {}, [masked("/a", ends)]) == ends[:9_981] + " " + soft(f"(the first 9,981 characters{told}")
    fits = "a" * (LONGEST - len(WITHHELD)) + WITHHELD
    assert cells().html(fits, {}, [masked("/a", fits)]) == fits.removesuffix(WITHHELD) + GONE
    assert "(die ersten 10.000 Zeichen von 10.001; alle stehen in der Datei" in cells("de").html("a" * 10_001, {})
    assert cells().html("a" * LONGEST, {}) == "a" * LONGEST


def test_of_places_behind_the_cut_none_is_shown_as_a_text():
    """The first that does not fit ends what is shown, whatever stands behind it; of two places in one the first is shown."""
    places = [WithheldPlace("/a", "mask", "security", WITHHELD, at, at + 20) for at in (LONGEST - 10, LONGEST + 20)]
    assert (
        cells().html("a" * (LONGEST + 100), {}, places).startswith("a" * (LONGEST - 10) + ' <span class="soft">(the first 9,990 characters')
    )
    over = [WithheldPlace("/a", "mask", "security", WITHHELD, *span) for span in ((3, 5), (0, 8))]
    assert cells().html("abcdefghi", {}, over) == '<span class="gone">abcdefgh</span>i'


def test_ten_megabytes_in_one_cell_do_no_harm():
    """What is written of it is short."""
    assert len(cells().html("🙂<" * 5_000_000, {})) < 80_000
    assert len(cells().column(["🙂<" * 5_000_000, "x"], {}, None)[0]) < 80_000


@suppose(st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=20))
def test_a_column_is_written_as_each_of_its_values(values):
    """However many there are, and whatever stands in one of them; and read back, it is what was sent."""
    html = cells().column(values, {}, None)
    assert html == [cells().html(value, {}) for value in values]
    for value, written in zip(values, html, strict=True):
        if value and "<time" not in written:
            assert unescape(written.replace("<br>", "\n")) == re.sub(r"\r\n?", "\n", visible(value))
        assert not re.search(r"<(?!br>|/?time|/?span)", written)
    assert all(escaped(value) == written for value, written in zip(values, html, strict=True) if value and "<time" not in written)


@suppose(st.text(max_size=30), st.lists(st.sampled_from([WITHHELD, "person 1"]), max_size=3))
def test_a_withheld_place_never_eats_what_stands_around_it(text, shown):
    """All that is not withheld is still there, in its order."""
    whole, places = "", []
    for words in shown:
        places.append(WithheldPlace("/a", "mask", "security", words, len(whole + text), len(whole + text + words)))
        whole += text + words
    html = cells().html(whole + text, {}, places) if places else escaped(whole + text)
    assert unescape(re.sub("</?span[^>]*>", "", html).replace("<br>", "\n")) == re.sub(r"\r\n?", "\n", visible(whole + text))


def test_as_text_it_says_the_same():
    """For the page that searches."""
    values = ["2026-11-28T08:00:00Z", "a", None, True, 7, Number("1.10"), ["a", None], ABSENT, LEFT_OUT, "\ud83d", {}]
    assert cells().plain_column(values, {}, 200) == ["Sat 28 Nov 2026, 08:00", "a", "", "yes", "7", "1.10", "a; ", "", "", "\\ud83d", ""]
    assert cells().plain_column(["abc", "d"], {}, 2) == ["ab", "d"]
    assert cells().plain_column(["abc", "d"], {}, 3) == ["abc", "d"]
    assert cells().plain_column([2, "x"], CODES, 200) == ["planned, once (2)", "x"]
