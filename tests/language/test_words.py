"""Small parts of the language: numbers as sent, expressions, templates, limits, spans, merging."""

from __future__ import annotations

import copy
import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions import lossless_json
from engine.language.expressions.select import SelectError, parse_select, walk
from engine.language.expressions.template import Field, Hole, parse_path, parse_template
from engine.language.load import load
from engine.language.model.units import Duration, Rate, parse_duration, parse_rate

ACME = """
spec: 1
vendor: acme
title: Acme
version: 3.10
base_url: https://api.acme.example/v1
auth: {oauth2: {authorization_url: https://acme.example/a, token_url: https://acme.example/t}}
headers: {X-Version: <VERSION>, X-Top: top}
params: {locale: en, expand: [a, b]}
records: items
key: uid
pagination: {cursor: next, param: after, size: {limit: 50}}
refusals: {code: code, rules: [{status: 404, code: gone, means: gone}]}
verify: {get: /me}
bucket: calls
rate_limits: {calls: [10/s, 100/min], slow: 1/s}
access:
  lookup:
    get: /people/<EMAIL>
    records: none
    match: email
    capture: {USER_ID: id}
  endpoints:
    orders:
      get: /people/<USER_ID>/orders
      headers: {X-Top: own}
      params: {locale: none}
      bucket: slow
      refusals: {message: text, rules: [{status: 403, means: denied}]}
    profile: {get: /people/<USER_ID>, records: none}
    all: {get: /people/<USER_ID>/all, pagination: none, key: id, fields: none}
"""


def test_defaults_of_the_top_hold_and_a_request_s_own_win():
    """Headers and params merge by name, own rules come first, the rest is replaced whole."""
    vendor = load(ACME.encode(), "acme.yaml")
    orders, profile, everything = vendor.endpoints.values()
    assert dict((name, str(value)) for name, value in orders.headers) == {"X-Version": "3.10", "X-Top": "own"}
    assert [(name, [str(one) for one in values]) for name, values in orders.params] == [("locale", ["none"]), ("expand", ["a", "b"])]
    assert orders.bucket == "slow"
    assert profile.bucket == "calls"
    assert [rule.means for rule in orders.refusals.rules] == ["denied", "gone"]
    assert (orders.refusals.code.text, orders.refusals.message.text) == ("code", "text")
    assert (orders.records.text, orders.key.text) == ("items", "uid")
    assert orders.pagination.param == "after"
    assert (profile.records, profile.pagination) == (None, None)
    assert (everything.pagination, everything.key.text, everything.fields) == (None, "id", None)
    assert vendor.verify.pagination is None
    assert vendor.lookups[0].records is None
    assert vendor.version == "3.10"
    assert vendor.hosts == ("api.acme.example",)
    assert vendor.limits(None) == {"calls": (Rate(10, 1.0), Rate(100, 60.0)), "slow": (Rate(1, 1.0),)}
    assert not orders.overlaps


@pytest.mark.parametrize("text", ["1.10", "1e5", "-0", "1E+400", "12345678901234567890123", "0.1000", "-1.5e-7", "9" * 5000])
def test_a_number_stays_as_it_was_written(text):
    """Through decoding, selecting and encoding no digit changes."""
    assert lossless_json.dumps(lossless_json.loads(f'{{"a":[{text}]}}'.encode())) == f'{{"a":[{text}]}}'.encode()
    assert lossless_json.text_of(lossless_json.loads(text.encode())) == text


@pytest.mark.parametrize(
    "made", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))], ids=["copy", "deep", "pickle"]
)
def test_a_copy_of_a_number_is_written_as_it_came(made):
    """Whoever copies a record keeps every number of it."""
    number = lossless_json.loads(b"1.10")
    copied = made(number)
    assert (copied, type(copied), copied.text, lossless_json.dumps([copied])) == (1.1, lossless_json.Number, "1.10", b"[1.10]")
    assert lossless_json.dumps(made({"rows": [number]})) == b'{"rows":[1.10]}'


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (False, "false"), (7, "7"), (None, None), ([1], None), ({}, None), (1.5, "1.5")]
)
def test_scalars_are_compared_as_text(value, text):
    """Null, lists and maps have none."""
    assert lossless_json.text_of(value) == text


