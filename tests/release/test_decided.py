"""A reviewer's decisions laid over a policy, as tables."""

from __future__ import annotations

import pytest

from engine.language.expressions.lossless_json import loads
from engine.release.apply import PolicyInForce
from engine.release.decision import Decision, Decisions
from engine.release.own import Own
from tests.release.policies import ADA, look, policy, said

ASK, THIRD = ("ask", "third_party"), "third_party"
SIDE = "others: [{in: calls, who: [caller_*]}]"


def decided(operation: str, act: int = 7, because: str = "privilege", **target: object) -> Decision:
    """Make a decision, on the endpoint of the tables where nothing else is named."""
    return Decision(act=act, operation=operation, because=because, **({"endpoint": "calls"} | target))  # type: ignore[arg-type]


MASK = "others: [{in: calls, who: caller_*, do: mask}]"
RECORD = {"caller_name": "Bea", "ssn": "078-05-1120", "note": "x"}
LAW_HELD = ("hold", "never_disclose")
MASKED, LAW = ("mask", THIRD), ("mask", "never_disclose")
DECIDED = [
    ("nothing", MASK, [], {"/caller_name": MASKED, "/ssn": LAW}),
    (
        "a value is given",
        MASK,
        [decided("give", value="Bea", because="known_to_them")],
        {"/caller_name": ("give", "known_to_them"), "/ssn": LAW},
    ),
    ("the law is not overruled by value", MASK, [decided("give", value="078-05-1120")], {"/caller_name": MASKED, "/ssn": LAW}),
    ("nor by place", MASK, [decided("give", record="sha", pointer="/ssn")], {"/caller_name": MASKED, "/ssn": LAW}),
    ("nor by field", MASK, [decided("give", steps=("ssn",))], {"/caller_name": MASKED, "/ssn": LAW}),
    ("nor by endpoint", MASK, [decided("give", because="known_to_them")], {"/caller_name": ("give", "known_to_them"), "/ssn": LAW}),
    ("the reason stays the rule's", MASK, [decided("drop", value="Bea")], {"/caller_name": ("drop", THIRD), "/ssn": LAW}),
    ("the law is not weakened", MASK, [decided("alias", value="078-05-1120")], {"/caller_name": MASKED, "/ssn": LAW}),
    ("the law may be exceeded", MASK, [decided("drop", value="078-05-1120")], {"/caller_name": MASKED, "/ssn": ("drop", "never_disclose")}),
    ("a value no rule names", MASK, [decided("mask", value="x")], {"/caller_name": MASKED, "/ssn": LAW, "/note": ("mask", "privilege")}),
    ("a field", MASK, [decided("hold", steps=("note",))], {"/caller_name": MASKED, "/ssn": LAW, "/note": ("drop", "privilege")}),
    (
        "a place",
        MASK,
        [decided("drop", record="sha", pointer="/note")],
        {"/caller_name": MASKED, "/ssn": LAW, "/note": ("drop", "privilege")},
    ),
    ("another record's place", MASK, [decided("drop", record="other", pointer="/note")], {"/caller_name": MASKED, "/ssn": LAW}),
    ("a record is held", MASK, [decided("hold", record="sha")], {"": ("hold", "privilege")}),
    ("an endpoint is held", MASK, [decided("hold")], {"": ("hold", "privilege")}),
    ("another endpoint is held", MASK, [decided("hold", endpoint="meetings")], {"/caller_name": MASKED, "/ssn": LAW}),
    (
        "the record is more exact than its endpoint",
        MASK,
        [decided("give", record="sha"), decided("hold", act=9)],
        {"/caller_name": ("give", "privilege"), "/ssn": LAW},
    ),
    (
        "the value is more exact than the record",
        MASK,
        [decided("mask", value="x", act=1), decided("give", record="sha", act=9)],
        {"/caller_name": ("give", "privilege"), "/ssn": LAW, "/note": ("mask", "privilege")},
    ),
    (
        "the place is the most exact",
        MASK,
        [decided("give", record="sha", pointer="/note", act=1), decided("mask", value="x", act=9)],
        {"/caller_name": MASKED, "/ssn": LAW},
    ),
    (
        "of several as exact the last",
        MASK,
        [decided("give", value="Bea", act=3), decided("mask", value="Bea", act=2)],
        {"/caller_name": ("give", "privilege"), "/ssn": LAW},
    ),
    (
        "an endpoint that the policy leaves out is given",
        "leave_out: [{what: calls, because: not_personal}]",
        [decided("give")],
        {"/ssn": LAW},
    ),
    (
        "a masked one that the policy leaves out stays held",
        "leave_out: [{what: calls, because: not_personal}]",
        [decided("mask")],
        {"": ("hold", "not_personal")},
    ),
    (
        "what the law leaves out stays held",
        "leave_out: [{what: calls, because: never_disclose}]",
        [decided("give")],
        {"": ("hold", "never_disclose")},
    ),
    (
        "a field that is left out is given",
        "leave_out: [{what: calls.note, because: privilege}]",
        [decided("give", value="x")],
        {"/ssn": LAW},
    ),
    (
        "a field that the law leaves out is not",
        "leave_out: [{what: calls.note, because: never_disclose}]",
        [decided("give", value="x")],
        {"/note": ("drop", "never_disclose"), "/ssn": LAW},
    ),
    (
        "what is asked about is decided",
        SIDE,
        [decided("alias", value="Bea")],
        {"/caller_name": ("alias", "privilege"), "/ssn": LAW},
    ),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in DECIDED], ids=[one[0] for one in DECIDED])
