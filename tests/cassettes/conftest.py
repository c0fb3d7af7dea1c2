"""What the tests of cassettes share: a spec and its good cassettes, to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A copy of Acme's spec and its good cassettes."""
    return Path(shutil.copytree(Path(__file__).parent / "acme", tmp_path / "acme"))
