"""Records that are read and written together leave as each would by itself."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number, dumps
from engine.package import csv_table, values
from engine.package.cell import Cells
from engine.package.columns import Column, columns_of, columns_together
from engine.package.csv_table import CsvTable
from engine.package.decoded_records import FormDecoder, decoded
from engine.package.fields import RecordFields
from engine.package.pages import PACKAGE
from engine.package.values import FieldValues, Together, all_together, together
from engine.package.write import table_of
from engine.pages.texts import texts
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.labels import Labels
from tests.package.answers import kind

SCALARS = st.sampled_from(
    ["x", "=1", " =1", "", "a, b", 'q"', "<b>", "2026-11-29T08:00:00Z", "\n", 7, 1, True, None, Number("1.0"), [], {}]
)
LISTS = st.one_of(st.lists(SCALARS, max_size=2), st.lists(st.fixed_dictionaries({"a": SCALARS}), max_size=2), st.just([["x"]]))
VALUES = st.one_of(SCALARS, LISTS, st.fixed_dictionaries({"a": SCALARS, "b": SCALARS}))
FORMS = st.sampled_from([("a",), ("a", "b"), ("b", "c", "d")])


@st.composite
def many(draw: st.DrawFn) -> list[Any]:
    """Invent records, mostly of one form, in which a field holds values of one kind, or of several."""
    names = draw(FORMS)
    of = {name: draw(st.sampled_from([SCALARS, LISTS, VALUES, st.just("same"), st.fixed_dictionaries({"a": VALUES})])) for name in names}
    records: list[Any] = [{name: draw(of[name]) for name in names} for _ in range(draw(st.integers(1, 6)))]
    return [*records, *draw(st.lists(st.one_of(VALUES, st.just({})), max_size=1))]


def marks(record: Any, draw: Any) -> tuple[WithheldPlace, ...]:
    """Invent what is withheld in a record: a text as a whole, a part of it, a field that is no longer there."""
    found = []
    for name, value in record.items() if isinstance(record, dict) else ():
        how = draw(st.sampled_from(["", "", "whole", "part"])) if isinstance(value, str) else ""
        if how:
            found.append(WithheldPlace(f"/{name}", "mask", "third_party", value, 0, len(value) if how == "whole" else len(value) // 2))
    gone = draw(st.sampled_from(["", "", "gone", "e", "b"])) if isinstance(record, dict) else ""
    return (*found, WithheldPlace(f"/{gone}", "drop", "third_party")) if gone and gone not in record else tuple(found)


@given(many(), st.integers(1, 8))
def test_a_table_of_many_records_is_that_of_each(records, most):
    """The same bytes and the same summary, whatever came before, and where there are fewer columns than fields."""
    tables = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_table, "MOST_COLUMNS", most)
        patch.setattr(csv_table, "LONGEST_CELL", 4)
        for at_once in (True, False):
            table, to = CsvTable(io.BytesIO()), io.BytesIO()
            for part in (records[:-1], records, records[::-1]):
                if at_once:
                    table.add_all(part, together(part) if part else None)
                else:
                    for record in part:
                        table.add(record)
            tables.append((table.finish(to), to.getvalue()))
    assert tables[0] == tables[1]


@given(many(), st.data())
def test_the_columns_of_many_records_are_those_of_each(records, data):
    """The same fields in the same order, with the same values, the same places withheld, and the same to be read."""
    records = [record for record in records if isinstance(record, dict)]  # as all that leave are
    every = [GivenRecord(dumps(record), (marks(record, data.draw),)) for record in records]
    told = []
    for turned in (together(records), None):
        found = columns_together(RecordFields(Labels(), "calls"), every, records, turned)
        told.append([shown(column) for column in found])
    assert told[0] == told[1]
    fields = RecordFields(Labels(), "calls")
    assert told[0] == [shown(column) for column in columns_of([fields.read_decoded(*one) for one in zip(every, records, strict=True)])]


@given(st.one_of(many(), st.lists(st.fixed_dictionaries({"a": SCALARS, "b": st.text(max_size=1)}), max_size=9)), st.integers(1, 4))
def test_records_turned_a_few_at_a_time_are_those_turned_at_once(records, size):
    """The same fields and values of the same types; what is told of a field that has few values are these, in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "TRIED", 2)
        found = all_together(together(records[at : at + size]) for at in range(0, len(records), size))
    at_once = together(records) if records else None
    assert told_of(found) == told_of(at_once)
    tables = []
    for turned in (found, at_once):
        table, to = CsvTable(io.BytesIO()), io.BytesIO()
        table.add_all(records, turned)
        tables.append((table.finish(to), to.getvalue()))
    assert tables[0] == tables[1]


