"""What happens at which place of a record: policies and records as tables."""

from __future__ import annotations

import pytest

from engine.language.expressions.lossless_json import loads
from engine.release.apply import PolicyInForce
from engine.release.own import Fact, Own
from engine.release.ruling import Ruling
from tests.release.policies import ADA, look, policy, said

ASK, THIRD = ("ask", "third_party"), "third_party"
SIDES = "others: [{in: calls, who: [caller_*, callee_*]}]"

LEFT_OUT = [
    ("an endpoint", "leave_out: [{what: calls, because: not_personal}]", {"a": 1}, {"": ("hold", "not_personal")}),
    ("endpoints by a pattern", "leave_out: [{what: c*, because: out_of_scope}]", {"a": 1}, {"": ("hold", "out_of_scope")}),
    ("another endpoint", "leave_out: [{what: meetings, because: not_personal}]", {"a": 1}, {}),
    ("a field", "leave_out: [{what: calls.a, because: trade_secret}]", {"a": 1, "b": 2}, {"/a": ("drop", "trade_secret")}),
    ("an object whole", "leave_out: [{what: calls.a, because: privilege}]", {"a": {"b": 1}}, {"/a": ("drop", "privilege")}),
    (
        "through lists",
        'leave_out: [{what: "calls.a[].b", because: privilege}]',
        {"a": [{"b": 1, "c": 2}, {"b": 3}]},
        {"/a/0/b": ("drop", "privilege"), "/a/1/b": ("drop", "privilege")},
    ),
    ("by a pattern", "leave_out: [{what: calls.x_*, because: privilege}]", {"x_1": 1, "y": 2}, {"/x_1": ("drop", "privilege")}),
    (
        "the first that leaves it out is the reason",
        "leave_out: [{what: calls.a, because: privilege}, {what: calls, because: not_personal}]",
        {"a": 1},
        {"": ("hold", "not_personal")},
    ),
    ("names with a slash", "leave_out: [{what: calls.a/b~c, because: privilege}]", {"a/b~c": 1}, {"/a~1b~0c": ("drop", "privilege")}),
    (
        "before what is never given",
        "leave_out: [{what: calls.password, because: not_personal}]",
        {"password": "abc"},
        {"/password": ("drop", "not_personal")},
    ),
]

OTHERS = [
    (
        "prefixes: the other side is asked about",
        SIDES,
        {"caller_name": "Ada Brook", "caller_email": "ada@example.com", "callee_name": "Bea", "callee_email": "bea@example.com"},
        {"/callee_name": ASK, "/callee_email": ASK},
    ),
    (
        "prefixes: she was called",
        SIDES,
        {"caller_name": "Bea", "caller_number": "+12025550199", "callee_name": "Ada Brook", "callee_ext_number": 1021},
        {"/caller_name": ASK, "/caller_number": ASK},
    ),
    ("prefixes: she called herself", SIDES, {"caller_email": "ada@example.com", "callee_number": "+1 202 555 0142"}, {}),
    ("a voicemail without any address", SIDES, {"caller_number": "+12025550199", "callee_number": "1021"}, {"/caller_number": ASK}),
    (
        "neither side is hers: both are asked about, though the rule masks",
        "others: [{in: calls, who: [caller_*, callee_*], do: mask}]",
        {"caller_name": "Bea", "callee_name": "Cem"},
        {"/caller_name": ASK, "/callee_name": ASK},
    ),
    (
        "one side is hers: the other is masked",
        "others: [{in: calls, who: [caller_*, callee_*], do: mask}]",
        {"caller_name": "Bea", "callee_email": "ada@example.com"},
        {"/caller_name": ("mask", THIRD)},
    ),
    (
        "who may be she is asked about, though the rule masks",
        "others: [{in: calls, who: caller_*, do: mask}]",
        {"caller_number": "2025550142"},
        {"/caller_number": ASK},
    ),
    (
        "objects",
        "others: [{in: calls, who: [accepted_by, forwarded_to], do: alias}]",
        {"accepted_by": {"name": "Bea", "site": {"id": "s-1"}}, "forwarded_to": {"extension_number": "1021"}},
        {"/accepted_by/name": ("alias", THIRD), "/accepted_by/site/id": ("alias", THIRD)},
    ),
    (
        "lists of objects: each is one person",
        'others: [{in: calls, who: "members[]", do: drop}]',
        {"members": [{"name": "Ada Brook", "id": "1"}, {"name": "Bea", "id": "2"}]},
        {"/members/1/name": ("drop", THIRD), "/members/1/id": ("drop", THIRD)},
    ),
    (
        "lists of texts: each is one person",
        'others: [{in: calls, who: "policy.members[]", do: mask}]',
        {"policy": {"members": ["ada@example.com", "bea@example.com"]}},
        {"/policy/members/1": ("mask", THIRD)},
    ),
    (
        "prefixes inside an object in a list",
        "others: [{in: calls, who: legs.to_*, do: mask}]",
        {"legs": [{"to_name": "Bea", "to_email": "ada@example.com"}, {"to_name": "Cem"}]},
        {"/legs/1/to_name": ("mask", THIRD)},
    ),
    (
        "a whole record",
        'others: [{in: calls, who: "*", but: kind, do: mask}]',
        {"login": "bea", "kind": "user", "urls": ["https://a.example/bea"]},
        {"/login": ("mask", THIRD), "/urls/0": ("mask", THIRD)},
    ),
    (
        "what tells nothing of a person",
        'others: [{in: calls, who: caller_*, but: ["*_type", site]}]',
        {"caller_name": "Bea", "caller_type": "user", "caller_place": {"site": "Berlin"}},
        {"/caller_name": ASK},
    ),
    (
        "nor what lies below it",
        "others: [{in: calls, who: caller_*, but: site}]",
        {"caller_name": "Bea", "caller_place": {"site": {"name": "Berlin"}}},
        {"/caller_name": ASK},
    ),
    (
        "flags and nothing tell of nobody",
        "others: [{in: calls, who: caller_*, do: mask}]",
        {"caller_muted": True, "caller_name": None, "caller_id": ""},
        {},
    ),
    (
        "the first rule that names a field holds",
        "others: [{in: calls, who: caller_name, do: give}, {in: calls, who: caller_*, do: mask}]",
        {"caller_name": "Bea", "caller_number": "+12025550199"},
        {"/caller_name": ("give", "known_to_them"), "/caller_number": ("mask", THIRD)},
    ),
    (
        "another reason",
        "others: [{in: calls, who: caller_*, do: mask, because: ongoing_investigation}]",
        {"caller_name": "Bea"},
        {"/caller_name": ("mask", "ongoing_investigation")},
    ),
    (
        "a secret of somebody else is a secret",
        "others: [{in: calls, who: caller_*}]",
        {"caller_pin": "4711", "caller_name": "Bea"},
        {"/caller_pin": ("mask", "security"), "/caller_name": ASK},
    ),
]


