"""What a test of the command line leaves under way is ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.connection.commands import BEGUN


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left_under_way() -> AsyncIterator[None]:
    """End the commands that a failing test did not see to their end."""
    yield
    while BEGUN:
        await BEGUN.pop().end()
