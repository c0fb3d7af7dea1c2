"""Read what a form sends: its fields, and on the pages that take them files, which go to the disk as they come and are never held.

A file that was sent is called as we call it, lies in a folder of its own, and is gone when the form was dealt with.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import BodyPartReader, ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from engine.case.scratch import scratch
from engine.connection.lock_queue import FILE
from engine.connection.private_files import cannot_write
from engine.portal.asked import UploadedFile

LARGEST = 64 * 1024
LARGEST_UPLOAD = 1 << 30
MOST_FIELDS, MOST_FILES, LONGEST_NAME = 2000, 10, 255
FOLDER_FIELD, MOST_IN_FOLDER = "folder_file", 20_000  # the field that takes the folder of a run, with the files that it brought
FORM, WITH_FILES = "application/x-www-form-urlencoded", "multipart/form-data"
CHUNK = 1 << 18
UPLOADS = frozenset({"/case/{reference}/contacts", "/letters", "/signatures"})  # the pages whose forms may send files
TOO_LARGE = (
    f"What was sent is larger than {LARGEST_UPLOAD >> 30} GB, so nothing was taken in. "
    "A terminal takes what is larger: habeas case add, habeas contact answer."
)
SentFields = dict[str, list[str]]


async def read_fields(request: web.Request) -> SentFields:
    """Read a form without files. Raises HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType, HTTPBadRequest."""
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType
    raw = await request.read()
    try:
        return parse_qs(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise web.HTTPBadRequest from None


@asynccontextmanager
async def read_uploads(
    request: web.Request, home: Path, check: Callable[[SentFields], None]
) -> AsyncIterator[tuple[SentFields, dict[str, list[UploadedFile]]]]:
    """Read a form with files, whose other fields come first; `check` sees these before a byte of a file is kept.

    Raises HTTPRequestEntityTooLarge, HTTPBadRequest, what `check` raises, DiskError, OutputError.
    """
    if (request.content_length or 0) > LARGEST_UPLOAD + LARGEST:
        raise _too_large()
    fields: SentFields = {}
    files: dict[str, list[UploadedFile]] = {}
    with scratch(home / "uploads") as folder:
        try:
            left = LARGEST_UPLOAD
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name is None:
                    raise web.HTTPBadRequest
                if part.filename is None:
                    fields.setdefault(part.name, []).append(await _text(part, fields))
                    continue
                check(fields)
                number = sum(map(len, files.values())) + 1
                if number > (MOST_IN_FOLDER if part.name == FOLDER_FIELD else MOST_FILES):
                    raise web.HTTPBadRequest
                sent = await _file(part, folder / str(number), left)
                left -= sent.size
                if sent.size or sent.claimed:
                    files.setdefault(part.name, []).append(sent)
        except (ValueError, ClientPayloadError, HttpProcessingError, AssertionError):
            raise web.HTTPBadRequest from None
        check(fields)
        yield fields, files


async def _text(part: BodyPartReader, fields: SentFields) -> str:
    """Read a field; all of them together are as small as a form without files."""
    raw, room = b"", LARGEST - sum(len(name) + sum(map(len, values)) for name, values in fields.items())
    if len(fields) > MOST_FIELDS:
        raise web.HTTPRequestEntityTooLarge(LARGEST, LARGEST + 1)
    while chunk := await part.read_chunk(CHUNK):
        raw += chunk
        if len(raw) > room:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(raw))
    return raw.decode("utf-8")


async def _file(part: BodyPartReader, path: Path, left: int) -> UploadedFile:
    """Write a file to the disk as it comes. Raises HTTPRequestEntityTooLarge, DiskError, OutputError."""
    size = 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE), "wb") as out:
            while chunk := await part.read_chunk(CHUNK):
                size += len(chunk)
                if size > left:
                    raise _too_large()
                await asyncio.to_thread(out.write, chunk)
    except OSError as error:
        raise cannot_write(path.parent, error) from None
    return UploadedFile(path, (part.filename or "").encode("utf-8", "replace").decode()[:LONGEST_NAME], size)


def _too_large() -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(LARGEST_UPLOAD, LARGEST_UPLOAD + 1, reason=TOO_LARGE)
