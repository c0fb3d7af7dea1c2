"""A process of its own: 50 runs' credentials that all meet a dead token. Prints how often the vendor was asked, and who failed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.core.http import HttpRequest, Response
from tests.connection.vendor import Acme, keeper, vault

TASKS = 50


async def task(store, acme) -> str:
    """Do what a run does: ask, renew once when refused, ask again."""
    kept, transport = keeper(store, acme)
    async with transport:
        request = HttpRequest("GET", "https://api.acme.example/v1/people/7")
        for _ in range(3):
            answer = await transport.send(request)
            if isinstance(answer, Response) and answer.status == 200:
                return "fine"
            await kept.refresh()
    return f"failed {answer}"


async def main() -> None:
    store, acme = vault(Path(sys.argv[1])), Acme()
    acme.address = sys.argv[2]
    found = await asyncio.gather(*(task(store, acme) for _ in range(TASKS)))
    print([one for one in found if one != "fine"])


if __name__ == "__main__":
    asyncio.run(main())
