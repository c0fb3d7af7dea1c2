"""Where a bag is read from: a folder, or a zip of one. Whatever lies there is listed and read with bounds, never unpacked or followed.

A zip may be made to unpack to petabytes, to hold a file under two names or two under one; a folder may hold links. Each is a fault
that is named, and none of it is read.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Literal

import msgspec

from engine.errors import UsageError
from engine.package.bag_names import BAGIT, name_fault, shown

MOST_FILES = 100_000  # folders counted
MOST_BYTES = 1 << 40
MOST_DIRECTORY = 12 << 20  # bytes of a zip's directory: its entries are held in memory
MOST_RATIO, RATIO_FROM = 200, 64 << 20
ENCRYPTED = 1  # a bit of an entry's flags
ENDING, ENDING_SIZE, LONGEST_COMMENT = b"PK\5\6", 22, 0xFFFF
WIDE, WIDE_SIZE, WIDE_LOCATOR, WIDE_PLACE = b"PK\6\6", 56, b"PK\6\7", 20
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
FaultKind = Literal["changed", "missing", "added", "name", "link", "bag", "zip", "document", "count"]


class BagFault(msgspec.Struct, frozen=True):
    """Something that is wrong with a bag: of which kind, and a sentence that names where."""

    kind: FaultKind
    text: str


class BagSource:
    """The files of a bag by name, with their sizes, the folders in which nothing lies, and what is wrong with how all that lies there."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.empty: list[str] = []
        self.seen = self.size = 0
        self.closed = False
        self.faults: list[BagFault] = []

    def found(self, kind: FaultKind, text: str) -> None:
        """Note a fault."""
        self.faults.append(BagFault(kind, text))

    def refuse(self, kind: FaultKind, text: str) -> None:
        """Note a fault for which nothing of the bag is read."""
        self.found(kind, text)
        self.files.clear()
        self.empty.clear()
        self.size, self.closed = 0, True

    def listed(self, name: str, size: int) -> None:
        """Note a file."""
        fault = name_fault(name)
        if fault is not None:
            self.found("name", f"{shown(name)} {fault}")
        elif name in self.files:
            self.found("zip", f"{name} stands twice in the zip")
        else:
            self.files[name] = size
            self.size += size

    def too_much(self) -> bool:
        """Whether there is more than is checked; that is a fault then."""
        if self.closed:
            return True
        if self.seen > MOST_FILES or self.size > MOST_BYTES:
            self.refuse("bag", f"it holds more than {MOST_FILES} files or {MOST_BYTES >> 30} GiB: nothing of it was read")
        return self.closed

    def open(self, name: str) -> IO[bytes]:
        """Open a file; here, where a bag could not be read, there is none. Raises one of UNREADABLE."""
        raise FileNotFoundError(name)