@given(many())
def test_records_decoded_to_their_values_are_those_decoded_each(records):
    """The same fields in the order of the first record, with the same values; none where one has other fields, or is no object."""
    lines, first = [dumps(record) for record in records], records[0]
    alike = all(isinstance(record, dict) and set(record) == set(first) for record in records)
    in_order = [{name: record[name] for name in first} for record in records] if alike else records
    assert told_of(FormDecoder(decoded(lines[0])).turned(lines)) == told_of(together(in_order))


@pytest.mark.parametrize("value", ["-0", "-0.0", "1.10", "1e400", str(2**63), str(2**70), '"\\ud800"', "[-0]", "4.25"])
def test_a_value_is_written_as_it_came_though_many_are_decoded_at_once(value):
    """Of a number each digit, its sign and its exponent; of a text half a character."""
    lines = [b'{"a":%b}' % one.encode() for one in ("7", value, "8")]
    turned = FormDecoder({"a": 7}).turned(lines)
    assert turned is not None
    (field,) = turned.fields
    assert [dumps({"a": one}) for one in field.values] == lines


def test_a_member_that_is_called_as_no_variable_can_be_is_a_field_too():
    """Names of vendors hold blanks, dots and dashes, are empty or are words of Python."""
    first = {"": 1, "class": 2, "f0": 3, "a b.c-d": 4, "__init__": 5, "\u00e4": 6}
    turned = FormDecoder(first).turned([dumps(first), dumps(first)])
    assert turned is not None
    assert (turned.names, [list(cast("FieldValues", one).values) for one in turned.fields]) == (tuple(first), [[n, n] for n in range(1, 7)])


@pytest.mark.parametrize("name", ['q"', "back\\slash", "new\nline", "\ud83d", "\0"])
def test_a_member_with_a_name_that_the_quicker_decoder_refuses_is_read_all_the_same(name):
    """A quote, a stroke, a mark that nobody sees, half a character."""
    first = {name: 1, "a": 2}
    assert told_of(FormDecoder(first).turned([dumps(first), dumps(first)])) == told_of(together([first, first]))


def told_of(turned: Together | FieldValues | None) -> Any:
    """Say what records on their side tell."""
    if isinstance(turned, Together):
        return turned.names, [told_of(field) for field in turned.fields]
    if isinstance(turned, FieldValues):
        assert turned.few is None or turned.few == list(dict.fromkeys(turned.values))
        return [(type(value), getattr(value, "text", value)) for value in turned.values], set(turned.kinds)
    return turned


def shown(column: Column) -> tuple[Any, ...]:
    """Say all that a page says of a column."""
    cells = Cells(texts(PACKAGE, "en"), "Acme", "calls.json")
    marked = column.marks and [list(one) for one in column.marks]
    each = [cells.html(value, {}, place) for value, place in zip(column.values, column.marks, strict=True)] if column.marks else []
    known = [value if type(value).__module__ == "builtins" and type(value) is not object else repr(value) for value in column.values]
    return column.node.path, known, marked, cells.column(column.values, {}, column.marks), column.is_same(), len(each)


def test_a_table_that_holds_a_record_twice_is_a_fault(tmp_path):
    """Its rows are counted against what was said to be given, as the pages are."""
    one = GivenRecord(b'{"a":1}')
    with (
        pytest.raises(ValueError, match=r"meetings: 1 records were said to be given, and 2 are in its table"),
        table_of(kind([one]), tmp_path / "x.csv") as table,
    ):
        table.add_all([{"a": 1}, {"b": 1}], None)
