"""Which rows a decision was about that was taken back: what changed since a release is found by it."""

from __future__ import annotations

import pytest

from engine.case.acts import Target
from engine.case.findings import open_findings
from engine.case.findings_fill import record_digest
from engine.case.row_filter import RowFilter
from tests.case.test_findings import CALLS, DIGEST, flagging, line_of, run


@pytest.fixture
def found(tmp_path):
    """Give the findings of three calls."""
    with open_findings(tmp_path, [run(tmp_path / "zoom")], flagging, DIGEST) as findings:
        yield findings


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ({"vendor": "zoom", "endpoint": "calls"}, {"Ann Example", "Jon Example", "481516"}),
        ({"vendor": "zoom", "endpoint": "calls", "field": "caller"}, {"Ann Example", "Jon Example"}),
        ({"vendor": "zoom", "endpoint": "calls", "field": "topic"}, {"Ann Example", "481516"}),
        ({"vendor": "zoom", "endpoint": "calls", "field": "amount"}, set()),
        ({"vendor": "slack", "endpoint": "calls"}, set()),
        ({"vendor": "zoom", "endpoint": "calls", "record": record_digest(line_of(CALLS[1]))}, {"Jon Example"}),
        ({"value": DIGEST("481516")}, {"481516"}),
        ({"vendor": "zoom", "endpoint": "calls", "file": "files/calls/0001.mp4"}, set()),
    ],
)
def test_a_decision_that_was_taken_back_names_the_rows_it_was_about(found, about, shown):
    """By its field, its kind of record, its record or its value: what changed since a release is found by it."""
    rows = found.rows_about([Target(**about), Target(**about)])
    listed = found.listed(only=RowFilter("changed", since=10_000, undone=rows))
    assert {row.values[0].shown for row in listed} == shown
    assert found.counted(RowFilter("changed", since=10_000, undone=rows)).shown == len(shown)
