"""What the tests of records that are alike share."""

from __future__ import annotations

import pytest

from engine.release import compiled, known_rows, telling


@pytest.fixture
def soon(monkeypatch):
    """Let the third record of a form be tried as a row, few be looked at together, and little be remembered."""
    monkeypatch.setattr(known_rows, "OFTEN", 2)
    monkeypatch.setattr(known_rows, "ROWS", 3)
    monkeypatch.setattr(known_rows, "TRIED", 4)
    monkeypatch.setattr(known_rows, "PAID", 8)
    monkeypatch.setattr(known_rows, "RESTED", 3)
    monkeypatch.setattr(known_rows, "AMONG", 12)
    monkeypatch.setattr(compiled, "MOST_NEW", 2)
    monkeypatch.setattr(telling, "MOST_SILENT", 6)
