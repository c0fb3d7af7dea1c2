"""`habeas worker`: a process that asks for people whom `habeas batch --dispatch` handed out, until it is told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.formatting import tell
from engine.cli.signals import once_then_at_once
from engine.cluster.lease import LONGEST, SHORTEST, LeaseTimes
from engine.connection.chosen_store import NO_DRIVER, wanted_store
from engine.errors import Exit, NotConnected, UsageError
from engine.language.text.mistakes import counted

if TYPE_CHECKING:
    from engine.cluster.worker import Worker


def worker_command(address: str | None, many: int, lease: float, metrics: Path | None) -> Exit:
    """Work until a signal. Raises UsageError, NotConnected, DiskError, OutputError."""
    if not SHORTEST <= lease <= LONGEST:
        message = f"--lease {lease:g}: a lease lasts from {SHORTEST:g} to {LONGEST:g} seconds"
        raise UsageError(message)
    store = wanted_store(address, "habeas worker")
    try:
        from engine.cluster.worker import work
        from engine.connection.store_address import shown
    except ModuleNotFoundError:
        raise NotConnected(NO_DRIVER) from None

    def began(worker: Worker) -> None:
        worker.metrics = metrics
        _on_signals(worker)
        _say(f"Worker {worker.id}: {counted(many, 'account')} at once, a lease lasts {lease:g} s, {shown(store)}.")

    return asyncio.run(work(store, many, LeaseTimes(lease), _say, began))


def _on_signals(worker: Worker) -> None:
    """Once: nobody new is asked for, and everything is given back; twice: at once."""

    def stop(code: Exit) -> None:
        worker.stop(code)
        _say("Stopping: what is under way ends and is given back. Once more ends it at once.")

    once_then_at_once(stop)


def _say(words: str) -> None:
    tell(f"{words}\n")
