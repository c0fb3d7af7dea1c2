"""A window that begins in the future is a mistake of the spec; the day is an argument."""

from __future__ import annotations

from datetime import date

import pytest

from engine.language.load import load
from engine.language.text.mistakes import SpecError
from tests.core.specs import HEAD

TODAY = date(2026, 11, 24)


def spec(since):
    """Give a spec with one window."""
    own = f"{{get: /p/<USER_ID>, records: a, params: {{a: <FROM>, b: <TO>}}, window: {{step: 28d, since: {since}}}}}"
    return (HEAD + f"    it: {own}\n").encode()


@pytest.mark.parametrize("since", ["2026-11-25", "2031-01-01"])
def test_a_window_that_has_not_begun_is_a_mistake(since):
    """It would never be asked about, and the endpoint would be called empty."""
    with pytest.raises(SpecError, match=rf"`since: {since}` lies in the future: nothing would be asked"):
        load(spec(since), "acme.yaml", TODAY)


@pytest.mark.parametrize("since", ["2026-11-24", "2013-01-01", "6mo"])
def test_a_window_that_has_begun_is_none(since):
    """Today is not the future; a span never is."""
    assert load(spec(since), "acme.yaml", TODAY).endpoints["it"].window is not None


def test_without_a_day_nothing_is_said_of_the_future():
    """The language reads no clock."""
    assert load(spec("2031-01-01"), "acme.yaml").endpoints["it"].window is not None
