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


def test_a_form_that_is_of_no_use_rests_and_is_looked_at_anew():
    """Of four that were tried three were of none: the next three are not tried; then a type is made by the record that is met."""
    made: list[dict[str, Any]] = []
    rules = compiled.Compiled(Policy.model_validate({"policy": "1", "vendor": "acme"}), "calls")
    rows = KnownRows(rules, lambda rules, record: made.append(record) or row_plan.row_plan(rules, rules.root, record))
    for number in range(3):
        assert (rows.now is None) == (number < 2)
        rows.met({"id": number})
    assert made == [{"id": 1}]
    first = rows.now
    first.tried, first.used = 4, 1
    rows.met({"id": 3})
    assert rows.now is first
    first.tried, first.used = 5, 1
    for number in range(4, 7):
        rows.met({"id": number})
        assert rows.now is None
    rows.met({"id": 7})
    assert made == [{"id": 1}, {"id": 7}]
    assert rows.now.decoded(b'{"id":8}').f0 == 8
    for other in ([], None, {}, "x"):
        rows.met(other)
        assert rows.now is None


def test_forms_are_bounded(monkeypatch):
    """Of records that all have other fields no types are kept."""
    monkeypatch.setattr(known_rows, "MOST_FORMS", 2)
    rules = compiled.Compiled(Policy.model_validate({"policy": "1", "vendor": "acme"}), "calls")
    rows = KnownRows(rules, row_plan.people_plan)
    for name in "abc" * 3:
        for _ in range(3):
            rows.met({name: 1})
            assert len(rows._forms) <= 2
        assert rows.now is not None


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
