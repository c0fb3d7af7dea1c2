"""A team with a shared store and a vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.connection.chosen_store import make_tables
from tests.batch.conftest import Vendor
from tests.cluster.lent import Team
from tests.connection.kept import Kept

if TYPE_CHECKING:
    from tests.postgres import Postgres


@pytest.fixture
def team(postgres: Postgres, tmp_path: Path) -> Iterator[Team]:
    """Give a store with nobody in it, and a vendor without connections."""
    postgres.sql("drop schema if exists habeas cascade", database="habeas")
    asyncio.run(make_tables(postgres.address()))
    vendor = Vendor(tmp_path)
    found = Team(Kept(tmp_path, postgres.address()), vendor)
    yield found
    found.close()
    vendor.end()
