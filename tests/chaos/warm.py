"""`habeas` in processes of their own that are forked from one which has imported everything: a start costs no imports.

Each says who it is to the vendor: its process id stands in its User-Agent.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import engine.cli.app
import engine.cli.batch
import engine.cli.resume
import engine.cli.worker
import engine.cluster.worker
import engine.connection.authlib_client
import engine.connection.postgres_held
import engine.net.transport
from engine.cli import main

WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([__name__])
gc.freeze()
TELL, TELL_TASKS, TOLD = signal.SIGUSR1, signal.SIGUSR2, 1.0  # seconds that it may take to say it


class Habeas:
    """A command that was begun; what it says is added to `log`."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self.words, self.environ, self.log = tuple(words), dict(environ), log
        self._process: ForkServerProcess = WARM.Process(target=run, args=(self.words, self.environ, log), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Give its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def ended(self, seconds: float) -> int | None:
        """Wait for its end; gives its exit code, negative where a signal killed it, None where it goes on."""
        self._process.join(seconds)
        return self._process.exitcode

    def stop(self) -> None:
        """Tell it to end (SIGTERM)."""
        self._process.terminate()

    def dump(self) -> None:
        """Let it say in its log where its threads and its tasks are."""
        for number in (TELL, TELL_TASKS):
            if self.alive:
                os.kill(self.pid, number)
                self._process.join(TOLD)

    def end(self) -> None:
        """Kill it, stopped or not."""
        if self.alive:
            self._process.kill()
        self._process.join()


def run(words: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
    """Become the command. The variables GRACE and SETTLE say how long an answer of the vendor that may be lost is waited for."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    faulthandler.enable(file)
    faulthandler.register(TELL, file)
    signal.signal(TELL_TASKS, _tell_tasks)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["habeas", *words]
    engine.net.transport.__version__ = f"{engine.net.transport.__version__} pid{os.getpid()}"  # type: ignore[attr-defined]
    threading.Thread(target=_with_its_parent, daemon=True).start()
    engine.connection.postgres_held.GRACE = float(environ.get("GRACE", engine.connection.postgres_held.GRACE))
    engine.connection.postgres_held.SETTLE = float(environ.get("SETTLE", engine.connection.postgres_held.SETTLE))
    main()


def _tell_tasks(*_: object) -> None:
    with suppress(RuntimeError):  # no loop runs
        for task in asyncio.all_tasks():
            task.print_stack()


def _with_its_parent() -> None:
    """End with the test's process, however that ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
