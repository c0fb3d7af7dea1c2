"""`habeas check --openapi`: read the vendor's own documents from disk and compare a spec with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import UsageError
from engine.language.text.mistakes import Mistake, SpecError
from engine.openapi.compare.comparison import compare, trouble
from engine.openapi.document.operations import Api
from engine.openapi.document.read import MOST_BYTES, DocumentError
from engine.spec_files import contents as spec_contents


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


def compared(path: Path, apis: tuple[Api, ...]) -> Iterator[tuple[Mistake, tuple[str, ...]]]:
    """Give each difference between a spec and the documents, with the spec's lines; none while the spec has mistakes of its own."""
    if not apis:
        return
    try:
        raw = spec_contents(path)
        differences = compare(raw, str(path), apis)
    except SpecError:
        return
    lines = tuple(raw.decode("utf-8-sig").splitlines())
    yield from ((one, lines) for one in differences)
    yield from ((one, ()) for api in apis for one in trouble(api))
