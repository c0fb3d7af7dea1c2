"""One run of the engine against the bench's vendor, measured from inside: CPU, wall, peak memory. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import sys
import time
from pathlib import Path

from engine.connection.keeper import Fixed
from engine.core.identity import identify
from engine.core.selection import choose
from engine.language.load import load
from engine.net.clock import wall_clock
from engine.net.hosts import Hosts
from engine.net.limiter import limiter_of
from engine.net.transport import Credential, Transport
from engine.runner import Run, RunOptions, Session

HEAD = """
spec: 1
vendor: bench
base_url: https://vendor.example/v1
hosts: [vendor.example]
auth: {{oauth2: {{authorization_url: https://vendor.example/a, token_url: https://vendor.example/t}}}}
verify: {{get: {prefix}/me}}
rate_limits: {{n: 100/s}}
access:
  lookup: {{get: {prefix}/people/<EMAIL>, match: email, capture: {{USER_ID: id}}}}
  endpoints:
"""
PLAIN = "get: /list, records: items, key: uuid, pagination: {cursor: next, param: after}"
LIST = "get: /list, records: items, key: uuid, pagination: {cursor: next, param: after, total: total}"
ENDPOINTS = {
    "chain": "    it: {%s, params: {pages: %d}}\n",
    "total": "    it: {%s, params: {pages: %d}}\n",
    "overlap": "    it: {%s, params: {pages: %d, part: <FROM.date>, to: <TO.date>}, window: {step: 1d, since: 1d}}\n",
    "echo": '    it: {%s, params: {pages: %d}, echo: {"items[].host_id": <USER_ID>}}\n',
}
SLOW = "".join(f"    e{number}: {{get: /slow/e{number}, params: {{of: <USER_ID>}}, records: items}}\n" for number in range(9))
LIMITED = "    it: {get: /limited, params: {from: <FROM>, to: <TO>}, window: {step: 1d, since: %dd}, records: items, bucket: n}\n"


def spec(kind: str, number: int) -> bytes:
    """Write the spec of one measurement."""
    if kind == "slow":
        return (HEAD.format(prefix="/slow") + SLOW).encode()
    head = HEAD.format(prefix="")
    return (head + (LIMITED % number if kind == "limited" else ENDPOINTS[kind] % (PLAIN if kind == "chain" else LIST, number))).encode()


async def measure(kind: str, number: int, address: str, out: Path) -> dict[str, float]:
    """Run once."""
    vendor = load(spec(kind, number), "bench.yaml")
    clock = wall_clock()
    limiter = limiter_of(vendor)
    wall, cpu = time.perf_counter(), time.process_time()
    async with Transport(Hosts(vendor.hosts, address), Credential((("Authorization", "Bearer t"),))) as transport:
        session = Session(vendor=vendor, network=transport, credentials=Fixed(), limiter=limiter, clock=clock, alone=True)
        options = RunOptions(selection=choose(vendor.endpoints, (), ()))
        report = await Run(session, {"EMAIL": identify("email", "ada@example.com")}, options, out).run()
    assert report.exit_code == 0, [(one.name, one.reason) for one in report.entries if one.reason]
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "records": sum(one.tally.records for one in report.entries),
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    kind_, number_, address_, out_, times_ = sys.argv[1:]
    for _ in range(int(times_)):
        print(json.dumps(asyncio.run(measure(kind_, int(number_), address_, Path(out_) / "run"))), flush=True)
        shutil.rmtree(Path(out_) / "run")
