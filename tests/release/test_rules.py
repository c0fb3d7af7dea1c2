"""Each rule that decides what is withheld, asked about or given has a line here that fails without it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from engine.language.expressions.lossless_json import Number
from engine.release.apply import PolicyInForce
from engine.release.finders import Finders
from engine.release.hit import Hit
from engine.release.met import met, names_somebody
from engine.release.own import Fact, Own, person_of
from engine.release.readable import readable
from engine.release.vocabulary import Vocabulary, canonical
from tests.release.policies import ADA, look, policy, said
from tests.release.test_decided import LAW, MASK, MASKED, RECORD, THIRD, decided
from tests.release.test_hidden import NAMED, STRANGER, rulings

KEPT = {"/caller_name": MASKED, "/ssn": LAW}
ONCE = "once: [{in: [parts, calls], by: call_id}]"
DECISIONS = [
    (
        "a place lifts what is left out",
        "leave_out: [{what: calls.note, because: privilege}]",
        [decided("give", record="sha", pointer="/note")],
        {"/ssn": LAW},
    ),
    (
        "a field is more exact than its record",
        MASK,
        [decided("mask", steps=("note",)), decided("give", record="sha", act=9)],
        {"/caller_name": ("give", "privilege"), "/ssn": LAW, "/note": ("mask", "privilege")},
    ),
    ("a weaker decision holds where no law is", MASK, [decided("alias", value="Bea")], {**KEPT, "/caller_name": ("alias", THIRD)}),
    (
        "of two about one field the last holds",
        MASK,
        [decided("mask", steps=("note",), act=1), decided("drop", steps=("note",), act=9)],
        {**KEPT, "/note": ("drop", "privilege")},
    ),
    (
        "the first of two rules that leave a field out is the reason",
        "leave_out: [{what: calls.note, because: privilege}, {what: calls.n*, because: not_personal}]",
        [],
        {"/note": ("drop", "privilege"), "/ssn": LAW},
    ),
    (
        "the first of two rules that leave an endpoint out is the reason",
        "leave_out: [{what: calls, because: privilege}, {what: c*, because: not_personal}]",
        [],
        {"": ("hold", "privilege")},
    ),
]


@pytest.mark.parametrize(("text", "decisions", "expected"), [one[1:] for one in DECISIONS], ids=[one[0] for one in DECISIONS])
def test_which_decision_and_which_reason_holds(text, decisions, expected):
    """The most exact decision, the last of several as exact; of rules the first."""
    assert said(text, RECORD, decisions=decisions) == expected


def test_a_field_whose_name_is_personal_is_decided_about_as_a_field():
    """A decision about the field itself drops it with all in it."""
    found = rulings(NAMED, "", (decided("drop", steps=(STRANGER,)),))
    assert {one.pointer: one.do for one in found if one.do != "give"} == {f"/{STRANGER}": "drop"}


def test_a_record_that_is_given_is_given_though_it_was_told_before():
    """Who decides to give a record gives it whole."""
    others = {"parts": [{"call_id": "c1"}]}
    assert said(ONCE, {"call_id": "c1", "name": "x"}, others=others) == {"": ("hold", "duplicate")}
    assert said(ONCE, {"call_id": "c1", "name": "x"}, others=others, decisions=[decided("give", record="sha")]) == {}


def test_what_may_be_the_persons_own_is_asked_about_though_its_finder_masks():
    """A number without its country may be theirs: nobody is masked in vain; another's is masked."""
    numbers = ("2025550142", "2025550199")

    def phones(text: str) -> tuple[Hit, ...]:
        return (Hit("phones", 0, len(text), text),) if text in numbers else ()

    found = said("find: {phones: mask}", {"mine": numbers[0], "other": numbers[1]}, finder=phones)
    assert found == {"/mine": ("ask", THIRD), "/other": ("mask", THIRD)}


def test_a_card_is_masked_though_it_is_the_persons_own():
    """What the law forbids to disclose is withheld from its owner too."""
    own = [*ADA, Fact("card", "4242424242424242")]
    assert said("", {"note": "4242424242424242"}, own=own, finder=look) == {"/note": LAW}


def test_a_secret_is_masked_though_it_is_shown_in_part():
    """Of numbers the end may be shown; of a passcode nothing."""
    assert said("", {"password": "xxxx1234", "ssn": "xxxx1120"}) == {"/password": ("mask", "security")}


def test_what_stands_on_the_persons_own_side_is_nobody_who_was_met():
    """What they call themselves beside their own address is looked for nowhere: it would be asked about in vain."""
    in_force = PolicyInForce(policy("others: [{in: calls, who: [caller_*, callee_*]}]"), Own(ADA))
    record = {"caller_name": "Queen Ada", "caller_email": "ada@example.com", "callee_name": "Bea Stone"}
    assert [place for read in in_force.people("calls", record) for place in read.places] == [("/callee_name", "Bea Stone")]


