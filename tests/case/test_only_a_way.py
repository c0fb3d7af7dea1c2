"""An endpoint that delivers nothing (`fields: none`) in a case: it is no kind of record of the person's."""

from __future__ import annotations

import pytest

from engine.case.answer import is_only_a_way

CASES = [
    ("records, and no file: it led to others", {"records": 2, "file": None, "outcome": "complete"}, True),
    ("records in a file", {"records": 2, "file": "meetings.jsonl", "outcome": "complete"}, False),
    ("nothing there", {"records": 0, "file": None, "outcome": "empty"}, False),
    ("it could not be read in full, so what follows it lacks something", {"records": 2, "file": None, "outcome": "partial"}, False),
    ("refused", {"records": 0, "file": None, "outcome": "denied"}, False),
]


@pytest.mark.parametrize(("name", "told", "left_out"), CASES, ids=[name for name, *_ in CASES])
def test_what_delivers_nothing_is_left_out_only_when_it_was_read_in_full(name, told, left_out):
    """Its records are not the person's, and there is no file of them; what it did not reach is still told as missing."""
    assert is_only_a_way(told) == left_out, name
