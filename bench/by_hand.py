"""What somebody would write by hand with aiohttp and orjson, for the same work. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
import orjson


async def chain(session: aiohttp.ClientSession, address: str, pages: int, out: Path, part: str) -> int:
    """Read one list to its end; decode each page, dump each record."""
    after, count = "", 0
    with out.open("ab") as file:
        while True:
            params = {"pages": str(pages), "part": part, **({"after": after} if after else {})}
            async with session.get(f"{address}/v1/list", params=params) as answer:
                found = orjson.loads(await answer.read())
            for record in found["items"]:
                file.write(orjson.dumps(record))
                file.write(b"\n")
            count += len(found["items"])
            after = found["next"]
            if not after:
                return count


async def slow(session: aiohttp.ClientSession, address: str) -> int:
    """Find the person and ask nine endpoints: two steps of 50 ms."""

    async def get(path: str) -> dict[str, object]:
        async with session.get(f"{address}/v1/slow/{path}") as answer:
            return orjson.loads(await answer.read())

    await asyncio.gather(get("me"), get("people/ada"))
    await asyncio.gather(*(get(f"e{number}") for number in range(9)))
    return 9


async def measure(kind: str, pages: int, address: str, out: Path) -> dict[str, float]:
    """Do the work once."""
    wall, cpu = time.perf_counter(), time.process_time()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t"}) as session:
        if kind == "slow":
            count = await slow(session, address)
        else:
            parts = "ab" if kind == "overlap" else "a"
            count = sum(await asyncio.gather(*(chain(session, address, pages, out, part) for part in parts)))
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "records": count}


if __name__ == "__main__":
    kind_, pages_, address_, out_, times_ = sys.argv[1:]
    for _ in range(int(times_)):
        print(json.dumps(asyncio.run(measure(kind_, int(pages_), address_, Path(out_) / "run"))), flush=True)
        (Path(out_) / "run").unlink(missing_ok=True)