def test_decisions_are_laid_over_a_policy(text, decisions, expected):
    """`give` overrules all but the law; the first rule that withholds is the reason; the most exact decision holds."""
    assert said(text, RECORD, decisions=decisions) == expected


FOUND = [
    ("one of two values is given", [decided("give", value="bea@example.com")], {"/note": ASK}),
    (
        "both are",
        [decided("give", value="bea@example.com"), decided("give", value="cem@example.com", act=8)],
        {"/note": ("give", "privilege")},
    ),
    ("one is masked", [decided("mask", value="cem@example.com")], {"/note": ("mask", "privilege")}),
    ("the place is given", [decided("give", record="sha", pointer="/note")], {"/note": ("give", "privilege")}),
]


@pytest.mark.parametrize(("decisions", "expected"), [one[1:] for one in FOUND], ids=[one[0] for one in FOUND])
def test_a_text_is_given_when_each_value_in_it_is(decisions, expected):
    """And withheld when one of them is."""
    assert said("", {"note": "bea@example.com cem@example.com"}, finder=look, decisions=decisions) == expected


def test_a_decision_to_give_leaves_what_the_law_forbids_beside_it():
    """A name that is masked may be given; the card number in the same text may not."""
    record = {"caller_note": "Bea 4242424242424242"}
    given = [decided("give", steps=("caller_note",))]
    assert said(MASK, record, finder=look, decisions=given) == {"/caller_note": LAW}


def test_a_value_is_decided_about_by_the_digest_of_the_case():
    """The log holds no value."""
    decisions = Decisions([decided("mask", value="d:Bea")], lambda text: f"d:{text}")
    rulings = PolicyInForce(policy(""), Own(ADA), decisions=decisions).rulings("calls", {"a": "Bea", "b": "Cem"})
    assert [(one.pointer, one.do, one.rule) for one in rulings] == [("/a", "mask", "act 7")]


FILES = [
    ("nothing is said", "", [], ("ask", "third_party")),
    ("the policy gives", "files: {calls: give}", [], ("give", "known_to_them")),
    ("the policy holds", "files: {calls: {do: hold, because: trade_secret}}", [], ("hold", "trade_secret")),
    ("the endpoint is left out", "leave_out: [{what: calls, because: privilege}]", [], ("hold", "privilege")),
    ("a reviewer holds it", "", [decided("hold", file="1")], ("hold", "privilege")),
    ("a reviewer masks it, which holds it", "", [decided("mask", file="1")], ("hold", "privilege")),
    ("a reviewer holds another", "", [decided("hold", file="2")], ("ask", "third_party")),
    ("a reviewer gives it", "files: {calls: hold}", [decided("give", file="1", because="known_to_them")], ("give", "known_to_them")),
    ("a reviewer holds what is held already", "files: {calls: hold}", [decided("hold", file="1")], ("hold", "third_party")),
    ("a reviewer gives the endpoint", "", [decided("give", because="known_to_them")], ("give", "known_to_them")),
    ("the file is more exact", "", [decided("hold", file="1"), decided("give", act=9)], ("hold", "privilege")),
    ("the law holds it", "files: {calls: {do: hold, because: never_disclose}}", [decided("give", file="1")], ("hold", "never_disclose")),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in FILES], ids=[one[0] for one in FILES])
def test_what_happens_to_a_file(text, decisions, expected):
    """It is held or given whole."""
    ruling = PolicyInForce(policy(text), Own(ADA), decisions=Decisions(decisions)).file_ruling("calls", "1")
    assert (ruling.do, ruling.because) == expected


