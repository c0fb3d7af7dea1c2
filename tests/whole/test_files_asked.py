"""Files are asked for as everything is: with a credential that is kept alive, in the vendor's limits, a few at once."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from aiohttp import web

from engine.connection.keeper import Fixed
from engine.core.oauth import NotRenewed, Renewed
from engine.core.retry import REFUSED
from engine.errors import Exit
from engine.language.model.units import Rate
from engine.net.limiter import Limiter
from engine.net.transport import Credential
from engine.replaced import replace
from engine.runner.files import MOST_AT_ONCE
from tests.core.specs import HEAD, vendor
from tests.whole.runs import fast_clock, fetch, make_run
from tests.whole.test_files import BYTES, LIST, lines, record


class Renewing(Fixed):
    """Credentials that are renewed by number, as often as a test allows."""

    granted = None
    refused = REFUSED

    def __init__(self, most: int) -> None:
        self.most, self.count, self.soon = most, 0, False
        self.transport = None

    def due(self):
        return self.soon

    async def refresh(self):
        self.soon = False
        if self.count == self.most:
            return NotRenewed("the vendor has ended this connection", dead=True)
        self.count += 1
        self.transport.credential = Credential((("Authorization", f"Bearer t{self.count}"),))
        return Renewed(asked=True)


async def with_renewals(address, tmp_path, credentials, **options):
    run, transport = make_run(address, "t0", "a@x.io", tmp_path, spec=vendor(LIST), files=True, credentials=credentials, **options)
    credentials.transport = transport
    async with transport:
        return await run.run()


async def test_a_token_that_ends_among_the_files_is_renewed_once_for_all(acme, tmp_path):
    """Twenty files and one renewal; the run is whole."""

    def file(request):
        fresh = request.headers["Authorization"] == "Bearer t1"
        return web.Response(body=BYTES) if fresh else web.Response(status=401)

    address, _ = await acme([record(*((str(number), 16384) for number in range(20)))], file)
    credentials = Renewing(9)
    report = await with_renewals(address, tmp_path, credentials)
    assert (report.exit_code, credentials.count) == (Exit.COMPLETE, 1)


@pytest.mark.parametrize(("most", "words"), [(0, "the vendor has ended this connection"), (9, "the vendor refuses the credential")])
async def test_refused_files_cost_themselves_only(most, words, acme, tmp_path):
    """One renewal is tried for all of them, whether it is had or not, and no endpoint ends by it."""

    def file(request):
        return web.Response(status=401) if int(request.path[3:]) % 2 else web.Response(body=BYTES)

    address, _ = await acme([record(*((str(number), 16384) for number in range(20)))], file)
    credentials = Renewing(most)
    report = await with_renewals(address, tmp_path, credentials)
    assert (report.exit_code, credentials.count) == (Exit.INCOMPLETE, min(most, 1))
    (entry,) = report.entries
    assert entry.reason == f"10 of 20 files failed: {words}"
    assert entry.files["downloaded"] == 10


async def test_storage_that_refuses_costs_no_renewal(acme, tmp_path):
    """The credential was not shown there, so a newer one would not help."""
    seen: list[bool] = []

    def file(request):
        seen.append("Authorization" in request.headers)
        return web.Response(status=401)

    items: list[object] = []
    address, _ = await acme(items, file)
    items.append({"id": 1, "files": [{"url": address.replace("127.0.0.1", "localhost") + "/f/a"}]})
    credentials = Renewing(9)
    report = await with_renewals(address, tmp_path, credentials)
    assert (report.entries[0].reason, seen, credentials.count) == ("1 of 1 files failed: HTTP 401", [False], 0)


async def test_a_credential_that_is_due_is_renewed_before_a_file_is_asked_for(acme, tmp_path):
    """No file is asked for with a token that is about to end."""

    def file(request):
        assert request.headers["Authorization"] == "Bearer t1"
        return web.Response(body=BYTES)

    class Due(Renewing):
        def due(self):
            return self.count == 0 and any("/list" in one for one in asked)

    credentials = Due(9)
    address, asked = await acme([record(("a", 16384))], file)
    report = await with_renewals(address, tmp_path, credentials)
    assert (report.exit_code, credentials.count) == (Exit.COMPLETE, 1)


class Noting(Limiter):
    """A limiter that notes who asks."""

    def __init__(self) -> None:
        super().__init__({"calls": (Rate(1000, 1.0),)}, 0.75)
        self.lines: list[str] = []
        self.holds: list[str | None] = []

    def slot(self, bucket, line, person=None):
        self.lines.append(line)
        return super().slot(bucket, line, person)

    def hold(self, bucket, until, line=None):
        self.holds.append(bucket)
        super().hold(bucket, asyncio.get_running_loop().time(), line)


@pytest.mark.parametrize(("folder", "limited"), [("https://api.acme.example/v1/f/", True), ("https://api.acme.example/v10/f/", False)])
async def test_files_of_the_api_draw_on_its_limit_and_files_of_storage_do_not(folder, limited, acme, tmp_path):
    """A 429 there holds all of the bucket, elsewhere it is waited for alone."""
    seen: list[str] = []
    waits: list[float] = []

    def file(request):
        seen.append(request.path)
        return web.Response(body=BYTES) if len(seen) > 1 else web.Response(status=429, headers={"Retry-After": "7"})

    async def sleep(seconds):
        waits.append(seconds)

    address, _ = await acme([{"id": 1, "files": [{"url": folder + "a"}]}], file)
    limiter = Noting()
    spec = vendor(LIST)
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=spec, files=True, limiter=limiter, clock=replace(fast_clock(), sleep=sleep))
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert limiter.lines.count("GET /p/<USER_ID>/list") == (3 if limited else 1)
    assert len(limiter.holds) == (1 if limited else 0)
    assert [round(one) for one in waits] == ([] if limited else [7])


async def test_a_file_that_fails_is_waited_for_alone(acme, tmp_path):
    """Below the API too: a failure is no limit, and holds nobody else."""
    seen: list[str] = []
    waits: list[float] = []

    def file(request):
        seen.append(request.path)
        return web.Response(body=BYTES) if len(seen) > 1 else web.Response(status=503, headers={"Retry-After": "7"})

    async def sleep(seconds):
        waits.append(seconds)

    address, _ = await acme([{"id": 1, "files": [{"url": "https://api.acme.example/v1/f/a"}]}], file)
    limiter = Noting()
    clock = replace(fast_clock(), sleep=sleep)
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True, limiter=limiter, clock=clock)
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert (limiter.holds, [round(one) for one in waits]) == ([], [7])


@pytest.mark.parametrize("host", ["acme.example", "localhost"])
async def test_files_of_other_hosts_never_draw_on_the_limit(host, acme, tmp_path):
    """Though their paths are those of the API: another host of the vendor, which gets the credential, and a foreign one, which does not."""
    seen: list[bool] = []
    waits: list[float] = []

    def file(request):
        seen.append("Authorization" in request.headers)
        return web.Response(body=BYTES) if len(seen) > 1 else web.Response(status=429, headers={"Retry-After": "7"})

    async def sleep(seconds):
        waits.append(seconds)

    items: list[object] = []
    address, _ = await acme(items, file)
    base = address.replace("127.0.0.1", host) if host == "localhost" else f"https://{host}"
    items.append({"id": 1, "files": [{"url": f"{base}/v1/f/a"}]})
    limiter = Noting()
    clock = replace(fast_clock(), sleep=sleep)
    spec = vendor(LIST, HEAD.replace("hosts: [", "hosts: [acme.example, "))
    report = await fetch(address, "t", "a@x.io", tmp_path, spec=spec, files=True, limiter=limiter, clock=clock)
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert seen == [host != "localhost"] * 2
    assert (limiter.lines.count("GET /p/<USER_ID>/list"), limiter.holds, [round(one) for one in waits]) == (1, [], [7])


async def test_an_interrupt_among_the_files_keeps_those_that_arrived(acme, tmp_path):
    """The endpoint is partial, the records are whole, every file that is named is there, and no part stays."""
    runs = []

    async def file(request):
        if request.path.endswith("stop"):
            runs[0].interrupt(Exit.INTERRUPTED)
            await asyncio.Event().wait()
        return web.Response(body=BYTES)

    address, _ = await acme([record(("a", 16384), number=1), record(("stop", 16384), ("b", 16384), number=2)], file)
    run, transport = make_run(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
    runs.append(run)
    async with transport:
        report = await asyncio.wait_for(run.run(), 60)
    (entry,) = report.entries
    assert (report.exit_code, str(entry.outcome), entry.reason) == (Exit.INTERRUPTED, "partial", "interrupted")
    assert (entry.tally.records, entry.files["found"]) == (2, 3)
    kept = tmp_path / "acme"
    told = lines(tmp_path)
    assert len(told) == entry.files["downloaded"] < 3
    assert all((kept / one["file"]).stat().st_size == one["bytes"] for one in told)
    assert not list(kept.rglob("*.part"))


async def test_files_at_once_are_bounded(acme, tmp_path):
    """Ten lists of files never have more than sixteen under way, and no fewer while there are more."""
    now, most, many = 0, 0, asyncio.Event()

    async def file(request):
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == MOST_AT_ONCE:
            for _ in range(500):
                await asyncio.sleep(0)
            many.set()
        await many.wait()
        now -= 1
        return web.Response(body=BYTES)

    address, _ = await acme([record(*((str(number), 16384) for number in range(12)))], file)
    spec = vendor("".join(LIST.replace("it:", f"e{number}:") for number in range(10)))
    report = await asyncio.wait_for(fetch(address, "t", "a@x.io", tmp_path, spec=spec, files=True), 60)
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert most == MOST_AT_ONCE


async def test_a_large_file_is_never_held_in_memory(acme, tmp_path):
    """64 MiB pass through a few."""

    async def file(request):
        answer = web.StreamResponse(headers={"Content-Length": str(2**26)})
        await answer.prepare(request)
        for _ in range(2**10):
            await answer.write(b"x" * 2**16)
        return answer

    address, _ = await acme([record(("a", 2**26))], file)
    tracemalloc.start()
    try:
        report = await fetch(address, "t", "a@x.io", tmp_path, spec=vendor(LIST), files=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert peak < 16 * 2**20
