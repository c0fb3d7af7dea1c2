"""Another person in odd places: whatever the form in which they stand there, somebody is asked, or it is withheld."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest

from engine.release.apply import PolicyInForce
from engine.release.decision import Decisions
from engine.release.finders import Finders
from engine.release.own import Own
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary
from tests.release.policies import ADA, policy
from tests.release.test_decided import decided

STRANGER = "ca.x@acme.example"
MET = ("Bob Miller", "+4915112345679", unicodedata.normalize("NFD", "Zoë Ömer"), "山田太郎", "Анна Петрова", "محمد علي")
PLACES: dict[str, Any] = {
    "a name of a field": {STRANGER: 1},
    "a name of a field, a person's": {"Bob Miller": {"x": 1}},
    "a name of a field, a number": {"+49 151 12345679": 1},
    "a name of a field, digits": {"4915112345679": 1},
    "a name of a field in lists of lists": [[{"a": [{STRANGER: None}]}]],
    "lists of lists": {"x": [[["y", [STRANGER]]]]},
    "JSON in a text": {"x": json.dumps({"m": STRANGER})},
    "JSON in JSON": {"x": json.dumps(json.dumps({"m": STRANGER}))},
    "JSON with escapes": {"x": '{"m":"ca.x\\u0040acme.example"}'},
    "an address": {"x": "https://a.example/?m=ca.x%40acme.example"},
    "an address in an address": {"x": "https://a.example/?u=%2F%3Fm%3Dca.x%2540acme.example"},
    "an entity": {"x": "ca.x&#64;acme.example"},
    "a named entity": {"x": "ca.x&commat;acme.example"},
    "Base64": {"x": b64encode(STRANGER.encode()).decode()},
    "Base64 of addresses": {"x": urlsafe_b64encode(b"~~~?" + STRANGER.encode()).decode().rstrip("=")},
    "capitals": {"x": "CA.X@ACME.example"},
    "mailto": {"x": f"mailto:{STRANGER}?subject=x"},
    "a mark of direction in a mail": {"x": "ca.x\u200f@acme.example"},
    "no width in a mail": {"x": "ca.x@\u200bacme.example"},
    "a wide sign": {"x": "ca.x\uff20acme.example"},
    "a name in capitals": {"x": "call BOB MILLER now"},
    "a name turned round": {"x": "Miller, Bob"},
    "a name in a file's": {"x": "recording_bob_miller_2024.mp4"},
    "a name in an address": {"x": "https://a.example/?n=Bob%20Miller"},
    "a name with no width in it": {"x": "Bo\u200bb Miller"},
    "a name with a soft hyphen": {"x": "Bob Mil\u00adler"},
    "a name in wide letters": {"x": "\uff22\uff4f\uff42 \uff2d\uff49\uff4c\uff4c\uff45\uff52"},
    "a name, composed": {"x": "with Zoë Ömer"},
    "a name, decomposed": {"x": unicodedata.normalize("NFD", "with Zoë Ömer")},
    "Han": {"x": "会議 山田太郎さん"},
    "Han with a blank": {"x": "山田 太郎"},
    "Cyrillic": {"x": "звонок Анна Петрова"},
    "Arabic, with marks": {"x": "\u202bمكالمة محمد علي\u202c"},
    "a number with dots": {"x": "+49.151.123.456.79"},
    "a number with a narrow blank": {"x": "0151\u202f12345679"},
    "a number with long dashes": {"x": "+49\u2014151\u201412345679"},
    "a number in wide digits": {"x": "Tel \uff10\uff11\uff15\uff11 \uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff19"},
    "a number in an address": {"x": "https://wa.me/4915112345679"},
    "a number as a number": {"x": 4915112345679},
    "a number as a number with a point": {"x": 4915112345679.0},
    "a number in a list": {"x": [4915112345679]},
}
LOOK = Finders(Vocabulary(MET))


def rulings(record: Any, text: str = "", decisions: tuple[Any, ...] = ()) -> list[Ruling]:
    """Say what happens in a record, with real finders."""
    return PolicyInForce(policy(text), Own(ADA), finder=LOOK, decisions=Decisions(decisions)).rulings("calls", record, "sha")


@pytest.mark.parametrize("record", PLACES.values(), ids=PLACES.keys())
def test_somebody_in_an_odd_place_is_asked_about(record):
    """Nothing of it is given unasked."""
    assert [one for one in rulings(record) if one.do == "ask" or one.withholds]


@pytest.mark.parametrize("word", ["phone_number", "Shoe_Size__c", "name", "2024", "caller-id", "@type", "$ref", "owner.name", "a" * 64])
def test_an_ordinary_name_of_a_field_is_no_finding(word):
    """Programs name fields: what a person is called there is a coincidence."""
    assert rulings({word: "x"}) == []


NAMED = {STRANGER: {"note": "also ca.y@acme.example"}, "b": 1}
DECIDED = [
    ("nothing", [], {f"/{STRANGER}": "ask", f"/{STRANGER}/note": "ask"}),
    ("its value is given", [decided("give", value=STRANGER)], {f"/{STRANGER}/note": "ask"}),
    ("its value is masked", [decided("mask", value=STRANGER)], {f"/{STRANGER}": "drop"}),
    ("its value is an alias", [decided("alias", value=STRANGER)], {f"/{STRANGER}": "drop"}),
    ("its value is held", [decided("hold", value=STRANGER)], {f"/{STRANGER}": "drop"}),
    ("its place is dropped", [decided("drop", record="sha", pointer=f"/{STRANGER}")], {f"/{STRANGER}": "drop"}),
    ("its record is given", [decided("give", record="sha")], {}),
]


@pytest.mark.parametrize(("decisions", "expected"), [one[1:] for one in DECIDED], ids=[one[0] for one in DECIDED])
def test_a_field_whose_name_is_personal_is_left_out_whole(decisions, expected):
    """No words can stand in a name's place: what withholds it drops the field and all in it, and says so once."""
    found = rulings(NAMED, "", tuple(decisions))
    assert {one.pointer: one.do for one in found if one.do != "give"} == expected


