"""Download one file: streamed to the disk, resumed where it broke off (RFC 9110 section 14), credential for the vendor's hosts only.

What follows an answer, when to ask and when to renew the credential is decided by the caller (`DownloadControl`).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import aiohttp

from engine.core.http import NoAnswer, Response, resolved
from engine.core.retry import Done, GiveUp, Refresh, Tried, Verdict, Wait
from engine.errors import disk_error
from engine.net.transport import MOST_REDIRECTS, REDIRECTS, Transport, no_answer

CHUNK = 1 << 18
PRIVATE_FILE = 0o600
RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
WHOLE = re.compile(r"bytes \*/([0-9]{1,18})")
WEB_PAGES = ("text/html", "application/xhtml+xml")
A_WEB_PAGE = "a web page came in its place"
ANOTHER_SIZE = "its size is not the one announced"
ANOTHER_PART = NoAnswer("truncated", "another part came than the one asked for")
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
    """A file on the disk, its size in bytes; `doubt` says why it may be another one than was announced."""

    path: Path
    size: int
    sha256: str
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class NoFile:
    """Why there is no file, in words that do not hold its address."""

    words: str


class DownloadControl(Protocol):
    """What a download asks of the run it belongs to."""

    def closed(self) -> str | None:
        """Say why nothing more may be asked with the credential; None if it may."""

    def leave(self, url: str) -> AbstractAsyncContextManager[int]:
        """Wait until the rate limits let a request to the vendor through; gives the number of the credential in use."""

    def judge(self, tried: Tried, answer: Response | NoAnswer, *, own: bool) -> Verdict:
        """Say what follows an answer; `own`: the request carried the credential."""

    async def wait(self, url: str, wait: Wait) -> None:
        """Wait before a request is repeated."""

    async def renew(self, generation: int) -> str | None:
        """Renew the credential, if `generation` is still the number of the one in use; gives why that failed, else None."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """One try failed: with this answer, from this address, with or without the credential of that number."""

    url: str
    answer: Response | NoAnswer | NoFile
    own: bool = False
    generation: int = 0


@dataclass(slots=True)
class _Part:
    """A file that is being written. In bytes: `size` now, `furthest` the most there ever was, `announced` by the vendor."""

    path: Path
    announced: int | None
    size: int = 0
    furthest: int = 0
    validator: str | None = None
    ending: str = "bin"
    web_page: bool = False
    total: int | None = None
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def resumed(self) -> bool:
        """Whether only the rest is asked for (`Range`)."""
        return bool(self.size and self.validator)

    def restart(self) -> None:
        """Begin the file anew."""
        self.size, self.validator, self.total, self.digest = 0, None, None, hashlib.sha256()


async def download(
    transport: Transport, control: DownloadControl, url: str, target: Path, announced: int | None = None
) -> Downloaded | NoFile:
    """Fetch a file to `<target>.<ending>`; `announced` is its size in bytes, as the vendor told it. Raises DiskError."""
    part = _Part(target.with_name(f"{target.name}.part"), announced)
    try:
        words = await _tries(transport, control, url, part)
        return NoFile(words) if words else _finished(part, target)
    finally:
        part.path.unlink(missing_ok=True)


async def _tries(transport: Transport, control: DownloadControl, url: str, part: _Part) -> str | None:
    """Try until the file is whole (None), or say why it cannot be. Whenever more of it arrives than ever, tries count from 0."""
    tried = Tried()
    while True:
        furthest = part.furthest
        failed = await _try(transport, control, url, part)
        if failed is None:
            return None
        if isinstance(failed.answer, NoFile):
            return failed.answer.words
        if part.furthest > furthest:
            tried = Tried()
        verdict = control.judge(tried, failed.answer, own=failed.own)
        if isinstance(verdict, Wait):
            tried = replace(tried.after(verdict), seconds=tried.seconds + verdict.seconds)
            await control.wait(failed.url, verdict)
        elif isinstance(verdict, Refresh):
            tried = replace(tried, refreshed=True)
            words = await control.renew(failed.generation)
            if words:
                return words
        else:
            return _words(verdict, failed.answer)


def _words(verdict: Done | GiveUp, answer: Response | NoAnswer) -> str:
    if isinstance(verdict, GiveUp):
        return verdict.words
    return f"HTTP {answer.status}" if isinstance(answer, Response) else answer.words


async def _try(transport: Transport, control: DownloadControl, url: str, part: _Part) -> _Failed | None:
    """Follow the redirects and read what is missing of the file; None when it is whole."""
    for _ in range(MOST_REDIRECTS + 1):
        step = await _step(transport, control, url, part)
        if not isinstance(step, str):
            return step
        url = step
    return _Failed(url, NoFile(f"it was redirected more than {MOST_REDIRECTS} times"))


async def _step(transport: Transport, control: DownloadControl, url: str, part: _Part) -> str | _Failed | None:
    """Ask one address: gives the address it redirects to, why it failed, or None when the file is whole."""
    own = transport.hosts.covers(url)
    refusal = transport.hosts.refusal(url, credentialed=own) or (control.closed() if own else None)
    if refusal:
        return _Failed(url, NoFile(refusal))
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if part.resumed:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator or ""}
    generation = 0
    try:
        async with AsyncExitStack() as stack:
            if own:
                async with control.leave(url) as generation:
                    answer = await stack.enter_async_context(transport.open(url, headers, credentialed=True, long=True))
            else:
                answer = await stack.enter_async_context(transport.open(url, headers, credentialed=False, long=True))
            location = answer.headers.get("Location")
            if answer.status in REDIRECTS and location:
                return resolved(url, location) or _Failed(url, NoFile("it was redirected to what is no address"))
            found = await _read(answer, part)
    except (aiohttp.ClientError, ValueError, TimeoutError, OSError) as error:
        found = no_answer(error)
    return _Failed(url, found, own, generation) if found else None


async def _read(answer: aiohttp.ClientResponse, part: _Part) -> Response | NoAnswer | NoFile | None:
    """Read an answer's body into the file; None when the file is whole."""
    if answer.status == 416 and part.resumed:
        whole = WHOLE.fullmatch(answer.headers.get("Content-Range", ""))
        if whole and int(whole[1]) == part.size:
            return None
        part.restart()
        return ANOTHER_PART
    if answer.status not in (200, 206):
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, b"")
    encoded = answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity"
    if answer.status == 200:
        part.restart()
        part.total = None if encoded else answer.content_length
    elif encoded or not _continued(answer, part):
        part.restart()
        return ANOTHER_PART
    if not part.size:
        part.ending = ENDINGS.get(answer.content_type, "bin")
        part.web_page = answer.content_type in WEB_PAGES
        part.validator = None if encoded else _validator(answer)
    if part.web_page and part.announced is None:
        return NoFile(A_WEB_PAGE)
    await _write(answer, part)
    if part.total is not None and part.size != part.total:
        return NoAnswer("truncated", "the file was cut short")
    return None


