"""Records, pages and the manifest to disk: private files, whole lines, nothing ever overwritten.

Knows nothing of vendors or persons; no name of a file comes from what is written into it.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import OutputError, disk_error
from engine.new_file import not_made

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
MANIFEST_ROOM = 64 * 1024
ANOTHER_FOLDER = "name another folder with --out"


def lines_of(records: Sequence[Any]) -> bytes:
    """Write records one a line, each line ended."""
    return b"\n".join([*records, b""])


class Table:
    """One `.jsonl` file: whole lines only, with its running sha256."""

    def __init__(self, path: Path) -> None:
        """Create the file; it must not exist. Raises DiskError."""
        self.path = path
        self.lines = 0
        self.size = 0
        self._digest = hashlib.sha256()
        self._file = _create(path)

    def write(self, text: bytes, lines: int) -> tuple[int, int]:
        """Append whole lines; gives the byte range they take. Raises DiskError, the file then ends in a whole line."""
        start = self.size
        try:
            _write_all(self._file, text)
        except OSError as error:
            os.ftruncate(self._file, start)
            raise disk_error(error) from None
        self._digest.update(text)
        self.lines += lines
        self.size += len(text)
        return start, len(text)

    def read_back(self, ranges: array[int]) -> Iterator[bytes]:
        """Give the lines of some byte ranges again, as they were written. Raises DiskError."""
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise disk_error(error) from None
        with stream:
            for index in range(0, len(ranges), 2):
                stream.seek(ranges[index])
                yield from stream.read(ranges[index + 1]).rstrip(b"\n").split(b"\n")

    def close(self) -> None:
        """Close the file; doing so twice does no harm."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def described(self) -> dict[str, object]:
        """Say what the manifest says about a file."""
        return {"file": self.path.name, "lines": self.lines, "bytes": self.size, "sha256": self._digest.hexdigest()}


class Sink:
    """One run folder, `<out>/<vendor>`."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is made yet."""
        self.folder = folder
        self._tables: dict[str, Table] = {}

    def prepare(self) -> None:
        """Make the folder. Raises OutputError where it exists or cannot be made, DiskError where the disk is full."""
        try:
            self.folder.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        except FileExistsError:
            message = f"{self.folder.parent} cannot be made (it is a file): {ANOTHER_FOLDER}"
            raise OutputError(message) from None
        except OSError as error:
            raise not_made(self.folder.parent, error, ANOTHER_FOLDER) from None
        try:
            self.folder.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            message = f"{self.folder} exists already: {ANOTHER_FOLDER}; an earlier run is never overwritten"
            raise OutputError(message) from None
        except OSError as error:
            raise not_made(self.folder, error, ANOTHER_FOLDER) from None
        self._reserve()

    def _reserve(self) -> None:
        """Take the room of the manifest: a disk that fills up must not cost the proof. Raises DiskError."""
        file = _create(self._part)
        try:
            os.posix_fallocate(file, 0, MANIFEST_ROOM)
        except OSError as error:
            self._part.unlink(missing_ok=True)
            raise disk_error(error) from None
        finally:
            os.close(file)

    @property
    def _part(self) -> Path:
        return self.folder / "manifest.json.part"

    def table(self, name: str) -> Table:
        """Open `<name>.jsonl`, or give it again. Raises DiskError."""
        if name not in self._tables:
            self._tables[name] = Table(self.folder / f"{name}.jsonl")
        return self._tables[name]

    def existing(self, name: str) -> Table | None:
        """Give a table that was opened before."""
        return self._tables.get(name)

    def described(self) -> dict[str, object]:
        """Give size and sha256 of everything that was written line by line, by file."""
        found = [table.described() for _, table in sorted(self._tables.items())]
        return {str(one["file"]): {"bytes": one["bytes"], "sha256": one["sha256"]} for one in found}

    def files_folder(self, endpoint: str) -> Path:
        """Make `files/<endpoint>`. Raises DiskError."""
        folder = self.folder / "files" / endpoint
        try:
            folder.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise disk_error(error) from None
        return folder

    def manifest(self, content: Mapping[str, object]) -> Path:
        """Write the manifest in one piece: it is whole, or it is not there. Raises DiskError."""
        path, part = self.folder / "manifest.json", self._part
        text = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
        try:
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
            try:
                _write_all(file, text)
                os.ftruncate(file, len(text))
                os.fsync(file)
            finally:
                os.close(file)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise disk_error(error) from None
        return path

    def close(self) -> None:
        """Close every table."""
        for table in self._tables.values():
            table.close()


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise disk_error(error) from None


def _write_all(file: int, text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(file, view) :]
