"""What an answer means, as data; and that records stay the bytes they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chain import Chain
from engine.core.envelope import MISSING, UNUSABLE, Envelope, NotJson, column, request_values
from engine.core.http import Malformed, Response
from engine.core.response import Page, PointsTold, Refusal, Unreadable, Unusable, read
from engine.language.expressions.select import parse_select
from tests.core.specs import HEAD, ROW, endpoint, vendor

LIST = "get: /p/<USER_ID>\nrecords: items\npagination: {cursor: next, param: after, total: total}\n"


def ask(words: str, status: int, body: object, row=ROW):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(Chain(endpoint(words), row), Response(status, {}, raw))


def test_a_page_is_its_records_and_what_it_says_of_the_list():
    """Records are bytes to the letter; cursor and total are read beside them."""
    page = ask(LIST, 200, b'{"items":[{"id":1.10,"t":"\\u00e9"},{"id":12345678901234567890}],"next":"n","total":2}')
    assert isinstance(page, Page)
    assert [bytes(one) for one in page.records] == [b'{"id":1.10,"t":"\\u00e9"}', b'{"id":12345678901234567890}']
    assert (page.count, page.cursor, page.total, page.others) == (2, "n", 2, 0)


@pytest.mark.parametrize("total", ['"2"', "2"])
def test_a_total_is_a_count_as_number_or_text(total):
    """Vendors write both."""
    assert ask(LIST, 200, f'{{"items":[],"total":{total}}}'.encode()).total == 2


@pytest.mark.parametrize("total", ["null", '"many"', "-1", "2.5", "[2]", '"99999999999999999"'])
def test_a_total_that_is_no_count_says_nothing(total):
    """It is not compared with anything."""
    assert ask(LIST, 200, f'{{"items":[],"total":{total}}}'.encode()).total is None


FORMS = yaml.safe_load((Path(__file__).parent / "data" / "counts.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", FORMS["totals"], ids=lambda case: case["json"])
def test_a_total_that_is_no_count_is_known_by_its_form(case):
    """Digits are a count, as a number or a text; of anything else the form is told, because the content may be anybody's."""
    page = ask(LIST, 200, f'{{"items":[],"total":{case["json"]}}}'.encode())
    assert (page.total, page.form) == (case.get("total"), case.get("form"))


@pytest.mark.parametrize(
    "case", FORMS["beside"], ids=lambda case: str(case["answer"]) + (f" {case['headers']}" if "headers" in case else "")
)
def test_what_stands_beside_a_list_without_pages_tells_of_more(case):
    """A next page in the names that vendors use, at the top, around the list, in a map of page facts or a header; a total above what came."""
    words = f"get: /p/<USER_ID>\nrecords: {json.dumps(case.get('records', 'items'))}\npagination: none"
    page = read(Chain(endpoint(words), ROW), Response(200, case.get("headers", {}), json.dumps(case["answer"]).encode()))
    assert page.beyond == case["then"]


@pytest.mark.parametrize(
    "case",
    FORMS["ending"],
    ids=lambda case: f"{case['pagination']} {case['answer']}" + (f" {case['headers']}" if "headers" in case else ""),
)
def test_a_list_does_not_end_with_an_answer_that_tells_of_a_next_page(case):
    """Where nothing that the spec reads leads on, the vendor's other words for it are heard: never its numbers, nor against `more`."""
    words = f"get: /p/<USER_ID>\nrecords: {json.dumps(case.get('records', 'items'))}\npagination: {case['pagination']}"
    page = read(Chain(endpoint(words), ROW), Response(200, case.get("headers", {}), json.dumps(case["answer"]).encode()))
    assert page.beyond == case["then"]


@pytest.mark.parametrize("case", FORMS["going_on"], ids=lambda case: f"{case['pagination']} {case['answer']}")
def test_a_page_that_says_that_records_lack_is_heard_wherever_it_stands(case):
    """The last page need not repeat it. What may only mean that more pages follow says nothing."""
    words = f"get: /p/<USER_ID>\nrecords: items\npagination: {case['pagination']}"
    assert ask(words, 200, case["answer"]).gap == case["then"]


