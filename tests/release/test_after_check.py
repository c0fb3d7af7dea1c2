"""The after-check finds what was withheld in whatever format and writing it stands, and nothing else."""

from __future__ import annotations

import csv
import html
import io
import json
import unicodedata
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.release.after_check import BLOCK, MOST_LINES, STEP, AfterCheck, LeakedValue
from engine.release.hit import Hit
from engine.release.ruling import Ruling
from engine.release.searched_bytes import FileKind, folded
from engine.release.withheld import LONGEST, NOT_SEARCHED, WithheldText, WithheldTexts
from engine.release.written import plain
from tests.moments import few

SECRET, MAIL, NAME, NUMBER = "Qx7Zt9Lm2", "bea@acme.example", "José Pérez-Groß", "+14155550142"


def texts(*values: str, pointer: str = "/note", person: bool = False, inside: bool = False) -> WithheldTexts:
    """Withhold these texts."""
    found = WithheldTexts()
    found.found = {one: WithheldText(one, "acme", "calls", pointer, "third_party", person, inside) for one in values}
    return found


def leaks(data: bytes | str, kind: FileKind, *values: str, size: int = 1 << 16, **more: Any) -> list[LeakedValue]:
    """Search one file in pieces."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return AfterCheck(texts(*values, **more)).check("data/file", kind, [raw[at : at + size] for at in range(0, len(raw), size)])


def units(text: str) -> list[int]:
    """Give the numbers of a text in UTF-16, as JSON escapes it."""
    raw = text.encode("utf-16-be", "surrogatepass")
    return [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw), 2)]


def as_csv(text: str) -> str:
    """Write a cell as a table does, beside another."""
    stream = io.StringIO()
    csv.writer(stream).writerows([["a", "b"], [f"\t{text}", "x"]])
    return stream.getvalue()


def as_html(text: str) -> str:
    """Write a page with a text in it."""
    return f'<dl>\n<dt>Note</dt><dd title="x">{html.escape(text)}</dd></dl>'


WRITTEN: list[tuple[FileKind, str, Any]] = [
    ("json", "as it is", lambda text: json.dumps({"a": text}, ensure_ascii=False)),
    ("json", "in escapes", lambda text: json.dumps({"a": text})),
    ("json", "every letter an escape", lambda text: '{"a":"' + "".join(f"\\u{one:04X}" for one in units(text)) + '"}'),
    ("json", "a slash behind a stroke", lambda text: json.dumps({"a": f"x/{text}/y"}).replace("/", "\\/")),
    ("json", "in JSON in a text", lambda text: json.dumps({"a": json.dumps({"b": text})})),
    ("json", "in an address", lambda text: json.dumps({"a": f"https://acme.example/j/1?pwd={quote(text, safe='')}&n=1"})),
    ("json", "in an address in an address", lambda text: json.dumps({"a": f"https://a.example/?u={quote(f'https://b.example/?q={quote(text)}', safe='')}"})),
    ("json", "in a query with +", lambda text: json.dumps({"a": f"https://acme.example/?q={quote_plus(text)}"})),
    ("json", "in capitals", lambda text: json.dumps({"a": text.upper()})),
    ("json", "as the name of a member", lambda text: json.dumps({text: 1})),
    ("json", "in a longer text", lambda text: json.dumps({"a": f"with ({text}), today"})),
    ("json", "beside an underscore", lambda text: json.dumps({"a": f"note_{text}_1"})),
    ("html", "as it is", as_html),
    ("html", "in entities", lambda text: f"<p>{''.join(f'&#{ord(char)};' for char in text)}</p>"),
    ("html", "in entities by sixteens", lambda text: f"<p>{''.join(f'&#x{ord(char):X};' for char in text)}</p>"),
    ("html", "in an attribute", lambda text: f'<a href="https://acme.example/?q={quote(text)}">x</a>'),
    ("html", "as JSON in a page", lambda text: as_html(json.dumps({"a": text}))),
    ("csv", "in a cell", as_csv),
    ("csv", "behind quotes", lambda text: as_csv(f'"{text}", he said')),
    ("csv", "as JSON in a cell", lambda text: as_csv(json.dumps([{"a": text}]))),
    ("text", "in a text", lambda text: f"Dear {text},\nhello"),
    ("text", "in a name of a file", lambda text: quote(f"{text}.html")),
]  # fmt: skip
VALUES = (
    SECRET,
    MAIL,
    NAME,
    'he said "no" & <left>',
    "C:\\new\\100%41",
    "\u30ab\u30bf\u30ab\u30ca\u30c6\u30b9\u30c8",
    "\U0001f600 smile",
    "half \ud800 pair",
)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("kind", "how", "write"), WRITTEN, ids=[f"{one[0]}: {one[1]}" for one in WRITTEN])
def test_a_value_is_found_however_a_format_writes_it(kind, how, write, value):
    """Escapes of every format, nested ones too."""
    if "\ud800" in value and ("address" in how or "query" in how or "name" in how or kind in ("html", "csv", "text")):
        return
    assert [one.confirm for one in leaks(write(value), kind, value)] == [False], write(value)
    assert leaks(write("something else"), kind, value) == []


ALSO = [
    (NAME, "JOSE\u0301 PE\u0301REZ-GROSS"),
    (NAME, "José  Pérez-Groß"),
    (NAME, "José Pérez-Großs"),
    ("Bea Miller", "\uff22\uff45\uff41 Miller"),
    (NUMBER, "(415) 555-0142"),
    (NUMBER, "415.555.0142"),
    (NUMBER, "+1 415\u2013555\u20130142"),
    (NUMBER, "555-0142"),
    (NUMBER, "0014155550142"),
    ("0415 555 0142", "+49 (0)415 5550142"),
    (NUMBER, "3 4155550142 12"),
    (NUMBER, "4155550142x12"),
]


@pytest.mark.parametrize("kind", ["json", "csv", "html", "text"])
@pytest.mark.parametrize(("value", "written"), ALSO)
def test_other_writings_of_a_value_are_found(kind, value, written):
    """Capitals, accents, wide letters, blanks, and whatever stands between the digits of a telephone number."""
    line = {"json": json.dumps({"a": written}), "csv": as_csv(written), "html": as_html(written), "text": written}[kind]
    assert len(leaks(line, kind, value, pointer="/caller_number")) == 1


NOT = [
    ("Anna Li", "Hanna Lindqvist"),
    ("bea@acme.example", "xbea@acme.example2"),
    (SECRET, f"{SECRET}9"),
    (NUMBER, "9914155550143"),
    (NUMBER, "id 7205550142"),
    (NUMBER, "+49 415 5550142"),
    (NUMBER, "x5550142"),
    (NUMBER, "05550142daa9"),
    (NUMBER, "55501421"),
    ("123456", "id 91234567"),
]


@pytest.mark.parametrize("kind", ["json", "csv", "html", "text"])
@pytest.mark.parametrize(("value", "written"), NOT)
def test_a_part_of_something_else_is_not_the_value(kind, value, written):
    """A refusal for nothing would be answered by switching the check off."""
    line = {"json": json.dumps({"a": written}), "csv": as_csv(written), "html": as_html(written), "text": written}[kind]
    assert leaks(line, kind, value, pointer="/caller_number") == []


SHORT = [
    ("json", "Bea", '{"a":"Bea"}', 1),
    ("json", "Bea", '{"a":["x", " bea "]}', 1),
    ("json", "Bea", '{"a":"Bea came"}', 0),
    ("json", "Bea", '{"a":"say \\"Bea\\" now"}', 0),
    ("json", "B.C", '{"a":"BC"}', 0),
    ("json", "sales team", '{"a":"Sales team"}', 1),
    ("json", "meetings", '{"a":"all meetings"}', 0),
    ("json", "meetings", '{"a":"Meetings"}', 1),
    ("json", "anonymous", '{"a":"an anonymous caller"}', 0),
    ("json", "anonymous", '{"a":"Anonymous"}', 1),
    ("json", "security", '{"a":"[withheld: security]"}', 0),
    ("json", "another person", '{"a":"[withheld: another person]"}', 0),
    ("csv", "Bea", "a,b\r\nx,Bea\r\n", 1),
    ("csv", "Bea", 'a,b\r\n"Bea",x\r\n', 1),
    ("csv", "Bea", "a,b\r\nx,Bea Miller\r\n", 0),
    ("csv", "Bea", "Bea", 0),
    ("html", "Bea", "<td>Bea</td>", 1),
    ("html", "Bea", "<td>\n  Bea\n</td>", 1),
    ("html", "Bea", '<td title="Bea">x</td>', 1),
    ("html", "Bea", "<td>Bea came</td>", 0),
    ("html", "Bea", "<td>&lt;Bea&gt;</td>", 0),
    ("text", "Bea", "Bea", 0),
]


@pytest.mark.parametrize(("kind", "value", "line", "found"), SHORT)
def test_short_values_and_common_words_are_compared_as_whole_values(kind, value, line, found):
    """And it is said how many."""
    assert len(leaks(line, kind, value)) == found
    assert AfterCheck(texts(value, SECRET)).compared_whole == (value != "sales team")


def test_a_common_word_that_is_the_name_of_somebody_is_looked_for_everywhere():
    """The list holds no name of the case."""
    assert len(leaks('{"a":"Complete came"}', "json", "Complete", person=True)) == 1
    assert leaks('{"a":"complete today"}', "json", "Complete") == []


NUMBERS = [
    ('{"extension_number":"1021"}', 1),
    ('{"ext_number": 1021, "a":1}', 1),
    ('{"ext_number":1021}', 1),
    ('{"duration":1021}', 0),
    ('{"ext_number":10210}', 0),
    ('{"a":"1021"}', 0),
]


@pytest.mark.parametrize(("line", "found"), NUMBERS)
def test_a_short_number_is_compared_under_a_name_that_ends_alike(line, found):
    """1021 may be an extension or a duration."""
    assert len(leaks(line, "json", "1021", pointer="/caller_extension_number")) == found


def test_a_value_across_two_pieces_is_found_once_with_its_line():
    """Memory stays flat: a file is read in pieces that overlap."""
    line = json.dumps({"a": "x" * 100}).encode() + b"\n"
    lead = line * (2 * BLOCK // len(line))
    for edge in (BLOCK, BLOCK + (1 << 16), BLOCK + (1 << 16) - 172):
        for shift in (0, 3, 6, 9, 12):
            raw = lead[: edge - shift] + b'"' + SECRET.encode() + b'" \n' + lead[:1000]
            (found,) = leaks(raw, "json", SECRET)
            assert found.lines == (raw[: raw.index(SECRET.encode())].count(b"\n") + 1,)


@pytest.mark.parametrize("shift", range(0, 26, 2))
def test_a_value_across_two_steps_of_the_second_look_is_found(shift):
    """What is looked for is the end of a number, and what stands before a value decides whether it stands alone."""
    lead = "x" * (STEP - shift)
    assert len(leaks(f"{lead} (415) 555-0142 y", "text", NUMBER, pointer="/caller_number")) == 1
    assert len(leaks(f"{lead} {SECRET} y", "text", SECRET)) == 1
    assert leaks(f"{lead}{SECRET} y", "text", SECRET) == []


def test_of_many_lines_the_first_are_named():
    """A reviewer needs to know where it begins, and the report stays short."""
    (found,) = leaks(f'{{"a":"{SECRET}"}}\n' * 50, "json", SECRET)
    assert found.lines == tuple(range(1, MOST_LINES + 1))


@pytest.mark.parametrize("size", [64, 1 << 16])
def test_a_line_is_counted_from_the_beginning_though_nothing_was_found_before(size):
    """However the file is read, and however much of it lies before."""
    before = '{"a":"lorem ipsum"}\n' * 40_000
    (found,) = leaks(f'{before}{{"a":"{SECRET}"}}\n{before}{{"a":"{SECRET}"}}\n', "json", SECRET, size=size)
    assert found.lines == (40_001, 80_002)


@pytest.mark.parametrize("value", ['Bea "B" Miller', '"Bea" Miller', 'Miller ""', "bea_m#1:x@acme.example", "{bea};[m]=1"])
@pytest.mark.parametrize("beside", ["", "x_y", '5"'])
def test_marks_in_a_value_are_looked_for_as_each_format_writes_them(value, beside):
    """What a table writes twice, and what is left out of the search where it stands in nothing that is sought."""
    also = [beside] if beside else []
    assert [one.withheld.text for one in leaks(json.dumps({"a": value, "b": 1}), "json", value, *also)] == [value]
    assert [one.withheld.text for one in leaks('7,"{}",1\r\n'.format(value.replace('"', '""')), "csv", value, *also)] == [value]
    assert [one.withheld.text for one in leaks(f"<td>{html.escape(value)}</td>", "html", value, *also)] == [value]


def test_of_values_that_overlap_each_is_found():
    """Also where the shorter one ends first."""
    assert {one.withheld.text for one in leaks('{"a":"Bea Miller Quist"}', "json", "Bea Miller", "Miller Quist")} == {
        "Bea Miller",
        "Miller Quist",
    }
    assert {one.withheld.text for one in leaks('{"a":"Bea Miller Quist"}', "json", "Miller Quisters", "Miller Quist")} == {"Miller Quist"}
    assert {one.withheld.text for one in leaks('{"a":"abcdefgh ijk"}', "json", "bcdefgh", "abcdefgh ijk")} == {"abcdefgh ijk"}


def test_a_whole_value_is_one_of_the_file_not_of_what_is_nested_in_it():
    """A short text in an address is a part of a longer text."""
    assert leaks('{"a":"https://acme.example/?q=%22Bea%22"}', "json", "Bea") == []
    assert leaks('{"a":"<p>Bea</p> &#34;Bea&#34;"}', "json", "Bea") == []
    assert leaks("a,https://acme.example/?q=%2CBea%2C\r\n", "csv", "Bea") == []


@pytest.mark.parametrize("count", few([90_000, 900_000], 90_000))
def test_a_long_text_is_found_by_its_beginning(count):
    """Ten megabytes in one cell cost no more than the piece that is looked at."""
    text = "lorem ipsum " * count
    withheld = WithheldTexts()
    withheld.withheld("acme", "calls", Ruling("/a", "mask", "trade_secret", "act 7", "decided", text), text)
    (found,) = AfterCheck(withheld).check("f", "json", [json.dumps({"a": text}).encode()])
    assert (found.withheld.cut, found.withheld.text, found.lines) == (True, text[:LONGEST], (1,))
    assert AfterCheck(withheld).check("f", "json", [json.dumps({"a": text[: LONGEST // 2]}).encode()]) == []


def test_what_is_ruled_about_is_looked_for_though_it_was_found_inside_more_before():
    """Of these the person's own are left out; of those that were ruled about they are not."""
    withheld = texts(MAIL, inside=True)
    withheld.withheld("acme", "calls", Ruling("/a", "mask", "third_party", "others[0]", "who", MAIL), MAIL)
    assert [one.confirm for one in AfterCheck(withheld, own=[MAIL]).check("f", "json", [MAIL.encode()])] == [True]


