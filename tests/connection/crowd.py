"""A process of its own: 50 runs' credentials that all meet a dead token. Prints how often the vendor was asked, and who failed."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from engine.core.retry import Patience
from engine.net.clock import Clock
from engine.net.limiter import Limiter
from engine.runner.client import Client
from engine.runner.verify import verify
from tests.connection.vendor import Acme, keeper, no_wait, spec, vault

TASKS = 50


async def task(store, acme) -> str:
    """Ask as a run does, with a keeper and an asker of its own; gives what went wrong."""
    kept, transport = keeper(store, acme)
    clock = Clock(lambda: datetime.now(UTC), no_wait, lambda: 0.5)
    async with transport:
        asker = Client(transport, Limiter({}, 1.0), kept, clock, Patience(attempts=2, total=10.0))
        found = await verify(spec(), asker)
        return "" if found.alive else found.words


async def main() -> None:
    store, acme = vault(Path(sys.argv[1])), Acme()
    acme.address = sys.argv[2]
    found = await asyncio.gather(*(task(store, acme) for _ in range(TASKS)))
    print([one for one in found if one])


if __name__ == "__main__":
    asyncio.run(main())
