"""What several tests need: a simulated Zoom in a process of its own, and runs against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


class Simulator:
    """A running simulator and how to reach it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.ready: dict[str, Any] = json.loads(process.stdout.readline())
        self.address: str = self.ready["address"]
        self.token: str = self.ready["token"]

    def log(self) -> list[dict[str, Any]]:
        """What it was asked so far."""
        with urllib.request.urlopen(f"{self.address}/_simulator/log", timeout=10) as answer:
            return list(json.load(answer))


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Start simulators by their options; each is ended by its pid."""
    started: list[subprocess.Popen[str]] = []

    def start(**options: Any) -> Simulator:
        command = [sys.executable, "-m", "engine.simulate.serve", "zoom", "--options", json.dumps({"limits": False, **options})]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        return Simulator(process)

    yield start
    for process in started:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def habeas(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process and a state folder of its own."""
    state = tmp_path_factory.mktemp("state")

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")}
        given = environment.pop("stdin", None)
        return subprocess.run(
            [sys.executable, "-m", "engine", *words],
            env={**kept, "PYTHONPATH": str(ROOT), "HABEAS_HOME": str(state / "habeas"), **environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def zoom() -> Iterator[Simulator]:
    """One simulated Zoom that does nothing wrong, for all tests that only ask."""
    command = [sys.executable, "-m", "engine.simulate.serve", "zoom", "--options", json.dumps({"limits": False})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Simulator(process)
        process.terminate()
