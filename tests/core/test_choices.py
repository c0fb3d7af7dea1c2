"""What is kept, who is meant, what is planned."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from engine.core.field_filter import FieldFilter
from engine.core.plan import plan
from engine.core.selection import choose
from engine.errors import UsageError
from engine.language.expressions.select import parse_select
from tests.core.specs import HEAD, vendor

RECORD = b'{"id":1.10,"topic":"x","host":{"name":"n","mail":"m"},"files":[{"url":"u","size":2},{"url":"v"}],"none":null}'
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def keep(fields=(), only=(), without=()) -> FieldFilter:
    def paths(words):
        return frozenset(tuple(one.split(".")) for one in words)

    return FieldFilter(tuple(parse_select(one) for one in fields), paths(only), paths(without))


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        (keep(["topic"]), {"topic": "x"}),
        (keep(["host.name", "host.mail", "gone"]), {"host": {"name": "n", "mail": "m"}}),
        (keep(["files[].url"]), {"files[].url": ["u", "v"]}),
        (keep(["{t: topic, u: files[0].url}"]), {"t": "x", "u": "u"}),
        (keep(["files[9].url"]), {}),
        (keep(["none"]), {"none": None}),
        (keep(["topic", "topic"]), {"topic": "x"}),
        (keep(only=["topic", "files.url"]), {"topic": "x", "files": [{"url": "u"}, {"url": "v"}]}),
        (keep(only=["host", "host.name"]), {"host": {"name": "n", "mail": "m"}}),
        (keep(only=["topic.deeper"]), {}),
        (keep(without=["files", "host.mail", "none", "id"]), {"topic": "x", "host": {"name": "n"}}),
        (keep(without=["files.size", "topic.x", "id", "none", "host"]), {"topic": "x", "files": [{"url": "u"}, {"url": "v"}]}),
        (keep(["topic", "host.name"], only=["topic"]), {"topic": "x"}),
    ],
)
def test_the_fields_that_are_wanted_are_kept(chosen, line):
    """A dotted path keeps its place and reaches through lists; any other expression stands under its own text."""
    assert json.loads(chosen.project(RECORD)) == line
    assert not chosen.everything


@pytest.mark.parametrize(
    ("chosen", "path", "out"),
    [
        (keep(), "files.url", False),
        (keep(["files"]), "files.url", False),
        (keep(["files.size"]), "files.url", True),
        (keep(only=["topic"]), "files.url", True),
        (keep(only=["files.url.x", "topic"]), "files.url", False),
        (keep(["files"], only=["topic"]), "files.url", True),
        (keep(without=["files"]), "files.url", True),
        (keep(without=["files.url"]), "files.url", True),
        (keep(without=["files.size"]), "files.url", False),
        (keep(without=["files.url.x"]), "files.url", False),
    ],
)
def test_what_is_surely_left_out_is_known_beforehand(chosen, path, out):
    """By the spec's fields, by `--only`, by `--without`; a choice above or below a path may keep some of it."""
    assert chosen.leaves_out([tuple(path.split("."))]) is out


def test_what_is_kept_is_as_it_was_sent():
    """A number keeps its digits; a record that is no map stays what it is, or becomes an empty one."""
    assert keep(["id"]).project(RECORD) == b'{"id":1.10}'
    assert keep(without=["x"]).project(b"[1.50]") == b"[1.50]"
    assert keep(only=["x"]).project(b"5") == b"{}"
    assert keep().everything


def test_fields_of_one_list_are_joined_element_by_element():
    """Two paths into the same list meet again in its elements."""
    assert json.loads(keep(["a.b", "a.c"]).project(b'{"a":[{"b":1,"c":2,"d":3},{"b":4}]}')) == {"a": [{"b": 1, "c": 2}, {"b": 4}]}
    assert json.loads(keep(["a.b", "a.c"]).project(b'{"a":[[{"b":1,"c":2}]]}')) == {"a": [[{"b": 1, "c": 2}]]}
    assert json.loads(keep(["a.b", "a.c"]).project(b'{"a":[{"b":1},5,{"c":2}]}')) == {"a": [{"b": 1}, {"c": 2}]}


def test_chosen_fields_keep_the_vendors_order():
    """Not the order of a set, which differs from process to process: the same records have the same digest in every run."""
    names = [f"n{number}" for number in range(50)]
    record = json.dumps(dict.fromkeys(reversed(names), 1)).encode()
    assert list(json.loads(keep(only=names).project(record))) == names[::-1]


def test_a_field_that_no_record_has_is_named():
    """A typo does not pass in silence."""
    chosen = keep(["topic", "topicc"], only=["topic", "nope"], without=["id"])
    chosen.project(RECORD)
    assert chosen.unseen() == ("id", "nope", "topicc")


