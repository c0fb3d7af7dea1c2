"""A case with a run at the simulated Zoom, made once: each test gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.case.test_commands import PERSON, home_of
from tests.command_line import run_here
from tests.conftest import hurry
from tests.process import environment


@pytest.fixture(scope="session")
def fetched_once(zoom, tmp_path_factory) -> Path:
    """Open DSR-17 and run it; gives the state folder."""
    home = tmp_path_factory.mktemp("fetched") / "habeas"
    given = environment(home, HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token)
    with pytest.MonkeyPatch.context() as monkeypatch:
        hurry(monkeypatch)
        for words, told in ((("new", "DSR-17", "--vendor", "zoom", "--simulated"), PERSON), (("run", "DSR-17"), None)):
            done = run_here(("case", *words), given, told)
            assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(autouse=True)
def _hurried(hurried) -> None:
    """Whatever a case fetches in this process is fetched at once."""


@pytest.fixture
def ran(habeas, fetched_once):
    """The command line, with a case of its own that was run."""
    home = home_of(habeas)
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(fetched_once, home, copy_function=shutil.copy2)
    return habeas