def test_who_is_new_is_met_beside_people_who_were_met_before():
    """In the same record, below it, or as another number that only equals theirs; the person's own side hides nobody."""
    in_force = PolicyInForce(policy("others: [{in: calls, who: [caller_*, callee_*, 'legs[].to_*']}]"), Own(ADA))
    bea, own = {"caller_name": "Bea Stone", "caller_number": 5550142}, {"callee_name": "Queen Ada", "callee_email": "ada@example.com"}
    told = [
        (bea | own, {"Bea Stone", "5550142"}),
        (bea | own, set()),
        (bea | own | {"legs": [{"to_name": "Cem Aydin"}]}, {"Cem Aydin"}),
        (bea | own | {"legs": [{"to_name": "Fay Holm"}]}, {"Fay Holm"}),
        (bea | {"caller_number": Number("5550142.0")} | own, {"5550142.0"}),
        ({**bea, "caller_name": ["Dee Moss"]} | own, {"Dee Moss"}),
        ([own, bea, {**bea, "caller_name": "Eve Lund"}], {"Eve Lund"}),
    ]
    said, known = set(), set()
    for record, new in told:
        found = {text for read in in_force.people("calls", record, said) for _, text in read.places}
        assert found - known == new
        known |= found
    assert list(in_force.people("calls", bea | own, said)) == []


MET = [
    ({"caller_name": "Bea Stone"}, ["Bea Stone"]),
    ({"caller_id": "1790000000002"}, []),
    ({"callerId": "1790000000002"}, []),
    ({"caller_id": "bea.stone"}, ["bea.stone"]),
    ({"caller_paid": "+12025550199"}, ["+12025550199"]),
    ({"caller_text": "Rain tomorrow"}, []),
    ({"caller_message": {"name": "Bea Stone"}}, ["Bea Stone"]),
    ({"caller_site_name": "Berlin Mitte"}, []),
    ({"caller_channel": {"name": "garden"}}, []),
]


@pytest.mark.parametrize(("record", "expected"), MET, ids=[repr(record) for record, _ in MET])
def test_who_is_met_in_fields_of_people(record, expected):
    """Names, addresses and numbers; not where somebody sits or writes, what they wrote, nor numbers that programs gave them."""
    in_force = PolicyInForce(policy('others: [{in: calls, who: "caller*"}]'), Own(ADA))
    assert list(met(in_force, [("calls", record)])) == expected


def test_a_place_where_people_write_names_nobody():
    """By the whole word, whichever step of the way it is; words that hold it are others."""
    told = ["/channel/name", "/a/channel_name", "/x/department", "/message/text", "/Body", "/call_notes"]
    assert [one for one in told if names_somebody(one)] == []
    assert all(names_somebody(one) for one in ("/message/user", "/channels_of", "/text/user", "/bodyguard"))


NUMBERS = [
    ("+49 89 5550100", "+49895550100"),
    ("(089) 5550100", "0895550100"),
    ("0895550100 (Bea)", "0895550100"),
    ("Bea 089 5550100", "0895550100"),
    ("Tel. 089-5550100", "0895550100"),
    ("5550100", "5550100"),
    ("U0BEA000002", None),
    ("005000000000009AAA", None),
    ("0000002", None),
    ("1b4e28ba-2fa1-1234567-883f", None),
    ("51.3397123", None),
    ("2026-11-29", None),
    ("555010", None),
]


@pytest.mark.parametrize(("value", "number"), NUMBERS, ids=[one[0] for one in NUMBERS])
def test_what_of_a_person_is_a_telephone_number(value, number):
    """Written alone or beside words; identifiers with letters, numbers that are nothing but noughts, days and places are none."""
    assert list(Vocabulary([value]).numbers.values()) == [number] * (number is not None)


PLAIN = [
    ("bea-example", "Example: how to", []),
    ("bea-example", "https://github.com/bea-example/garden", ["bea-example"]),
    ("https://github.com/bea-example", "an Example", []),
    ("Rain tomorrow?", "Rain tomorrow", []),
    ("Ada: hello", "Ada hello", []),
    ("Bea Stoneham", "with Stoneham", ["Stoneham"]),
    ("bea stoneham", "with Stoneham", ["stoneham"]),
    ("Anna Meyer-Schmidt", "with Schmidt", ["Schmidt"]),
    ("Bea Stoneham", "a stoneham", []),
]


@pytest.mark.parametrize(("value", "text", "expected"), PLAIN, ids=[f"{value} in {text}" for value, text, _ in PLAIN])
def test_a_plain_word_is_no_name(value, text, expected):
    """A login is found as it is and gives no family name; a sentence is no name; family names are found still."""
    assert [hit.value for hit in Vocabulary([value]).names(text)] == expected


