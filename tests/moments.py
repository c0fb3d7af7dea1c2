"""Which of many moments are tried by `make test`; `make test-long` tries them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def few(every: Iterable[Any], *tried: Any) -> list[Any]:
    """Give the values to parametrize a test by; all but `tried` are marked `long`."""
    found = list(every)
    assert set(tried) <= set(found), "what is tried is none of them"
    return [value if value in tried else pytest.param(value, marks=pytest.mark.long) for value in found]
