"""Lists in which no record says whose it is: neither an empty list nor a person whom nobody knows."""

from __future__ import annotations

import pytest

from engine.core.ledger import Outcome, Subject, unclaimed
from engine.decoding import decoder
from engine.runner.chain_log import EndLine
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

OWNED = "it: {get: /x, records: items, match: {owner.id: <USER_ID>}, pagination: {cursor: next, param: p}}\n"
UNCLAIMED = "no record holds `owner.id`, which `match` compares: whose they are cannot be said"
THEIRS, NOBODY_S, ADA_S = ({"id": name, "owner": owner} for name, owner in ((1, {"id": "u2"}), (2, None), (3, {"id": "u1"})))
LOST, MOVED, LISTED = {"id": 4}, {"id": 5, "owner": "u1"}, {"id": 6, "owner": {"id": ["u2"]}}


@pytest.mark.parametrize(
    ("pages", "outcome", "reason"),
    [
        ([[LOST]], Outcome.FAILED, UNCLAIMED),
        ([[LOST], [MOVED]], Outcome.FAILED, UNCLAIMED),
        ([[{"id": 1, "owner": {"id": {"of": "u1"}}}]], Outcome.FAILED, UNCLAIMED),
        ([[LOST], [THEIRS]], Outcome.EMPTY, None),
        ([[LOST], [LISTED]], Outcome.EMPTY, None),
        ([[LOST], [NOBODY_S]], Outcome.EMPTY, None),
        ([[LOST, ADA_S]], Outcome.COMPLETE, None),
        ([[{"id": 1, "owner": {"id": ""}}]], Outcome.EMPTY, None),
        ([[{"id": 1, "owner": []}]], Outcome.EMPTY, None),
        ([[]], Outcome.EMPTY, None),
    ],
    ids=str,
)
def test_records_of_which_none_says_whose_it_is_are_not_other_people_s(pages, outcome, reason, tmp_path):
    """A member that the vendor renamed, or does not give to this connection; one record that says it is enough."""
    places = ["/x", *(f"/x?p={number}" for number in range(1, len(pages)))]
    answers = {
        place: [{"items": page, "next": number if number < len(pages) else None}]
        for number, (place, page) in enumerate(zip(places, pages, strict=True), 1)
    }
    entry = fetched(OWNED, answers, tmp_path).entry()
    assert (entry.outcome, entry.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("pages", "missing"),
    [
        ([[{"id": 1, "by": "u2"}]], "`of`, which"),
        ([[{"id": 1, "of": "u1"}]], "`by`, which"),
        ([[{"id": 1}], [{"id": 2, "of": "u1"}]], "`by`, which"),
        ([[{"id": 1}]], "`of` or `by`, which"),
        ([[{"id": 1, "by": "u1"}], [{"id": 2, "of": "u1"}]], "all that"),
    ],
    ids=str,
)
def test_the_reason_names_of_two_members_the_one_that_no_record_has(pages, missing, tmp_path):
    """A record that the first drops may hold the second: to say that none does would be untrue."""
    spec = "it: {get: /x, records: items, match: {of: <USER_ID>, by: <USER_ID>}, pagination: {cursor: next, param: p}}\n"
    answers = {"/x": [{"items": pages[0], "next": 1 if pages[1:] else None}], "/x?p=1": [{"items": pages[-1]}]}
    entry = fetched(spec, answers, tmp_path).entry()
    assert (entry.outcome, entry.reason) == (
        Outcome.FAILED,
        f"no record holds {missing} `match` compares: whose they are cannot be said",
    )


@pytest.mark.parametrize(("counts", "outcome"), [(b'{"others":2}', Outcome.EMPTY), (b'{"others":2,"named":0}', Outcome.FAILED)], ids=str)
def test_a_list_that_an_earlier_version_read_is_not_failed_for_what_it_did_not_note(counts, outcome):
    """Its line tells how many were others', and not whether one of them says so."""
    raw = b'{"chain":1,"end":"empty","received":0,"file":{"bytes":0,"lines":0,"sha256":"x"},"counts":%b}' % counts
    assert unclaimed(["a"], decoder(EndLine).decode(raw).tally, Outcome.EMPTY, None)[0] is outcome


def test_an_expression_that_finds_nothing_says_nothing_of_the_list(tmp_path):
    """It may choose among elements that are not there."""
    spec = "it: {get: /x, records: items, match: {\"values[?name=='owner'].value\": <USER_ID>}}\n"
    assert fetched(spec, {"/x": [{"items": [{"id": 1, "values": []}]}]}, tmp_path).entry().outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    ("people", "subject"),
    [
        ([{"id": "u1"}, {"id": "u2"}], Subject.UNPROVEN),
        ([{"id": "u1", "email": None}], Subject.UNPROVEN),
        ([{"id": "u1", "email": ""}, {"id": "u2", "email": []}], Subject.UNPROVEN),
        ([{"id": "u1"}, {"id": "u2", "email": "bob@x.io"}], Subject.NO_MATCH),
        ([{"id": "u1"}, {"id": "u2", "email": "ada@x.io"}], Subject.MATCHED),
        ([], Subject.NO_MATCH),
    ],
    ids=str,
)
def test_a_list_of_everybody_without_any_address_knows_nobody_s(people, subject, tmp_path):
    """A connection that may list people and not see their addresses: "nobody is known" would be proven by its own list."""
    head = HEAD.replace("lookup: {get: /people/<EMAIL>, match: email,", "lookup: {get: /people, records: people, match: {email: <EMAIL>},")
    head = head.replace("{get: /me}", "{get: /me, records: people}")
    found = fetched(
        "it: {get: /p/<USER_ID>}\n", {"/people": [{"people": people}], "/me": [{"people": [{}]}]}, tmp_path, head
    ).report.subject
    assert found.subject is subject
    if subject is Subject.UNPROVEN:
        assert found.reason == "the vendor lists people, and of none of them `email`: whom it knows cannot be said"
