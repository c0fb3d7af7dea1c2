"""What it costs that a run can go on after a break: the lines that end lists and the manifest's head, and going on with a long run.

Counted is all that makes these lines: their digests, their text. Not counted is the write, which the page's own line needs in any case, and the
clock's two looks beside each line are (0.01 ms a person). It is measured in the run, where each line finds the processor's caches emptied by the
list before it; one directly after the other they cost half.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from engine import sink
from engine.connection.keeper import Fixed
from engine.core.http import HttpRequest, Response
from engine.core.identity import identify
from engine.language.effective import Vendor
from engine.language.load import load
from engine.net.clock import wall_clock
from engine.net.limiter import limiter_of
from engine.runner import Run, RunOptions, Session
from engine.runner.interface import Earlier
from engine.runner.store import ChainStore

PEOPLE = 150
SPEC = """
spec: 1
vendor: bench
base_url: https://vendor.example/v1
hosts: [vendor.example]
auth: {oauth2: {authorization_url: https://vendor.example/a, token_url: https://vendor.example/t}}
verify: {get: /me}
pagination: {cursor: next, param: after, total: total}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
"""
PERSON = "".join(
    f"    e{number}: {{get: /e{number}, params: {{of: <USER_ID>, from: <FROM.date>, to: <TO.date>}}, window: {{step: 30d, since: 59d}}, records: items}}\n"
    for number in range(19)
)
LONG = "    it: {get: /long, params: {of: <USER_ID>, from: <FROM.date>, to: <TO.date>}, window: {step: 1d, since: 59d}, records: items}\n"
RECORD = b'{"id":"%06d","topic":"Quarterly budget, part two","start_time":"2026-01-31T12:00:00Z","duration":45,"host":"u1","note":"%s"}'


class Vendorish:
    """Answers in memory: `pages` of `records` each list; tells when it was asked first."""

    simulated = True

    def __init__(self, pages: int, records: int) -> None:
        """Nothing was asked."""
        self.pages, self.records, self.first = pages, records, 0.0

    async def send(self, request: HttpRequest) -> Response:
        """Answer."""
        self.first = self.first or time.perf_counter()
        if "/people/" in request.url or request.url.endswith("/me"):
            return Response(200, {}, b'{"id":"u1","email":"ada@x.io"}')
        at = int(request.url.partition("after=")[2] or "1")
        note = request.url.partition("from=")[2][:10].encode() * 12
        items = b",".join(RECORD % (number, note) for number in range(self.records * (at - 1), self.records * at))
        more = b"null" if at == self.pages else b'"%d"' % (at + 1)
        return Response(200, {}, b'{"items":[%s],"next":%s,"total":%d}' % (items, more, self.pages * self.records))


def _run(vendor: Vendor, network: Vendorish, out: Path, earlier: Earlier | None = None) -> Run:
    session = Session(vendor=vendor, network=network, credentials=Fixed(), limiter=limiter_of(vendor), clock=wall_clock())
    options = RunOptions(digest={"email": "0" * 32}, key_id="0" * 16, chain_key=b"bench")
    return Run(session, {"EMAIL": identify("email", "ada@x.io")}, options, out, earlier)


@contextmanager
def _counted() -> Iterator[list[float]]:
    """Count the seconds that go into what lets a run go on."""
    spent = [0.0]

    def timed(call: Callable[..., object]) -> Callable[..., object]:
        def calling(*given: object) -> object:
            began = time.perf_counter()
            try:
                return call(*given)
            finally:
                spent[0] += time.perf_counter() - began

        return calling

    as_text = sink._as_text  # noqa: SLF001  making the file itself is the file system's affair, as of the other forty
    head = timed(as_text)

    def text(content: Mapping[str, object]) -> object:
        return head(content) if content["finished"] is None else as_text(content)  # the manifest at the end is there in any case

    with mock.patch.object(ChainStore, "log", timed(ChainStore.log)), mock.patch.object(sink, "_as_text", text):
        yield spent


def per_person() -> tuple[float, float]:
    """Give the milliseconds that it takes of a person's CPU, and all of that person's: 38 lists in 19 endpoints, the look-up, `verify`.

    The least of many people: what else runs on the machine only adds.
    """
    vendor = load((SPEC + PERSON).encode(), "bench.yaml")
    ours, whole = [], []

    async def fetch(out: Path) -> None:
        for number in range(PEOPLE):
            with _counted() as spent:
                began = time.process_time()
                await _run(vendor, Vendorish(1, 3), out / str(number)).run()
                whole.append((time.process_time() - began) * 1000)
            ours.append(spent[0] * 1000)

    with tempfile.TemporaryDirectory() as out:
        asyncio.run(fetch(Path(out)))
    return min(ours), min(whole)


def going_on() -> tuple[float, float]:
    """Give the seconds until the first request of a run of 240 pages that goes on, and the CPU seconds of taking all of them over."""
    vendor = load((SPEC + LONG).encode(), "bench.yaml")
    with tempfile.TemporaryDirectory() as out:
        report = asyncio.run(_run(vendor, Vendorish(4, 300), Path(out)).run())
        assert report.endpoints["it"].tally.pages == 240, report.endpoints["it"].tally
        started = datetime.fromisoformat(str(report.manifest["started"])).astimezone(UTC)
        network = Vendorish(4, 300)
        began, cpu = time.perf_counter(), time.process_time()
        again = asyncio.run(_run(vendor, network, Path(out), Earlier(report.folder, started)).run())
        assert again.kept == {"it": (60, 60)}, again.kept
        return network.first - began, time.process_time() - cpu