HELD_RECORD = [
    ("its record is given", "", [], ("ask", "third_party")),
    ("its record is held", "files: {calls: give}", [decided("hold", record="sha")], ("hold", "privilege")),
    ("the endpoint is given", "", [decided("hold", record="sha"), decided("give", act=9)], ("hold", "privilege")),
    ("the file itself is given", "", [decided("hold", record="sha"), decided("give", act=9, file="1")], ("give", "privilege")),
    (
        "the file itself is given, by law not",
        "",
        [decided("hold", because="never_disclose", record="sha"), decided("give", file="1")],
        LAW_HELD,
    ),
    ("its endpoint is left out", "leave_out: [{what: calls, because: privilege}]", [], ("hold", "privilege")),
    ("a field of it is left out", "leave_out: [{what: calls.note, because: privilege}]", [], ("ask", "third_party")),
    ("its record tells nothing new", "once: [{in: [history, calls], by: id}]", [], ("hold", "duplicate")),
    ("its record tells some of it again", "once: [{in: [history, calls], by: id, but: calls.note}]", [], ("ask", "third_party")),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in HELD_RECORD], ids=[one[0] for one in HELD_RECORD])
def test_a_file_is_held_with_its_record(text, decisions, expected):
    """For the same reason, unless somebody decided to give the file itself."""
    record, told = {"id": "c1", "note": "x"}, {(0, "c1"): 0}
    in_force = PolicyInForce(policy(text), Own(ADA), told=told, decisions=Decisions(decisions))
    held = in_force.record_held("calls", record, "sha")
    assert (held is not None) == ([one.pointer for one in in_force.rulings("calls", record, "sha")] == [""])
    ruling = in_force.file_ruling("calls", "1", held)
    assert (ruling.do, ruling.because, ruling.value) == (*expected, "1")


def test_what_an_earlier_endpoint_tells_and_does_not_give_is_no_repetition():
    """Where the earlier one is left out or held, the later one tells it for the first time: else it would be lost under a false reason."""
    once = "once: [{in: [history, calls], by: id}]"
    others = {"history": [{"id": "c1", "n": 1}]}
    assert said(once, {"id": "c1", "n": 1}, others=others) == {"": ("hold", "duplicate")}
    left_out = f"{once}\nleave_out: [{{what: history, because: not_personal}}]"
    assert said(left_out, {"id": "c1", "n": 1}, others=others) == {}
    held = [decided("hold", endpoint="history")]
    assert said(once, {"id": "c1", "n": 1}, others=others, decisions=held) == {}


@pytest.mark.parametrize("value", [True, False, None, 0])
def test_a_decision_about_a_field_holds_for_true_false_and_nothing(value):
    """They tell of nobody by themselves, and are left out all the same where that was decided."""
    assert said("", {"a": value, "b": "x"}, decisions=[decided("drop", steps=("a",))]) == {"/a": ("drop", "privilege")}
    whole = said("", {"a": value, "b": "x"}, decisions=[decided("drop", record="sha")])
    assert whole == {"/a": ("drop", "privilege"), "/b": ("drop", "privilege")}


@pytest.mark.parametrize("record", [{"caller_name": None}, {"caller_name": None, "caller_number": ""}, {"caller_name": [None]}])
def test_a_decision_about_a_field_of_people_holds_where_nobody_is_named(record):
    """Where a field of people says null, and no other tells who is meant, it is nobody's side, and what was decided holds."""
    found = said(SIDE, record, decisions=[decided("give", steps=("caller_name",))])
    assert set(found.values()) <= {("give", "privilege")}


def test_a_decision_about_a_number_holds_where_it_is_written_so():
    """A number that is equal, and written otherwise, is another value; true is no 1."""
    in_force = PolicyInForce(policy(""), Own(ADA), decisions=Decisions([decided("mask", value="1")]))
    told = {line: len(in_force.rulings("calls", loads(line.encode()))) for line in ('{"n":1.0}', '{"n":true}', '{"n":1}', '{"n":"1"}')}
    assert list(told.values()) == [0, 0, 1, 1]


def test_a_long_number_is_looked_at_like_a_text():
    """A card is one whether or not it stands between quotes, in a list or in a map."""
    text = "find: {cards: {do: mask, because: never_disclose}}"
    for record in ({"n": 4242424242424242}, {"n": "4242424242424242"}, {"m": {"n": 4242424242424242}}):
        assert list(said(text, record, finder=look).values()) == [("mask", "never_disclose")]
    assert said(text, {"n": 4242}, finder=look) == {}


def test_every_ruling_of_a_place_is_given_to_a_reviewer():
    """What is asked behind something that is masked would come to light when that is given."""
    words = policy("find: {emails: ask}")
    every = PolicyInForce(words, Own([]), finder=look, every=True).rulings("calls", {"t": "sesame a@acme.example"})
    assert {one.do for one in every} == {"mask", "ask"}
    assert {one.do for one in PolicyInForce(words, Own([]), finder=look).rulings("calls", {"t": "sesame a@acme.example"})} == {"mask"}