@pytest.mark.parametrize("because", NOT_SEARCHED)
def test_what_may_stand_elsewhere_by_its_reason_is_not_looked_for(because):
    """Told in another part, nobody's, or not asked for: another field may well say the same."""
    withheld, ruling = WithheldTexts(), Ruling("/a", "drop", because, "leave_out[0]", "left_out", MAIL)
    withheld.withheld("acme", "calls", ruling, MAIL)
    withheld.inside("acme", "calls", ruling, {"a": MAIL}, lambda text: [Hit("emails", 0, len(text), text)])
    assert withheld.found == {}


def test_what_was_ruled_about_stays_so_though_it_is_found_inside_more_afterwards():
    """A value of its own is not taken for one of many in a record that is held, whichever comes first."""
    withheld = WithheldTexts()
    withheld.withheld("acme", "calls", Ruling("/a", "mask", "third_party", "others[0]", "who", MAIL), MAIL)
    held = Ruling("", "hold", "privilege", "act 7", "decided")
    withheld.inside("acme", "notes", held, [MAIL], lambda text: [Hit("emails", 0, len(text), text)])
    assert [(one.endpoint, one.because, one.inside) for one in withheld.found.values()] == [("calls", "third_party", False)]


@pytest.mark.parametrize(
    ("kind", "rule", "person"), [("who", "others[0]", True), ("found", "find.known_people", True), ("found", "find.emails", False)]
)
def test_a_value_stands_for_somebody_where_a_rule_on_people_withheld_it(kind, rule, person):
    """It is looked for everywhere then, though it is a common word."""
    withheld = WithheldTexts()
    withheld.withheld("acme", "calls", Ruling("/a", "mask", "third_party", rule, kind, "Complete"), "Complete")
    assert withheld.found["Complete"].person == person
    assert len(AfterCheck(withheld).check("f", "json", [b'{"a":"Complete came"}'])) == person


