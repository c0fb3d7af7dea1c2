"""A team with a shared store and a vendor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import SPEC, Vendor
from tests.cluster.here import Workers
from tests.cluster.lent import Team
from tests.connection.kept import Kept


@pytest.fixture
def team(database: str, tmp_path: Path) -> Iterator[Team]:
    """Give a store with nobody in it, and a vendor without connections."""
    vendor = Vendor(tmp_path)
    found = Team(Kept(tmp_path, database), vendor)
    yield found
    found.close()
    vendor.end()


@pytest.fixture
def bare(database: str, tmp_path: Path) -> Team:
    """Give a store alone: a vendor that nobody asks."""
    vendor = Vendor.__new__(Vendor)
    vendor.name, vendor.address, vendor.spec = "acme", "http://127.0.0.1:1", tmp_path / "acme.yaml"
    vendor.spec.write_text(SPEC.format(vendor="acme", title="Acme"))
    return Team(Kept(tmp_path, database), vendor)


@pytest.fixture
def workers(team: Team, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Let workers work in this process, over the team's store."""
    for name, value in team.kept.environ.items():
        monkeypatch.setenv(name, value)
    return Workers(team)
