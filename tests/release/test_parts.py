"""What is ruled about each part of a text, as a package needs it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.finders import Finders
from engine.release.hit import Hit
from engine.release.own import Own
from tests.release.policies import ADA, look, policy
from tests.release.test_decided import decided

NOTE = "bea@example.com cem@example.com 4242424242424242"
LINK = "https://acme.example/j/1?pwd=Qx7Zt9Lm2"


def parts(text: str, record: Any, decisions: list[Decision], finder: Any = look) -> list[tuple[str, str, str]]:
    """Say what is to be done with which value, and why."""
    in_force = PolicyOnParts(policy(text), Own(ADA), finder=finder, decisions=Decisions(decisions))
    return [(one.do, one.because, one.value) for one in in_force.rulings("calls", record, "sha")]


BEA, CEM, CARD = NOTE.split()
THIRD, LAW, OTHER = "third_party", "never_disclose", "privilege"
TABLE = [
    (
        "what is asked about stands beside what is masked",
        "",
        [],
        [("mask", LAW, CARD), ("ask", THIRD, BEA), ("ask", THIRD, CEM)],
    ),
    (
        "each is decided for itself",
        "",
        [decided("give", value=BEA), decided("alias", value=CEM, act=8)],
        [("alias", OTHER, CEM), ("mask", LAW, CARD), ("give", OTHER, BEA)],
    ),
    (
        "one of two is given, the other still asked about",
        "",
        [decided("give", value=BEA)],
        [("mask", LAW, CARD), ("give", OTHER, BEA), ("ask", THIRD, CEM)],
    ),
    ("the field is withheld: all of it", "", [decided("alias", steps=("note",))], [("mask", LAW, NOTE)]),
    (
        "though a value in it is given",
        "find: {cards: {do: give, because: known_to_them, say: Yours.}}",
        [decided("mask", steps=("note",)), decided("give", value=BEA), decided("give", value=CEM)],
        [("mask", OTHER, NOTE)],
    ),
    ("the place is withheld: all of it", "", [decided("drop", record="sha", pointer="/note")], [("drop", LAW, NOTE)]),
    (
        "the field is given: all but what the law forbids",
        "",
        [decided("give", steps=("note",))],
        [("mask", LAW, CARD), ("give", OTHER, BEA), ("give", OTHER, CEM)],
    ),
    ("a rule withholds the field: all of it", "others: [{in: calls, who: note, do: mask}]", [], [("mask", THIRD, NOTE)]),
    (
        "a rule gives the field: all but what withholds",
        "others: [{in: calls, who: note, do: give}]",
        [],
        [("mask", LAW, CARD), ("give", "known_to_them", NOTE)],
    ),
    ("a rule asks about the field", "others: [{in: calls, who: note}]", [], [("mask", LAW, CARD), ("ask", THIRD, NOTE)]),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE])
def test_what_is_ruled_about_parts_of_a_text(text, decisions, expected):
    """Nothing that is asked about hides behind what is withheld beside it."""
    assert parts(text, {"note": NOTE}, decisions) == expected


def test_a_text_that_no_rule_names_is_given_by_decision():
    """The check of what leaves is told so; a decision about the whole record says nothing of a single text."""
    assert parts("", {"note": "x"}, [decided("give", steps=("note",))]) == [("give", OTHER, "x")]
    assert parts("", {"note": "x"}, [decided("give", value="x")]) == [("give", OTHER, "x")]
    assert parts("", {"note": "x"}, [decided("give", record="sha")]) == []
    assert PolicyInForce(policy(""), Own(ADA), decisions=Decisions([decided("give", value="x")])).rulings("calls", {"note": "x"}) == []


def test_of_an_address_only_the_secret_is_withheld_where_the_rest_lets_nobody_in():
    """Else all of it."""
    finder = Finders()
    assert parts("", {"url": LINK}, [], finder) == [("mask", "security", "Qx7Zt9Lm2")]
    hidden = "https://acme.example/?%70wd=Kp4Wn8Rv3&pwd=Qx7Zt9Lm2"
    assert parts("", {"url": hidden}, [], finder) == [("mask", "security", "Qx7Zt9Lm2"), ("mask", "security", "Kp4Wn8Rv3")]
    assert parts("", {"url": LINK}, [], look) == [("mask", "security", LINK)]
    assert parts("", {"url": LINK}, [decided("give", value=LINK)], finder) == [("give", OTHER, "Qx7Zt9Lm2")]


def test_a_value_that_one_rule_gives_and_another_withholds_is_not_given():
    """The check of what leaves would take it for given."""
    found = parts(
        "find: {emails: give, cards: mask}", {"note": f"to {BEA}"}, [], lambda _: (Hit("emails", 3, 18, BEA), Hit("cards", 3, 18, BEA))
    )
    assert found == [("mask", LAW, BEA)]