@pytest.mark.parametrize(
    ("text", "record", "expected"), [one[1:] for one in [*LEFT_OUT, *OTHERS]], ids=[one[0] for one in [*LEFT_OUT, *OTHERS]]
)
def test_what_a_policy_says_of_a_record(text, record, expected):
    """Everything of which nothing is said is given."""
    assert said(text, record) == expected


ONCE = "once: [{in: [parts, calls], by: call_id, but: calls.charge}]"
TOLD = [
    ("told before", ONCE, {"call_id": "c1", "name": "x", "charge": 3}, {"parts": [{"call_id": "c1"}]}, {"/name": ("drop", "duplicate")}),
    ("told nowhere else", ONCE, {"call_id": "c2", "name": "x"}, {"parts": [{"call_id": "c1"}]}, {}),
    ("without a key", ONCE, {"name": "x"}, {"parts": [{"name": "x"}]}, {}),
    ("with an empty key", ONCE, {"call_id": "", "name": "x"}, {"parts": [{"call_id": ""}]}, {}),
    ("by numbers", ONCE, {"call_id": 7, "name": "x"}, {"parts": [{"call_id": "7"}]}, {"/name": ("drop", "duplicate")}),
    (
        "nothing but what is told before",
        "once: [{in: [parts, calls], by: call_id}]",
        {"call_id": "c1", "name": "x"},
        {"parts": [{"call_id": "c1"}]},
        {"": ("hold", "duplicate")},
    ),
    ("the first endpoint gives it", "once: [{in: [calls, parts], by: call_id}]", {"call_id": "c1"}, {"parts": [{"call_id": "c1"}]}, {}),
    (
        "other rules hold for the rest",
        f"{ONCE}\nleave_out: [{{what: calls.charge, because: trade_secret}}]",
        {"call_id": "c1", "charge": 3},
        {"parts": [{"call_id": "c1"}]},
        {"/charge": ("drop", "trade_secret")},
    ),
]


@pytest.mark.parametrize(("text", "record", "others", "expected"), [one[1:] for one in TOLD], ids=[one[0] for one in TOLD])
def test_what_several_endpoints_tell_is_given_once(text, record, others, expected):
    """By the first endpoint that is named; what only a later one tells is given all the same."""
    assert said(text, record, others=others) == expected


FIND = [
    ("others' addresses are asked about", "", {"note": "to bea@example.com"}, {"/note": ASK}),
    ("hers are not", "", {"note": "to ada@example.com"}, {}),
    ("cards are masked", "", {"note": "to bea@example.com 4242424242424242"}, {"/note": ("mask", "never_disclose")}),
    ("as the policy says", "find: {emails: mask}", {"note": "to bea@example.com"}, {"/note": ("mask", THIRD)}),
    (
        "a rule that gives is not asked again",
        "others: [{in: calls, who: note, do: give}]",
        {"note": "bea@example.com"},
        {"/note": ("give", "known_to_them")},
    ),
    (
        "but what withholds stays",
        "others: [{in: calls, who: note, do: give}]",
        {"note": "bea@example.com 4242424242424242"},
        {"/note": ("mask", "never_disclose")},
    ),
    (
        "a secret before all else",
        "find: {emails: mask}",
        {"note": "to bea@example.com sesame"},
        {"/note": ("mask", "security")},
    ),
    (
        "a secret that is switched off",
        "never: {secrets: {do: give, because: known_to_them, say: It is yours.}}",
        {"note": "sesame"},
        {},
    ),
    ("in lists", "", {"notes": ["a", "bea@example.com"]}, {"/notes/1": ASK}),
]