def test_what_was_given_elsewhere_by_decision_is_to_be_confirmed():
    """Listed with both places; so is the person's own, and a text that holds it."""
    for value, said in ((MAIL, MAIL.upper()), (NUMBER, "(415) 555-0142"), ("Bea Miller", "Call with Bea Miller")):
        found = texts(value, pointer="/caller_number")
        line = json.dumps({"a": value}).encode()
        assert [one.confirm for one in AfterCheck(found).check("f", "json", [line])] == [False]
        assert [one.confirm for one in AfterCheck(found, own=[value]).check("f", "json", [line])] == [True]
        found.given(said)
        assert [one.confirm for one in AfterCheck(found).check("f", "json", [line])] == [True]


def test_the_persons_own_in_a_record_that_is_held_is_not_looked_for():
    """They stand in every other record."""
    assert AfterCheck(texts(MAIL, inside=True), own=[MAIL]).check("f", "json", [MAIL.encode()]) == []
    mine = AfterCheck(texts(NUMBER, pointer="/number", inside=True), own=["(415) 555-0142"])
    assert mine.check("f", "json", [NUMBER.encode()]) == []
    assert len(AfterCheck(texts(MAIL, inside=True)).check("f", "json", [MAIL.encode()])) == 1


def test_what_the_package_itself_says_is_to_be_confirmed_on_its_pages_only():
    """A withheld topic may be called like a heading; in the records it is the topic."""
    check = AfterCheck(texts("Kind of meeting"), prose=["Kind of meeting: scheduled (2)"])
    assert [one.confirm for one in check.check("f", "html", [b"<dt>Kind of meeting</dt>"])] == [True]
    assert [one.confirm for one in check.check("f", "json", [b'{"a":"Kind of meeting"}'])] == [False]
    assert [one.confirm for one in check.check("f", "json", [b'{"a":"Kind of meeting"}'], ours=True)] == [True]
    contact = AfterCheck(texts(NUMBER, pointer="/number"), prose=["Call us: (415) 555-0142."])
    assert [one.confirm for one in contact.check("f", "html", [b"<p>+1 415 555 0142</p>"])] == [True]
    whole = AfterCheck(texts("Meetings", "Bea"), prose=["Your meetings"]).check("f", "html", [b"<h2>Meetings</h2><td>Bea</td>"])
    assert [(one.withheld.text, one.confirm) for one in whole] == [("Meetings", True), ("Bea", False)]


