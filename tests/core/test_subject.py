"""Who answers a look-up: one person, nobody, another, several; and which identifiers a run needs before it begins."""

from __future__ import annotations

import pytest

from engine.core.http import Response
from engine.core.ledger import Subject
from engine.core.request import Chain
from engine.core.response import Page, read
from engine.core.subject import Found, Lack, asked_by, identify, lacking
from tests.core.specs import HEAD, vendor

LOOKUP = "{get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"


def look_up(lookup: str, body: bytes) -> Found:
    endpoint = "it: {get: /p/<USER_ID>/<NAME>}\n" if "capture" in lookup else "it: {get: /p/<EMAIL>}\n"
    spec = vendor(endpoint, HEAD.replace(LOOKUP, lookup))
    assert asked_by(spec.lookups[0]) == "EMAIL"
    page = read(Chain(spec.lookups[0], (("EMAIL", "A@x.io"), ("PHONE", "+15550100200"))), Response(200, {}, body))
    assert isinstance(page, Page)
    return identify(spec.lookups[0], [((), one) for one in page.records], page.others)


ONE = "{get: /people/<EMAIL>, match: email, capture: {USER_ID: id, NAME: name}}"
MANY = '{get: /people, params: {q: <EMAIL>}, records: people, match: "[email, other]", capture: {USER_ID: id, NAME: name}}'
LISTED = "{get: /people, params: {q: <EMAIL>}, records: people, match: emails, capture: {USER_ID: id, NAME: name}}"
WRITTEN = "{get: /people, params: {q: <EMAIL>}, records: people, match: {email: <EMAIL>}, capture: {USER_ID: id, NAME: name}}"
PHONED = "{get: /people/<EMAIL>, match: {email: <EMAIL>, phone: <PHONE>}, capture: {USER_ID: id, NAME: name}}"
TYPED = "{get: /people/<EMAIL>, match: {email: <EMAIL>, kind: <EMAIL.lower>}, capture: {USER_ID: id, NAME: name}}"
BARE = "{get: /people, params: {q: <EMAIL>}, records: people, match: email}"
KEYED = "{get: /people, params: {q: <EMAIL>}, records: people, match: email, key: uid}"


@pytest.mark.parametrize(
    ("lookup", "body", "subject"),
    [
        (ONE, b'{"id":7,"name":"n","email":"a@X.io"}', Subject.MATCHED),
        (ONE, b'{"id":7,"name":"n","email":"b@x.io"}', Subject.MISMATCHED),
        (ONE, b'{"id":7,"name":"n"}', Subject.MISMATCHED),
        (ONE, b'{"id":null,"name":"n","email":"a@x.io"}', Subject.UNPROVEN),
        (ONE, b'{"id":"me","name":"n","email":"a@x.io"}', Subject.UNPROVEN),
        (ONE, b'{"id":"..","name":"n","email":"a@x.io"}', Subject.UNPROVEN),
        (MANY, b'{"people":[]}', Subject.NO_MATCH),
        (MANY, b'{"people":[{"id":7,"name":"n","email":"b@x.io"}]}', Subject.MISMATCHED),
        (MANY, b'{"people":[{"id":7,"name":"n","email":"b@x.io","other":"a@x.io"},{"id":8,"email":"c@x.io"}]}', Subject.MATCHED),
        (MANY, b'{"people":[{"id":7,"name":"n","email":"a@x.io"},{"id":7,"name":"n","other":"a@x.io"}]}', Subject.MATCHED),
        (MANY, b'{"people":[{"id":7,"name":"n","email":"a@x.io"},{"id":8,"name":"n","email":"a@x.io"}]}', Subject.AMBIGUOUS),
        (LISTED, b'{"people":[{"id":7,"name":"n","emails":["b@x.io","a@x.io"]}]}', Subject.MATCHED),
        (LISTED, b'{"people":[{"id":7,"name":"n","emails":["b@x.io"]}]}', Subject.MISMATCHED),
        (LISTED, b'{"people":[{"id":7,"name":"n","emails":{"a@x.io":1}}]}', Subject.MISMATCHED),
        (WRITTEN, b'{"people":[{"id":7,"name":"n","email":"a@x.io"}]}', Subject.MATCHED),
        (WRITTEN, b'{"people":[{"id":7,"name":"n","email":"b@x.io"}]}', Subject.MISMATCHED),
        (PHONED, b'{"id":7,"name":"n","email":"a@x.io","phone":"1 555 010 0200"}', Subject.MATCHED),
        (PHONED, b'{"id":7,"name":"n","email":"a@x.io","phone":"+1 555 010 0201"}', Subject.MISMATCHED),
        (TYPED, b'{"id":7,"name":"n","email":"a@x.io","kind":"a@x.io"}', Subject.MATCHED),
        (TYPED, b'{"id":7,"name":"n","email":"a@x.io","kind":"A@x.io"}', Subject.MISMATCHED),
    ],
)
def test_who_answers_is_the_one_asked_for_or_the_run_stops(lookup, body, subject):
    """Another person, several persons, an id that means somebody else: never matched. Addresses case aside, however it is written."""
    found = look_up(lookup, body)
    assert found.subject is subject
    assert (found.reason is None) == (subject is Subject.MATCHED)
    assert found.rows == (((("USER_ID", "7"), ("NAME", "n")),) if subject is Subject.MATCHED else ())


