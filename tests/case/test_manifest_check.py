"""A manifest that cannot be what a run wrote is told from one that can."""

from __future__ import annotations

import pytest

from engine.case.manifest_check import contradicted, contradiction
from engine.core.trail import CHANGED, ROSE

MEETINGS = {"outcome": "complete", "records": 60, "expected": 60, "duplicates": 0, "others": 0, "notes": []}
SHORT = "it calls `meetings` complete, where 60 of the 61 records came that the vendor announced"


@pytest.mark.parametrize(
    ("more", "lines", "says"),
    [
        ({"expected": 61}, 60, SHORT),
        ({"expected": 61, "notes": ["more records came than the vendor announced"]}, 60, SHORT),
        ({"expected": 61, "notes": ROSE}, 60, SHORT),
        ({"records": 59}, None, "it calls `meetings` complete, where 59 of the 60 records came that the vendor announced"),
        ({"outcome": "empty", "records": 0}, None, "it calls `meetings` empty, where 0 of the 60 records came that the vendor announced"),
        ({"records": 61}, 60, "it counts 61 records of `meetings`, and the file beside it holds 60"),
        ({"outcome": "empty"}, None, "it calls `meetings` empty, and counts 60 records"),
        ({"outcome": "whole"}, None, "it gives `meetings` an outcome that no run has"),
        ({"outcome": ["complete"]}, None, "it gives `meetings` an outcome that no run has"),
        ({"outcome": None}, None, "it gives `meetings` an outcome that no run has"),
        ({"records": "60"}, None, "what it counts of `meetings` is no number"),
        ({"records": True}, None, "what it counts of `meetings` is no number"),
        ({"duplicates": -1}, None, "what it counts of `meetings` is no number"),
        ({"expected": 60.5}, None, "what it counts of `meetings` is no number"),
    ],
)
def test_what_cannot_be_so_is_said(more, lines, says):
    """An outcome against its own counts, and the counts against the file."""
    assert contradiction("meetings", {**MEETINGS, **more}, lines) == says


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"records": 58, "others": 2},
        {"records": 55, "duplicates": 5},
        {"records": 62},
        {"expected": None},
        {"expected": 70, "notes": [ROSE]},
        {"expected": 70, "notes": ["other", CHANGED]},
        {"outcome": "partial", "expected": 70},
        {"outcome": "absent", "expected": 70},
        {"outcome": "empty", "records": 0, "expected": 0},
    ],
)
def test_what_a_run_writes_is_believed(more):
    """Others left out, repeated records, nothing announced, a total that rose or changed, or what is not called whole."""
    told = {**MEETINGS, **more}
    assert contradicted({"meetings": told, "old": {"outcome": "excluded"}}) is None
    assert contradiction("meetings", told, told["records"]) is None
