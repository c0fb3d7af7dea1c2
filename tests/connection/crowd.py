"""A process of its own: 50 runs' credentials, of files or of a shared store, that all meet a dead token. Prints how often the vendor was asked, and who failed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.connection.open import Opened
from engine.core.retry import Patience
from engine.net.limiter import Limiter
from engine.runner.interface import Session
from engine.runner.verify import verify
from tests.connection.kept import Kept, keeping
from tests.connection.vendor import NAME, Acme, clock, keeper, spec, vault

TASKS = 50


async def task(store, acme) -> str:
    """Ask as a run does, with a connection of its own; gives what went wrong."""
    kept, transport = await keeping(store, acme) if len(sys.argv) > 3 else keeper(store, acme)
    session = Session(
        vendor=spec(),
        network=transport,
        credentials=Opened(spec(), str(NAME), kept.record, kept),
        limiter=Limiter({}, 1.0),
        clock=clock(),
        patience=Patience(),  # two hundred connect at once, on a machine that may be busy
    )
    async with transport:
        found = await verify(session, {})
        return "" if found.alive else found.words


async def main() -> None:
    home, address, *shared = sys.argv[1:]
    store, acme = Kept(Path(home), shared[0]).store() if shared else vault(Path(home)), Acme()
    acme.address = address
    found = await asyncio.gather(*(task(store, acme) for _ in range(int(shared[1]) if shared else TASKS)))
    print([one for one in found if one])


if __name__ == "__main__":
    asyncio.run(main())