PARTS = [
    ("one", "call Bob Miller now", [decided("alias", value="Bob Miller")], [("alias", ((5, 15),))]),
    ("twice", "Bob Miller or Bob Miller", [decided("alias", value="Bob Miller")], [("alias", ((0, 10), (14, 24)))]),
    ("in either order at once", "Bob Miller, Bob", [decided("alias", value="Bob Miller")], [("alias", ())]),
    ("the whole text", "Bob Miller", [decided("alias", value="Bob Miller")], [("alias", ())]),
    (
        "another beside is still asked about",
        f"Bob Miller {STRANGER}",
        [decided("alias", value="Bob Miller")],
        [("alias", ((0, 10),)), ("ask", ((11, 28),))],
    ),
    (
        "two people",
        f"Bob Miller {STRANGER}",
        [decided("alias", act=1, value="Bob Miller"), decided("alias", act=2, value=STRANGER)],
        [("alias", ((0, 10),)), ("alias", ((11, 28),))],
    ),
    (
        "a mask withholds the whole text",
        f"Bob Miller {STRANGER}",
        [decided("alias", act=1, value="Bob Miller"), decided("mask", act=2, value=STRANGER)],
        [("mask", ((11, 28),))],
    ),
    ("a place is one person", "call Bob Miller now", [decided("alias", record="sha", pointer="/x")], [("alias", ())]),
    ("a field is one person", "call Bob Miller now", [decided("alias", steps=("x",))], [("alias", ())]),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in PARTS], ids=[one[0] for one in PARTS])
def test_an_alias_stands_for_its_part_of_a_text(text, decisions, expected):
    """By value it replaces the name alone, wherever that stands; by place, field or with a mask beside it the whole text goes."""
    assert sorted((one.do, one.parts) for one in rulings({"x": text}, "", tuple(decisions)) if one.do != "give") == sorted(expected)
