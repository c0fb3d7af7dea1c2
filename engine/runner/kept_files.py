"""The downloads that a run which broke off left: those that are whole, by their line in the list of files, stay as they are."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from engine.decoding import decoder
from engine.errors import disk_error
from engine.language.text.spec_name import SPEC_NAME
from engine.runner.chain_log import Count
from engine.sink import FILES, PART, Sink, Table

CHUNK = 1 << 20


class KeptFile(Struct, frozen=True):
    """One line of a list of files; `raw` is the line itself."""

    record_line: Annotated[int, Meta(ge=1, le=1 << 53)]
    number: Annotated[int, Meta(ge=1, le=1 << 53)]
    file: Annotated[str, Meta(pattern=rf"^files/{SPEC_NAME}/[0-9]{{6,19}}-[0-9]{{1,9}}\.[a-z0-9]{{1,8}}\Z")] | None = None
    bytes: Count = 0
    sha256: str = ""
    size_announced: Count | None = None
    reason: str | None = None
    astray: bool = False


def listed_files(folder: Path, name: str) -> Iterator[tuple[KeptFile, bytes]]:
    """Give each sound line of an endpoint's list of files; a torn or damaged one lists nothing. Raises DiskError."""
    lines = decoder(KeptFile)
    try:
        with (folder / f"{name}{FILES}").open("rb") as stream:
            for raw in stream:
                with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    line = lines.decode(raw if raw.endswith(b"\n") else b"")
                    if line.file is not None and line.file.startswith(f"files/{name}/{line.record_line:06d}-{line.number}."):
                        yield line, raw
    except FileNotFoundError:
        return
    except OSError as error:
        raise disk_error(error) from None


def keep_files(sink: Sink, name: str, unmoved: int) -> None:
    """Leave in the list of files those of records whose line stays the same: it is their name. Raises DiskError."""
    if (sink.folder / f"{name}{FILES}").exists():
        rewrite(sink, name, [raw for line, raw in listed_files(sink.folder, name) if line.record_line <= unmoved])


def rewrite(sink: Sink, name: str, lines: list[bytes]) -> Table:
    """Write the list of files anew with these lines, in the place of the old one. Raises DiskError."""
    table = Table(sink.folder, f"{name}{FILES}{PART}")
    for raw in lines:
        table.write(raw, 1)
    table.moved(f"{name}{FILES}")
    return table


async def whole_files(sink: Sink, name: str) -> Mapping[tuple[int, int], KeptFile]:
    """Give the files that lie there whole, by line and number; the list holds these and no others then, nor does the folder.

    Raises DiskError.
    """
    kept: dict[tuple[int, int], KeptFile] = {}
    lines = []
    for line, raw in listed_files(sink.folder, name):
        if line.reason is None and await asyncio.to_thread(_as_told, sink.folder / str(line.file), line):
            kept[line.record_line, line.number] = line
            lines.append(raw)
    sink.adopt(f"{name}.files", rewrite(sink, name, lines))
    names = {Path(str(line.file)).name for line in kept.values()}
    for path in sink.files_folder(name).iterdir():
        if path.name not in names:
            path.unlink()
    return kept


def _as_told(path: Path, line: KeptFile) -> bool:
    """Whether a file has the size and the digest that its line tells."""
    try:
        if path.is_symlink() or path.stat().st_size != line.bytes:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == line.sha256
    except OSError:
        return False