def test_what_was_told_before_is_given_again_where_that_was_decided():
    """A field of a record that is left out as told before is lifted by a decision about it."""
    once = "once: [{in: [parts, calls], by: call_id, but: calls.charge}]"
    record, others = {"call_id": "c1", "name": "x", "note": "y"}, {"parts": [{"call_id": "c1"}]}
    found = said(once, record, others=others, decisions=[decided("give", steps=("name",))])
    assert found == {"/note": ("drop", "duplicate")}


def test_below_what_is_excepted_nothing_is_anybodys():
    """A rule's exception holds for all that lies in it: no field there is read for its person."""
    rules = PolicyInForce(policy("others: [{in: calls, who: caller_*, but: site}]"), Own(ADA)).compiled("calls")
    place = rules.child(rules.root, "caller_place")
    name = rules.child(rules.child(place, "site"), "name")
    assert (place.side is None, name.side, name.plain) == (False, None, True)


def test_a_decision_about_a_field_holds_for_its_endpoint_alone():
    """A field of the same name elsewhere is another one."""
    assert said("", RECORD, decisions=[decided("drop", endpoint="meetings", steps=("note",))]) == {"/ssn": LAW}


def test_people_are_met_below_fields_that_are_nobodys_themselves():
    """A rule may name what lies deep in a record: the way there is gone, though no rule holds for its steps."""
    in_force = PolicyInForce(policy("others: [{in: calls, who: deep.legs.to_*}]"), Own(ADA))
    found = in_force.people("calls", {"deep": {"legs": [{"to_name": "Bea"}]}})
    assert [place for read in found for place in read.places] == [("/deep/legs/0/to_name", "Bea")]


def test_an_ordinary_name_of_a_field_is_not_searched():
    """`name` may be what somebody is called, and is a word of programs: nothing is withheld for it."""
    assert said("", {"bea": 1}, finder=lambda text: (Hit("known_people", 0, len(text), text),)) == {}


def test_a_long_identifier_is_proof_and_tells_people_apart_after_their_number():
    """Their id says that it is they, though another's address stands beside it; of others the number is more than the id."""
    own = Own([Fact("id", "KDcuGIm1QgePTO8W"), Fact("email", "ada@example.com")])
    assert own.judge([Fact("id", "KDcuGIm1QgePTO8W"), Fact("email", "bea@example.com")]) == "same"
    assert person_of([Fact("id", "KDcuGIm1QgePTO8X"), Fact("number", "+12025550199")]) == "phone:12025550199"


PHONES = [
    ("00 49 1512 3456 7890 123", []),
    ("0062 812 3456 7890 1", ["+62812345678901"]),
    ("wa.me/14915112345679", []),
    ("wa.me/4915112345679", ["+4915112345679"]),
]


@pytest.mark.parametrize(("text", "expected"), PHONES, ids=[one[0] for one in PHONES])
def test_how_long_a_telephone_number_is(text, expected):
    """Fifteen digits, one more with 00 in front; a bare one is somebody's only where each digit is theirs."""
    assert [hit.value for hit in Finders(Vocabulary(["+4915112345679"]))(text)] == expected


FOUND = [
    ("GB82WEST12345698765432", ["GB82WEST12345698765432"]),
    ("GB82WEST12345698765432A", []),
    ("PIN: (12)", []),
    ("PIN: (123)", ["123"]),
    ('Password: "   "', []),
    ("x -----BEGIN PRIVATE KEY-----\nMIIEabcdefghijkl\n", ["-----BEGIN PRIVATE KEY-----\nMIIEabcdefghijkl\n"]),
    ("420424091309057249", ["420424091309057249"]),  # of a county that the register's list has not
    ("with Bea Stone Brook", ["Bea Stone Brook"]),
    ("with Stoned", []),
    ("with Bridge", ["Bridge"]),
    ("with Brook", []),
    ("see Room 12 Berlin today", []),
    ("One two three four five six seven", []),
    ("Bea%2520Stone", ["Bea Stone"]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[one[0] for one in FOUND])
def test_what_is_found_and_what_is_not(text, expected):
    """To the letter and the digit."""
    people = Vocabulary(["Bea Stone", "Bea Stone Brook", "Cem Bridge", "Room 12 Berlin", "see one two three four five six seven"])
    assert [hit.value for hit in Finders(people)(text)] == expected


def test_an_address_in_base64_is_read_whatever_blanks_follow_it():
    """As a program prints it, with the end of the line; bytes that are no text are left as they came."""
    for raw, read in ((b"cem@example.com\n", True), (b"a\tcem@example.com", True), (b"cem@example.com\x00\x01", False)):
        text = b64encode(raw).decode()
        assert (readable(text) == raw.decode()) is read
        assert bool(Finders()(text)) is read


def test_a_short_number_keeps_the_form_in_which_it_came():
    """A number of five digits is no line of somebody's, with its country or without."""
    assert canonical("+49 110") == "+49 110"
