"""A case with a run at the simulated Zoom, decided about, and with a package, each made once: each test gets a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.case.package_kit import built, give_all
from tests.case.test_commands import PERSON, home_of
from tests.command_line import run_here
from tests.conftest import CommandLine, Run, hurry
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


@pytest.fixture(scope="session")
def decided_once(fetched_once, tmp_path_factory) -> Path:
    """Decide about all that was found in DSR-17; gives the state folder."""
    return _gone_on(fetched_once, tmp_path_factory.mktemp("decided"), give_all)


@pytest.fixture(scope="session")
def built_once(decided_once, tmp_path_factory) -> Path:
    """Build the package of DSR-17; gives the state folder."""
    return _gone_on(decided_once, tmp_path_factory.mktemp("built"), built)


def _gone_on(before: Path, folder: Path, act: Callable[[Run], object]) -> Path:
    home = folder / "habeas"
    shutil.copytree(before, home, copy_function=shutil.copy2)
    act(CommandLine(home))
    return home


@pytest.fixture
def opened(habeas):
    """A case to practise with, and the command line."""
    done = habeas("case", "new", "DSR-17", "--vendor", "zoom", "--simulated", stdin=PERSON)
    assert (done.returncode, done.stderr) == (0, "")
    return habeas


@pytest.fixture
def ran(habeas, fetched_once):
    """The command line, with a case of its own that was run."""
    return _with(habeas, fetched_once)


@pytest.fixture
def decided(habeas, decided_once):
    """The command line, with a case of its own that was run and decided about."""
    return _with(habeas, decided_once)


@pytest.fixture
def packed(habeas, built_once):
    """The command line, with a case of its own whose package was built."""
    return _with(habeas, built_once)


def _with(habeas: Run, made: Path) -> Run:
    home = home_of(habeas)
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(made, home, copy_function=shutil.copy2)
    return habeas
