"""Search the texts of a case's records, however they are written: as the search of a package looks for what was withheld.

Capitals, how an accent is encoded, blanks, escapes and the marks between the digits of numbers make no difference; of a telephone
number the end is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_fill import read_record, record_files
from engine.case.record_lines import lines_after
from engine.case.review import Review
from engine.case.taken_run import read_run
from engine.errors import UsageError
from engine.release.found_phones import ENDING
from engine.release.record_values import escaped, text_of
from engine.release.searched_bytes import FileKind, searchable, squeezed, views
from engine.release.written import number_of, occurrences

CHUNK = 1 << 20
SHORTEST = 2
AROUND = 60  # characters shown before and behind what was found


class FoundRecord(msgspec.Struct, frozen=True):
    """A record in which something was found: the first text that has it, in three parts of which the middle one is what was looked for."""

    vendor: str
    endpoint: str
    number: int
    pointer: str
    before: str
    hit: str
    behind: str


class SearchStart(msgspec.Struct, frozen=True):
    """Where a search goes on: behind this record."""

    vendor: str = ""
    endpoint: str = ""
    number: int = 0


class Needles(msgspec.Struct, frozen=True):
    """What is looked for, each as it is searched; `accents`: with its accents only."""

    every: list[bytes]
    accents: bool


def needles_of(wanted: str, *, accents: bool = True) -> list[bytes]:
    """Give what is looked for. Raises UsageError where that is too short to tell anything."""
    bare, digits = squeezed(searchable(wanted.strip(), accents=accents), "text"), number_of(wanted.strip())
    if len(bare.decode("utf-8", "replace")) < SHORTEST:
        message = f"write at least {SHORTEST} letters or digits to search for"
        raise UsageError(message)
    return [bare, *([digits[-ENDING:].encode()] if len(digits) >= ENDING and not any(map(str.isalpha, wanted)) else [])]


def search(found: Review, wanted: str, after: SearchStart, most: int, *, accents: bool = True) -> list[FoundRecord]:
    """Give the records in which a text stands, in the order of the runs, at most so many; without its accents too, unless `accents`.

    Raises UsageError.
    """
    needles, hits = Needles(needles_of(wanted, accents=accents), accents), list[FoundRecord]()
    places = [(run.vendor, run.folder, file) for run in found.runs for file in record_files(run.folder)]
    _check_whole(found, places)
    passed = not after.vendor
    for vendor, _, file in places:
        begin = (0, 0)
        if not passed:
            passed = (vendor, file.stem) == (after.vendor, after.endpoint)
            if not passed:
                continue
            following = lines_after(found, vendor, file.stem, after.number, 1)
            if not following:
                continue
            begin = (following[0].begins, after.number)
        for number, line in _lines(file, needles, *begin):
            hit = _hit(vendor, file, number, line, (wanted.strip(), needles))
            hits += [hit] if hit is not None else []
            if len(hits) >= most:
                return hits
    return hits


def _check_whole(found: Review, places: Sequence[tuple[str, Path, Path]]) -> None:
    """See that every file of records is there, as large as the manifest says: a search must not pass over one. Raises UsageError."""
    there = {str(file): file.stat().st_size for _, _, file in places}
    for run in found.runs:
        for name, told in read_run(run.folder).written.items():
            path = str(run.folder / name)
            if name.count(".") == 1 and there.get(path) != told.get("bytes"):
                message = f"{path} is not as it was taken in: put a copy back, or fetch again; nothing was searched"
                raise UsageError(message)


def _lines(file: Path, needles: Needles, begins: int, number: int) -> Iterator[tuple[int, bytes]]:
    """Give the lines in which something may stand; many are looked at together. Raises UsageError."""
    try:
        with file.open("rb") as stream:
            stream.seek(begins)
            while lines := stream.readlines(CHUNK):
                if _has(b"".join(lines), "json", needles):
                    yield from ((number + at, line) for at, line in enumerate(lines, 1) if _has(line, "json", needles))
                number += len(lines)
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror})"
        raise UsageError(message) from None


def _has(data: bytes, kind: FileKind, needles: Needles) -> bool:
    read = (squeezed(view, kind) for view in views(data, kind, accents=needles.accents))
    return any(needle in bare for bare in read for needle in needles.every)


def _hit(vendor: str, file: Path, number: int, line: bytes, wanted: tuple[str, Needles]) -> FoundRecord | None:
    words, needles = wanted
    for pointer, text in _texts(read_record(line.rstrip(b"\n"), f"{file}:{number}")):
        if _has(text.encode("utf-8", "surrogatepass"), "text", needles):
            start, end = next(occurrences(text, words), (0, 0))
            begin = max(0, start - AROUND)
            before = f"{'…' if begin else ''}{text[begins_word(text, begin, start) : start]}"
            behind = f"{text[end : end + AROUND]}{'…' if len(text) > end + AROUND else ''}"
            return FoundRecord(vendor, file.stem, number, pointer, before, text[start:end], behind)
    return None


def begins_word(text: str, begin: int, start: int) -> int:
    """Give where the first whole word begins, so that what is shown begins with one."""
    blank = text.find(" ", begin, start) if begin else -1
    return blank + 1 if blank >= 0 else begin


def _texts(record: Any) -> Iterator[tuple[str, str]]:
    """Give every text of a record with its pointer, however deep it is nested."""
    waiting: list[tuple[str, Any]] = [("", record)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{pointer}/{escaped(name)}", inner) for name, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{at}", inner) for at, inner in reversed(list(enumerate(value)))]
        elif text := text_of(value):
            yield pointer, text