def test_a_link_header_tells_a_list_without_pages_of_a_next_one():
    """A bare list has no members beside it; a single record is no list."""
    for words, then in (('records: "@"\npagination: none', "its `Link` header"), ("records: none", None)):
        it = endpoint(f"get: /p/<USER_ID>\n{words}")
        page = read(Chain(it, ROW), Response(200, {"link": '</p?page=2>; rel="next"'}, b'[{"id":1}]'))
        assert (then in page.beyond) if then else page.beyond is None


@pytest.mark.parametrize(
    ("path", "answer", "lacks"),
    [
        ("next", {}, True),
        ("next", {"next": None}, False),
        ("paging.next", {}, True),
        ("paging.next", {"paging": {}}, True),
        ("paging.next", {"paging": None}, False),
        ("paging.next", {"paging": 5}, True),
        ("paging.next", {"paging": {"next": None}}, False),
        ('"n" || m', {"m": 1}, False),
        ("n || m", {}, True),
        ("header", {}, True),
    ],
)
def test_a_member_that_is_missing_is_not_one_that_is_null(path, answer, lacks):
    """Only of a page as full as asked for: null says that no page follows, nothing says nothing. Of an expression nobody can tell."""
    way = "{link: header, size: {n: 2}}" if path == "header" else f"{{cursor: {json.dumps(path)}, param: c, size: {{n: 2}}}}"
    words = f"get: /p/<USER_ID>\nrecords: items\npagination: {way}"
    assert ask(words, 200, json.dumps({"items": [{}, {}], **answer}).encode()).lacks is lacks
    assert ask(words, 200, json.dumps({"items": [{}], **answer}).encode()).lacks is False
    if path == "header":
        page = read(Chain(endpoint(words), ROW), Response(200, {"link": "<x>; rel=last"}, b'{"items":[{},{}]}'))
        assert page.lacks is False


def test_a_look_up_keeps_the_person_s_own_records():
    """A path without a value is compared with the identifier that is asked by; of others only the number is kept."""
    spec = vendor("it: {get: /p/<USER_ID>}\n")
    for email, found in (("A@X.io", (1, 0)), ("other@x.io", (0, 1))):
        page = read(Chain(spec.lookups[0], ROW), Response(200, {}, json.dumps({"email": email, "id": 1}).encode()))
        assert isinstance(page, Page)
        assert (len(page.records), page.others) == found


def test_an_answer_that_cannot_be_checked_is_not_used():
    """A value that was never given is no reason to believe an answer, nor to fall over it."""
    for words in ("echo: {phone: <PHONE>}", "match: {phone: <PHONE>}"):
        assert shown(ask(f"get: /p/<USER_ID>\n{words}", 200, {"phone": "1"})) == (
            "unusable: the answer cannot be checked: <PHONE> has no value"
        )


CASES = yaml.safe_load((Path(__file__).parent / "data" / "answers.yaml").read_text("utf-8"))


def shown(reading) -> str:
    if isinstance(reading, Page):
        nulls = f", {reading.nulls} as null" if reading.nulls else ""
        return f"page {len(reading.records)}" + (f" of {reading.count}" if reading.others else "") + nulls
    if isinstance(reading, Unusable):
        return f"unusable: {reading.words}"
    if isinstance(reading, Refusal):
        return f"{reading.means}: {reading.words}"
    assert isinstance(reading, Malformed)
    return "malformed"


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["given"]))
def test_an_answer_means_one_thing(case):
    """Nothing that is missing, foreign or not JSON is ever taken for an empty list."""
    given = case["given"]
    body = given["raw"].encode() if "raw" in given else given["body"]
    body = b" " * given["blanks"] + json.dumps(body).encode() if "blanks" in given else body
    assert shown(ask(f"get: /p/<USER_ID>\n{given['words']}", given["status"], body)) == case["then"]


@pytest.mark.parametrize("raw", [b'{"a":"\xff"}', b"[" * 100_000 + b"]" * 100_000], ids=["not UTF-8", "deep"])
def test_what_cannot_be_read_is_malformed(raw):
    """Bytes that are no text, nesting without end."""
    assert shown(ask("get: /p/<USER_ID>\n", 200, raw)) == "malformed"


