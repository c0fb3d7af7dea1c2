"""docs/policy.md: its examples are policies, and every word is in it."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import pytest

from engine.cassettes.recorded import recorded_runs
from engine.release.load_policy import SECTIONS, load_policy
from engine.release.policy import Policy, Pronouncement
from engine.release.policy_check import Known
from engine.release.reasons import CODES, TREATMENTS
from engine.release.record_values import fields_in
from tests.process import ROOT

PAGE = (ROOT / "docs" / "policy.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@cache
def zoom() -> Known:
    """Give what the cassettes of Zoom recorded."""
    fields: dict[str, set[tuple[str, ...]]] = {"webinars": set()}
    for run in recorded_runs(ROOT / "fixtures" / "zoom" / "cassettes"):
        for endpoint, records in run.records.items():
            fields.setdefault(endpoint, set()).update(path for record in records for path in fields_in(record))
    return Known(("zoom",), {name: frozenset(paths) for name, paths in fields.items()}, frozenset({"recordings", "phone_recordings"}))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_right(example):
    """Against what Zoom's cassettes recorded."""
    head = "" if example.startswith("policy:") else "policy: 1\nvendor: zoom\n"
    assert load_policy((head + example).encode(), "policy.md", zoom())


def test_every_word_is_explained():
    """Of every place, with every operation and reason."""
    models = [Policy, *(model for pair in SECTIONS.values() for model in pair if model is not None)]
    words = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert [
        word for word in (*words, *CODES, *TREATMENTS, *get_args(Pronouncement)) if f"`{word}`" not in PAGE and f"{word}:" not in PAGE
    ] == []
