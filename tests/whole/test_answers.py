"""What is no answer yet, in every place that asks: a look-up, `discover`, an endpoint, a child of a list."""

from __future__ import annotations

import pytest

from engine.core.ledger import Outcome, Subject
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

FOUND = {"id": "u1", "email": "ada@x.io"}
IT = "it: {get: /x, records: none, refusals: {rules: [{status: 202, means: wait}]}}\n"
CHILD = (
    "above: {get: /a, records: items}\nit: {get: /a/<above.id>, records: items, refusals: {rules: [{status: 202, code: 7, means: wait}]}}\n"
)
CASES = {
    "an endpoint": (IT, {"/x": [(202, {}), (202, {}), {"commits": 41}]}, [{"commits": 41}]),
    "a child": (CHILD, {"/a": [{"items": [{"id": 5}]}], "/a/5": [(202, {"code": 7}), {"items": [{"id": 6}]}]}, [{"id": 6}]),
    "a child that no rule knows": (CHILD, {"/a": [{"items": [{"id": 5}]}], "/a/5": [(202, {}), {"items": [{"id": 6}]}]}, [{"id": 6}]),
    "a look-up": (
        "it: {get: /x/<USER_ID>}\n",
        {"/people/ada%40x.io": [(202, FOUND), (202, {}), FOUND], "/x/u1": [{"id": 1}]},
        [{"id": 1}],
    ),
}


@pytest.mark.parametrize(("endpoints", "answers", "records"), CASES.values(), ids=CASES)
def test_what_is_not_yet_there_is_asked_for_again(endpoints, answers, records, tmp_path):
    """A 202 is never the person's record, whether a rule says so or not."""
    done = fetched(endpoints, answers, tmp_path)
    assert done.report.outcome is Subject.MATCHED
    assert (done.entry().outcome, done.lines()) == (Outcome.COMPLETE, records)


@pytest.mark.parametrize(
    ("answers", "outcome"), [([(202, FOUND)], Subject.UNPROVEN), ([(204, FOUND)], Subject.UNPROVEN), ([(206, FOUND)], Subject.UNPROVEN)]
)
def test_nobody_is_found_by_an_answer_that_is_none(answers, outcome, tmp_path):
    """Though its body names the person."""
    done = fetched("it: {get: /x}\n", {"/people/ada%40x.io": answers}, tmp_path)
    assert (done.report.outcome, done.entry().outcome) == (outcome, Outcome.FAILED)


def test_a_204_that_a_rule_knows_says_that_there_is_nobody(tmp_path):
    """Asked once; the connection was shown to see people by `verify`."""
    head = HEAD.replace("match: email,", "match: email, refusals: {rules: [{status: 204, means: absent}]},")
    head = head.replace("verify: {get: /me}", "verify: {get: /me, records: people}")
    seen = {"/me": [{"people": [{"id": "u2"}]}], "/people/ada%40x.io": [(204, b"")]}
    done = fetched("it: {get: /x}\n", seen, tmp_path, head)
    assert done.report.outcome is Subject.NO_MATCH
    assert done.log.count("/people/ada%40x.io") == 1


GONE = "came as null: the vendor did not give what belongs there"
NODES = "records: data.nodes, pagination: {cursor: data.end, param: after, total: data.total}"
SOME = {"data": {"nodes": [{"id": 1}, None, {"id": 2}], "end": None, "total": 3}}
NULLS = {
    "a node of an endpoint": (f"it: {{get: /x, {NODES}}}\n", {"/x": [SOME]}, ("partial", f"1 record {GONE}"), [1, 2], 1),
    "nodes of several pages": (
        f"it: {{get: /x, {NODES}}}\n",
        {
            "/x": [{"data": {"nodes": [{"id": 1}, None], "end": "c", "total": 4}}],
            "/x?after=c": [{"data": {"nodes": [None, {"id": 2}], "end": None, "total": 4}}],
        },
        ("partial", f"2 records {GONE}"),
        [1, 2],
        2,
    ),
    "a list without pages": (
        "it: {get: /x, records: items}\n",
        {"/x": [{"items": [None, {"id": 5}]}]},
        ("partial", f"1 record {GONE}"),
        [5],
        1,
    ),
    "nothing else": ("it: {get: /x, records: items}\n", {"/x": [{"items": [None]}]}, ("failed", f"1 record {GONE}"), [], 1),
    "lines of a child": (
        "above: {get: /a, records: items}\nit: {get: /a/<above.id>, records: items}\n",
        {"/a": [{"items": [{"id": 5}, {"id": 6}]}], "/a/5": [{"items": [None]}], "/a/6": [{"items": [{"id": 7}]}]},
        ("partial", f"1 of 2 parts: 1 record {GONE}"),
        [7],
        2,
    ),
    "pages by offset": (
        "it: {get: /x, records: items, pagination: {offset: o}}\n",
        {"/x?o=0": [{"items": [None, {"id": 1}]}], "/x?o=2": [{"items": [{"id": 2}]}], "/x?o=3": [{"items": []}]},
        ("partial", f"1 record {GONE}"),
        [1, 2],
        3,
    ),
}


@pytest.mark.parametrize(("endpoints", "answers", "expected", "ids", "requests"), NULLS.values(), ids=NULLS)
def test_a_record_that_came_as_null_is_missing_and_costs_no_other(endpoints, answers, expected, ids, requests, tmp_path):
    """A legal answer of GraphQL where a field failed: what came is kept, what did not is told, and counts where pages are counted."""
    done = fetched(endpoints, answers, tmp_path)
    entry = done.entry()
    assert (str(entry.outcome), entry.reason) == expected
    assert ([line["id"] for line in done.lines()], entry.tally.requests) == (ids, requests)


def test_a_look_up_with_a_null_proves_nobody_and_nothing_is_asked(tmp_path):
    """The person may be what did not come."""
    people = HEAD.replace("get: /people/<EMAIL>", "get: /people, params: {q: <EMAIL>}, records: people")
    done = fetched("it: {get: /x}\n", {"/people?q=ada%40x.io": [{"people": [None]}], "/x": [{}]}, tmp_path, head=people)
    assert done.report.outcome is Subject.UNPROVEN
    assert "/x" not in done.log


def test_pages_of_nulls_that_never_end_are_stopped(tmp_path):
    """Each with a new cursor, and bytes of its own: a hundred that bring nothing new are enough."""
    pages = {f"/x?after={number}": [{"items": [{"id": 1}, None, {"id": 2, "n": number}], "next": number + 1}] for number in range(1, 300)}
    it = "it: {get: /x, records: items, pagination: {cursor: next, param: after}}\n"
    done = fetched(it, {"/x": [{"items": [{"id": 1}, None, {"id": 2}], "next": 1}], **pages}, tmp_path)
    assert str(done.entry().outcome) == "partial"
    assert len([place for place in done.log if place.startswith("/x")]) < 110
