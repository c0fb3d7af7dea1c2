"""A team's store, and the machine that a batch is lent from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import Vendor
from tests.cluster.machine import HomeMachine


@pytest.fixture
def machine(habeas, postgres, database: str, tmp_path: Path) -> Iterator[HomeMachine]:
    """Give a machine of a team that is connected to a vendor."""
    vendor = Vendor(tmp_path)
    found = HomeMachine(habeas, vendor, postgres, database, tmp_path)
    found.connect()
    yield found
    vendor.end()
