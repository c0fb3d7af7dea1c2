"""Whole runs in which something was found with something else: it is asked about beside nothing else, and nothing of it is lost."""

from __future__ import annotations

import pytest

from engine.errors import Exit
from tests.core.specs import HEAD
from tests.whole.scripted import fetched
from tests.whole.test_account import ABSENT, FAN, FOUND, LISTED, LOOKUP

ANSWERS = HEAD.replace("message: message}", ABSENT)
IN_LISTS = "lookup: {get: /lists/<lists.id>/<EMAIL>, match: email, several: all, capture: {USER_ID: uid}}"
STORES = ANSWERS.replace("verify:", "discover: {stores: {get: /stores, records: items}}\nverify:")
ORDERS = """
customers: {get: /s/<stores.id>/c, params: {q: <EMAIL>}, records: items, match: {email: <EMAIL>}}
orders: {get: /s/<stores.id>/c/<customers.id>/o, records: items}
"""


def discovering(discover: str) -> str:
    """Give a vendor whose people are looked up in lists that are found through others."""
    return ANSWERS.replace("verify:", f"discover:\n{discover}\nverify:").replace(LOOKUP, IN_LISTS)


GROUPS = "  groups: {for: {KIND: [x, y]}, get: /groups/<KIND>, records: items}\n  lists: {get: /groups/<groups.id>/lists, records: items}"
LISTS = {"/groups/1/lists": [{"items": [{"id": "a"}]}]}


@pytest.mark.parametrize(
    ("spec", "answers", "words"),
    [
        (GROUPS.replace("groups.id", "groups.idd"), {"/groups/x": [{"items": [{"id": 1}]}]}, "no usable `groups.idd`"),
        (GROUPS, {"/groups/x": [{"items": [{"id": 1}, {"name": "n"}]}]}, "1 of 2 parts: a record of `groups` has no usable `groups.id`"),
        (GROUPS, {"/groups/x": [{"items": [{"id": 1}]}], "/groups/y": [(403, {})]}, "groups is partial"),
    ],
)
def test_what_was_not_discovered_is_no_list_without_the_person(spec, answers, words, tmp_path):
    """A list that nobody could ask for proves nobody's absence, however far above it something is missing."""
    run = fetched("it: {get: /l/<USER_ID>}\n", {"/groups/y": [{"items": []}], **LISTS, **answers}, tmp_path, discovering(spec))
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.INCOMPLETE, "unproven")
    assert words in run.report.subject.reason


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("it: {get: /l/<lists.id>/<lists.name>/<USER_ID>}\n", ["/l/1/one/a", "/l/3/three/c"]),
        ("it: {get: /l/<lists.id>/<parts.id>/<USER_ID>}\n", ["/l/1/p1/a", "/l/3/p3/c"]),
        ("it: {get: /s/<stores.id>/<USER_ID>}\n", ["/s/s/a", "/s/s/c"]),
    ],
)
def test_a_person_is_asked_about_beside_the_records_they_were_found_with(endpoint, asked, tmp_path):
    """What else is known of the lists keeps to them; a list of its own is asked about for every row of the person."""
    more = "  parts: {get: /parts/<lists.id>, records: items}\n  stores: {for: {KIND: [k]}, get: /stores/<KIND>, records: items}\nverify:"
    names = {1: "one", 2: "two", 3: "three"}
    answers = {
        **FOUND,
        "/lists/us1": [{"lists": [{"id": one, "name": name} for one, name in names.items()]}],
        **{f"/parts/{one}": [{"items": [{"id": f"p{one}"}]}] for one in names},
        "/stores/k": [{"items": [{"id": "s"}]}],
    }
    run = fetched(endpoint, answers, tmp_path, LISTED.replace("verify:", more))
    assert sorted(one for one in run.log if one.startswith(("/l/", "/s/"))) == asked


def test_names_of_for_part_no_records(tmp_path):
    """The kind of a person is not the kind of a store, whatever both are called; nearer to the request is the store's."""
    head = STORES.replace("get: /stores,", "for: {KIND: [k]}, get: /stores/<KIND>,").replace(
        LOOKUP, "lookup: {for: {KIND: [a, b]}, get: /<KIND>/<EMAIL>, match: email, several: all, capture: {USER_ID: id}}"
    )
    answers = {
        "/stores/k": [{"items": [{"id": "s"}]}],
        "/a/ada%40x.io": [{"id": 1, "email": "ada@x.io"}],
        "/b/ada%40x.io": [{"id": 2, "email": "ada@x.io"}],
    }
    run = fetched("it: {get: /s/<stores.id>/<KIND>/<USER_ID>}\n", answers, tmp_path, head)
    assert sorted(one for one in run.log if one.startswith("/s/")) == ["/s/s/k/1", "/s/s/k/2"]


def test_a_person_whose_list_has_no_parts_lacks_nothing(tmp_path):
    """Records of other lists are no reason to take the field for a typo."""
    head = LISTED.replace("verify:", "  parts: {get: /parts/<lists.id>, records: items}\nverify:")
    parts = {"/parts/1": [{"items": []}], "/parts/2": [{"items": [{"id": "p"}]}], "/parts/3": [{"items": []}]}
    run = fetched("it: {get: /l/<lists.id>/<parts.id>/<USER_ID>}\n", {**FOUND, **parts}, tmp_path, head)
    assert (run.report.exit_code, run.entry().outcome) == (Exit.COMPLETE, "empty")