def test_a_pretty_printed_answer_becomes_one_line_a_record():
    """White space between tokens goes, everything inside them stays."""
    page = ask(LIST, 200, b'\xef\xbb\xbf{\n "items": [ {"a" : 1.10,\r\n "b": "x  \\n y"} ] }')
    assert [bytes(one) for one in page.records] == [b'{"a":1.10,"b":"x  \\n y"}']


def test_half_a_surrogate_pair_does_not_lose_a_page():
    """What the fast decoder refuses goes the slow way, numbers and escapes kept."""
    page = ask(LIST, 200, b'{"items":[{"a":"\\ud800","n":1.10}],"next":"x"}')
    assert [bytes(one) for one in page.records] == [b'{"a":"\\ud800","n":1.10}']
    assert page.cursor == "x"
    page = ask('get: /p\nrecords: "@"', 200, b'[{"a":"\\ud800"}]')
    assert [bytes(one) for one in page.records] == [b'{"a":"\\ud800"}']


def test_a_column_is_read_the_fast_way_and_the_slow_way_alike():
    """A plain name, a deeper path, records that are no maps: the same texts."""
    records = [b'{"id":"x","a":{"b":1.10}}', b'{"id":null}', b"{}", b"5"]
    assert column(records, parse_select("id")) == [b'"x"', None, None, None]
    assert column(records[:3], parse_select("id")) == [b'"x"', None, None]
    assert column(records, parse_select("a.b")) == [b"1.10", None, None, None]


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (b'{"id":1}', "1"),
        (b'{"id":1.10}', "1.10"),
        (b'{"id":"\\u00e9"}', "é"),
        (b'{"id":{"a":1}}', None),
        (b'{"id":[1]}', None),
        (b"{}", None),
        (b'{"id":null}', None),
        (b'{"id":true}', "true"),
        (b'{"id":false}', UNUSABLE),
        *((b'{"id":"' + word + b'"}', UNUSABLE) for word in (b"null", b"Undefined", b"*", b"", b" ", b"\\t\\u00a0", b"\\u200b")),
        (b'{"id":"a","id":"b"}', UNUSABLE),
        (b'{"id":"a","id":null}', UNUSABLE),
        (b'{"id":"a","more":{"x":1,"x":2}}', UNUSABLE),
        (b'{"id":"nullable","n":' + b"1" * 5000 + b"}", "nullable"),
    ],
)
def test_a_field_of_a_record_is_a_value_of_requests_where_it_means_one(record, value):
    """A text as it is, a number as its JSON; nothing where there is none, and what cannot be used where it means nothing or everybody."""
    assert request_values([record, b'{"id":7}'], [parse_select("id")]) == [[value, "7"]]


