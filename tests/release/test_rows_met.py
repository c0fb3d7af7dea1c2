"""Who is met is seen straight from lines, and forms are known as records come one behind another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number, dumps, loads
from engine.release import compiled, known_rows, row_plan
from engine.release.apply import PolicyInForce, PolicyOnParts
from engine.release.known_rows import KnownRows, in_batches
from engine.release.met import NamingRecords, met
from engine.release.own import Own
from engine.release.policy import Policy
from engine.release.reading import Leaf, WholeSide
from engine.release.row_type import row_type
from tests.release.policies import ADA
from tests.release.row_lines import LOOK, MOSTLY_FEW, RULES, SIDES, record_lines

pytestmark = pytest.mark.usefixtures("soon")


@given(record_lines(), st.lists(st.sampled_from(RULES), min_size=1, max_size=3), MOSTLY_FEW)
def test_rows_name_the_people_whom_each_record_names(lines, sides, words):
    """The same ones; who is who follows from the records that are noted. What stands in another order names nobody new."""
    policy = Policy.model_validate({**words, "others": [*sides, *words.get("others", [])]})
    (people, new), (all_people, all_new) = (people_of(policy, lines, by_rows=by_rows) for by_rows in (True, False))
    assert set(people) == set(all_people)
    assert set(new) <= set(all_new)
    in_force = PolicyOnParts(policy, Own(ADA), finder=LOOK)
    if in_force.rules_by_sides("calls"):
        assert who_is_who(in_force, [lines[at] for at in new]) == who_is_who(in_force, lines)


def who_is_who(in_force: PolicyInForce, lines: list[bytes]) -> set[frozenset[tuple[str, str]]]:
    """Give what stands together on each side."""
    sides = set()
    for line in lines:
        rulings = in_force.rulings("calls", loads(line), only_people=True)
        groups = {one.group for one in rulings if one.group is not None}
        sides |= {frozenset((one.pointer, one.value) for one in rulings if one.group == group) for group in groups}
    return sides


def test_a_batch_of_another_form_names_whom_it_names():
    """None of its lines is of the form of those before."""
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", "others": [SIDES[0]]})
    lines = [dumps({"caller_name": one, "caller_email": "", **more}) for more in ({}, {"id": 1}) for one in ("Bea", "Cem", "Bea")]
    assert people_of(policy, lines, by_rows=True) == people_of(policy, lines, by_rows=False) == (["Bea", "Cem"] * 2, [0, 1, 3, 4])


def people_of(policy: Policy, lines: list[bytes], *, by_rows: bool) -> tuple[list[str], list[int]]:
    """Give who is met in records, and which of these name somebody new."""
    in_force, said, naming = PolicyInForce(policy, Own(ADA)), set[Leaf | WholeSide](), NamingRecords()
    rows = in_force.rows_met("calls", said)

    def records():
        for batch in in_batches(enumerate(lines)):
            for (_, line), new in zip(batch, rows.new([line for _, line in batch]), strict=False):
                record = loads(line) if new or not by_rows else None
                yield "calls", record
                if record is not None:
                    rows.met(record)

    people = list(met(in_force, records(), naming, said))
    return people, [at for at, new in naming.among(range(len(lines))) if new]


NAMING = {
    "somebody new on one of two sides": [
        {"caller_name": one, "caller_email": "", "callee_name": "Dee", "callee_email": ""} for one in ["Bea"] * 5 + ["Cem"]
    ],
    "fields on a side": [{"caller_name": one, "caller_email": ""} for one in ["Bea"] * 5 + [{"first": "Cem"}] * 2],
    "somebody new inside of a field": [
        {"caller_name": "Bea", "caller_email": "", "account": {"owner": one}} for one in ["Dee"] * 5 + ["Cem"]
    ],
    "a number on a side": [{"caller_name": one, "caller_email": ""} for one in ["Bea"] * 5 + [5, True, Number("1.0")]],
}


@pytest.mark.parametrize("kind", NAMING)
def test_somebody_new_is_met_behind_rows(kind):
    """The last records are read, since they name somebody else."""
    policy = Policy.model_validate({"policy": "1", "vendor": "acme", "others": [*SIDES[:2], SIDES[3]]})
    lines = [dumps(record) for record in NAMING[kind]]
    quick, slow = (people_of(policy, lines, by_rows=by_rows) for by_rows in (True, False))
    assert quick == slow
    assert 5 in quick[1]


def rows_alike(made: list[dict[str, Any]]) -> KnownRows:
    """Know rows, and note by which records types are made."""
    rules = compiled.Compiled(Policy.model_validate({"policy": "1", "vendor": "acme"}), "calls")
    return KnownRows(rules, lambda rules, record: made.append(record) or row_plan.row_plan_of(rules, record), as_written=True)


def given_(rows: KnownRows, records: list[dict[str, Any]]) -> int:
    """Count which of these are rows; those of which none is used are met."""
    used = 0
    for record in records:
        for _, said in rows.each([dumps(record)], lambda _, rows: iter(rows)):
            used += said is not None and "no" not in record
            if said is None or "no" in record:
                rows.met(record)
    return used


A, B, NO = {"a": 1}, {"b": 1}, {"no": 1}


def test_one_odd_record_among_many_costs_no_other_its_row():
    """The form of those around it is tried on."""
    made: list[dict[str, Any]] = []
    assert given_(rows_alike(made), [A, A, *[A, A, A, A, B] * 20]) == 80
    assert made == [A]


def test_a_form_of_which_no_row_is_used_rests_longer_each_time():
    """A type costs as much as some rows spare."""
    made: list[dict[str, Any]] = []
    rows = rows_alike(made)
    used = [len(made) for _ in range(60) if given_(rows, [NO]) == 0]
    first = [used.index(times) for times in range(1, 5)]
    assert [after - before for before, after in zip(first, first[1:], strict=False)] == [9, 12, 18]


def test_forms_in_turn_rest_and_the_one_that_follows_another_is_tried_at_once():
    """What paid for its type is left without a rest."""
    made: list[dict[str, Any]] = []
    given_(rows_alike(made), [A, B] * 30)
    assert len(made) <= 5
    made.clear()
    assert given_(rows_alike(made), [*[A] * 40, *[B] * 40]) >= 72
    assert made == [A, B]


def test_forms_of_which_none_comes_often_cost_no_type():
    """Each record has other fields."""
    made: list[dict[str, Any]] = []
    rows = rows_alike(made)
    assert given_(rows, [{f"field_{number}": 1} for number in range(300)]) == 0
    assert made == []
    assert len(rows._met) < known_rows.AMONG


@pytest.mark.parametrize("other", [[], None, {}, "x", 5])
def test_what_is_no_object_is_met_without_a_form(other):
    """It is read as it is, and so is what follows it until a form is known."""
    rows = rows_alike([])
    rows.met(other)
    assert list(rows.each([b"[]"], lambda _, rows: iter(rows))) == [(None, None)]


def test_what_is_too_deep_for_the_decoder_is_read_as_it_is():
    """Whoever reads it as it is says what is wrong with it, if anything is."""
    rows = rows_alike([])
    given_(rows, [A] * 4)
    deep = b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    assert [said is None for _, said in rows.each([b'{"a":1}', deep, b'{"a":2}'], lambda _, rows: iter(rows))] == [False, True, False]


def test_heavy_records_of_which_no_row_is_used_are_given_up_soon(monkeypatch):
    """Their bytes count: to decode them twice costs more than a few rows tell."""
    monkeypatch.setattr(known_rows, "HEAVY", 10)
    made: list[dict[str, Any]] = []
    rows = rows_alike(made)
    assert given_(rows, [{"a": "x" * 20}, {"a": "x" * 20}, {"no": "x" * 20}, {"a": "x" * 20}, {"a": "x" * 20}]) == 0
    assert made == [{"a": "x" * 20}]


def test_no_more_types_are_made_than_memory_has_room_for():
    """Of hundreds of objects in a record few are rows; what is left is read by itself."""
    in_force = PolicyInForce(Policy.model_validate({"policy": "1", "vendor": "acme"}), Own(ADA))
    wide = {f"o{number}": {"x": 1} for number in range(row_plan.MOST_FIELDS + 1)}
    deep = {f"r{one}": {f"o{two}": {"x": 1} for two in range(4)} for one in range(3)}
    many = {f"r{one}": {"x": 1} for one in range(row_plan.MOST_INSIDE + row_plan.MOST_OTHERS + 1)}
    for record in (wide, deep, many):
        in_force.ruled("calls", record)
    assert row_plan.row_plan_of(in_force.compiled("calls"), wide) is None
    plan = row_plan.row_plan_of(in_force.compiled("calls"), deep)
    assert sum(1 + len(inner.plan.inside) for inner in plan.inside) == 5
    assert len(plan.others) == 2
    assert row_plan.row_plan_of(in_force.compiled("calls"), many) is None


def test_lines_come_in_batches_that_fit_into_memory(monkeypatch):
    """So many lines, or so many bytes; none is lost."""
    monkeypatch.setattr(known_rows, "MOST_BYTES", 10)
    lines = list(enumerate([b"a", b"b", b"c", b"d" * 10, b"e" * 20, b"f", b"g" * 9, b"h"]))
    batches = list(in_batches(lines))
    assert [line for batch in batches for line in batch] == lines
    assert [len(batch) for batch in batches] == [3, 1, 1, 2, 1]


def test_a_name_that_no_type_can_have_is_read_as_it_is():
    """A quote, a stroke, half a character, and none at all."""
    for name in ('a"b', "a\\b", "a\ud800"):
        assert row_type([name]) is None
    assert row_type([]) is None
    assert row_type([""]) is not None