TWO = vendor(
    "a: {get: /a/<USER_ID>, records: r}\nb: {get: /b/<a.id>}\nc: {get: /c/<USER_ID>, bucket: slow}\n",
    HEAD.replace("refusals:", "rate_limits: {slow: 1/s, all: 2/s, many: 3 at once}\nrefusals:", 1),
)


@pytest.mark.parametrize(
    ("only", "without", "excluded"),
    [
        ((), (), set()),
        (("a",), (), {"b", "c"}),
        (("a,b",), (), {"c"}),
        (("a.x,c.y.z",), (), {"b"}),
        ((), ("c",), {"c"}),
        (("a", "c"), ("c",), {"b", "c"}),
        ((), ("a.x",), set()),
    ],
)
def test_endpoints_and_fields_are_chosen(only, without, excluded):
    """`--only` names what stays, `--without` what goes; a field's endpoint stays."""
    found = choose(TWO.endpoints, only, without)
    assert found.excluded == excluded


def test_what_is_discovered_is_no_endpoint_that_has_to_be_kept():
    """A request once per record of the account's list needs no other endpoint."""
    head = HEAD.replace("refusals:", "discover: {teams: {get: /teams, records: teams}}\nrefusals:", 1)
    spec = vendor("a: {get: /teams/<teams.id>/<USER_ID>}\nb: {get: /b/<USER_ID>}\n", head)
    assert choose(spec.endpoints, (), ()).excluded == frozenset()
    assert choose(spec.endpoints, ("a",), ()).excluded == {"b"}


def test_chosen_fields_reach_the_records():
    """A whole endpoint wins over one of its fields."""
    found = choose(TWO.endpoints, ("a.x,c,c.y",), ("a.z",))
    assert found.keeps["a"].only == {("x",)}
    assert found.keeps["a"].without == {("z",)}
    assert found.keeps["c"].only == frozenset()


@pytest.mark.parametrize(
    ("only", "without", "words"),
    [
        (("aa",), (), "no such endpoint; did you mean `a`"),
        ((), ("",), "(empty)"),
        (("a.",), (), "no such endpoint"),
        (("a",), ("a",), "nothing is left"),
        (("b",), (), "keep `a` too"),
        ((), ("a",), "keep `a` too"),
        (("x" * 30,), (), "known here"),
    ],
)
def test_a_choice_that_cannot_be_is_explained(only, without, words):
    """Unknown names, nothing left, a child without its parent: exit 2."""
    with pytest.raises(UsageError) as caught:
        choose(TWO.endpoints, only, without)
    assert words in str(caught.value)


def test_a_plan_counts_requests_and_the_time_they_take():
    """Wave by wave, and in a wave as in the spec; waves follow parents, times follow the slowest bucket at our share of it."""
    found = plan(TWO, choose(TWO.endpoints, (), ()), NOW, None, (None, 0.5))
    assert [(one.name, one.wave, one.requests, one.per_record, one.after) for one in found.steps] == [
        ("verify", 0, 1, False, ()),
        ("lookup", 0, 1, False, ()),
        ("a", 1, 1, False, ("lookup",)),
        ("c", 1, 1, False, ("lookup",)),
        ("b", 2, 1, True, ("a",)),
    ]
    assert (found.requests, found.slowest) == (5, "all")
    assert found.seconds == pytest.approx(5 - 1, abs=0.05), "one request a second, after the first"
    assert [one.name for one in plan(TWO, choose(TWO.endpoints, ("a",), ()), NOW, None, (None, 1.0)).steps] == ["verify", "lookup", "a"]
    free = vendor(
        "a: {get: /a/<USER_ID>, params: {f: <FROM>, t: <TO>}, window: {step: 1d, since: 10d}, for: {X: [1, 2]}, headers: {Y: <X>}}\n"
    )
    found = plan(free, choose(free.endpoints, (), ()), NOW, None, (None, 1.0))
    assert (found.requests, found.seconds, found.slowest) == (2 + 22, 0.0, None)


def test_what_is_discovered_is_planned_before_whoever_needs_it():
    """What nobody needs is not in the plan; the look-up comes after the deepest of the others."""
    discover = (
        "discover:\n  sites: {get: /s, records: r}\n  parts: {get: /s/<sites.id>, records: r}\n  idle: {get: /i, records: r}\nverify:"
    )
    spec = vendor("a: {get: /a/<parts.id>/<USER_ID>}\nb: {get: /b/<a.id>}\n", HEAD.replace("verify:", discover))
    found = plan(spec, choose(spec.endpoints, (), ()), NOW, None, (None, 1.0))
    assert [(one.name, one.wave) for one in found.steps] == [("sites", 0), ("parts", 1), ("verify", 2), ("lookup", 2), ("a", 3), ("b", 4)]
