"""A team's store, the machine that a batch is lent from, and workers beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.cluster.pool import Pool, pool_of
from tests.batch.conftest import SPEC, Vendor
from tests.cluster.here import Workers
from tests.cluster.lent import Team
from tests.cluster.machine import HomeMachine
from tests.connection.kept import Kept


@pytest.fixture
def machine(habeas, postgres, database: str, tmp_path: Path) -> Iterator[HomeMachine]:
    """Give a machine of a team that is connected to a vendor."""
    vendor = Vendor(tmp_path)
    found = HomeMachine(habeas, vendor, postgres, database, tmp_path)
    found.connect()
    yield found
    vendor.end()


@pytest.fixture
def team(database: str, tmp_path: Path) -> Iterator[Team]:
    """Give a store with nobody in it, and a vendor without connections."""
    vendor = Vendor(tmp_path)
    found = Team(Kept(tmp_path, database), vendor)
    yield found
    found.close()
    vendor.end()


@pytest.fixture
def bare(database: str, tmp_path: Path) -> Iterator[Team]:
    """Give a store alone: a vendor that nobody asks."""
    vendor = Vendor.__new__(Vendor)
    vendor.name, vendor.address, vendor.spec = "acme", "http://127.0.0.1:1", tmp_path / "acme.yaml"
    vendor.spec.write_text(SPEC.format(vendor="acme", title="Acme"))
    found = Team(Kept(tmp_path, database), vendor)
    yield found
    found.close()


@pytest.fixture
def workers(team: Team, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Let workers work in this process, over the team's store."""
    for name, value in team.kept.environ.items():
        monkeypatch.setenv(name, value)
    return Workers(team)


@pytest_asyncio.fixture
async def pool(bare: Team) -> AsyncIterator[Pool]:
    """Give sessions as a worker has them."""
    found = pool_of(str(bare.kept.address), 10.0)
    await found.open(wait=True)
    yield found
    await found.close()