@pytest.mark.parametrize(("text", "record", "expected"), [one[1:] for one in FIND], ids=[one[0] for one in FIND])
def test_what_is_found_in_text(text, record, expected):
    """By a finder that is passed in."""
    assert said(text, record, finder=look) == expected


def test_values_that_are_one_person_share_a_group_and_a_mark():
    """In every record the same person has the same mark, and the rule and kind are told."""
    in_force = PolicyInForce(policy(SIDES), Own(ADA))
    record = {"caller_name": "Bea", "caller_email": "bea@example.com", "callee_email": "ada@example.com"}
    first, second = in_force.rulings("calls", record)
    assert first == Ruling("/caller_name", "ask", "third_party", "others[0]", "who", "Bea", 0, "email:bea@example.com")
    assert (second.group, second.person) == (first.group, first.person)
    assert in_force.rulings("calls", {**record, "caller_name": "Beatrice"})[0].person == first.person


def test_who_may_be_the_person_is_marked():
    """So that a reviewer sees why it is asked."""
    in_force = PolicyInForce(policy(SIDES), Own([Fact("phone", "+12025550142")]))
    assert [one.maybe_own for one in in_force.rulings("calls", {"caller_number": "2025550142"})] == [True]
    assert [one.maybe_own for one in in_force.rulings("calls", {"caller_number": "2025550143"})] == [False]


def test_what_is_remembered_changes_nothing(monkeypatch):
    """Memory does not grow with the records, and whoever was forgotten is judged again."""
    monkeypatch.setattr("engine.release.apply.MOST_REMEMBERED", 1)
    in_force = PolicyInForce(policy(SIDES), Own(ADA), finder=look)
    records = [
        {"caller_name": name, "callee_email": "ada@example.com", "note": f"{name} bea@example.com"} for name in ("Bea", "Cem", "Bea")
    ]
    found = [in_force.rulings("calls", record) for record in records]
    assert found[0] == found[2] != found[1]
    assert [len(one) for one in found] == [2, 2, 2]


@pytest.mark.parametrize("record", ["text", 7, None, [], {}, [{"caller_name": "Bea"}], [["x"]]])
def test_a_record_of_any_form_is_read(record):
    """Some vendors send lists, or a single value."""
    assert set(said(SIDES, record)) <= {"/0/caller_name"}


ONE_BY_ONE = [
    (
        "equal numbers of another kind",
        [
            '{"caller_name":"Bea","caller_number":1}',
            '{"caller_name":"Bea","caller_number":true}',
            '{"caller_name":"Bea","caller_number":1.0}',
        ],
        [["Bea", "1"], ["Bea"], ["Bea", "1.0"]],
    ),
    (
        "equal numbers written otherwise",
        [
            '{"caller_name":"Bea","caller_number":1.0}',
            '{"caller_name":"Bea","caller_number":1.00}',
            '{"caller_name":"Bea","caller_number":1}',
        ],
        [["Bea", "1.0"], ["Bea", "1.00"], ["Bea", "1"]],
    ),
    (
        "two sides that stand in turns",
        ['{"caller_name":"Bea","callee_name":"Cem","caller_number":"7","callee_number":"8"}'] * 2,
        [["Bea", "Cem", "7", "8"]] * 2,
    ),
    (
        "a side that stands in two places",
        ['{"caller_name":"Bea","caller_a":"1","callee_name":"Cem","caller_number":"7","caller_b":"8"}'] * 2,
        [["Bea", "1", "Cem", "7", "8"]] * 2,
    ),
    (
        "a text between the fields of a side",
        ['{"caller_name":"Bea","note":"x","caller_number":"7"}', '{"caller_name":"Bea","note":"a@example.com","caller_number":"7"}'],
        [["Bea", "7"], ["Bea", "a@example.com", "7"]],
    ),
    (
        "a field that later holds more",
        [
            '{"note":"x","caller_name":"Bea","caller_number":"7"}',
            '{"note":{"a":"b@example.com"},"caller_name":["Bea"],"caller_number":{"n":"7"}}',
        ],
        [["Bea", "7"], ["b@example.com", "Bea", "7"]],
    ),
    ("a text that is too long for a count", ['{"n":"12025550199"}', '{"n":12025550199}', '{"n":12025550199.0}'], [[], [], []]),
]


@pytest.mark.parametrize(("lines", "expected"), [one[1:] for one in ONE_BY_ONE], ids=[one[0] for one in ONE_BY_ONE])
def test_records_of_one_form_are_ruled_one_by_one(lines, expected):
    """Records that are almost alike are each ruled by what they hold, in the order of their fields."""
    in_force = PolicyInForce(policy("others: [{in: calls, who: [caller_*, callee_*]}]"), Own(ADA), finder=look)
    assert [[one.value for one in in_force.rulings("calls", loads(line.encode()))] for line in lines] == expected
