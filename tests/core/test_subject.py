"""Who answers a look-up: one person, nobody, another, several; and which identifiers a run needs before it begins."""

from __future__ import annotations

import pytest

from engine.core.chain import Chain, distinct_rows, join_rows
from engine.core.http import Response
from engine.core.identity import Identifier
from engine.core.ledger import Subject
from engine.core.response import Page, read
from engine.core.subject import Lack, LookupResult, asked_by, identify, lacking, possible, unsafe
from engine.language.expressions.lossless_json import Json
from tests.core.specs import HEAD, vendor

LOOKUP = "{get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"


def look_up(lookup: str, body: bytes) -> LookupResult:
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
        (ONE, b'{"id":false,"name":"n","email":"a@x.io"}', Subject.UNPROVEN),
        *(
            (ONE, b'{"id":"%s","name":"n","email":"a@x.io"}' % word, Subject.UNPROVEN)
            for word in (b"null", b"Undefined", b"*", b" ", b"\\t\\u00a0", b"")
        ),
        (MANY, b'{"people":[{"id":" NULL ","name":"n","email":"a@x.io"}]}', Subject.UNPROVEN),
        (ONE, b'{"id":"u1","id":"u2","name":"n","email":"a@x.io"}', Subject.UNPROVEN),
        (ONE, b'{"id":7,"name":"n","email":"b@x.io","email":"a@x.io"}', Subject.UNPROVEN),
        (ONE, b'{"id":7,"name":"n","email":"a@x.io","of":[{"a":1,"a":1}]}', Subject.UNPROVEN),
        (ONE, b'{"id":7,"name":"n","email":"a@x.io","of":[{"a":1},{"a":1}]}', Subject.MATCHED),
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
        (PHONED, b'{"id":7,"name":"n","email":"a@x.io","phone":"+1 555 010 0200"}', Subject.MATCHED),
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


def test_a_list_of_everybody_that_shows_nobody_s_address_proves_nothing():
    """One that names somebody else does; a search is no list of everybody."""
    everybody = vendor(
        "it: {get: /p/<USER_ID>}\n",
        HEAD.replace(LOOKUP, "{get: /people, records: people, match: {email: <EMAIL>}, capture: {USER_ID: id}}"),
    )
    (lookup,) = everybody.lookups
    assert identify(lookup, [], 2, named=False).subject is Subject.UNPROVEN
    assert identify(lookup, [], 2, named=True).subject is Subject.NO_MATCH
    assert identify(lookup, [], 0, named=False).subject is Subject.NO_MATCH


WANTING = """
plain: {get: /p/<USER_ID>}
called: {get: /p/<USER_ID>/calls, echo: {phone: <PHONE>}}
below: {get: /calls/<called.id>}
beneath: {get: /calls/<below.id>/x}
given: {get: /p/<USER_ID>, for: {KIND: [a]}, params: {u: <KIND>}}
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


QUERIES = HEAD.replace(
    "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}",
    """lookup:
    - {get: /people/<USERNAME>, match: name, capture: {USER_ID: id}}
    - get: /search
      quotes: refuse
      params:
        q: mail = '<EMAIL>' by <EMAIL>
        exact: <EMAIL>
      match: email
      capture: {USER_ID: id}""",
)
ASKING = "it: {post: /x, body: {q: 'in:<USERNAME> of <USER_ID>', w: <USERNAME>}}\n"


@pytest.mark.parametrize(
    ("person", "excluded", "fault"),
    [
        ({"email": "a@x.io"}, ("it",), None),
        (
            {"email": "a'b@x.io"},
            ("it",),
            "the value of <EMAIL> holds a quote or a backslash, for which the vendor's query has no way of writing",
        ),
        ({"email": "a#b@x.io"}, ("it",), "the value of <EMAIL> holds a character that could end its place in the query"),
        ({"username": "a(b"}, ("it",), None),
        ({"username": "a(b"}, (), "the value of <USERNAME> holds a character that could end its place in the query"),
        ({"username": "ab"}, (), None),
    ],
)
def test_an_identifier_that_no_query_can_hold_is_known_before_anything_is_sent(person, excluded, fault):
    """Only where it stands inside a longer text, and only in what will be asked."""
    given = {kind.upper(): Identifier(kind, value) for kind, value in person.items()}
    assert unsafe(vendor(ASKING, QUERIES), given, excluded) == fault


def test_look_ups_whose_identifier_was_not_given_are_not_possible():
    """Without any, it is said which identifiers would do."""
    spec = vendor("it: {get: /p/<USER_ID>}\n", QUERIES)
    assert [one.name for one in possible(spec, {"EMAIL"})] == ["lookup_2"]
    assert lacking(spec, {"PHONE"}) == Lack(("USERNAME", "EMAIL"), (), to_look_up=True)
    assert spec.captured == ("USER_ID",)


def test_several_records_of_one_person_are_all_asked_about():
    """Each different row once; one without a usable value proves nothing."""
    lookup = vendor("it: {get: /p/<USER_ID>}\n", HEAD.replace("match: email,", "match: email, several: all,")).lookups[0]
    records = [((("KIND", "x"),), b'{"id":1}'), ((("KIND", "x"),), b'{"id":1}'), ((("KIND", "y"),), b'{"id":"2"}')]
    rows = identify(lookup, records, 0).rows
    assert rows == ((("KIND", "x"), ("USER_ID", "1")), (("KIND", "y"), ("USER_ID", "2")))
    assert isinstance(rows[0][1][1], Json)
    assert not isinstance(rows[1][1][1], Json)
    assert identify(lookup, [*records, ((), b'{"id":null}')], 0).subject is Subject.UNPROVEN


@pytest.mark.parametrize(("lookup", "subject"), [("/people/<EMAIL>", Subject.MISMATCHED), ("/account", Subject.MATCHED)])
def test_another_person_in_one_account_is_in_doubt_only_where_the_person_was_named(lookup, subject):
    """Who was asked for by name and answers as somebody else in one of two accounts may be anybody; an account that names its own person may not."""
    found = vendor(
        "it: {get: /p/<USER_ID>}\n", HEAD.replace("get: /people/<EMAIL>, match: email,", f"get: {lookup}, match: {{email: <EMAIL>}},")
    )
    assert identify(found.lookups[0], [((("ACCOUNT", "a"),), b'{"id":1}')], others=1).subject is subject


def test_rows_that_differ_in_nothing_that_is_used_are_asked_once():
    """In their order, the first one stays."""
    rows = ((("A", "1"), ("B", "x")), (("A", "1"), ("B", "y")), (("A", "2"), ("B", "x")))
    assert distinct_rows(rows, {"A"}) == (rows[0], rows[2])
    assert distinct_rows(rows, {"A", "B"}) == rows
    assert distinct_rows(rows, set()) == (rows[0],)


@pytest.mark.parametrize(
    ("outer", "own", "row"),
    [
        ((), (), ()),
        ((("A", "1"),), (), (("A", "1"),)),
        ((("A", "1"), ("B", "2")), (("C", "3"),), (("A", "1"), ("B", "2"), ("C", "3"))),
        ((("A", "1"), ("B", "2")), (("A", "3"),), (("B", "2"), ("A", "3"))),
    ],
)
def test_a_value_of_ones_own_hides_an_inherited_one(outer, own, row):
    """A request's own `for` wins over the same name of its parents."""
    assert join_rows(outer, own) == row
