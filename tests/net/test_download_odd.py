"""Downloads in hard conditions: refused credentials, waits, encodings nobody asked for, lost confirmations, a cancellation."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import threading

import pytest

from engine.core.retry import Patience
from engine.errors import DiskError
from engine.net.download import download
from engine.net.hosts import Hosts
from engine.net.partial_file import Downloaded, NoFile
from engine.net.transport import Limits, Transport
from tests.net.servers import answer, saying, serving
from tests.net.test_download import HALF, URL, WHOLE, Alone, cut, fetch, rest
from tests.net.test_transport import ACME, BEARER


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_wait_that_the_vendor_names_is_kept(status, tmp_path):
    """Retry-After goes before our own patience; a longer one than that ends the file at once."""
    async with serving(saying(answer(status, Retry_After="30"), answer(body=WHOLE))) as server:
        found, run = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert [30 <= one < 31 for one in run.waits] == [True]
    async with serving(saying(answer(status, Retry_After="3600"))) as server:
        found, run = await fetch(server.address, tmp_path)
    assert isinstance(found, NoFile)
    assert (run.waits, len(server.heads)) == ([], 1)


async def test_waiting_has_an_end(tmp_path):
    """A vendor that always says "in five minutes" is left after the patience of a run."""
    async with serving(saying(answer("429 Too Many Requests", Retry_After="300"))) as server:
        found, run = await fetch(server.address, tmp_path, run=Alone(patience=Patience(total=900)))
    assert isinstance(found, NoFile)
    assert "limit" in found.words
    assert sum(run.waits) <= 900
    assert 2 <= len(run.waits) <= 3


async def test_leave_to_ask_is_given_back_before_the_file_streams(tmp_path):
    """A file of an hour keeps nobody from asking; every question of the vendor needs leave, redirects too."""
    run, during = Alone(), []

    async def respond(head, writer):
        if b"GET /rec/1 " in head:
            during.append(run.under_way)
            writer.write(answer("302 Found", Location="/rec/2"))
            return
        during.append(run.under_way)
        writer.write(cut())
        await writer.drain()
        while run.under_way:
            await asyncio.sleep(0)
        during.append(run.under_way)
        writer.write(WHOLE[HALF:])

    async with serving(respond) as server:
        found, _ = await fetch(server.address, tmp_path, run=run)
    assert isinstance(found, Downloaded)
    assert (during, run.left) == ([1, 1, 0], 2)


@pytest.mark.parametrize("name", ["gzip", "GZIP"])
async def test_an_encoding_nobody_asked_for_is_undone_and_counted_decoded(name, tmp_path):
    """The size of the file is that of its own bytes, not of those on the wire."""
    async with serving(saying(answer(body=gzip.compress(WHOLE), Content_Encoding=name, ETag='"v1"'))) as server:
        found, run = await fetch(server.address, tmp_path, size=len(WHOLE))
    assert isinstance(found, Downloaded)
    assert (found.path.read_bytes(), found.doubt, run.waits) == (WHOLE, None, [])
    assert found.sha256 == hashlib.sha256(WHOLE).hexdigest()


async def test_an_encoded_file_is_never_resumed_by_parts(tmp_path):
    """Its bytes on the wire are not those on the disk: it begins anew, and an encoded part is not joined to a plain one."""
    packed = gzip.compress(os.urandom(20000))
    broken = answer(body=packed[:9000], Content_Encoding="gzip", Content_Length=str(len(packed)), ETag='"v1"')
    async with serving(saying(broken, answer(body=WHOLE))) as server:
        found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE
    assert b"Range:" not in server.heads[1]
    part = rest(body=gzip.compress(b"y" * HALF)).replace(b"ETag", b"Content-Encoding: gzip\r\nETag")
    async with serving(saying(cut(ETag='"v1"'), part, answer(body=WHOLE))) as server:
        found, _ = await fetch(server.address, tmp_path / "..")
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE


def unconfirmed() -> bytes:
    """A whole file in one chunk, without the last chunk that says so."""
    head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "v1"\r\n\r\n'
    return head.encode() + f"{len(WHOLE):x}\r\n".encode() + WHOLE + b"\r\n"


async def test_a_file_that_was_whole_before_its_end_was_confirmed_is_whole(tmp_path):
    """A 416 that names our very size says that nothing is left."""
    whole = answer("416 Range Not Satisfiable", b"", Content_Range=f"bytes */{len(WHOLE)}")
    async with serving(saying(unconfirmed(), whole)) as server:
        found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert (found.path.read_bytes(), found.sha256) == (WHOLE, hashlib.sha256(WHOLE).hexdigest())
    assert len(server.heads) == 2


@pytest.mark.parametrize("told", ["bytes */99", "bytes */²", "x"])
async def test_a_416_of_another_size_begins_the_file_anew(told, tmp_path):
    """What we have is not the file that is there now; a 416 to a plain question is final."""
    other = answer("416 Range Not Satisfiable", b"", Content_Range=told)
    async with serving(saying(unconfirmed(), other, answer(body=WHOLE[:HALF]))) as server:
        found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE[:HALF]
    assert found.sha256 == hashlib.sha256(WHOLE[:HALF]).hexdigest()
    async with serving(saying(other)) as server:
        assert (await fetch(server.address, tmp_path))[0] == NoFile("HTTP 416")


async def test_a_refused_credential_is_renewed_once_for_the_vendor_only(tmp_path):
    """After a 401 the file is asked for again with a newer one; still refused it failed; storage elsewhere gets no second question."""
    refused = answer("401 Unauthorized")
    async with serving(saying(refused, answer(body=WHOLE))) as server:
        found, run = await fetch(server.address, tmp_path, run=Alone(None))
    assert isinstance(found, Downloaded)
    assert (run.renewed, run.waits) == ([0], [])
    async with serving(saying(refused)) as server:
        found, run = await fetch(server.address, tmp_path, run=Alone(None))
        assert (found, run.renewed, len(server.heads)) == (NoFile("the vendor refuses the credential"), [0], 2)
        found, run = await fetch(server.address, tmp_path, url=f"http://localhost:{server.port}/x", run=Alone(None))
        assert (found, run.renewed, len(server.heads), run.left) == (NoFile("HTTP 401"), [], 3, 0)


async def test_a_long_file_survives_the_life_of_several_tokens(tmp_path):
    """Renewed once for each stretch of bytes, it goes on where it was."""
    refused = answer("401 Unauthorized")
    third = len(WHOLE) // 4
    more = answer(
        "206 Partial Content",
        WHOLE[HALF : HALF + third],
        Content_Length=str(HALF),
        Content_Range=f"bytes {HALF}-{len(WHOLE) - 1}/{len(WHOLE)}",
    )
    last = answer(
        "206 Partial Content", WHOLE[HALF + third :], Content_Range=f"bytes {HALF + third}-{len(WHOLE) - 1}/{len(WHOLE)}", ETag='"v1"'
    )
    async with serving(saying(cut(ETag='"v1"'), refused, more, refused, last)) as server:
        found, run = await fetch(server.address, tmp_path, run=Alone(None, None))
    assert isinstance(found, Downloaded)
    assert (found.path.read_bytes(), run.renewed) == (WHOLE, [0, 1])


async def test_nothing_is_asked_with_a_credential_that_has_ended(tmp_path):
    """Storage elsewhere is asked all the same: its links need none."""
    run = Alone()
    run.end = "the vendor has ended this connection"
    async with serving(saying(answer(body=WHOLE))) as server:
        found, _ = await fetch(server.address, tmp_path, run=run)
        assert (found, server.heads) == (NoFile("the vendor has ended this connection"), [])
        found, _ = await fetch(server.address, tmp_path, url=f"http://localhost:{server.port}/x", run=run)
    assert isinstance(found, Downloaded)


@pytest.mark.parametrize("full", [False, True])
async def test_a_cancelled_download_waits_for_its_last_write(full, monkeypatch, tmp_path):
    """Nothing is written to a number that may be another file's by then, and no part stays."""
    begun, go_on, closed = threading.Event(), threading.Event(), []
    write, close = os.write, os.close

    def slow(file, data):
        begun.set()
        assert go_on.wait(60)
        assert file not in closed
        if full:
            raise OSError(28, "no")
        return write(file, data)

    async with (
        serving(saying(answer(body=WHOLE))) as server,
        Transport(Hosts(ACME, server.address), BEARER, Limits()) as transport,
    ):
        task = asyncio.create_task(download(transport, Alone(), URL, tmp_path / "1-1"))
        with monkeypatch.context() as patch:
            patch.setattr("engine.net.partial_file.os.write", slow)
            patch.setattr("engine.net.partial_file.os.close", lambda file: (closed.append(file), close(file)))
            assert await asyncio.to_thread(begun.wait, 10)
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0)
            assert not task.done()
            go_on.set()
            with pytest.raises((asyncio.CancelledError, DiskError)):
                await task
    assert closed
    assert list(tmp_path.iterdir()) == []
