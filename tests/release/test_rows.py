"""Records that are ruled and given straight from their lines, many at once, leave as if each was read by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import dumps, loads
from engine.release.aliases import Aliases
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.given import Giving
from engine.release.given_lines import given_lines
from engine.release.known_rows import in_batches
from engine.release.own import Own
from engine.release.policy import Policy
from engine.release.ruling import Ruling
from engine.release.withheld import WithheldTexts
from tests.release.policies import ADA
from tests.release.row_lines import CALLERS, LOOK, MOSTLY_FEW, MOSTLY_NONE, PLAIN, RULES, SIDES, record_lines

pytestmark = pytest.mark.usefixtures("soon")


class One:
    """What leaves of some lines, and what is kept of it: as rows or each by itself."""

    def __init__(self, policy: Policy, lines: list[bytes], decisions: list[Decision], told: dict[Any, int], *, by_rows: bool) -> None:
        self.in_force = PolicyOnParts(policy, Own(ADA), told=told, finder=LOOK, decisions=Decisions(decisions))
        self.texts, self.aliases = WithheldTexts(), Aliases()
        for line in lines:
            self.aliases.meet(self.in_force.rulings("calls", loads(line), line.hex(), only_people=True))
        self.aliases.all_met()
        self.giving = Giving("acme", "en", self.aliases, LOOK, self.texts)
        self.rows = 0
        self.left = list(self.by_rows(lines) if by_rows else self.by_themselves(lines))

    def by_rows(self, lines):
        """Give each with what is withheld in it."""
        read = []
        given = given_lines(
            "calls", list(enumerate(lines)), self.in_force, self.giving, lambda at, line: read.append(at) or loads(line), bytes.hex
        )
        for at, left, why in given:
            yield at, told_of(left), why
        self.rows = len(lines) - len(read)

    def by_themselves(self, lines):
        """Give the same, slowly."""
        for at, line in enumerate(lines):
            rulings = self.in_force.rulings("calls", loads(line), line.hex())
            left = self.giving.give("calls", line, loads(line), rulings)
            yield at, told_of(left), next((one for one in rulings if one.withholds), None) if hasattr(left, "because") else None


def told_of(left):
    """Give all of a record that leaves."""
    return (left.line, left.withheld) if hasattr(left, "line") else left


@given(record_lines(), st.lists(st.sampled_from(RULES), max_size=3), MOSTLY_FEW, MOSTLY_NONE, st.booleans())
def test_rows_leave_as_each_record_by_itself(lines, sides, words, decisions, twice):
    """The same lines, places, reasons and numbers, and the same texts to be looked for in all that leaves."""
    once = {"once": [{"in": ["earlier", "calls"], "by": "id"}]} if twice else {}
    policy = Policy.model_validate({**words, **once, "others": [*sides, *words.get("others", [])]})
    told = {(0, "x"): 0} if twice else {}
    decisions = [by_line(one, lines) for one in decisions]
    quick, slow = (One(policy, lines, decisions, told, by_rows=by_rows) for by_rows in (True, False))
    assert quick.left == slow.left
    assert quick.texts.found == slow.texts.found
    assert quick.texts.by_decision == slow.texts.by_decision


@given(record_lines(), st.lists(st.sampled_from(RULES), max_size=3), MOSTLY_FEW, MOSTLY_NONE)
def test_rows_are_ruled_as_each_record_by_itself(lines, sides, words, decisions):
    """Everything that is said of one, in the same order, with the numbers of its sides."""
    policy = Policy.model_validate({**words, "others": [*sides, *words.get("others", [])]})
    decided = Decisions(by_line(one, lines) for one in decisions)
    quick, slow = (PolicyOnParts(policy, Own(ADA), finder=LOOK, decisions=decided) for _ in range(2))
    for line, ruled in as_rows(quick, lines):
        assert ruled is None or ruled == slow.ruled("calls", loads(line), line.hex())


def as_rows(in_force: PolicyInForce, lines: list[bytes]) -> Iterator[tuple[bytes, list[tuple[Ruling, ...]] | None]]:
    """Give what is ruled about each line as a row; the others are ruled by themselves meanwhile."""
    rows = in_force.rows("calls")
    for batch in in_batches(enumerate(lines)) if rows is not None else ():
        for (_, line), row in zip(batch, rows.ruled([line for _, line in batch]), strict=False):
            yield line, None if row is None else row.ruled
            if row is None:
                in_force.ruled("calls", loads(line), line.hex())
                rows.met(loads(line))


def by_line(decision: Decision, lines: list[bytes]) -> Decision:
    """Let what was decided about a record be about the last one."""
    return Decision(
        act=decision.act,
        operation=decision.operation,
        because=decision.because,
        endpoint=decision.endpoint,
        value=decision.value,
        record=decision.record and lines[-1].hex(),
        pointer=decision.pointer,
        steps=decision.steps,
    )


def rows_of(records: list[dict[str, Any] | bytes], words: dict[str, Any] = CALLERS, *decisions: Decision) -> int:
    """Count which of some records are given as rows; all leave as each by itself."""
    lines = [one if isinstance(one, bytes) else dumps(one) for one in records]
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", **words})
    quick, slow = (One(policy, lines, list(decisions), {}, by_rows=by_rows) for by_rows in (True, False))
    assert quick.left == slow.left
    return quick.rows


ALIKE = {
    "the same again": (PLAIN, True),
    "a text in which somebody is named who is met for the second time": (PLAIN | {"topic": "with Bea Stone"}, True),
    "nobody on the side": (PLAIN | {"caller_name": "", "caller_email": None}, True),
    "somebody on the side who stands in no other record": (PLAIN | {"caller_name": "Cem"}, True),  # but has a number since before
    "a number on the side": (PLAIN | {"caller_name": 5}, False),
    "fields on the side": (PLAIN | {"caller_name": {"first": "Bea Stone"}}, False),
    "fields in a text": (PLAIN | {"topic": {"of": "Bea Stone"}}, False),
    "no list": (PLAIN | {"legs": None}, False),
    "an empty list": (PLAIN | {"legs": []}, True),
    "another form in a list": (PLAIN | {"legs": [{"codec": "opus"}, {"codec": "opus", "to": "Bea Stone"}]}, False),
    "somebody in a list": (PLAIN | {"legs": [{"codec": "opus"}, {"codec": "Bea Stone"}]}, False),
    "fields in a list": (PLAIN | {"legs": [{"codec": ["Bea Stone"]}]}, False),
    "somebody in fields": (PLAIN | {"account": {"plan": "Bea Stone"}}, False),
    "a field more": (PLAIN | {"to": "Bea Stone"}, False),
    "a field less": ({name: PLAIN[name] for name in list(PLAIN)[1:]}, False),
    "another order": (dict(reversed(PLAIN.items())), False),
    "spaces": (json.dumps(PLAIN).encode(), False),
    "an escape": (dumps(PLAIN).replace(b"Bea", b"\\u0042ea"), False),
    "a member twice": (dumps(PLAIN)[:-1] + b',"topic":"Bea Stone"}', False),
    "a member twice in fields": (dumps(PLAIN).replace(b'{"plan"', b'{"plan":"Bea Stone","plan"'), False),
    "a minus before nothing": (dumps(PLAIN).replace(b'"7f3a"', b"-0"), False),
    "a number as it came": (dumps(PLAIN).replace(b'"7f3a"', b"1.10"), False),  # it is new, and has to be looked at
    "half a character": (dumps(PLAIN).replace(b"7f3a", b"\\ud800"), False),
    "no object": (b"[1]", False),
    "nothing": (b"null", False),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_what_is_a_row(kind):
    """Only what has the fields and the writing of those before it, on sides that were met; behind all else rows go on."""
    record, is_row = ALIKE[kind]
    before = [PLAIN] * 4 + [PLAIN | {"topic": "with Bea Stone"}] * 2 + [PLAIN | {"caller_name": "", "caller_email": None}] * 2
    assert (rows_of([*before, record]) > rows_of(before)) == is_row
    assert rows_of([*before, record, *before, *before]) > rows_of([*before, record]) + 3


@pytest.mark.parametrize(
    ("words", "decisions", "some"),
    [
        (CALLERS, [], True),
        ({**CALLERS, "leave_out": [{"what": "calls", "because": "out_of_scope"}]}, [], False),
        ({**CALLERS, "leave_out": [{"what": "calls.topic", "because": "out_of_scope"}]}, [], False),
        ({**CALLERS, "leave_out": [{"what": "calls.account.plan", "because": "out_of_scope"}]}, [], False),
        ({**CALLERS, "once": [{"in": ["earlier", "calls"], "by": "id"}]}, [], True),  # nothing was told before
        ({"others": [SIDES[2]]}, [], False),  # who stands on one side decides about the other
        ({"others": [SIDES[3], SIDES[4]]}, [], False),
        (CALLERS, [Decision(act=1, operation="give", because="known_to_them", endpoint="calls")], False),
        (CALLERS, [Decision(act=1, operation="hold", because="third_party", record="00")], False),
        (CALLERS, [Decision(act=1, operation="mask", because="third_party", record="00", pointer="/topic")], False),
        (CALLERS, [Decision(act=1, operation="mask", because="third_party", value="x")], True),
        (CALLERS, [Decision(act=1, operation="give", because="known_to_them", value="bea@example.com")], True),
        (CALLERS, [Decision(act=1, operation="mask", because="third_party", endpoint="calls", steps=("topic",))], True),
        (CALLERS, [Decision(act=1, operation="drop", because="third_party", endpoint="calls", steps=("topic",))], False),
        (CALLERS, [Decision(act=1, operation="mask", because="third_party", endpoint="calls", steps=("account", "plan"))], False),
    ],
)
def test_which_rules_and_decisions_let_records_be_rows(words, decisions, some):
    """Those under which what happens to a side or a text is the same in every record, and is no more than to mask it."""
    assert bool(rows_of([PLAIN] * 12, words, *decisions)) == some


LEG = {"codec": "opus", "n": "1"}
BEHIND = {  # records that are alike, or the last of which tell something else; and how many of all are rows
    "a side that is the first one where nobody stands on the other": (
        5,
        [{"caller_name": one, "caller_email": "", "callee_name": "Cem", "callee_email": ""} for one in ["", *["Bea"] * 6, "", "", "Bea"]],
    ),
    "somebody in a field of which all values are new": (8, [*({"id": f"{one:02}a"} for one in range(9)), *[{"id": "Bea Stone"}] * 2]),
    "a number that is told as a text before": (2, [*[{"topic": "14155550142"}] * 5, *[{"topic": 14155550142}] * 2]),
    "somebody in the name of a field that holds fields": (0, [{"Bea Stone": {"plan": "pro"}}] * 6),
    "somebody in the name of a field that holds a list": (0, [{"Bea Stone": [{"plan": "pro"}]}] * 6),
    "somebody at the end of a long list": (6, [*[{"legs": [LEG]}] * 9, *[{"legs": [*[LEG] * 70, LEG | {"codec": "Bea Stone"}]}] * 3]),
    "somebody in an object of an object": (6, [{"account": {"plan": "pro", "held": {"by": one}}} for one in ["x"] * 9 + ["Bea Stone"] * 3]),
    "somebody in each object of a list": (0, [{"id": "x", "legs": [{"leg_name": "Zoe", "leg_email": "z@z.example"}]}] * 8),
    "somebody in an object": (5, [{"id": "x", "account": {"owner_name": "Zoe", "owner_email": ""}}] * 8),
    "a secret in an object": (0, [{"id": "x", "account": {"password": "Zoe-pass", "ssn": "***-**-1234"}}] * 8),
    "a secret field": (3, [{"password": "x", "topic": "y"}] * 6),
    "a text before a side": (6, [{"topic": one, "caller_name": "Cem", "caller_email": "", "id": one} for one in ["Bea Stone"] * 9]),
    "a text in a list behind another one": (2, [*[{"legs": [LEG] * 2}] * 5, *[{"legs": [LEG | {"codec": "Bea Stone"}]}] * 4]),
    "a list on a side": (5, [*[PLAIN] * 5, PLAIN | {"caller_name": ["Bea Stone"]}, *[PLAIN] * 5]),
}


@pytest.mark.parametrize("kind", BEHIND)
@pytest.mark.parametrize(
    "words",
    [
        {**CALLERS, "others": SIDES[:2]},
        {"others": [*SIDES[3:], {"in": "calls", "who": "account.owner_*", "do": "mask"}]},
        {**CALLERS, "leave_out": [{"what": "calls", "because": "out_of_scope"}]},
    ],
)
def test_what_stands_behind_rows(kind, words):
    """It is ruled and given as if it stood alone; of an endpoint that is left out nothing is given, though nobody is named in it."""
    used, records = BEHIND[kind]
    words = {**words, "find": {"known_people": {"do": "mask"}, "phones": {"do": "mask"}}}
    counted = rows_of(records, words)
    assert "leave_out" not in words or counted == 0
    assert words["others"] != SIDES[:2] or counted == used
    assert rows_of(records, words, Decision(act=1, operation="hold", because="third_party", endpoint="calls")) == 0
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", **words})
    quick, slow = (PolicyOnParts(policy, Own(ADA), finder=LOOK) for _ in range(2))
    for line, ruled in as_rows(quick, [dumps(one) for one in records]):
        assert ruled is None or ruled == slow.ruled("calls", loads(line))


CHANGED = {
    "fields in a text": (PLAIN, {"topic": {"of": "x"}}, {"topic": "with Bea Stone"}),
    "items in a text": (PLAIN, {"topic": ["y"]}, {"topic": "with Bea Stone"}),
    "fields in a list": (
        {"id": "x", "legs": [LEG]},
        {"legs": [LEG | {"codec": {"name": "opus"}}, {"codec": "opus"}]},
        {"legs": [LEG | {"codec": "Bea Stone"}]},
    ),
}


@pytest.mark.parametrize("before", range(3, 12))
@pytest.mark.parametrize("kind", CHANGED)
@pytest.mark.parametrize("spaced", [False, True])
def test_what_a_record_shows_of_a_text_holds_for_those_behind_it_in_its_batch(kind, before, spaced):
    """It is no row, and shows that a text may hold fields: what stands there is looked at in the next ones, wherever a batch begins."""
    record, shown, told = CHANGED[kind]
    line = dumps(record | shown)
    rows_of([*[record] * before, line.replace(b'":', b'": ') if spaced else line, *[record | told] * 5])


@pytest.mark.parametrize("changed", [{"topic": {"of": "Bea Stone"}}, {"legs": [{"codec": ["Bea Stone"]}]}])
def test_rows_are_not_read_as_before_once_fields_were_seen_in_a_text(changed):
    """Whoever sees them first: what is said of the texts of a form no longer holds."""
    in_force = PolicyOnParts(Policy.model_validate({"policy": "1", "vendor": "acme", **CALLERS}), Own(ADA), finder=LOOK)
    lines = [dumps(PLAIN)] * 6
    assert [ruled is None for _, ruled in as_rows(in_force, lines)].count(False) > 0
    rows = in_force.rows("calls")
    for line in lines[:3]:
        rows.met(loads(line))
    assert None not in list(rows.ruled(lines))
    in_force.ruled("calls", PLAIN | changed)
    assert list(rows.ruled(lines)) == [None] * 6


def test_a_text_between_the_fields_of_a_side_is_no_row():
    """What it tells parts the side, which is not read together then."""
    before = {"caller_name": "Bea Stone", "note": "x", "caller_email": "bea@example.com"}
    assert rows_of([before] * 6) > 0
    assert rows_of([before] * 6 + [before | {"note": "with Bea Stone"}] * 6) == rows_of([before] * 6)
