"""`habeas check --openapi`: read the vendor's own documents from disk and compare a spec with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.cassettes.cassette import Finding
from engine.cassettes.recording import Recording
from engine.errors import UsageError
from engine.language.text.document import lines_of
from engine.language.text.mistakes import Mistake, Position, SpecError, counted
from engine.openapi.compare.check_recording import contradicted
from engine.openapi.compare.comparison import compare, trouble
from engine.openapi.compare.left_out import left_out
from engine.openapi.document.operations import Api
from engine.openapi.document.paths import Paths
from engine.openapi.document.read import MOST_BYTES, DocumentError
from engine.spec_files import contents as spec_contents

MOST_AGAINST = 8


def contents(path: Path) -> bytes:
    """Read a document from disk, at most one byte more than it may have. Raises DocumentError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{path}: the file cannot be read: {error.strerror or 'unknown reason'}"
        raise DocumentError(message) from None


def documents(files: tuple[Path, ...], specs: tuple[str, ...]) -> tuple[Api, ...]:
    """Read the documents that one spec is compared with. Raises UsageError, also where there is not exactly one spec."""
    if files and len(specs) != 1:
        message = "--openapi compares one spec with its vendor's document: name that spec, habeas check SPEC --openapi FILE"
        raise UsageError(message)
    return tuple(Api(contents(file), str(file)) for file in files)


def recordings_compared(recordings: Sequence[Recording], apis: tuple[Api, ...], name: str) -> tuple[tuple[Finding, ...], str]:
    """Note each recorded answer that the documents contradict, unless it is marked as invented; and sum up in a line."""
    every, found, told = [Paths(api) for api in apis], list[Finding](), 0
    for recording in recordings:
        try:
            answer = json.loads(recording.response.body)
        except ValueError:
            continue
        against = contradicted(every, recording.request.method, recording.request.url, recording.response.status, answer)
        told += against is not None
        if against and not recording.invented:
            shown = (*against[:MOST_AGAINST], *((f"and {len(against) - MOST_AGAINST} more",) if against[MOST_AGAINST:] else ()))
            message = "the vendor's documents contradict this recorded answer"
            hint = "mend it, or say in its first line why it is right: # invented: why"
            found.append(Finding(Mistake(message, Position(recording.answer, 1), hint, "note", recording.file, shown)))
    line = f"{name}: {told} of {counted(len(recordings), 'recording')} compared with the documents, {len(found)} contradicted"
    return tuple(found), line


def compared(path: Path, apis: tuple[Api, ...]) -> Iterator[tuple[Mistake, tuple[str, ...]]]:
    """Give each difference between a spec and the documents, with the spec's lines; none while the spec has mistakes of its own."""
    if not apis:
        return
    try:
        raw = spec_contents(path)
        differences = (*compare(raw, str(path), apis), *left_out(raw, str(path), apis))
    except SpecError:
        return
    lines = lines_of(raw)
    yield from ((one, lines) for one in differences)
    yield from ((one, ()) for api in apis for one in trouble(api))
