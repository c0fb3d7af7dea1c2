"""What a test of the command line leaves under way is ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.connection.commands import BEGUN
from tests.connection.kept import Kept


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left_under_way() -> AsyncIterator[None]:
    """End the commands that a failing test did not see to their end."""
    yield
    while BEGUN:
        await BEGUN.pop().end()


@pytest.fixture(params=["files", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Give a place for connections: files, and a database that a team shares."""
    if request.param == "files":
        return Kept(tmp_path)
    return Kept(tmp_path, request.getfixturevalue("database"))


@pytest.fixture
def shared(tmp_path: Path, database: str) -> Kept:
    """Give a shared store."""
    return Kept(tmp_path, database)
