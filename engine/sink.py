"""Write the result folder: records and pages as JSON lines, then the manifest. Private files, whole lines, never overwritten.

A page is written here: `runner/store` selects an answer's records and calls `Table.write`, at once as they arrive. Knows
nothing of vendors or persons, and no file's name comes from what is written into it.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from engine.errors import OutputError, disk_error
from engine.new_file import not_made

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
MANIFEST_ROOM = 64 * 1024
ANOTHER_FOLDER = "name another folder with --out"


class Table:
    """One `.jsonl` file of whole lines, with its size in bytes, its number of lines and its running sha256."""

    def __init__(self, path: Path) -> None:
        """Create the file (0600), which must not exist. Raises DiskError."""
        self.path = path
        self.lines = 0
        self.size = 0
        self._digest = hashlib.sha256()
        self._file = _create(path)

    def write(self, text: bytes, lines: int) -> tuple[int, int]:
        """Append whole lines; gives where they begin and how many bytes they are. Raises DiskError; only whole lines are left then."""
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
        """Read lines again. `ranges` holds pairs of first byte and length, as `write` gave them. Raises DiskError."""
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise disk_error(error) from None
        with stream:
            for index in range(0, len(ranges), 2):
                stream.seek(ranges[index])
                yield from stream.read(ranges[index + 1]).rstrip(b"\n").split(b"\n")

    def close(self) -> None:
        """Close the file; it may be closed already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def described(self) -> dict[str, object]:
        """Give what the manifest holds about a file: name, lines, bytes, sha256."""
        return {"file": self.path.name, "lines": self.lines, "bytes": self.size, "sha256": self._digest.hexdigest()}


class Sink:
    """One result folder, `<out>/<vendor>`."""

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
        except ValueError:  # only a program can write it: a NUL, half a surrogate pair
            message = f"{str(self.folder.parent)!a} cannot be made (no path holds such a character): {ANOTHER_FOLDER}"
            raise OutputError(message) from None
        try:
            self.folder.mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            message = f"{self.folder} exists already: {ANOTHER_FOLDER}; an earlier run is never overwritten"
            raise OutputError(message) from None
        except OSError as error:
            raise not_made(self.folder, error, ANOTHER_FOLDER) from None
        self._reserve()

    def _reserve(self) -> None:
        """Allocate the manifest's room now: a disk that fills up later must not cost the proof. Raises DiskError."""
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
        """Give the file `<name>.jsonl`, which is created the first time. Raises DiskError."""
        if name not in self._tables:
            self._tables[name] = Table(self.folder / f"{name}.jsonl")
        return self._tables[name]

    def existing(self, name: str) -> Table | None:
        """Give a file that was created before; None if it was not."""
        return self._tables.get(name)

    def described(self) -> dict[str, object]:
        """Give the size in bytes and the sha256 of each `.jsonl` file, by its name."""
        found = [table.described() for _, table in sorted(self._tables.items())]
        return {str(one["file"]): {"bytes": one["bytes"], "sha256": one["sha256"]} for one in found}

    def files_folder(self, endpoint: str) -> Path:
        """Make and give the folder `files/<endpoint>` of downloads. Raises DiskError."""
        folder = self.folder / "files" / endpoint
        try:
            folder.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise disk_error(error) from None
        return folder

    def manifest(self, content: Mapping[str, object]) -> Path:
        """Write `manifest.json` in one piece, so that it is whole or not there; gives its path. Raises DiskError."""
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
        """Close every file."""
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
