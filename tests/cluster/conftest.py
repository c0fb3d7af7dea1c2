"""A team's store, the machine that a batch is lent from, and workers beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import Vendor
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
