"""Refresh over a shared store in a child that kills itself (SIGKILL) at its N-th step; then say what later processes find. For each N.

A step is every statement, before it is sent and when it was done, and every call that uses the network of the vendor or changes a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from psycopg import AsyncConnection

from engine.connection import postgres_held
from engine.connection.stored import Name
from tests.connection.kept import Kept, keeping
from tests.connection.killed import child, count
from tests.connection.vendor import Acme


def step_of(step):
    """Count a statement twice: what was sent and not told may have been done."""
    execute = AsyncConnection.execute

    async def counted(*words, **named):
        step()
        done = await execute(*words, **named)
        step()
        return done

    AsyncConnection.execute = counted


def refresh(kept: Kept, address: str, name: Name) -> str:
    """Refresh once, as a run would; say what came of it."""
    acme = Acme()
    acme.address = address

    async def work() -> str:
        keeper, _ = await keeping(kept.store(), acme, name)
        found = await keeper.refresh()
        return getattr(found, "words", "") or "renewed"

    return asyncio.run(work())


def main() -> None:
    """For each number: one that is killed there, then two that come later, who need not wait for it."""
    address, folder, store, *numbers = sys.argv[1:]
    kept = Kept(Path(folder), store)
    postgres_held.GRACE = 0.0
    for number in map(int, numbers):
        name = Name("acme", f"n{number}")

        def killed(number: int = number, name: Name = name) -> str:
            count(number, step_of)
            return refresh(kept, address, name)

        status, _ = child(killed)
        assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
        first = child(lambda name=name: refresh(kept, address, name))[1]
        second = child(lambda name=name: refresh(kept, address, name))[1]
        print(json.dumps({"number": number, "killed": os.WIFSIGNALED(status), "first": first, "second": second}), flush=True)


if __name__ == "__main__":
    main()