def test_names_of_files_are_searched_and_no_value_is_shown():
    """Line 0 is the name; what was withheld is never written into a message."""
    check = AfterCheck(texts(MAIL))
    found = check.check("read/zoom-Bea%40ACME.example-1.html", "html", [b"<p>x</p>"])
    assert [one.lines for one in found] == [(0,)]
    assert MAIL not in repr(texts(MAIL).found[MAIL])
    assert AfterCheck(texts()).check("f", "json", [b"{}"]) == []


SIGNS = st.sampled_from(
    [*"aA1 -<", "\u00c4", "\ufb01", "\uff21", "\u0301", "\u0308", "\u1e9e", "\u2013", "\u03a3", "\uac00", "\u1100", "\u1161", "\u0439"]
)


@given(st.lists(st.one_of(SIGNS, st.just("plain words, " * 400)), max_size=40).map("".join), st.integers(0, 3))
def test_what_is_not_ascii_is_written_anew_as_if_the_whole_text_were(text, cut):
    """An accent belongs to the letter before it, whatever stands around; a piece may begin within a letter."""
    whole = plain(text).encode()
    for dash in ("\u2010", "\u2011", "\u2012", "\u2013"):
        whole = whole.replace(dash.encode(), b"-")
    assert folded(text.encode()) == whole
    letters = (char for char in unicodedata.normalize("NFKD", whole.decode()) if not unicodedata.combining(char))
    assert folded(text.encode(), accents=False) == "".join(letters).encode()
    piece = text.encode()[cut:]
    assert folded(piece).decode() == folded(piece.decode("utf-8", "ignore").encode()).decode()


@pytest.mark.parametrize(
    ("text", "found"),
    [("bea@example.com", True), ("BEA@Example.com,", True), ("bea@exile.example", False), ("anna.bea@example.com", True), ("bea@e", False)],
)
def test_of_an_address_the_beginning_is_looked_for_and_the_whole_is_compared(text, found):
    """Many addresses share a domain: it need not be looked for once for each of them."""
    assert bool(leaks(f'[\n{{"a":"{text}"}}\n]\n', "json", "bea@example.com")) is found


def test_a_value_of_signs_alone_is_not_looked_for():
    """Dashes in the place of a number tell of nobody, and nothing of them is left to search by: no line of a file is one in which they stand."""
    assert leaks('{"a":"-------","b":"x ------- y","c":"Qx7Zt9Lm2"}', "json", "-------") == []
    assert [one.withheld.text for one in leaks('{"a":"-------","c":"Qx7Zt9Lm2"}', "json", "-------", SECRET)] == [SECRET]
