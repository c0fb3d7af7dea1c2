"""One file to disk: streamed, resumed where it broke off, the credential sent to the vendor's own hosts only."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from engine.core.http import NoAnswer
from engine.errors import disk_error
from engine.net.transport import MOST_REDIRECTS, REDIRECTS, Transport, no_answer

ATTEMPTS = 6
CHUNK = 1 << 18
PRIVATE_FILE = 0o600
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
ENDINGS = {
    "video/mp4": "mp4",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "text/plain": "txt",
    "text/vtt": "vtt",
    "text/csv": "csv",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
}


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NoFile:
    """Why a file could not be had, in words without its address."""

    words: str


@dataclass(frozen=True, slots=True)
class _Broken:
    """This attempt failed; another may not. `told` is when the server wants to be asked again."""

    words: str
    final: bool = False


@dataclass(slots=True)
class _Part:
    """A file that is being written."""

    path: Path
    size: int = 0
    validator: str | None = None
    ending: str = "bin"
    total: int | None = None


async def download(transport: Transport, url: str, target: Path, pause: Callable[[int], Awaitable[None]]) -> Downloaded | NoFile:
    """Fetch a file to `<target>.<ending>`; `pause` waits before the given attempt. Raises DiskError."""
    part = _Part(target.with_name(f"{target.name}.part"))
    try:
        return await _attempts(transport, url, (part, target), pause)
    finally:
        part.path.unlink(missing_ok=True)


async def _attempts(
    transport: Transport, url: str, place: tuple[_Part, Path], pause: Callable[[int], Awaitable[None]]
) -> Downloaded | NoFile:
    part, target = place
    for attempt in range(1, ATTEMPTS + 1):
        try:
            broken = await _attempt(transport, url, part)
        except (aiohttp.ClientError, ValueError, TimeoutError, OSError) as error:
            failed: NoAnswer = no_answer(error)
            broken = _Broken(failed.words, failed.final)
        if broken is None:
            return _finished(part, target)
        if broken.final or attempt == ATTEMPTS:
            return NoFile(broken.words if broken.final else f"{broken.words}, {attempt} times")
        await pause(attempt)
    return NoFile("no attempt was made")


async def _attempt(transport: Transport, url: str, part: _Part) -> _Broken | None:
    """Go after the redirects and read the file's rest."""
    for hop in range(MOST_REDIRECTS + 1):
        own = transport.hosts.covers(url)
        refusal = transport.hosts.refusal(url, credentialed=own)
        if refusal:
            return _Broken(refusal, final=True)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if part.size and part.validator:
            headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
        async with transport.open(url, headers, credentialed=own) as answer:
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not location:
                return await _read(answer, part)
        url = urljoin(url, location)
        if hop == MOST_REDIRECTS:
            break
    return _Broken(f"it was redirected more than {MOST_REDIRECTS} times", final=True)


async def _read(answer: aiohttp.ClientResponse, part: _Part) -> _Broken | None:
    if answer.status not in (200, 206):
        passing = answer.status >= 500 or answer.status in (408, 425, 429)
        return _Broken(f"HTTP {answer.status}", final=not passing)
    if answer.status == 206:
        found = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not found or int(found[1]) != part.size:
            part.size, part.validator = 0, None
            return _Broken("another part came than the one asked for")
        part.total = None if found[3] == "*" else int(found[3])
    else:
        part.size = 0
        part.total = answer.content_length
    part.validator = _validator(answer)
    part.ending = ENDINGS.get(answer.content_type, "bin")
    await _write(answer, part)
    if part.total is not None and part.size != part.total:
        return _Broken("the file was cut short")
    return None


def _validator(answer: aiohttp.ClientResponse) -> str | None:
    """Give what recognises the same file again: a strong ETag, else its date (RFC 9110 section 13.1.5)."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


async def _write(answer: aiohttp.ClientResponse, part: _Part) -> None:
    try:
        file = os.open(part.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise disk_error(error) from None
    try:
        os.ftruncate(file, part.size)
        os.lseek(file, part.size, os.SEEK_SET)
        async for chunk in answer.content.iter_chunked(CHUNK):
            await asyncio.to_thread(_put, file, chunk)
            part.size += len(chunk)
    finally:
        os.close(file)


def _put(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(file, view) :]
    except OSError as error:
        raise disk_error(error) from None


def _finished(part: _Part, target: Path) -> Downloaded:
    digest = hashlib.sha256()
    with part.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    path = target.with_name(f"{target.name}.{part.ending}")
    part.path.replace(path)
    return Downloaded(path, part.size, digest.hexdigest())