class FolderSource(BagSource):
    """A bag as a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        folders = [""]
        while folders and not self.too_much():
            folder, before = folders.pop(), self.seen
            try:
                with os.scandir(root / folder) as entries:
                    for entry in entries:
                        if self.too_much():
                            break
                        if self._is_folder(folder, entry):
                            folders.append(f"{folder}{entry.name}/")
                if self.seen == before:
                    self.empty.append(folder)
            except OSError as error:
                self.found("bag", f"{shown(folder) or 'the folder'} cannot be read ({error.strerror})")
        self.too_much()

    def _is_folder(self, folder: str, entry: os.DirEntry[str]) -> bool:
        self.seen += 1
        name, found = folder + entry.name, entry.stat(follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            self.listed(name, found.st_size)
        elif stat.S_ISLNK(found.st_mode):
            self.found("link", f"{shown(name)} is a link: a package holds none, and it was not followed")
        elif not stat.S_ISDIR(found.st_mode):
            self.found("link", f"{shown(name)} is neither file nor folder")
        elif name_fault(name) is not None:
            self.found("name", f"{shown(name)}/ {name_fault(name)}")
        return stat.S_ISDIR(found.st_mode) and name_fault(name) is None

    def open(self, name: str) -> IO[bytes]:
        """Open a file that is no link."""
        file = os.open(self._root / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        return os.fdopen(file, "rb")


class ZipSource(BagSource):
    """A bag as a zip, its files at the top or in one folder there."""

    def __init__(self, path: Path, zipped: zipfile.ZipFile, size: int) -> None:
        super().__init__()
        self.seen = len(zipped.infolist())
        if self.seen and all(entry.flag_bits & ENCRYPTED for entry in zipped.infolist()):
            message = f"{path} is sealed: unpack it with its passphrase (7-Zip), and verify the folder"
            raise UsageError(message)
        self._zip = zipped
        entries = [entry for entry in zipped.infolist() if not self._refused(entry)]
        self._top = _top({entry.orig_filename for entry in entries})
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            inside = entry.orig_filename.removeprefix(self._top)
            if not entry.orig_filename.startswith(self._top) and not entry.is_dir():
                self.found("added", f"{shown(entry.orig_filename)} lies beside the bag in the zip")
            elif not entry.is_dir():
                self.listed(inside, entry.file_size)
                self._entries.setdefault(inside, entry)
            elif inside and name_fault(inside.rstrip("/")):
                self.found("name", f"{shown(inside)} {name_fault(inside.rstrip('/'))}")
        names = {entry.orig_filename.removeprefix(self._top) for entry in zipped.infolist()}
        self.empty = [name for name, after in pairwise([*sorted(names), ""]) if name.endswith("/") and not after.startswith(name)]
        packed, whole = sum(entry.compress_size for entry in entries), sum(entry.file_size for entry in entries)
        if packed > size or whole > max(RATIO_FROM, MOST_RATIO * size):
            self.refuse("zip", f"{path.name} is made to unpack to {whole} bytes, from {size}: nothing of it was read")
        self.too_much()

    def _refused(self, entry: zipfile.ZipInfo) -> bool:
        name, mode = shown(entry.orig_filename), entry.external_attr >> 16
        if stat.S_ISLNK(mode):
            self.found("link", f"{name} is a link: a package holds none, and it was not followed")
        elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self.found("zip", f"{name} is compressed in a way that is not read: stored and deflated are")
        elif entry.flag_bits & ENCRYPTED:
            self.found("zip", f"{name} is encrypted, and the others are not: it was not read")
        else:
            return False
        return True

    def open(self, name: str) -> IO[bytes]:
        """Open a file of the zip."""
        return self._zip.open(self._entries[name])


@contextmanager
def opened_bag(path: Path) -> Iterator[BagSource]:
    """List a folder or zip. Raises UsageError for what is neither, or is sealed."""
    with ExitStack() as stack:
        try:
            found = FolderSource(path) if path.is_dir() else _zip_source(path, stack)
        except OSError as error:
            message = f"{path} cannot be read ({error.strerror})"
            raise UsageError(message) from None
        yield found


def _zip_source(path: Path, stack: ExitStack) -> BagSource:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    stream = stack.enter_context(os.fdopen(file, "rb"))
    size = os.fstat(file).st_size
    start = stream.read(64) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    if start.lstrip()[:15].lower() == b"<!doctype html>":
        message = f"{path} is a page: open a sealed one in a browser, save the zip that it holds, and verify that"
        raise UsageError(message)
    if not start.startswith(b"PK"):
        message = f"{path} is neither a folder nor a zip"
        raise UsageError(message)
    broken = BagSource()
    try:
        length = _directory_size(stream, size)
        if length <= MOST_DIRECTORY:
            return ZipSource(path, stack.enter_context(zipfile.ZipFile(stream)), size)
        broken.refuse("zip", f"{path.name} has a directory of {length} bytes: no more than {MOST_DIRECTORY} are read")
    except UNREADABLE:
        broken.refuse("zip", f"{path.name} is no whole zip: it is cut or changed, or of another kind")
    return broken


def _top(names: set[str]) -> str:
    """Give the folder in which the bag lies, such as `DSR-17/`; empty for a bag at the top."""
    tops = {name.removesuffix(BAGIT) for name in names if name.count("/") == 1 and name.endswith(f"/{BAGIT}")}
    return tops.pop() if len(tops) == 1 and BAGIT not in names else ""


def _directory_size(stream: IO[bytes], size: int) -> int:
    """Read from the end of a zip how long its directory is, the longest if that can be read in several ways; 0 where there is no end."""
    start = max(0, size - ENDING_SIZE - LONGEST_COMMENT - WIDE_PLACE - WIDE_SIZE)
    stream.seek(start)
    tail, longest = stream.read(size - start), 0
    for found in re.finditer(re.escape(ENDING), tail):
        at = found.start()
        longest = max(longest, _number(tail, at + 12, 4) % 0xFFFFFFFF)
        if at >= WIDE_PLACE and tail.startswith(WIDE_LOCATOR, at - WIDE_PLACE):
            stream.seek(min(size, _number(tail, at - 12, 8)))
            for record in (stream.read(WIDE_SIZE), tail[max(0, at - WIDE_PLACE - WIDE_SIZE) : at - WIDE_PLACE]):
                longest = max(longest, _number(record, 40, 8) if record.startswith(WIDE) else 0)
    return longest


def _number(raw: bytes, at: int, size: int) -> int:
    return int.from_bytes(raw[at : at + size], "little")