def test_a_discovered_record_that_nobody_can_be_asked_about_is_counted(tmp_path):
    """As one of an endpoint is: "1 record without `stores.id`"."""
    answers = {"/stores": [{"items": [{"id": "s1"}, {"name": "x"}]}], "/s/s1/c?q=ada%40x.io": [{"items": []}]}
    run = fetched(ORDERS, answers, tmp_path, STORES)
    assert run.entry("customers").notes == ("1 record without `stores.id`",)
    answers["/stores"] = [{"items": [{"name": "x"}]}]
    run = fetched(ORDERS, answers, tmp_path / "x", STORES)
    assert run.entry("customers").reason == "no record of stores has the field `stores.id`"


def test_equal_records_under_two_parents_each_have_their_children(tmp_path):
    """Customer 1 of two stores may be the same to the letter: it is written for both, and asked about in both stores."""
    one = [{"items": [{"id": 1, "email": "ada@x.io"}]}]
    answers = {
        "/stores": [{"items": [{"id": "s1"}, {"id": "s2"}]}],
        "/s/s1/c?q=ada%40x.io": one,
        "/s/s2/c?q=ada%40x.io": one,
        "/s/s1/c/1/o": [{"items": [{"id": "o1"}]}],
        "/s/s2/c/1/o": [{"items": [{"id": "o2"}]}],
    }
    run = fetched(ORDERS, answers, tmp_path, STORES)
    assert run.report.exit_code is Exit.COMPLETE
    assert [one["id"] for one in run.lines("orders")] == ["o1", "o2"]
    assert (len(run.lines("customers")), run.entry("customers").tally.duplicates) == (2, 0)
    answers["/s/s2/c?q=ada%40x.io"] = answers["/s/s1/c?q=ada%40x.io"] = [{"items": [{"email": "ada@x.io"}, {"id": 2, "email": "ada@x.io"}]}]
    run = fetched(ORDERS, answers, tmp_path / "x", STORES)
    assert run.entry("customers").notes[0] == "2 records without `customers.id`"


def test_one_person_in_two_lists_is_asked_about_in_both(tmp_path):
    """`several: stop`: the same id is one person, and still stands in two lists."""
    answers = {
        **FOUND,
        "/lists/3/ada%40x.io": [{"email": "ada@x.io", "uid": "a"}],
        "/l/3/a": [{"n": 3}],
        "/mail/ada%40x.io": [{"items": []}],
    }
    run = fetched(FAN, answers, tmp_path, LISTED.replace("several: all, ", ""))
    assert run.report.exit_code is Exit.COMPLETE
    assert [one["n"] for one in run.lines()] == [1, 3]


def test_records_that_come_for_two_rows_of_one_person_are_all_written(tmp_path):
    """Both accounts hold them, also where the look-up stops at several persons."""
    head = HEAD.replace(LOOKUP, "lookup: {for: {KIND: [a, b]}, get: /<KIND>/<EMAIL>, match: email, capture: {USER_ID: id}}")
    found = [{"id": 1, "email": "ada@x.io"}]
    answers = {"/a/ada%40x.io": found, "/b/ada%40x.io": found, **{f"/r/{one}/1": [{"items": [{"id": 7}]}] for one in "ab"}}
    run = fetched("it: {get: /r/<KIND>/<USER_ID>, records: items}\n", answers, tmp_path, head)
    assert (len(run.lines()), run.entry().tally.duplicates) == (2, 0)


def test_another_person_in_one_of_the_lists_stops_the_run(tmp_path):
    """Where one record is asked for by the person's name, another's is a contradiction, whoever else answered."""
    run = fetched(FAN, {**FOUND, "/lists/3/ada%40x.io": [{"email": "eve@x.io", "uid": "e"}]}, tmp_path, LISTED)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.REFUSED, "mismatched")


LICENCE = "flags: {get: /f/<USER_ID>}\nit: {get: /w/<USER_ID>, licence: flags.on, records: items}\n"
TWO_RECORDS = HEAD.replace(LOOKUP, "lookup: {get: /find/<EMAIL>, records: found, match: email, several: all, capture: {USER_ID: id}}")


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        ({"/f/a": [{"on": True}], "/f/b": [{"on": False}]}, "partial"),
        ({"/f/a": [{"on": False}], "/f/b": [{"on": True}]}, "partial"),
        ({"/f/a": [{"on": False}]}, "partial"),
        ({"/f/a": [{"on": False}], "/f/b": [{"on": False}]}, "unlicensed"),
    ],
)
def test_a_licence_that_one_record_lacks_excuses_no_other(flags, outcome, tmp_path):
    """Of two records of one person each has its own flag: only where all say no is nothing more asked."""
    found = [{"id": one, "email": "ada@x.io"} for one in "ab"]
    answers = {"/find/ada%40x.io": [{"found": found}], "/w/a": [(403, {"code": 1})], "/w/b": [{"items": [{"id": 1}]}], **flags}
    run = fetched(LICENCE, answers, tmp_path, TWO_RECORDS)
    assert run.entry().outcome == outcome


def test_a_licence_flag_that_stands_twice_excuses_nothing(tmp_path):
    """One reader takes the first, another the last: that the person has no licence is not known."""
    answers = {"/f/u1": [b'{"on": true, "on": false}'], "/w/u1": [(403, {"code": 1})]}
    assert fetched(LICENCE, answers, tmp_path).entry().outcome == "failed"


@pytest.mark.parametrize(("record", "outcome"), [(b'{"on": false}', "unlicensed"), (b'{"on": true, "o\\u006e": false}', "failed")])
def test_a_licence_flag_that_stands_twice_is_seen_through_escapes(record, outcome, tmp_path):
    """A reader that undoes them finds two members of one name."""
    answers = {"/f/u1": [record], "/w/u1": [(403, {"code": 1})]}
    assert fetched(LICENCE, answers, tmp_path).entry().outcome == outcome
