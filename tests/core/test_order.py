"""What an operator writes beside endpoints: since when, and on which plan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.core.selection import checked_plan, since_of
from engine.errors import UsageError
from engine.language.load import load
from tests.api.conftest import SPEC

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACME = load(SPEC.encode(), "acme.yaml")


@pytest.mark.parametrize(
    ("text", "begins"),
    [(None, None), ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)), ("90d", datetime(2026, 8, 26, 12, tzinfo=UTC))],
)
def test_since_is_a_day_or_a_span_back_from_now(text, begins):
    """Nothing written narrows nothing."""
    assert since_of(text, NOW) == begins


def test_a_since_that_is_neither_is_told_what_to_write():
    """With the option's name before it."""
    with pytest.raises(UsageError, match="--since yesterday: write a day such as 2025-01-01, or a span such as 90d or 6mo"):
        since_of("yesterday", NOW)


def test_a_plan_is_one_of_the_specs():
    """None named leaves the choice to the connection."""
    assert (checked_plan(ACME, None), checked_plan(ACME, "big")) == (None, "big")
    with pytest.raises(UsageError, match="--plan huge: Acme has the plans small, big"):
        checked_plan(ACME, "huge")