def test_an_envelope_finds_what_is_there_and_says_what_is_not():
    """Missing and null are different."""
    envelope = Envelope(b'{"a":{"b":null},"c":[1]}')
    assert bytes(envelope.raw(("a", "b"))) == b"null"
    assert envelope.raw(("a", "x")) is MISSING
    assert envelope.raw(("c", "x")) is MISSING
    assert envelope.find(parse_select("c[0]")) == 1
    assert envelope.find(parse_select("a.x")) is None
    assert envelope.find(None) is None
    with pytest.raises(NotJson):
        Envelope(b"{")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_records_come_out_as_they_went_in(records, ascii_only, indent):
    """Whatever the records hold and however the answer is printed, each line is the same JSON."""
    body = json.dumps({"items": records}, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    page = ask(LIST, 200, body)
    if isinstance(page, Malformed):
        assert not ascii_only
        return
    lines = [bytes(one) for one in page.records]
    assert [json.loads(one) for one in lines] == records
    assert not any(b"\n" in one for one in lines)


TOLD = HEAD.replace("verify:", "rate_limits: {all: {left: cost.left, refill: cost.rate, cost: cost.took}}\nverify:")


@pytest.mark.parametrize(
    ("status", "body", "points"),
    [
        (200, '{"items":[],"cost":{"left":990.5,"rate":100,"took":3}}', PointsTold(990.5, 100.0, 3.0)),
        (400, '{"code":1,"cost":{"left":0,"rate":50.0,"took":12}}', PointsTold(0.0, 50.0, 12.0)),
        (200, '{"items":[],"cost":{"left":990,"rate":100}}', None),
        (200, '{"items":[],"cost":{"left":"many","rate":100,"took":-1}}', None),
        (200, '{"items":[]}', None),
    ],
)
def test_an_answer_tells_of_its_points_whatever_it_says(status, body, points):
    """Only where all three numbers are there."""
    for words in ("records: items", "records: items, pagination: {cursor: c, param: p}"):
        it = vendor(f"it: {{get: /p/<USER_ID>, {words}}}\n", TOLD).endpoints["it"]
        reading = read(Chain(it, ROW), Response(status, {}, body.encode()))
        assert reading.points == points


@pytest.mark.parametrize(
    ("header", "link"),
    [
        ('<https://a.example/x?page=2>; rel="next", <https://a.example/x?page=9>; rel="last"', "https://a.example/x?page=2"),
        ('<https://a.example/x?page=1>; rel="prev", <https://a.example/x?a=b,c;d>; rel=next', "https://a.example/x?a=b,c;d"),
        ('</x?page=2>;title="a;b,c";REL="first next"', "/x?page=2"),
        ("<https://a.example/x?page=2> ; rel = 'next'", "https://a.example/x?page=2"),
        ('<https://a.example/>; title="; rel=next"', None),
        ("<https://a.example/>; rel=prev; rel=next", None),
        ("<https://a.example/>; rel", None),
        ('<https://a.example/>; rel="nextish"', None),
        ('<https://a.example/>; rel2="next"', None),
        ("<https://a.example/>", None),
        ("", None),
        ("<<<;;;,,,rel=next" * 1000, Unreadable),
        ('https://a.example/x?page=2; rel="next"', Unreadable),
        ('<https://a.example/x?page=1>; rel="prev", <https://a.example/x?page=2; rel="next"', Unreadable),
        ('<https://a.example/x?page=2> rel="Next"', Unreadable),
        ('<https://a.example/x?page=9>; rel="last", <next', Unreadable),
    ],
)
def test_the_next_page_may_stand_in_a_link_header(header, link):
    """RFC 8288, in every form it is sent in; anything else is no link."""
    it = endpoint("get: /p/<USER_ID>\nrecords: items\npagination: {link: header}")
    page = read(Chain(it, ROW), Response(200, {"link": header}, b'{"items":[{}],"header":"https://evil.example"}'))
    assert isinstance(page.link, link) if link is Unreadable else page.link == link


def test_an_answer_of_millions_of_values_is_not_read():
    """Memory stays flat, and what was not read is no empty list."""
    found = ask("get: /p\nrecords: items", 200, b'{"items":[' + b"0," * 2_000_001 + b"0]}")
    assert found == Unusable("an answer of over 2,000,000 values")


@pytest.mark.parametrize(
    ("path", "record", "named"),
    [
        ("of.id", {"of": {"id": "u 2"}}, True),
        ("of.id", {"of": {"id": ["", 5]}}, True),
        ("of.id", {"of": {"id": None}}, True),
        ("of.id", {"of": None}, True),
        ("of.id", {"of": {}}, True),
        ("of.id", {"of": {"id": [None, ""]}}, True),
        ("of.id", {"of": {"by": "u 2"}}, False),
        ("of.id", {"of": {"id": {"x": 1}}}, False),
        ("of.id", {"of": "u 1"}, False),
        ("of", {}, False),
        ("of", {"of": ""}, True),
        ("of", {"of": []}, True),
        ("of", {"of": 0}, True),
        ("of", {"of": [[{}], None]}, True),
        ("of", {"of": [{"id": "u 1"}]}, False),
        ("[of, by]", {}, True),
    ],
    ids=str,
)
def test_a_record_that_is_left_out_says_whose_it_is_or_does_not(path, record, named):
    """What holds nothing says that it is nobody's; of an expression nobody can tell."""
    page = ask(f"get: /p/<USER_ID>\nrecords: items\nmatch: {{{json.dumps(path)}: <USER_ID>}}", 200, {"items": [record]})
    assert (page.others, page.named) == (1, named)
