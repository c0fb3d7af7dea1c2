"""A portal on an empty state folder, and one on a case that was run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.portal.guard import PortalOrigin
from tests.case.conftest import fetched_once, ran
from tests.case.test_commands import home_of
from tests.contact.mails import OWNER
from tests.portal.served import ServedPortal

__all__ = ["fetched_once", "ran"]
OFFICE = "controller: Acme AB\ncontact: privacy@acme.example\n"
OWNERS = f"owners:\n  zoom: {{to: {OWNER}}}\n  hris: {{title: the HR system, to: hr@acme.example}}\n"


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


@pytest.fixture
def office(desk, ran):
    """A desk with an office and owners, at which one of them was asked."""
    (home_of(ran) / "office.yaml").write_text(OFFICE)
    (home_of(ran) / "contacts.yaml").write_text(OWNERS)
    return desk
