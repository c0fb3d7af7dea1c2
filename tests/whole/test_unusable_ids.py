"""The field of a record that means nobody or everybody: asked for in no place of a request, and never passed over in silence."""

from __future__ import annotations

import json

import pytest

from engine.core.ledger import Outcome, Subject
from engine.errors import Exit
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
ABOVE = "a: {get: /p/<USER_ID>, records: items}\n"
DISCOVER = "discover:\n  a: {get: /p/u1, records: items}\naccess:"
BELOW = "discover:\n  z: {get: /p/u1, records: items}\n  a: {get: /q/<z.id>, records: items}\naccess:"
TOLD = "1 of 2 parts: a record of `a` has no usable `a.id`"
PARENTS = {
    "a segment": (HEAD, f"{ABOVE}it: {{get: /q/<a.id>}}\n", TOLD),
    "a parameter": (HEAD, f"{ABOVE}it: {{get: /q, params: {{id: <a.id>}}}}\n", TOLD),
    "inside a parameter": (HEAD, f"{ABOVE}it: {{get: /q, params: {{id: 'of:<a.id>'}}}}\n", TOLD),
    "a body": (HEAD, f"{ABOVE}it: {{post: /q, body: {{id: <a.id>}}}}\n", TOLD),
    "a discovered list": (HEAD.replace("access:", DISCOVER), "it: {get: /q/<a.id>}\n", TOLD),
    "a list of a list": (HEAD.replace("access:", BELOW), "it: {get: /r/<a.id>}\n", "a is partial, so some of it was never asked for"),
}
ASKED = {"/q/5": [{"items": [{"id": 6}]}], "/q?id=5": [{}], "/q?id=of%3A5": [{}], 'POST /q {"id":5}': [{}], "/r/6": [{}]}
WORDS = [*(json.dumps({"id": word}) for word in ("null", " Undefined", "*", "", "\u00a0", False)), '{"id":"x","id":"y"}']


@pytest.mark.parametrize("record", WORDS)
@pytest.mark.parametrize(("head", "endpoints", "reason"), PARENTS.values(), ids=PARENTS)
def test_what_would_have_been_asked_for_it_is_missing_with_a_reason(head, endpoints, reason, record, tmp_path):
    """The other records are asked for; nothing leaves with such a value in it."""
    answers = {"/p/u1": [f'{{"items":[{record},{{"id":5}}]}}'.encode()], **ASKED}
    done = fetched(endpoints, answers, tmp_path, head)
    assert {place for place in done.log if place.partition(" ")[2].startswith("/q") or place[:2] in ("/q", "/r")} <= set(ASKED)
    assert (done.entry().outcome, done.entry().reason, done.report.exit_code) == (Outcome.PARTIAL, reason, Exit.INCOMPLETE)


@pytest.mark.parametrize("record", WORDS)
def test_a_look_up_that_would_be_asked_for_it_proves_nothing(record, tmp_path):
    """The person may be in the part that cannot be asked about, though `verify` listed people."""
    search = "lookup: {get: /q/<a.id>, params: {q: <EMAIL>}, records: people, match: {email: <EMAIL>}, capture: {USER_ID: id}}"
    head = HEAD.replace("access:", DISCOVER).replace(LOOKUP, search).replace("{get: /me}", "{get: /me, records: people}")
    answers = {"/p/u1": [f'{{"items":[{record},{{"id":5}}]}}'.encode()], "/q/5?q=ada%40x.io": [{"people": []}], "/me": [{"people": [{}]}]}
    found = fetched("it: {get: /x/<USER_ID>}\n", answers, tmp_path, head).report.subject
    assert (found.subject, found.reason) == (Subject.UNPROVEN, "the look-up failed: a record of `a` has no usable `a.id`")


@pytest.mark.parametrize("record", ['{"id":"u1","email":"ada@x.io","id":"u2"}', '{"email":"bob@x.io","id":"u1","email":"ada@x.io"}'])
def test_a_person_s_record_that_holds_a_member_twice_is_nobody_s(record, tmp_path):
    """One reader takes the first, another the last: neither is asked for."""
    done = fetched("it: {get: /x/<USER_ID>}\n", {"/people/ada%40x.io": [record.encode()]}, tmp_path)
    assert (done.report.outcome, [place for place in done.log if place.startswith("/x")]) == (Subject.UNPROVEN, [])


def test_a_record_that_is_the_person_s_in_one_reading_is_not_passed_over(tmp_path):
    """Read to its end it is somebody else's, and nobody would be known."""
    head = HEAD.replace(LOOKUP, "lookup: {get: /people, records: people, match: {email: <EMAIL>}, capture: {USER_ID: id}}")
    head = head.replace("{get: /me}", "{get: /me, records: people}")
    record = b'{"people":[{"id":"u1","email":"ada@x.io","email":"bob@x.io"}]}'
    found = fetched("it: {get: /x/<USER_ID>}\n", {"/people": [record], "/me": [{"people": [{}]}]}, tmp_path, head).report.subject
    assert found.subject is Subject.UNPROVEN
    assert found.reason == "the look-up failed: the answer cannot be checked: a record holds `email` twice"


def test_a_number_too_long_for_python_costs_no_person(tmp_path):
    """A record is looked through for members that stand twice without reading its numbers."""
    answers = {"/people/ada%40x.io": [b'{"id":"u1","email":"ada@x.io","n":' + b"1" * 5000 + b"}"], "/x/u1": [{"id": 1}]}
    assert fetched("it: {get: /x/<USER_ID>}\n", answers, tmp_path).report.exit_code is Exit.COMPLETE
