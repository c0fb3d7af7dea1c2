"""What an answer means, as data; and that records stay the bytes they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.envelope import MISSING, Envelope, NotJson, column, plain
from engine.core.http import Malformed, Response
from engine.core.request import Chain
from engine.core.response import Page, Refusal, Unusable, read
from engine.spec.select import parse_select
from tests.core.specs import ROW, endpoint, vendor

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


def test_a_look_up_s_own_match_is_left_to_the_look_up():
    """A path without a value filters nothing here: who answered is judged elsewhere."""
    spec = vendor("it: {get: /p/<USER_ID>}\n")
    page = read(Chain(spec.lookup, ROW), Response(200, {}, b'{"email":"other@x.io","id":1}'))
    assert isinstance(page, Page)
    assert (len(page.records), page.others) == (1, 0)


CASES = [
    ("records: items", 200, {"items": None}, "page 0"),
    ("records: items", 200, {"items": {"a": 1}}, "page 1"),
    ("records: items", 200, {}, "unusable: the answer lacks `items`"),
    ("records: items", 200, {"items": 5}, "unusable: no records stand under `items`"),
    ("records: items", 200, {"items": "x"}, "unusable: no records stand under `items`"),
    ("records: items", 200, [], "unusable: the answer lacks `items`"),
    ("records: a.items", 200, {"a": 5}, "unusable: the answer lacks `a.items`"),
    ("records: a.items", 200, {"a": {"items": [1, 2]}}, "page 2"),
    ("records: a.items", 200, {"a": {"items": None}}, "page 0"),
    ("records: a.items", 200, {"a": {"items": {"b": 1}}}, "page 1"),
    ("records: items\npagination: {cursor: items, param: p}", 200, {"items": [1]}, "page 1"),
    ('records: "@"', 200, [{"a": 1}], "page 1"),
    ('records: "items[?a]"', 200, {"items": [{"a": 1.5}, {"b": 2}]}, "page 1"),
    ('records: "items[?a]"', 200, {"items": None}, "unusable: the answer lacks `items[?a]`"),
    ("records: items[0]", 200, {"items": [{"a": 1}]}, "page 1"),
    ("records: length(items)", 200, {"items": []}, "unusable: no records stand under `length(items)`"),
    ("", 200, {"a": 1}, "page 1"),
    ("", 200, [1, 2], "page 1"),
    ("", 200, 5, "unusable: no records stand under `the answer`"),
    ("", 200, b"<html>", "malformed"),
    ("", 200, b"", "malformed"),
    ("", 200, b'{"a":', "malformed"),
    ("", 200, b'{"a":"\xff"}', "malformed"),
    ("", 200, b"[" * 100_000 + b"]" * 100_000, "malformed"),
    ("", 204, b"", "malformed"),
    ("", 404, b"<html>", "None: HTTP 404"),
    ("", 404, {"code": 1001, "message": "x"}, "None: HTTP 404, code 1001"),
    ("", 404, {"code": "a@x.io", "message": "x"}, "None: HTTP 404"),
    ("", 404, [], "None: HTTP 404"),
    ("answers: {rules: [{status: 404, means: absent}]}", 404, {}, "absent: HTTP 404"),
    ("answers: {rules: [{status: [403, 404], code: 7, means: absent}]}", 404, {"code": "7"}, "absent: HTTP 404, code 7"),
    ("answers: {rules: [{status: 404, code: 7, means: absent}]}", 404, {"code": 8}, "None: HTTP 404, code 8"),
    ("answers: {rules: [{message: Not FOUND, means: absent}]}", 400, {"message": "It was not found."}, "absent: HTTP 400"),
    ("answers: {rules: [{message: no, means: absent}, {status: 400, means: denied}]}", 400, {"message": "x"}, "denied: HTTP 400"),
    (
        'answers: {refused: "!ok", code: error, rules: [{code: nobody, means: absent}]}',
        200,
        {"ok": False, "error": "nobody"},
        "absent: HTTP 200, code nobody",
    ),
    ('answers: {refused: "!ok"}', 200, {"ok": True}, "page 1"),
    ("echo: {from: <USER_ID>}", 200, {"from": "u 1"}, "page 1"),
    ("echo: {from: <USER_ID>}", 200, {"from": "u 2"}, "unusable: the answer does not repeat what was asked (`from`)"),
    ("echo: {from: <USER_ID>}", 200, {}, "unusable: the answer does not repeat what was asked (`from`)"),
    ('records: items\necho: {"items[].of": <USER_ID>}', 200, {"items": [{"of": "u 1"}, {"of": "u 1"}]}, "page 2"),
    ('records: items\necho: {"items[].of": <USER_ID>}', 200, {"items": []}, "page 0"),
    (
        'records: items\necho: {"items[].of": <USER_ID>}',
        200,
        {"items": [{"of": "u 1"}, {"of": "u 2"}]},
        "unusable: the answer does not repeat what was asked (`items[].of`)",
    ),
    (
        'records: items\necho: {"items[].of": <USER_ID>}',
        200,
        {"items": [{"of": "u 1"}, {}]},
        "unusable: the answer does not repeat what was asked (`items[].of`)",
    ),
    ('records: items\necho: {"others[].of": <USER_ID>}', 200, {"items": [], "others": [{"of": "u 1"}]}, "page 0"),
    (
        'records: items\necho: {"others[].of": <USER_ID>}',
        200,
        {"items": [], "others": [{"of": "u 2"}]},
        "unusable: the answer does not repeat what was asked (`others[].of`)",
    ),
    ("records: items\nmatch: {of: <USER_ID>}", 200, {"items": [{"of": "u 1"}, {"of": "u 2"}, {}]}, "page 1 of 3"),
    ("records: items\nmatch: {by.id: <USER_ID>}", 200, {"items": [{"by": {"id": "u 1"}}, {"by": None}]}, "page 1 of 2"),
    ('records: items\nmatch: {"[a, b]": <USER_ID>}', 200, {"items": [{"a": "u 1"}, {"b": "u 1"}, {"a": 1}]}, "page 2 of 3"),
]


def shown(reading) -> str:
    if isinstance(reading, Page):
        return f"page {len(reading.records)}" + (f" of {reading.count}" if reading.others else "")
    if isinstance(reading, Unusable):
        return f"unusable: {reading.words}"
    if isinstance(reading, Refusal):
        return f"{reading.means}: {reading.words}"
    assert isinstance(reading, Malformed)
    return "malformed"


@pytest.mark.parametrize(("words", "status", "body", "then"), CASES)
def test_an_answer_means_one_thing(words, status, body, then):
    """Nothing that is missing, foreign or not JSON is ever taken for an empty list."""
    assert shown(ask(f"get: /p/<USER_ID>\n{words}", status, body)) == then


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
    assert plain(b'"\\u00e9"') == "é"
    assert plain(b"1.10") == "1.10"


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
