"""A package to work with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.package import bags


@pytest.fixture
def bag(tmp_path) -> Path:
    """Make a valid package."""
    return bags.bag(tmp_path)


@pytest.fixture
def signers(tmp_path) -> Path:
    """Write who may sign."""
    return bags.signers(tmp_path)
