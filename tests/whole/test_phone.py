"""A phone number whose country is not known is neither the person's nor another's: nothing is concluded from it."""

from __future__ import annotations

import pytest

from tests.core.specs import HEAD
from tests.whole.scripted import fetched

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
PATH = "lookup: {get: /people/<PHONE>, match: phone, capture: {USER_ID: id}}"
LIST = "lookup: {get: /people, params: {q: <PHONE>}, records: hits, match: phones, capture: {USER_ID: id}}"
DIRECTORY = "lookup: {get: /all, records: hits, match: {phones: <PHONE>}, capture: {USER_ID: id}}"
IT = "it: {get: /p/<USER_ID>}\n"
PERSON = {"phone": "+15550100200"}
SAID = [
    ("+1 (555) 010-0200", "matched", 0),
    ("+1 555 010 0201", "mismatched", 5),
    ("+1555\u0663100200", "unproven", 3),
    ("+1 555 O10 0200", "unproven", 3),
    ("555 010 0200", "unproven", 3),
    ("07700 900123", "unproven", 3),
]


def answers(phone: object) -> dict[str, list[object]]:
    one = {"id": "u1", "phone": phone, "phones": [phone]}
    listed = [{"hits": [one]}]
    return {"/people/%2B15550100200": [one], "/people?q=%2B15550100200": listed, "/all": listed, "/p/u1": [{}]}


@pytest.mark.parametrize("lookup", [PATH, LIST, DIRECTORY], ids=["path", "list", "directory"])
@pytest.mark.parametrize(("said", "subject", "code"), SAID)
def test_a_number_is_the_persons_anothers_or_nothing_is_said(said, subject, code, lookup, tmp_path):
    """Matched by country and number; where the country is not known only the same text is, else the person is unproven."""
    head = HEAD.replace(LOOKUP, lookup).replace("{get: /me}", "{get: /me, records: people}")
    run = fetched(IT, {**answers(said), "/me": [{"people": [{}]}]}, tmp_path, head, person=PERSON)
    if lookup is DIRECTORY and subject == "mismatched":
        subject, code = "no_match", 0
    assert (str(run.report.outcome), int(run.report.exit_code)) == (subject, code)
    if subject == "unproven":
        assert run.report.subject.reason == (
            "the look-up failed: the answer cannot be checked: a phone number in it has no country code, so that it cannot be compared"
        )


def test_of_several_numbers_one_that_is_equal_is_enough(tmp_path):
    """A national number beside it changes nothing; an endpoint that cannot compare fails, and drops nothing in silence."""
    found = {"id": "u1", "phones": ["555 010 0200", "+1 555 010 0200"]}
    words = "calls: {get: /c/<USER_ID>, records: items, match: {from: <PHONE>}}\n"
    calls = {"/c/u1": [{"items": [{"id": 1, "from": "+15550100200"}, {"id": 2, "from": "5550100200"}]}]}
    run = fetched(words, {"/people?q=%2B15550100200": [{"hits": [found]}], **calls}, tmp_path, HEAD.replace(LOOKUP, LIST), person=PERSON)
    assert str(run.report.outcome) == "matched"
    assert (str(run.entry("calls").outcome), run.lines("calls")) == ("failed", [])
    assert "has no country code" in run.entry("calls").reason
