"""A table for a spreadsheet: every value in its cell, none taken for a formula, none shortened."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number, loads
from engine.package import csv_table
from engine.package.csv_table import FORMULA, MOST_COLUMNS, CsvTable, TableSummary


def written(*records: Any) -> tuple[bytes, TableSummary]:
    """Write a table of records, each a JSON text or a value."""
    table, to = CsvTable(io.BytesIO()), io.BytesIO()
    for record in records:
        table.add(loads(record) if isinstance(record, bytes) else record)
    summary = table.finish(to)
    return to.getvalue(), summary


def rows(*records: Any) -> list[list[str]]:
    """Read the table as a spreadsheet would."""
    return list(csv.reader(io.StringIO(written(*records)[0].decode("utf-8-sig"), newline="")))


CELLS = [
    (b'{"a":1.10,"b":1e400,"c":9223372036854775808,"d":-0,"e":-5,"f":18446744073709551617}', ["1.10", "1e400", "9223372036854775808", "-0", "-5", "18446744073709551617"]),
    (b'{"a":true,"b":false,"c":null,"d":"","e":[],"f":{}}', ["true", "false", "", "", "[]", "{}"]),
    (b'{"a":["x",1.0,true],"b":["x, y","z"],"c":["x",null],"d":[{"e":1.10}],"f":[["x"]]}', ["x, 1.0, true", '["x, y","z"]', '["x",null]', '[{"e":1.10}]', '[["x"]]']),
    ({"a": "[withheld: another person]", "b": "person 3"}, ["[withheld: another person]", "person 3"]),
    ({"a": 'say "hi", then\r\nleave', "b": "\u202eevil", "c": "../x"}, ['say "hi", then\r\nleave', "\u202eevil", "../x"]),
    ({"a": "half \ud800 pair"}, ["half \\ud800 pair"]),
    (["x", "y"], ["x, y"]),
    ("x", ["x"]),
    ({"a": "</script>", "b": "\u00e9\U0001f600"}, ["</script>", "\u00e9\U0001f600"]),
]  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), CELLS)
def test_every_value_stands_in_its_cell(record, expected):
    """Numbers as the vendor wrote them, lists joined where that can be read back, else as JSON."""
    assert rows(record)[1] == expected


FORMULAS = [
    "=cmd|'/c calc'!A1",
    "+49 30 901820",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_taken_for_a_formula(text):
    """Neither a value, nor one in a list, nor the name of a field."""
    assert rows({text: text, "l": [text]}) == [[f"\t{text}", "l"], [f"\t{text}", f"\t{text}"]]
    assert rows({"a": f"x{text}"})[1] == [f"x{text}"]


def test_columns_are_those_of_all_records():
    """In the order in which they are met; a field in a field has both names, a dot in a name is no step."""
    first, second = {"a": {"b": 1, "c": {}}, "d": "x"}, {"a": 7, "a.b": 2, "e": {"f": {"g": "y"}}}
    assert rows(first, second) == [["a.b", "a.c", "d", "a", "a\\.b", "e.f.g"], ["1", "{}", "x", "", "", ""], ["", "", "", "7", "2", "y"]]
    assert rows({}, {"a": 1}) == [["a"], [], ["1"]]
    assert written()[0] == BOM_UTF8 + b"\r\n"


def test_a_table_begins_with_its_mark_and_ends_every_row():
    """Excel reads UTF-8 only with the mark (RFC 4180: rows end with CR LF)."""
    assert written({"a": "é"}, {"a": "x"})[0] == b"\xef\xbb\xbfa\r\n\xc3\xa9\r\nx\r\n"


def test_nothing_is_shortened_and_it_is_said_what_a_spreadsheet_would_cut():
    """Ten megabytes stay ten megabytes."""
    text = "x" * 10_000_000
    raw, summary = written({"a": text, "b": "y" * 32_767}, {"a": "z"})
    assert len(raw) > 10_000_000
    assert summary == TableSummary(rows=2, columns=2, long_cells=1, further=0)


def test_fields_beyond_the_last_column_share_one():
    """Where every record has fields of its own, a table would have no end."""
    records = [{f"k{number}": f"={number}"} for number in range(MOST_COLUMNS + 2)]
    raw, summary = written(*records, {"a": {"b": 1.5}, "k0": "x"})
    assert summary == TableSummary(rows=MOST_COLUMNS + 3, columns=MOST_COLUMNS + 1, long_cells=0, further=3)
    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert {len(row) for row in read} == {MOST_COLUMNS + 1}
    assert [read[0][-1], *(row[-1] for row in read[-3:])] == ["(further fields)", '{"k1000":"=1000"}', '{"k1001":"=1001"}', '{"a.b":1.5}']
    assert read[-1][0] == "x"


NAMES = st.sampled_from(["a", "b", "c", "a.b", "d"])
SCALARS = st.sampled_from(["x", "=1", " =1", "", "a, b", 'q"', 7, -7, True, None, Number("1.10"), [], ["x", "=1"], [{"a": 1}], {}])
OBJECTS = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=4), lambda inner: st.dictionaries(NAMES, st.one_of(SCALARS, inner), max_size=4), max_leaves=6
)


class OneByOne(CsvTable):
    """A table that knows no form of any object."""

    def _fill_as_before(self, row, record, level):
        return False


@given(st.lists(st.one_of(OBJECTS, SCALARS), max_size=5), st.integers(1, 8))
def test_a_record_of_a_known_form_is_written_as_one_of_a_new_form(records, most):
    """Whatever came before it, and where there are fewer columns than fields."""
    tables = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_table, "MOST_COLUMNS", most)
        for kind in (CsvTable, OneByOne):
            table, to = kind(io.BytesIO()), io.BytesIO()
            for record in [*records, *records[::-1], *records]:
                table.add(record)
            tables.append((table.finish(to), to.getvalue()))
    assert tables[0] == tables[1]


TEXTS = st.text(st.sampled_from('a",\r\n =1\t'), max_size=4)


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1, max_size=4)))
def test_a_row_is_written_as_the_standard_library_writes_it(texts):
    """Quotes, commas and ends of lines are quoted, and nothing else."""
    safe = [[f"\t{text}" if text.lstrip(" ")[:1] in FORMULA else text for text in row] for row in texts]
    expected = io.StringIO()
    csv.writer(expected).writerows([[f"f{at}" for at in range(len(texts[0]))], *safe])
    records = [{f"f{at}": text for at, text in enumerate(row)} for row in texts]
    assert written(*records)[0] == BOM_UTF8 + expected.getvalue().encode()


def test_a_cell_that_is_one_too_long_is_counted():
    """Alone in its row, and not where it just fits; a name of half a character is written as its escape."""
    assert written({"a": "x" * 32_768})[1].long_cells == 1
    assert written({"a": "x" * 32_767})[1].long_cells == 0
    assert rows({"half \ud800": 1})[0] == ["half \\ud800"]