def _continued(answer: aiohttp.ClientResponse, part: _Part) -> bool:
    """Whether a 206 answer goes on where our part ends, in the same file: some servers ignore `If-Range`."""
    found = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    named = "ETag" if part.validator and part.validator.startswith('"') else "Last-Modified"
    if not found or int(found[1]) != part.size or (part.validator and answer.headers.get(named, part.validator) != part.validator):
        return False
    part.total = None if found[3] == "*" else int(found[3])
    return True


def _validator(answer: aiohttp.ClientResponse) -> str | None:
    """Give what `If-Range` sends to ask for the same file: a strong ETag, else its date (RFC 9110 section 13.1.5)."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


async def _write(answer: aiohttp.ClientResponse, part: _Part) -> None:
    file = _opened(part)
    try:
        async for chunk in answer.content.iter_chunked(CHUNK):
            await _written(file, chunk, part)
    finally:
        os.close(file)


def _opened(part: _Part) -> int:
    try:
        file = os.open(part.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        os.ftruncate(file, part.size)
        os.lseek(file, part.size, os.SEEK_SET)
    except OSError as error:
        raise disk_error(error) from None
    return file


async def _written(file: int, chunk: bytes, part: _Part) -> None:
    """Write in a thread. A cancellation waits for it: once the file is closed, its descriptor may be another file's."""
    writing = asyncio.ensure_future(asyncio.to_thread(_put, file, chunk, part.digest))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        while not writing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([writing])
        writing.exception()
        raise
    part.size += len(chunk)
    part.furthest = max(part.furthest, part.size)


def _put(file: int, chunk: bytes, digest: hashlib._Hash) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(file, view) :]
    except OSError as error:
        raise disk_error(error) from None
    digest.update(chunk)


def _finished(part: _Part, target: Path) -> Downloaded | NoFile:
    """Give the file its final name. Another size than announced is kept and noted as a doubt; a web page is no file."""
    doubt = ANOTHER_SIZE if part.announced not in (None, part.size) else None
    if doubt and part.web_page:
        return NoFile(A_WEB_PAGE)
    path = target.with_name(f"{target.name}.{part.ending}")
    try:
        part.path.replace(path)
    except OSError as error:
        raise disk_error(error) from None
    return Downloaded(path, part.size, part.digest.hexdigest(), doubt)
