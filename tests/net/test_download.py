"""Files to disk: whole or named as missing, resumed where they broke off, the credential kept from others."""

from __future__ import annotations

import errno
import hashlib
import os

import pytest

from engine.errors import DiskError
from engine.net.download import ATTEMPTS, Downloaded, NoFile, download
from engine.net.hosts import Hosts
from engine.net.transport import Limits, Transport
from tests.net.servers import answer, saying, serving
from tests.net.test_transport import ACME, BEARER, SECRET

URL = "https://api.acme.example/rec/1"
WHOLE = bytes(range(256)) * 40
HALF = len(WHOLE) // 2


async def fetch(at: str, folder, url: str = URL) -> tuple[Downloaded | NoFile, list[int]]:
    pauses: list[int] = []

    async def pause(attempt: int) -> None:
        pauses.append(attempt)

    async with Transport(Hosts(ACME, at), BEARER, Limits(read=1.0)) as transport:
        return await download(transport, url, folder / "1-1", pause), pauses


def cut(**headers: str) -> bytes:
    return answer(body=WHOLE[:HALF], **{**headers, "Content_Length": str(len(WHOLE))})


def rest(start: int = HALF, total: str = str(len(WHOLE))) -> bytes:
    return answer("206 Partial Content", WHOLE[HALF:], Content_Range=f"bytes {start}-{len(WHOLE) - 1}/{total}", ETag='"v1"')


async def test_a_file_arrives_whole_with_its_size_and_digest(tmp_path):
    """Its ending is told by its type, its name by nobody, and only its owner may read it."""
    async with serving(saying(answer(body=WHOLE, Content_Type="audio/mp4"))) as server:
        found, pauses = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert (found.size, found.sha256, found.path.name, pauses) == (len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), "1-1.m4a", [])
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
        found, pauses = await fetch(server.address, tmp_path)
    assert isinstance(found, Downloaded)
    assert found.path.read_bytes() == WHOLE
    assert f"Range: bytes={HALF}-\r\n".encode() in server.heads[1]
    assert b"If-Range: " + validator in server.heads[1]
    assert pauses == [1]


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
        (cut(ETag='"v1"'), rest(total="*")),
        (answer("503 Service Unavailable"), answer("429 Too Many Requests"), answer(body=WHOLE)),
        (b"", answer(body=WHOLE)),
    ],
    ids=["no validator", "another file", "another part", "the first part again", "no part", "unknown length", "passing errors", "closed"],
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
        (answer("401 Unauthorized"), "HTTP 401", 1),
        (answer("500 Oops"), f"HTTP 500, {ATTEMPTS} times", ATTEMPTS),
        (cut(), f"cut short, {ATTEMPTS} times", ATTEMPTS),
        (answer("302 Found", Location="/rec/1"), "redirected more than 5 times", 6),
        (answer("302 Found", Location="https://10.0.0.1/x"), "private", 1),
        (answer("302 Found", Location="http://files.example/x"), "https", 1),
        (answer("302 Found", Location="https://user:pw@files.example/x"), "", 1),
        (answer("302 Found", Location="https://nowhere.invalid/x"), "could not be found", ATTEMPTS),
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
