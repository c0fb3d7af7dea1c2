"""What several tests need: a simulated Zoom, and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, settings

from engine import assembly
from engine.cli import GARBAGE_AFTER
from engine.language.effective import Vendor
from engine.net.clock import Clock, wall_clock
from engine.net.handover import Handover
from engine.net.limiter import Limiter
from engine.replaced import replace
from engine.simulate.serve import Ready, SimulatorOptions, listen, module
from tests.command_line import run_here
from tests.process import HABEAS, ROOT, environment

# `make test` tries the same examples each time, so that nobody's change fails for another's; `make test-long` tries new and more ones.
HEALTHY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("quick", max_examples=60, derandomize=True, deadline=None, suppress_health_check=HEALTHY)
settings.register_profile("long", max_examples=1000, deadline=None, suppress_health_check=HEALTHY)
settings.load_profile("quick")


# What is compiled once serves every worker and every process that a test starts, whatever the shell that called us says of it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # `nohup make test` goes on all the same, and what it starts hears SIGHUP
    signal.signal(signal.SIGHUP, lambda *_: None)

MEMORY, ROOM = "/dev/shm", 4 << 30


def room_in_memory() -> bool:
    """Whether the files of all tests can lie in memory, programs that are run there too."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)


if "TMPDIR" not in os.environ and room_in_memory():  # a disk is written through to so often that tests wait for it more than for anything
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_collection_finish() -> None:
    """Look for garbage as seldom as a command does, and never among ten thousand tests: each look would go through all of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def pytest_xdist_auto_num_workers() -> int:
    """Start two workers a core: a test that keeps to a vendor's pace, or waits for a process, leaves the core to another."""
    return 2 * (os.cpu_count() or 1)


Run = Callable[..., subprocess.CompletedProcess[str]]


class CommandLine:
    """The command line in this process, with a state folder, `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Call it to its end."""
        return run_here(words, environment(self.home, **more), stdin)


class Simulator:
    """A simulated Zoom that runs in a thread, and how to reach it.

    Requests whose path ends in `held` are never answered; `arrived` is set by the first of them.
    """

    def __init__(self, held: str | None = None, **options: Any) -> None:
        self.arrived = threading.Event()
        self._held, self._options = held, SimulatorOptions(**{"limits": False, **options, "faults": tuple(options.get("faults", ()))})
        self._told, self._up = threading.Event(), list[Ready]()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._told.wait(60)
        self.ready = self._up[0]
        self.address, self.token = self.ready.address, self.ready.token

    async def _serve(self) -> None:
        server = module("zoom")
        app = server.application(self._options)

        @web.middleware
        async def hold(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
            if self._held is not None and request.path.endswith(self._held):
                self.arrived.set()
                await asyncio.Event().wait()
            return await handler(request)

        app.middlewares.append(hold)
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()

        def ready(address: str) -> None:
            self._up.append(server.ready(app, address))
            self._told.set()

        serving = asyncio.create_task(listen(app, 0, ready))
        await self._ended.wait()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    def log(self) -> list[dict[str, Any]]:
        """What it was asked so far."""
        with urllib.request.urlopen(f"{self.address}/_simulator/log", timeout=60) as answer:
            return list(json.load(answer))

    def end(self) -> None:
        """Let it go, with all its connections."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(60)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Start simulators by their options; each is ended."""
    started: list[Simulator] = []

    def start(**options: Any) -> Simulator:
        started.append(Simulator(**options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def habeas(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Call the command line in this process, with a state folder of its own."""
    return CommandLine(tmp_path_factory.mktemp("state") / "habeas")


@pytest.fixture
def habeas_process(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the command line in a process of its own, and with a state folder of its own."""
    state = tmp_path_factory.mktemp("state")

    def run(*words: str, stdin: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        given = environment(state / "habeas", **more)
        return subprocess.run([*HABEAS, *words], env=given, input=stdin, capture_output=True, text=True, timeout=120, check=False)

    return run


def _at_once(vendor: Vendor, plan: str | None = None, share: float = 0.75, handover: Handover | None = None) -> Limiter:
    return Limiter({}, share, plan if plan is not None else next(iter(vendor.plans)) or None, handover)


def _impatient() -> Clock:
    return replace(wall_clock(), sleep=lambda _: asyncio.sleep(0))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run in this process keep to no vendor's pace, and ask again at once: for tests of what is fetched, not of when."""
    hurry(monkeypatch)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what `hurried` does, for as long as `monkeypatch` lasts."""
    monkeypatch.setattr(assembly, "limiter_of", _at_once)
    monkeypatch.setattr(assembly, "wall_clock", _impatient)


@pytest.fixture(scope="session")
def zoom() -> Iterator[Simulator]:
    """One simulated Zoom that does nothing wrong, for all tests that only ask."""
    up = Simulator()
    yield up
    up.end()


__all__ = ["ROOT"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """Give a PostgreSQL of the tests' own (see tests/postgres.py)."""
    from tests.postgres import Postgres, program

    assert program("postgres") is not None, "the tests of a shared store need PostgreSQL: install it (Debian: apt install postgresql)"
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(postgres: Any) -> str:
    """Give the address of a shared store that holds nothing."""
    from engine.connection.chosen_store import make_tables

    postgres.sql("drop schema if exists habeas cascade", database="habeas")
    asyncio.run(make_tables(postgres.address()))
    return str(postgres.address())
