"""Write the result folder: records and pages as JSON lines, then the manifest. Private files, whole lines, never overwritten.

A page is written here: `runner/store` selects an answer's records and calls `Table.write`, at once as they arrive. Knows
nothing of vendors or persons, and no file's name comes from what is written into it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from engine.errors import InUse, OutputError, disk_error
from engine.new_file import not_made

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
MANIFEST_ROOM = 64 * 1024
ANOTHER_FOLDER = "name another folder with --out"
MANIFEST = "manifest.json"
LINES, PAGES, FILES, PART = ".jsonl", ".pages.jsonl", ".files.jsonl", ".part"
SEAL, SEALED_BY = 32, b',"seal":"'  # hexadecimal digits


class FileState(msgspec.Struct, frozen=True):
    """How long a file of lines was at one moment, and its sha256 then."""

    lines: int
    bytes: int
    sha256: str


def _sealed(text: bytes, digest: hashlib._Hash, before: Iterable[bytes] = ()) -> bytes:
    """Give an object as a line that also holds the digest of what `digest` has taken, followed by the lines `before` and the object."""
    copy = digest.copy()
    copy.update(b"".join((*before, text)))
    return b'%b%b%b"}\n' % (text[:-1], SEALED_BY, copy.hexdigest()[:SEAL].encode())


def unsealed(line: bytes, digest: hashlib._Hash) -> bytes | None:
    """Give the object of a sealed line; None where the seal is not of it and of what `digest` has taken."""
    text = line[: -SEAL - len(SEALED_BY) - len(b'"}\n')] + b"}"
    return text if line == _sealed(text, digest) else None


class Table:
    """One `.jsonl` file of whole lines, with its size in bytes, its number of lines and its running sha256."""

    def __init__(self, folder: Path, name: str) -> None:
        """Create the file (0600), which must not exist. Raises DiskError."""
        self._folder, self._name = folder, name
        self.lines = 0
        self.size = 0
        self._digest = hashlib.sha256()
        self._later: list[bytes] = []
        self._file = _create(f"{folder}/{name}")  # as text: to join a Path takes 3 us, and most files are named only here

    @property
    def path(self) -> Path:
        """Name the file."""
        return self._folder / self._name

    def write(self, text: bytes, lines: int) -> tuple[int, int]:
        """Append whole lines; gives where they begin and how many bytes they are. Raises DiskError; only whole lines are left then."""
        start = self.size
        if self._later:
            text, lines = b"".join((*self._later, text)), lines + len(self._later)
            self._later = []
        try:
            _write_all(self._file, text)
        except OSError as error:
            os.ftruncate(self._file, start)
            raise disk_error(error) from None
        self._digest.update(text)
        self.lines += lines
        self.size += len(text)
        return start, len(text)

    def later(self, line: bytes) -> None:
        """Append a line together with what is written next: one write of the system is most of what a line costs."""
        self._later.append(line)

    def seal(self, text: bytes) -> None:
        """Append an object that seals itself and every line before it, together with what is written next."""
        self._later.append(_sealed(text, self._digest, self._later))

    def flush(self) -> None:
        """Write what was to be written later. Raises DiskError."""
        if self._later:
            self.write(b"", 0)

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

    def state(self) -> FileState:
        """Give its size and digest as it is now."""
        return FileState(self.lines, self.size, self._digest.hexdigest())

    def moved(self, name: str) -> None:
        """Give the file another name in its folder, over what has it now. Raises DiskError."""
        try:
            self.path.replace(self._folder / name)
        except OSError as error:
            raise disk_error(error) from None
        self._name = name

    def close(self) -> None:
        """Close the file, which may be closed already, with all that was to be written later. Raises DiskError."""
        if self._file >= 0:
            try:
                self.flush()
            finally:
                os.close(self._file)
                self._file = -1

    def described(self) -> dict[str, object]:
        """Give what the manifest holds about a file: name, lines, bytes, sha256."""
        return {"file": self._name, "lines": self.lines, "bytes": self.size, "sha256": self._digest.hexdigest()}


class Sink:
    """One result folder, `<out>/<vendor>`."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is made yet."""
        self.folder = folder
        self._tables: dict[str, Table] = {}
        self._lock = -1

    def prepare(self, head: Mapping[str, object] | None = None) -> None:
        """Make the folder, and in it the manifest's head. Raises OutputError where it exists or cannot be made, DiskError."""
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
        with suppress(OSError):  # a file system without locks: the folder is new, so that nobody else writes it yet
            self._take_lock()
        self._reserve()
        if head is not None:
            _written(self.folder / MANIFEST, _as_text(head))

    def reopen(self) -> None:
        """Take over a folder that another process began, with what it was about to put in place. Raises InUse, OutputError, DiskError."""
        try:
            self._take_lock()
        except BlockingIOError:
            message = f"another process still writes {self.folder}: wait until it has ended; nothing was sent"
            raise InUse(message) from None
        except OSError as error:
            words = "whether another process writes it cannot be told; nothing was sent"
            message = f"{self.folder} cannot be locked ({error.strerror}): {words}"
            raise OutputError(message) from None
        try:
            self._settle()
        except OSError as error:
            raise disk_error(error) from None
        self._reserve()

    def _take_lock(self) -> None:
        """Lock the folder for as long as this process writes it; a killed one lets go. Raises OSError."""
        file = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise
        self._lock = file

    def release(self) -> None:
        """Let others write the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _settle(self) -> None:
        """End what a killed process was doing: see `put_in_place`. Raises OSError."""
        for part in sorted(self.folder.glob(f"*{PAGES}{PART}")):
            part.with_name(part.name.removesuffix(f"{PAGES}{PART}") + LINES + PART).unlink(missing_ok=True)
            part.unlink()
        for part in sorted(self.folder.glob(f"*{FILES}{PART}")):
            part.unlink()
        for part in sorted(self.folder.glob(f"*{LINES}{PART}")):
            part.replace(part.with_name(part.name.removesuffix(PART)))

    def rewritten(self, name: str) -> tuple[Table, Table | None]:
        """Begin the page list of an endpoint anew, and its records where it has any, beside the old ones. Raises DiskError."""
        pages = Table(self.folder, f"{name}{PAGES}{PART}")
        return pages, Table(self.folder, f"{name}{LINES}{PART}") if (self.folder / f"{name}{LINES}").exists() else None

    def put_in_place(self, name: str, pages: Table, records: Table | None) -> None:
        """Put both over the old ones. Raises DiskError.

        The list of pages is begun first and put in place first: records that lie beside no such list belong to the one that is in place.
        """
        for ending, table in ((f"{name}.pages", pages), (name, records)):
            if table is not None:
                table.moved(f"{ending}{LINES}")
                self.adopt(ending, table)

    def adopt(self, name: str, table: Table) -> None:
        """Take a file that was written beside its old one for `<name>.jsonl`."""
        self._tables[name] = table

    def holds(self, name: str) -> bool:
        """Whether an endpoint has a list of pages there."""
        return (self.folder / f"{name}{PAGES}").exists()

    def forget(self, name: str) -> None:
        """Delete all that an endpoint has: the list of pages first, without which the rest is nothing. Raises DiskError."""
        try:
            for ending in (PAGES, LINES, FILES):
                (self.folder / f"{name}{ending}").unlink(missing_ok=True)
            shutil.rmtree(self.folder / "files" / name, ignore_errors=True)
        except OSError as error:
            raise disk_error(error) from None

    def _reserve(self) -> None:
        """Allocate the manifest's room now: a disk that fills up later must not cost the proof. Raises DiskError."""
        try:
            file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        except OSError as error:
            raise disk_error(error) from None
        try:
            os.posix_fallocate(file, 0, MANIFEST_ROOM)
        except OSError as error:
            self._part.unlink(missing_ok=True)
            raise disk_error(error) from None
        finally:
            os.close(file)

    @property
    def _part(self) -> Path:
        return self.folder / f"{MANIFEST}{PART}"

    def head(self, content: Mapping[str, object]) -> None:
        """Write what the manifest begins with, so that the folder says what it is. Raises DiskError."""
        part = self.folder / f".{MANIFEST}{PART}"
        try:
            part.unlink(missing_ok=True)
            _written(part, _as_text(content))
            part.replace(self.folder / MANIFEST)
        except OSError as error:
            raise disk_error(error) from None

    def table(self, name: str) -> Table:
        """Give the file `<name>.jsonl`, which is created the first time. Raises DiskError."""
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = Table(self.folder, f"{name}{LINES}")
        return table

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

    async def room_on_disk(self) -> None:
        """Bring the manifest's room onto the disk before there is a manifest: it waits half as long for its own bytes then.

        Promises nothing; what the disk refuses is told when it refuses the manifest.
        """
        with suppress(OSError):
            file = os.open(self._part, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                await asyncio.get_running_loop().run_in_executor(None, os.fsync, file)
            finally:
                os.close(file)

    async def manifest(self, content: Mapping[str, object]) -> Path:
        """Write `manifest.json` in one piece, so that it is whole or not there; gives its path. Raises DiskError.

        Others go on while the disk is waited for, and by nothing but that wait: a thread that does more waits for the loop each time.
        """
        path, part, text = self.folder / MANIFEST, self._part, _as_text(content)
        try:
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
            try:
                os.ftruncate(file, len(text))  # before there is a byte in it: a disk would have to be waited for
                _write_all(file, text)
                await asyncio.get_running_loop().run_in_executor(None, os.fsync, file)
            finally:
                os.close(file)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise disk_error(error) from None
        return path

    def close(self) -> None:
        """Close every file. Raises DiskError."""
        with ExitStack() as closing:
            for table in self._tables.values():
                closing.callback(table.close)


def _as_text(content: Mapping[str, object]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _create(path: Path | str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise disk_error(error) from None


def _written(path: Path, text: bytes) -> None:
    """Write a new file in one go. Raises DiskError."""
    file = _create(path)
    try:
        _write_all(file, text)
    except OSError as error:
        raise disk_error(error) from None
    finally:
        os.close(file)


def _write_all(file: int, text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(file, view) :]
