"""The files of a case: what came with a run or from an owner, where it lies and what it must be; and what was not obtained, and why."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.case.findings_fill import lines_of, read_record
from engine.case.folder import OpenCase
from engine.case.received import proven, received_files
from engine.case.review import RECEIVED, Review
from engine.case.take import DOWNLOADED
from engine.case.taken_run import read_run
from engine.decoding import converted
from engine.errors import UsageError

CHECKED = 1 << 26  # bytes: of a larger file only the size is compared before it is shown
CHUNK = 1 << 20


class CaseFile(msgspec.Struct, frozen=True):
    """A file that was asked for: the number by which it is found again, the record it belongs to, and what it must be.

    `file` is its name as decisions have it, None where it did not come; `why` says that, or what is in doubt. `proof` is the sha256 that
    the log holds of what an owner sent.
    """

    vendor: str
    endpoint: str
    number: int
    file: str | None
    path: Path | None
    size: int | None
    sha256: str | None = None
    record: int | None = None
    why: str | None = None
    called: str = ""
    proof: str | None = None


class ListedDownload(msgspec.Struct, frozen=True):
    """A line of a run's list of files."""

    record_line: int
    file: str | None = None
    bytes: int | None = None
    size_announced: int | None = None
    sha256: str | None = None
    reason: str | None = None


class NotFetched(msgspec.Struct, frozen=True):
    """Files of a kind that were found and not asked for, as the manifest counts them; the sentence with which that was accepted."""

    vendor: str
    endpoint: str
    count: int
    said: str | None


def case_files(case: OpenCase, found: Review) -> Iterator[CaseFile]:
    """Give every file, in the order of the runs; then those that owners gave. Raises UsageError where a list cannot be read."""
    for run in found.runs:
        for listing in sorted(run.folder.glob("*.files.jsonl")):
            endpoint = listing.name.removesuffix(".files.jsonl")
            for number, _, line in lines_of(listing):
                yield _of_run(run.vendor, run.folder, endpoint, number, _told(line, listing))
    for vendor, part in case.case.vendors.items():
        every = [(taken, one) for taken in part.files for one in received_files(case.folder / taken.folder)]
        for number, (taken, received) in enumerate(every, 1):
            name = str(received.path.relative_to(case.folder))
            yield CaseFile(vendor, RECEIVED, number, name, received.path, received.size, called=received.called, proof=taken.proof)


def _told(line: bytes, listing: Path) -> ListedDownload:
    try:
        told = converted(read_record(line, str(listing)), ListedDownload)
    except msgspec.ValidationError:
        told = None
    if told is None or (told.file and (".." in told.file or not DOWNLOADED.fullmatch(told.file))):
        message = f"{listing} is no list of files: it was changed after the run was taken in; put a copy back, or fetch again"
        raise UsageError(message)
    return told


def _of_run(vendor: str, folder: Path, endpoint: str, number: int, told: ListedDownload) -> CaseFile:
    path = folder / told.file if told.file else None
    size = told.bytes if told.file else told.size_announced
    return CaseFile(vendor, endpoint, number, told.file, path, size, told.sha256, told.record_line, told.reason)


def not_fetched(case: OpenCase, found: Review) -> Iterator[NotFetched]:
    """Say of which kinds files were found and not asked for. Raises UsageError where a manifest cannot be read."""
    for run in found.runs:
        for endpoint, told in read_run(run.folder).endpoints.items():
            counts = told.get("files")
            listing = run.folder / f"{endpoint}.files.jsonl"
            listed = sum(1 for _ in lines_of(listing)) if listing.exists() else 0
            count = counts.get("found") if isinstance(counts, dict) else None
            if isinstance(count, int) and count > listed:
                said = case.case.vendors[run.vendor].excused.get(f"{endpoint}.files")
                yield NotFetched(run.vendor, endpoint, count - listed, said.say if said is not None else None)


def checked_file(file: CaseFile) -> Path:
    """Give where a file lies, if it is still what was taken in: a plain file of the same size and, unless it is large, the same sha256.

    Raises UsageError.
    """
    path = file.path
    try:
        if path is not None and _is_the_one(path, file):
            return path
    except OSError:
        pass
    message = f"{path or file.endpoint} is not the file that was taken in: put a copy back, or fetch again"
    raise UsageError(message)


def _is_the_one(path: Path, file: CaseFile) -> bool:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        told = os.fstat(stream.fileno())
        if not stat.S_ISREG(told.st_mode) or told.st_size != file.size:
            return False
        if told.st_size > CHECKED:
            return True
        sha256 = file.sha256 if file.proof is None else proven(path.parent, file.proof).get(path.name)
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
