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
