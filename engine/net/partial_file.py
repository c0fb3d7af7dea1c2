"""A file that is being downloaded: written as its bytes come, stopped where it grows too large, named when it is whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from engine.core.file_check import A_WEB_PAGE, SMALL, WEB_PAGES, FileFacts, doubt_of, most_bytes, too_large
from engine.errors import disk_error

PRIVATE_FILE = 0o600
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


class Downloaded(Struct, frozen=True):
    """A file on the disk, its size in bytes; `doubt` says why it may be another one than was announced.

    `astray`: the vendor led to an address in which the person's value no longer stands.
    """

    path: Path
    size: int
    sha256: str
    doubt: str | None = None
    astray: bool = False


class NoFile(Struct, frozen=True):
    """Why there is no file, in words that do not hold its address."""

    words: str


class TooMuch(Exception):
    """A file grows past what is taken of it; its text is why."""


class PartialFile(Struct):
    """A file that is being written.

    In bytes: `size` now, `furthest` the most there ever was, `announced` by the vendor's record, `total` by its answer,
    `largest` what is taken where no size was announced. `whole`: the last answer showed where it ends. `astray`: see `Downloaded`.
    """

    path: Path
    announced: int | None
    largest: int
    size: int = 0
    furthest: int = 0
    validator: str | None = None
    media_type: str = ""
    name_ending: str = ""
    total: int | None = None
    whole: bool = False
    astray: bool = False
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def resumed(self) -> bool:
        """Whether only the rest is asked for (`Range`)."""
        return bool(self.size and self.validator)

    @property
    def web_page(self) -> bool:
        """Whether it is a web page by its media type."""
        return self.media_type in WEB_PAGES

    def restart(self) -> None:
        """Begin the file anew."""
        self.size, self.validator, self.total, self.digest = 0, None, None, hashlib.sha256()

    def check_room(self, size: int) -> None:
        """Raise TooMuch where a file of this size is more than is taken."""
        if size > most_bytes(self.announced, self.largest):
            raise TooMuch(too_large(self.announced, self.largest))

    async def write(self, chunks: AsyncIterator[bytes]) -> None:
        """Append what comes. Raises DiskError, TooMuch."""
        file = self._opened()
        try:
            async for chunk in chunks:
                self.check_room(self.size + len(chunk))
                await self._written(file, chunk)
        finally:
            os.close(file)

    def _opened(self) -> int:
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            os.ftruncate(file, self.size)
            os.lseek(file, self.size, os.SEEK_SET)
        except OSError as error:
            raise disk_error(error) from None
        return file

    async def _written(self, file: int, chunk: bytes) -> None:
        """Write in a thread. A cancellation waits for it: once the file is closed, its descriptor may be another file's."""
        writing = asyncio.ensure_future(asyncio.to_thread(_put, file, chunk, self.digest))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            while not writing.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([writing])
            writing.exception()
            raise
        self.size += len(chunk)
        self.furthest = max(self.furthest, self.size)

    def finished(self, target: Path) -> Downloaded | NoFile:
        """Give the file its final name. One that is in doubt is kept with its reason; a web page is no file. Raises DiskError."""
        if self.web_page and self.announced != self.size:
            return NoFile(A_WEB_PAGE)
        path = target.with_name(f"{target.name}.{ENDINGS.get(self.media_type, 'bin')}")
        try:
            with self.path.open("rb") as file:
                text = file.read(SMALL)
            self.path.replace(path)
        except OSError as error:
            raise disk_error(error) from None
        facts = FileFacts(self.size, self.announced, self.whole, self.media_type, self.name_ending, text)
        return Downloaded(path, self.size, self.digest.hexdigest(), doubt_of(facts), self.astray)


def _put(file: int, chunk: bytes, digest: hashlib._Hash) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(file, view) :]
    except OSError as error:
        raise disk_error(error) from None
    digest.update(chunk)
