"""Laws of policies, on random ones: the first rule that withholds is the reason, and no decision to give overrules the law."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import loads
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.finders import PROGRAM
from engine.release.hit import Hit
from engine.release.own import Own
from engine.release.policy import Policy
from engine.release.reasons import BY_LAW, CODES, GIVING, WITHHOLDING
from engine.release.ruling import STRENGTH, Ruling
from tests.release.policies import ADA, look

FIELDS = ("caller_name", "caller_email", "password", "ssn", "note", "topic")
VALUES = ("ada@example.com", "bea@example.com", "Bea", "x", "cem@example.com 4242424242424242", "")
WITHHELD, GIVEN = st.sampled_from(WITHHOLDING), st.sampled_from(GIVING)


def rules(*does: str) -> st.SearchStrategy[dict[str, Any]]:
    """Rules that do one of these, with a fitting reason or the usual one."""
    return st.sampled_from(does).flatmap(
        lambda do: st.one_of(st.just({"do": do}), (GIVEN if do == "give" else WITHHELD).map(lambda why: {"do": do, "because": why}))
    )


def reasoned(rule: dict[str, Any]) -> dict[str, Any]:
    """Give what switches a protection off the reason that it needs."""
    return {"because": "known_to_them", **rule, "say": "yours"} if rule["do"] == "give" else rule


LEAVE_OUT = st.builds(
    lambda what, why: {"what": what, "because": why}, st.sampled_from(["calls", *(f"calls.{one}" for one in FIELDS)]), WITHHELD
)
OTHERS = st.builds(
    lambda who, rule: {"in": "calls", "who": who, **rule},
    st.sampled_from(["caller_*", "note", "caller_email"]),
    rules("ask", "alias", "mask", "drop", "give"),
)
NEVER = rules("mask", "drop", "give").map(
    lambda one: {**one, "because": one.get("because", "known_to_them"), "say": "Why."} if one["do"] == "give" else one
)
POLICIES = st.fixed_dictionaries(
    {"policy": st.just("1"), "vendor": st.just("acme")},
    optional={
        "leave_out": st.lists(LEAVE_OUT, min_size=1, max_size=3),
        "others": st.lists(OTHERS, min_size=1, max_size=3),
        "never": st.fixed_dictionaries({}, optional={"secrets": NEVER, "protected_numbers": NEVER}),
        "find": st.fixed_dictionaries(
            {}, optional={"emails": rules("ask", "mask", "give"), "cards": rules("mask", "drop", "give").map(reasoned)}
        ),
    },
)
RECORDS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES), min_size=1)
TARGETS = st.one_of(
    st.sampled_from(VALUES[:-1]).map(lambda one: {"value": one}),
    st.sampled_from(FIELDS).map(lambda one: {"endpoint": "calls", "steps": (one,)}),
    st.sampled_from(FIELDS).map(lambda one: {"record": "sha", "pointer": f"/{one}"}),
    st.just({"record": "sha"}),
    st.just({"endpoint": "calls"}),
)
DECISIONS = st.lists(
    st.builds(
        lambda target, do, why: (target, do, why),
        TARGETS,
        st.sampled_from(["hold", "drop", "mask", "alias", "give"]),
        st.sampled_from(CODES),
    ),
    max_size=4,
).map(lambda found: [Decision(act=act, operation=do, because=why, **target) for act, (target, do, why) in enumerate(found, 1)])


def by_place(found: list[Ruling]) -> dict[str, list[Ruling]]:
    """Sort rulings by where they are."""
    sorted_: dict[str, list[Ruling]] = {}
    for one in found:
        sorted_.setdefault(one.pointer, []).append(one)
    return sorted_


def applied(policy: dict[str, Any], record: dict[str, str], decisions: list[Decision]) -> dict[str, list[Ruling]]:
    """Apply a policy and decisions to one record."""
    in_force = PolicyInForce(Policy.model_validate(policy), Own(ADA), finder=look, decisions=Decisions(decisions))
    return by_place(in_force.rulings("calls", record, "sha"))


def reason_by_order(policy: dict[str, Any], record: dict[str, str], field: str) -> str | None:
    """Say slowly and in order by which rule a field is withheld; None where by none."""
    text = record[field]
    if not text:
        return None
    for index, rule in enumerate(policy.get("leave_out", ())):
        if rule["what"] == f"calls.{field}":
            return f"leave_out[{index}]"
    never = policy.get("never", {})
    for name, of_it in (("secrets", "password"), ("protected_numbers", "ssn")):
        if field == of_it and never.get(name, {}).get("do") != "give":
            return f"never.{name}"
    matching = [
        (index, rule)
        for index, rule in enumerate(policy.get("others", ()))
        if rule["who"] in (field, "caller_*" if field.startswith("caller_") else "")
    ]
    if matching:
        index, rule = matching[0]
        side = [
            one for one in FIELDS if one in record and (one == rule["who"] or (rule["who"] == "caller_*" and one.startswith("caller_")))
        ]
        side = [one for one in side if first_rule(policy, one) == index]
        if rule["do"] in ("alias", "mask", "drop") and "ada@example.com" not in [record[one] for one in side]:
            return f"others[{index}]"
    find = policy.get("find", {})
    if ("bea@example.com" in text or "cem@example.com" in text) and find.get("emails", {}).get("do") == "mask":
        return "find.emails"
    if "4242" in text and find.get("cards", {"do": "mask"})["do"] != "give":
        return "find.cards"
    return None


def first_rule(policy: dict[str, Any], field: str) -> int:
    """Give the first rule on others that names a field."""
    return next(
        index
        for index, rule in enumerate(policy["others"])
        if rule["who"] == field or (rule["who"] == "caller_*" and field.startswith("caller_"))
    )


@given(POLICIES, RECORDS)
def test_the_first_rule_that_withholds_is_the_reason(policy, record):
    """Against a slow reading of the policy, rule by rule."""
    found = applied(policy, record, [])
    held = next((index for index, rule in enumerate(policy.get("leave_out", ())) if rule["what"] == "calls"), None)
    if held is not None:
        assert [one.rule for one in found[""]] == [f"leave_out[{held}]"]
        return
    for field in record:
        withheld = [one.rule for one in found.get(f"/{field}", ()) if one.withholds]
        dropped_empty = not record[field] and withheld and withheld[0].startswith("leave_out")
        assert dropped_empty or withheld == [one for one in [reason_by_order(policy, record, field)] if one is not None]


@given(POLICIES, RECORDS, DECISIONS)
def test_no_decision_overrules_the_law(policy, record, decisions):
    """What is withheld because it must never be disclosed stays so, and not by a weaker means."""
    before, after = applied(policy, record, []), applied(policy, record, decisions)
    for pointer, rulings in before.items():
        for law in (one for one in rulings if one.because in BY_LAW and one.withholds):
            now = after.get(pointer, []) + after.get("", [])
            assert any(one.withholds and STRENGTH[one.do] >= STRENGTH[law.do] for one in now), (pointer, law)


@given(POLICIES, RECORDS, DECISIONS)
def test_what_a_rule_withholds_keeps_its_reason_or_is_given_by_a_decision(policy, record, decisions):
    """A reviewer's reason takes the place of a rule's only where the reviewer gives, or holds the whole record."""
    before, after = applied(policy, record, []), applied(policy, record, decisions)
    if "" in after:
        return
    for pointer, rulings in before.items():
        for one in (one for one in rulings if one.withholds):
            now = after.get(pointer, [])
            kept = any(later.withholds and later.because == one.because for later in now)
            gives = any(decision.operation == "give" for decision in decisions)
            assert kept or gives, (pointer, one)


@given(POLICIES, RECORDS)
def test_a_decision_on_every_value_leaves_nothing_undecided(policy, record):
    """Whatever is asked about can be decided by the value that is told with the question."""
    asked = [one for rulings in applied(policy, record, []).values() for one in rulings if one.do == "ask"]
    decisions = [Decision(act=act, operation="give", because="known_to_them", value=one.value) for act, one in enumerate(asked, 1)]
    assert not [one for rulings in applied(policy, record, decisions).values() for one in rulings if one.do == "ask"]


@given(POLICIES, RECORDS)
def test_the_same_policy_says_the_same_again(policy, record):
    """Whatever was remembered of the record before."""
    in_force = PolicyInForce(Policy.model_validate(policy), Own(ADA), finder=look)
    assert in_force.rulings("calls", record) == in_force.rulings("calls", dict(record))


NAMES = st.sampled_from([*FIELDS, "caller_number", "callee_name", "callee_mail", "bob@example.com", "legs"])
SCALARS = st.sampled_from(
    [
        *(
            '"bea@example.com"',
            '"Bea"',
            '"ada@example.com"',
            '"see bea@example.com"',
            '"sesame"',
            '"7"',
            '""',
            '"2026-01-02"',
            '"+12025550142"',
        ),
        *("7", "7.0", "7.00", "1", "1.0", "true", "false", "null", "0", "-0", "12025550142", "12025550142.0", "1e400", "100000001"),
    ]
)
TEXTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(NAMES, inner, max_size=5).map(
            lambda named: "{" + ",".join(f'"{name}":{value}' for name, value in named.items()) + "}"
        ),
    ),
    max_leaves=12,
)
LINES = st.lists(
    st.dictionaries(NAMES, TEXTS, max_size=8).map(lambda named: "{" + ",".join(f'"{name}":{value}' for name, value in named.items()) + "}"),
    min_size=2,
    max_size=5,
)
SEVERAL = [
    {"in": "calls", "who": ["caller_*", "callee_*"], "but": "*_mail", "do": "mask"},
    {"in": "calls", "who": "legs[]", "do": "alias"},
    {"in": "calls", "who": ["caller_*", "legs[].callee_*"]},
]


@given(LINES, st.sampled_from(SEVERAL), POLICIES, DECISIONS, st.sampled_from([PolicyInForce, PolicyOnParts]))
def test_what_was_read_before_changes_nothing(lines, several, words, decisions, kind):
    """A record is ruled as if it were the first one, whatever equal, or almost equal, values and forms were read before it."""
    policy, own, decided = Policy.model_validate({**words, "others": [several, *words.get("others", [])]}), Own(ADA), Decisions(decisions)
    used = kind(policy, own, finder=look, decisions=decided)
    for line in [*lines, *lines]:
        for digest in ("sha", "other"):
            record = loads(line.encode())
            expected = kind(policy, own, finder=look, decisions=decided).rulings("calls", record, digest)
            assert used.rulings("calls", record, digest) == expected
        told = [one for one in used.rulings("calls", record, only_people=True) if one.group is not None]
        assert told == [one for one in expected if one.group is not None]


PLACES = (
    '{"n":%s}',
    '{"n":[%s]}',
    '{"n":[[1,%s]]}',
    '{"m":{"n":%s}}',
    '{"legs":[{"n":%s}]}',
    '{"caller_number":%s}',
    '{"caller_name":"Bea","caller_number":%s}',
    '{"bob@example.com":%s}',
)
LONG = st.one_of(
    st.integers(100_000_001, 10**24).map(str),
    st.sampled_from(["100000001", "12025550142", "12025550199", "12025550199.0", "12025550199.00", "1.2025550199e10", "1e400"]),
)


def numbered(text: str) -> tuple[Hit, ...]:
    """Find whole texts that begin with a digit: each is a telephone number."""
    return (Hit("phones", 0, len(text), text),) if text[:1].isdecimal() else ()


@given(
    LONG, st.sampled_from(PLACES), st.sampled_from([None, "give", "mask"]), st.sampled_from([PolicyInForce, PolicyOnParts]), st.booleans()
)
def test_a_long_number_is_told_like_a_text(number, place, decided, kind, text_first):
    """Wherever it stands, whatever was decided about it, and whichever of both was read first, quotes change nothing."""
    words = {"policy": "1", "vendor": "acme", "others": [SEVERAL[0]], "find": {"phones": {"do": "ask"}}}
    decisions = Decisions([Decision(act=1, operation=decided, because="known_to_them", value=number)] if decided else [])
    used = kind(Policy.model_validate(words), Own(ADA), finder=numbered, decisions=decisions)
    lines = [place % written for written in (number, f'"{number}"')]
    found = [used.rulings("calls", loads(line.encode())) for line in (lines[::-1] if text_first else lines)]
    assert found[0] == found[1]
    if decided is None and "caller" not in place and PROGRAM.fullmatch(number) is None:
        assert bool(found[0]) is (number != "12025550142")


@pytest.mark.parametrize(
    ("number", "told"), [("99999999", 0), ("100000000", 0), ("100000000.5", 1), ("100000001", 1), ("4242", 0), ("0.5", 0)]
)
def test_a_number_of_a_hundred_million_and_less_is_a_count(number, told):
    """Those are too many, and no telephone number: a text of the same digits is looked at all the same."""
    used = PolicyInForce(
        Policy.model_validate({"policy": "1", "vendor": "acme", "find": {"phones": {"do": "ask"}}}), Own([]), finder=numbered
    )
    assert len(used.rulings("calls", loads(b'{"n":%s}' % number.encode()))) == told