def test_half_of_a_surrogate_pair_survives_as_its_escape():
    """What the standard allows and text cannot hold is written back as it came, in keys too."""
    raw = b'{"k\\ud83d":{"a":"\\ud800","b":1,"c":[1.50,"x"]},"ok":{"d":2}}'
    assert lossless_json.dumps(lossless_json.loads(raw)) == raw


@pytest.mark.parametrize("raw", [b"NaN", b"[Infinity]", b"{", b"\xff", b"", b"[1,]"])
def test_what_is_not_json_is_refused(raw):
    """NaN and Infinity are no JSON (RFC 8259), neither is half a text."""
    with pytest.raises(ValueError):
        lossless_json.loads(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_comes_back_whole(value):
    """Whatever is decoded and encoded again is the same value."""
    assert json.loads(lossless_json.dumps(lossless_json.loads(json.dumps(value).encode()))) == value


def test_a_dotted_path_takes_the_fast_way_and_other_expressions_the_library_s():
    """`@`, a.b and a[].b know their steps; what does not fit a value finds nothing."""
    assert parse_select("a.b").steps == ("a", "b")
    assert parse_select("@").steps == ()
    assert parse_select("@").search(5) == 5
    assert parse_select("a[].b.c").column == (("a",), ("b", "c"))
    assert parse_select("a[*].b.c").column == (("a",), ("b", "c"))
    assert parse_select("a[?b]").steps is None
    assert parse_select("a.b").search({"a": {"b": 1}}) == 1
    assert parse_select("a || b").search({"b": 2}) == 2
    assert parse_select("length(a)").search({"a": 5}) is None
    assert walk([1], ("a",)) is None


@pytest.mark.parametrize(("text", "offset"), [("a..b", 2), ("", 0), ("a[", 1), ("nope(@)", 0), ("(" * 5000, 0), ("x == '<A>'", 6)])
def test_what_is_no_expression_says_where(text, offset):
    """The offset lies inside the text, wherever the library stumbles."""
    try:
        found = parse_select(text)
    except SelectError as error:
        assert 0 <= error.offset <= max(0, len(text) - 1)
        if offset and len(text) > 3:
            assert error.offset == offset
    else:
        assert found.search({}) is None


def test_a_template_is_its_parts_in_order():
    """Values, forms and fields keep their places and are shown as they were written."""
    text = "a <EMAIL.md5>-<orders.item.id> <FROM> z"
    parsed = parse_template(text)
    assert parsed.parts == ("a ", Hole("EMAIL", "md5"), "-", Field("orders", ("item", "id")), " ", Hole("FROM"), " z")
    assert str(parsed) == text
    assert [str(one) for one in parsed.fields()] == ["<orders.item.id>"]
    assert str(parse_path("https://a.example/x/<EMAIL>")) == "https://a.example/x/<EMAIL>"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("30/s", Rate(30, 1.0)),
        ("20/min", Rate(20, 60.0)),
        ("5000/h", Rate(5000, 3600.0)),
        ("6000/day", Rate(6000, 86400.0)),
        ("100/10s", Rate(100, 10.0)),
        ("10 at once", Rate(10, None)),
        ("50/min each", Rate(50, 60.0, each=True)),
    ],
)
def test_limits_are_read_as_vendors_print_them(text, rate):
    """So many in so much time, or at once, perhaps for each request line."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["0/s", "-1/s", "1/0s", "3/00s", "s", "1/", "1/week", "1.5/s", "9999999/s", "10 at", "1/s each other", " 1/s"]
)
def test_other_texts_are_no_limits(text):
    """Zero, fractions and unknown units are refused."""
    with pytest.raises(ValueError, match="is no limit"):
        parse_rate(text)


def test_spans_are_seconds_or_calendar_months():
    """A month is not thirty days."""
    assert parse_duration("28d") == Duration(seconds=28 * 86400)
    assert parse_duration("6mo") == Duration(months=6)
    assert parse_duration("90m") == Duration(seconds=5400)
    for text in ("0d", "d", "1 d", "1y", "-1d", "1.5d"):
        with pytest.raises(ValueError, match="no span"):
            parse_duration(text)
    for text in ("1201mo", "999999999d"):
        with pytest.raises(ValueError, match="longer than"):
            parse_duration(text)
    assert math.isclose(parse_duration("12h").seconds, 43200)