@pytest.mark.parametrize(
    ("lookup", "people", "subject"),
    [
        (BARE, b'{"id":1,"email":"a@x.io"},{"id":2,"email":"a@x.io"}', Subject.AMBIGUOUS),
        (BARE, b'{"id":1,"email":"a@x.io"},{"id":1,"email":"A@x.io"}', Subject.MATCHED),
        (BARE, b'{"email":"a@x.io"},{"email":"A@x.io"}', Subject.AMBIGUOUS),
        (BARE, b'{"email":"a@x.io"},{"email":"a@x.io"}', Subject.MATCHED),
        (KEYED, b'{"id":1,"uid":1,"email":"a@x.io"},{"id":1,"uid":2,"email":"a@x.io"}', Subject.AMBIGUOUS),
    ],
)
def test_without_a_capture_persons_are_told_apart_by_their_key(lookup, people, subject):
    """Two records with two keys are two persons; a record without one is known by its bytes."""
    found = look_up(lookup, b'{"people":[' + people + b"]}")
    assert (found.subject, found.rows) == (subject, ((),) if subject is Subject.MATCHED else ())


WANTING = """
plain: {get: /p/<USER_ID>}
called: {get: /p/<USER_ID>/calls, echo: {phone: <PHONE>}}
below: {get: /calls/<called.id>}
beneath: {get: /calls/<below.id>/x}
given: {get: /p/<USER_ID>, for: {USERNAME: [a]}, params: {u: <USERNAME>}}
"""
PHONES = HEAD.replace("{get: /people/<EMAIL>,", "{get: /people/<EMAIL>, params: {phone: <PHONE>},")


@pytest.mark.parametrize(
    ("words", "head", "given", "excluded", "lack"),
    [
        (WANTING, HEAD, {"EMAIL", "PHONE"}, (), None),
        (WANTING, HEAD, {"EMAIL"}, (), Lack(("PHONE",), ("called", "below", "beneath"))),
        (WANTING, HEAD, {"EMAIL"}, ("called", "below", "beneath"), None),
        (WANTING, HEAD, {"EMAIL"}, ("plain", "given"), Lack(("PHONE",), ())),
        (WANTING, HEAD, {"PHONE"}, (), Lack(("EMAIL",), (), to_look_up=True)),
        ("plain: {get: /p/<USER_ID>}\n", PHONES, {"EMAIL"}, ("plain",), Lack(("EMAIL",), (), to_look_up=True)),
    ],
)
def test_what_a_run_needs_and_was_not_given_is_known_beforehand(words, head, given, excluded, lack):
    """With the endpoints that could be left out instead, those below them included; what is left out needs nothing."""
    assert lacking(vendor(words, head), given, excluded) == lack
