"""Files to disk: whole or named as missing, resumed where they broke off, the credential kept from others."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from engine.core.file_check import A_WEB_PAGE, ANOTHER_SIZE
from engine.core.retry import Patience, decide
from engine.core.vendor_address import file_standing
from engine.errors import DiskError
from engine.net.download import download
from engine.net.hosts import Hosts
from engine.net.partial_file import Downloaded, NoFile
from engine.net.transport import Limits, Transport
from tests.net.servers import answer, saying, serving
from tests.net.test_transport import ACME, BEARER, SECRET

URL = "https://api.acme.example/rec/1"
WHOLE = bytes(range(256)) * 40
HALF = len(WHOLE) // 2


class Alone:
    """What a download needs of a run: it waits in no time, and notes what it was asked."""

    def __init__(self, *renewals: str | None, patience: Patience | None = None) -> None:
        self.renewals, self.patience = list(renewals), patience or Patience()
        self.waits: list[float] = []
        self.renewed: list[int] = []
        self.under_way = self.left = 0
        self.end: str | None = None
        self.own: dict[str, str] = {}

    def closed(self):
        return self.end

    @asynccontextmanager
    async def leave(self, url):
        self.left += 1
        self.under_way += 1
        try:
            yield len(self.renewed)
        finally:
            self.under_way -= 1

    def judge(self, tried, answer, *, own):
        refused = getattr(answer, "status", None) == 401 and not own
        return decide(tried, answer, "failed" if refused else None, datetime.now(UTC), 0.5, self.patience)

    async def wait(self, url, wait):
        self.waits.append(wait.seconds)

    def whose(self, first, url):
        return file_standing(self.own, "exact", first, url)

    async def renew(self, generation):
        self.renewed.append(generation)
        return self.renewals.pop(0) if self.renewals else "it cannot be renewed"


async def fetch(at: str, folder, url: str = URL, run: Alone | None = None, size: int | None = None) -> tuple[Downloaded | NoFile, Alone]:
    run = run or Alone()
    async with Transport(Hosts(ACME, at), BEARER, Limits(read=1.0)) as transport:
        return await download(transport, run, url, folder / "1-1", size), run


def cut(**headers: str) -> bytes:
    return answer(body=WHOLE[:HALF], **{**headers, "Content_Length": str(len(WHOLE))})


def rest(start: int = HALF, total: str = str(len(WHOLE)), body: bytes = WHOLE[HALF:]) -> bytes:
    return answer("206 Partial Content", body, Content_Range=f"bytes {start}-{len(WHOLE) - 1}/{total}", ETag='"v1"')


async def test_a_file_arrives_whole_with_its_size_and_digest(tmp_path):
    """Its ending is told by its type, its name by nobody, and only its owner may read it."""
    async with serving(saying(answer(body=WHOLE, Content_Type="audio/mp4"))) as server:
        found, run = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert (found.size, found.sha256, found.path.name, run.waits) == (len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), "1-1.m4a", [])
    assert found.path.read_bytes() == WHOLE
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() in server.heads[0]
    assert b"Accept-Encoding: identity" in server.heads[0]


@pytest.mark.parametrize(
    ("first", "validator"),
    [
        (cut(ETag='"v1"'), b'"v1"'),
        (cut(ETag='W/"v1"', Last_Modified="Tue, 24 Nov 2026 08:00:00 GMT"), b"Tue, 24 Nov 2026 08:00:00 GMT"),
    ],
)
async def test_a_file_is_resumed_where_it_broke_off(first, validator, tmp_path):
    """By Range, on the condition that it is the same file still."""
    async with serving(saying(first, rest())) as server:
        found, run = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE
    assert f"Range: bytes={HALF}-\r\n".encode() in server.heads[1]
    assert b"If-Range: " + validator in server.heads[1]
    assert len(run.waits) == 1
    assert found.sha256 == hashlib.sha256(WHOLE).hexdigest()


@pytest.mark.parametrize(
    "answers",
    [
        (cut(), answer(body=WHOLE)),
        (cut(ETag='"v1"'), answer(body=WHOLE, ETag='"v2"')),
        (cut(ETag='"v1"'), rest(start=HALF + 1), answer(body=WHOLE)),
        (
            cut(ETag='"v1"'),
            answer("206 Partial Content", WHOLE[:HALF], Content_Range=f"bytes 0-{HALF - 1}/{len(WHOLE)}"),
            answer(body=WHOLE),
        ),
        (cut(ETag='"v1"'), answer("206 Partial Content", b"x"), answer(body=WHOLE)),
        (cut(ETag='"v1"'), rest(body=b"y" * HALF).replace(b'"v1"', b'"v2"'), answer(body=WHOLE)),
        (cut(ETag='"v1"'), rest(total="*")),
        (answer("503 Service Unavailable"), answer("429 Too Many Requests"), answer(body=WHOLE)),
        (b"", answer(body=WHOLE)),
    ],
    ids=[
        "no validator",
        "another file",
        "another part",
        "the first part again",
        "no part",
        "a part of another file",
        "unknown length",
        "passing errors",
        "closed",
    ],
)
async def test_whatever_happens_on_the_way_the_file_is_the_right_one(answers, tmp_path):
    """No part is ever joined to a part of something else."""
    async with serving(saying(*answers)) as server:
        found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE
    assert [one.name for one in tmp_path.iterdir()] == [found.path.name]


@pytest.mark.parametrize(
    ("reply", "words", "requests"),
    [
        (answer("404 Not Found"), "HTTP 404", 1),
        (answer("401 Unauthorized"), "it cannot be renewed", 1),
        (answer("500 Oops"), "HTTP 500, 6 times", 6),
        (cut(), "cut short, 6 times", 6),
        (answer("302 Found", Location="/rec/1"), "redirected more than 5 times", 6),
        (answer("302 Found", Location="https://10.0.0.1/x"), "private", 1),
        (answer("302 Found", Location="http://files.example/x"), "https", 1),
        (answer("302 Found", Location="https://user:pw@files.example/x"), "", 1),
        (answer("302 Found", Location="https://cdn.example/x"), "elsewhere was given (cdn.example), and nothing but a simulator", 1),
    ],
)
async def test_a_file_that_cannot_be_had_is_said_in_words_and_leaves_nothing(reply, words, requests, tmp_path):
    """What is final is asked once, what may pass six times; no half file stays."""
    async with serving(saying(reply)) as server:
        found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, NoFile)
    assert words in found.words
    assert "rec/1" not in found.words
    assert "invalid" not in found.words
    assert len(server.heads) == requests
    assert list(tmp_path.iterdir()) == []


async def test_a_host_whose_name_is_not_found_is_looked_for_again(tmp_path):
    """It may be found the next time; no half file stays."""
    run = Alone()
    async with Transport(Hosts(ACME), BEARER, Limits(read=1.0)) as transport:
        found = await download(transport, run, "https://nowhere.invalid/x", tmp_path / "1-1")
    assert isinstance(found, NoFile)
    assert "could not be found" in found.words
    assert "invalid" not in found.words
    assert len(run.waits) == 5
    assert list(tmp_path.iterdir()) == []


async def test_storage_elsewhere_sees_neither_credential_nor_cookie(tmp_path):
    """A signed link is enough; the way back to the vendor carries the credential again."""
    async with serving(saying(answer(body=WHOLE))) as storage:
        away = storage.address.replace("127.0.0.1", "localhost") + "/signed?sig=a%2Fb"
        async with serving(saying(answer("302 Found", Location=away, Set_Cookie="a=b"))) as server:
            found, _ = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert storage.heads[0].startswith(b"GET /signed?sig=a%2Fb HTTP/1.1")
    assert b"authorization" not in storage.heads[0].lower()
    assert b"cookie" not in storage.heads[0].lower()


async def test_a_file_address_outside_the_vendor_is_fetched_without_the_credential(tmp_path):
    """The address in a record may lie anywhere public."""
    async with serving(saying(answer(body=WHOLE))) as storage, serving(saying(answer())) as server:
        found, _ = await fetch(server.address, tmp_path, f"http://localhost:{storage.port}/x")
    assert isinstance(found, Downloaded)
    assert b"authorization" not in storage.heads[0].lower()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("call", ["write", "open"])
async def test_a_full_disk_is_no_fault_of_the_file(code, call, monkeypatch, tmp_path):
    """It ends the run with its own error, and is not tried again."""
    real = getattr(os, call)

    def full(*arguments, **options):
        if call == "write" or str(arguments[0]).endswith(".part"):
            raise OSError(code, "no")
        return real(*arguments, **options)

    async with serving(saying(answer(body=WHOLE))) as server:
        monkeypatch.setattr(os, call, full)
        with pytest.raises(DiskError):
            await fetch(server.address, tmp_path)
    assert len(server.heads) == 1


@pytest.mark.parametrize(("size", "doubt"), [(None, None), (len(WHOLE), None), (len(WHOLE) + 1, ANOTHER_SIZE), (0, ANOTHER_SIZE)])
async def test_a_file_of_another_size_than_announced_is_kept_and_doubted(size, doubt, tmp_path):
    """The bytes are what the vendor gave; that they are the file is not claimed."""
    async with serving(saying(answer(body=WHOLE))) as server:
        found, _ = await fetch(server.address, tmp_path, size=size)
    assert isinstance(found, Downloaded)
    assert (found.doubt, found.size, found.path.read_bytes()) == (doubt, len(WHOLE), WHOLE)
    assert len(server.heads) == 1


@pytest.mark.parametrize(("size", "page"), [(None, True), (16384, True), (29, False)])
async def test_a_web_page_is_a_file_only_where_its_announced_size_confirms_it(size, page, tmp_path):
    """A sign-in page with status 200 is no recording."""
    async with serving(saying(answer(body=b"<html>Please sign in</html>\r\n", Content_Type="text/html; charset=utf-8"))) as server:
        found, _ = await fetch(server.address, tmp_path, size=size)
    assert isinstance(found, NoFile if page else Downloaded)
    assert list(tmp_path.iterdir()) == ([] if isinstance(found, NoFile) else [found.path])
    assert not page or found == NoFile(A_WEB_PAGE)
    assert len(server.heads) == 1


async def test_a_long_file_takes_its_time_and_a_silent_one_does_not(tmp_path):
    """No limit for the whole of a download, only for the next bytes; a page of records keeps its limit."""
    async with (
        serving(saying(answer(body=WHOLE))) as server,
        Transport(Hosts(ACME, server.address), BEARER, Limits(total=1e-6)) as transport,
    ):
        found = await download(transport, Alone(), URL, tmp_path / "1-1")
        assert isinstance(found, Downloaded)
        assert found.path.read_bytes() == WHOLE

    async def silent(head, writer):
        writer.write(cut())
        await writer.drain()
        await asyncio.Event().wait()

    async with serving(silent) as server, Transport(Hosts(ACME, server.address), BEARER, Limits(read=0.05)) as transport:
        found = await download(transport, Alone(), URL, tmp_path / "1-2")
    assert found == NoFile("no answer in time, 6 times")


async def test_tries_count_anew_with_every_new_byte(tmp_path):
    """A file that breaks off twenty times and gets on each time arrives; one that never gets on is given up."""

    async def breaking(head, writer):
        start = int(head.partition(b"Range: bytes=")[2].partition(b"-")[0] or 0)
        status = "206 Partial Content" if start else "200 OK"
        part = WHOLE[start : start + 512]
        writer.write(
            answer(
                status,
                part,
                Content_Length=str(len(WHOLE) - start),
                Content_Range=f"bytes {start}-{len(WHOLE) - 1}/{len(WHOLE)}",
                ETag='"v1"',
            )
        )

    async with serving(breaking) as server:
        found, run = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert (found.path.read_bytes(), found.sha256) == (WHOLE, hashlib.sha256(WHOLE).hexdigest())
    assert len(run.waits) == len(WHOLE) // 512 - 1
    assert max(run.waits) <= 1
