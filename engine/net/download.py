"""Download one file: streamed to the disk, resumed where it broke off (RFC 9110 section 14), credential for the vendor's hosts only.

What follows an answer, when to ask and when to renew the credential is decided by the caller (`DownloadControl`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Protocol

import aiohttp
from msgspec import Struct

from engine.core.file_check import A_WEB_PAGE, LARGEST_FILE, ending_of
from engine.core.http import NoAnswer, Response, resolved
from engine.core.retry import Done, GiveUp, Refresh, Tried, Verdict, Wait
from engine.core.vendor_address import ANOTHER_PERSON, MOST_REDIRECTS, REDIRECTS, Standing
from engine.net.partial_file import Downloaded, NoFile, PartialFile, TooMuch
from engine.net.transport import Transport, no_answer
from engine.net.unpack import CODINGS, Unpacker
from engine.replaced import replace

CHUNK = 1 << 18
RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
WHOLE = re.compile(r"bytes \*/([0-9]{1,18})")
ANOTHER_PART = NoAnswer("truncated", "another part came than the one asked for")
PART_UNASKED = NoAnswer("truncated", "only a part came, though the whole file was asked for")
MORE_CAME = NoAnswer("truncated", "more came than the answer said that there is")
CUT_SHORT = NoAnswer("truncated", "the file was cut short")


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

    def whose(self, first: str, url: str) -> Standing:
        """Say whose value stands in an address below the vendor's hosts to which the file's own, `first`, led."""

    async def renew(self, generation: int) -> str | None:
        """Renew the credential, if `generation` is still the number of the one in use; gives why that failed, else None."""


class _Failed(Struct, frozen=True):
    """One try failed: with this answer, from this address, with or without the credential of that number."""

    url: str
    answer: Response | NoAnswer | NoFile
    own: bool = False
    generation: int = 0


async def download(
    transport: Transport, control: DownloadControl, url: str, target: Path, announced: int | None = None, largest: int = LARGEST_FILE
) -> Downloaded | NoFile:
    """Fetch a file to `<target>.<ending>`. Raises DiskError.

    `announced` is its size in bytes, as the vendor told it: the file is stopped soon after. Where it told none, `largest` stops it.
    """
    part = PartialFile(target.with_name(f"{target.name}.part"), announced, largest)
    try:
        words = await _tries(transport, control, url, part)
        return NoFile(words) if words else part.finished(target)
    except TooMuch as error:
        return NoFile(str(error))
    finally:
        part.path.unlink(missing_ok=True)


async def _tries(transport: Transport, control: DownloadControl, url: str, part: PartialFile) -> str | None:
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


async def _try(transport: Transport, control: DownloadControl, url: str, part: PartialFile) -> _Failed | None:
    """Follow the redirects and read what is missing of the file; None when it is whole."""
    first = url
    for _ in range(MOST_REDIRECTS + 1):
        step = await _step(transport, control, url, part)
        if not isinstance(step, str):
            return step
        url, whose = step, control.whose(first, step) if transport.hosts.covers(step) else "same"
        if whose == "other":
            return _Failed(url, NoFile(ANOTHER_PERSON.words))
        part.astray |= whose == "gone"
    return _Failed(url, NoFile(f"it was redirected more than {MOST_REDIRECTS} times"))


async def _step(transport: Transport, control: DownloadControl, url: str, part: PartialFile) -> str | _Failed | None:
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


async def _read(answer: aiohttp.ClientResponse, part: PartialFile) -> Response | NoAnswer | NoFile | None:
    """Read an answer's body into the file; None when the file is whole. Raises TooMuch."""
    if answer.status == 416 and part.resumed:
        whole = WHOLE.fullmatch(answer.headers.get("Content-Range", ""))
        if whole and int(whole[1]) == part.size:
            part.whole = True
            return None
        part.restart()
        return ANOTHER_PART
    if answer.status not in (200, 206):
        return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, b"")
    coding = answer.headers.get("Content-Encoding", "").strip().lower()
    unpacker = Unpacker(coding) if coding in CODINGS else None
    if unpacker is None and coding not in ("", "identity"):
        return NoFile("it came in an encoding that was not asked for")
    if answer.status == 200:
        _begin(answer, part, unpacker)
    elif (misfit := _misfit(answer, part, unpacker)) is not None:
        part.restart()
        return misfit
    if not part.size:
        part.media_type = answer.content_type if "Content-Type" in answer.headers else ""
        part.name_ending = ending_of(str(answer.url), answer.headers.get("Content-Disposition", ""))
        part.validator = _validator(answer) if unpacker is None else None
    if part.web_page and part.announced is None:
        return NoFile(A_WEB_PAGE)
    part.check_room(part.total or 0)
    await part.write(_chunks(answer, unpacker))
    return _lack(part, unpacker)


def _lack(part: PartialFile, unpacker: Unpacker | None) -> NoAnswer | None:
    """Say why what was read to its end is not the whole file; None where it is."""
    if part.total is not None and part.size > part.total:
        part.restart()
        return MORE_CAME
    whole = (unpacker is None or unpacker.whole) and part.total in (None, part.size)
    return None if whole else CUT_SHORT


def _begin(answer: aiohttp.ClientResponse, part: PartialFile, unpacker: Unpacker | None) -> None:
    """Begin the file anew: a 200 holds all of it. A body that ends with its connection alone shows no end of its own."""
    part.restart()
    part.total = answer.content_length if unpacker is None else None
    chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    part.whole = unpacker is not None or chunked or part.total is not None


def _misfit(answer: aiohttp.ClientResponse, part: PartialFile, unpacker: Unpacker | None) -> NoAnswer | None:
    """Say why a 206 answer is not what was asked for, None where it is; some servers ignore `If-Range`, some send parts unasked."""
    found = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not part.resumed:
        if found is None or unpacker is not None or found[1] != "0" or found[3] == "*" or int(found[2]) + 1 != int(found[3]):
            return PART_UNASKED
        part.restart()
    elif found is None or unpacker is not None or int(found[1]) != part.size or _of_another(answer, part, found[3]):
        return ANOTHER_PART
    if found[3] != "*":
        part.total = int(found[3])
    part.whole = part.total is not None
    return None


def _of_another(answer: aiohttp.ClientResponse, part: PartialFile, total: str) -> bool:
    """Whether a part is of another file than the one begun, by its validator or by its length."""
    named = "ETag" if part.validator and part.validator.startswith('"') else "Last-Modified"
    changed = part.validator and answer.headers.get(named, part.validator) != part.validator
    return bool(changed) or (total != "*" and part.total not in (None, int(total)))


async def _chunks(answer: aiohttp.ClientResponse, unpacker: Unpacker | None) -> AsyncIterator[bytes]:
    """Give the body as it comes, unpacked."""
    async for chunk in answer.content.iter_chunked(CHUNK):
        if unpacker is None:
            yield chunk
            continue
        for piece in unpacker.pieces(chunk):
            yield piece
    if unpacker is not None and (rest := unpacker.rest()):
        yield rest


def _validator(answer: aiohttp.ClientResponse) -> str | None:
    """Give what `If-Range` sends to ask for the same file: a strong ETag, else its date (RFC 9110 section 13.1.5)."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")
