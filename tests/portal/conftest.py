"""A portal on an empty state folder, and one on a case that was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.portal.guard import PortalOrigin
from tests.case.conftest import fetched_once, ran
from tests.case.test_commands import home_of
from tests.portal.served import ServedPortal

__all__ = ["fetched_once", "ran"]


@pytest.fixture
def serve() -> Iterator[Callable[..., ServedPortal]]:
    """Serve portals; each is ended."""
    up: list[ServedPortal] = []

    def start(home: Path, origin: PortalOrigin | None = None) -> ServedPortal:
        up.append(ServedPortal(home, origin))
        return up[-1]

    yield start
    for portal in up:
        portal.end()


@pytest.fixture
def empty(serve, tmp_path) -> ServedPortal:
    """Serve a portal without any case; nobody came in yet."""
    return serve(tmp_path)


@pytest.fixture
def desk(serve, ran) -> ServedPortal:
    """Serve the portal of a case that was run, DSR-17, and come in."""
    portal = serve(home_of(ran))
    portal.enter()
    return portal
