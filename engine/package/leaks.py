"""Search a finished package for what was withheld in it, file by file, names included, before it has its final name."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from engine.errors import disk_error
from engine.package.bag import files_of
from engine.package.content import CaseAnswer
from engine.package.prose import prose
from engine.release.after_check import AfterCheck, LeakedValue
from engine.release.searched_bytes import FileKind
from engine.release.withheld import WithheldTexts

KINDS: dict[str, FileKind] = {".html": "html", ".htm": "html", ".json": "json", ".jsonl": "json", ".csv": "csv", ".tsv": "csv"}
COMMAS = bytes(ord(",") if byte in b";\t|" else byte for byte in range(256))
READABLE = (
    ".csv",
    ".eml",
    ".htm",
    ".html",
    ".json",
    ".jsonl",
    ".log",
    ".md",
    ".srt",
    ".svg",
    ".tsv",
    ".txt",
    ".vtt",
    ".xml",
    ".yaml",
    ".yml",
)
CHUNK = 1 << 18
ENCODED = re.compile(rb"content-transfer-encoding:\s*(?:base64|quoted-printable)|=\?[\w-]{2,40}\?[bq]\?", re.IGNORECASE)  # in mails
LONGEST_MARK = 64
UTF8 = codecs.getincrementaldecoder("utf-8")
HANDED_OVER = re.compile(r"data/[^/]+/files/(?!list\.csv$)")


class Leaks(msgspec.Struct, frozen=True):
    """What was found: `refused` must not stand there, `confirm` is given elsewhere by decision, the person's own, or our own word.

    `compared_whole` counts the values that were compared with whole values only, `opaque` the files that are no text.
    """

    refused: tuple[LeakedValue, ...]
    confirm: tuple[LeakedValue, ...]
    compared_whole: int
    opaque: int


def find_leaks(answer: CaseAnswer, bag: Path, withheld: WithheldTexts, own: Iterable[str] = ()) -> Leaks:
    """Search every file of a bag; `own` is the person's own beside what the answer says of them. Raises DiskError, OutputError."""
    mine = [one for one in (answer.name, answer.address, *answer.identifiers, *sorted(own)) if one]
    known = [name for service in answer.services for name in service.labels.names()]
    check = AfterCheck(withheld, mine, [*prose(answer), *known], known)
    given = {f"{service.vendor}/{kind.endpoint}" for service in answer.services for kind in service.kinds}
    refused, confirm = list[LeakedValue](), list[LeakedValue]()
    names = files_of(bag)
    for name in names:
        for found in _in_file(check, bag, name, given):
            (confirm if found.confirm or HANDED_OVER.match(name) else refused).append(found)
    return Leaks(tuple(refused), tuple(confirm), check.compared_whole, sum(_is_opaque(bag, name) for name in names))


def _in_file(check: AfterCheck, bag: Path, name: str, given: set[str]) -> list[LeakedValue]:
    path = bag / name
    kind = KINDS.get(path.suffix, "text")
    handed_over = HANDED_OVER.match(name) is not None
    if handed_over and not name.endswith(READABLE):
        return check.check(name, "text", ())
    ours = not handed_over and not name.startswith("read/") and name.removeprefix("data/").rpartition(".")[0] not in given
    if not handed_over:
        return check.check(name, kind, _Chunks(path), ours=ours)
    whole = check.check(name, kind, _Chunks(path, parted=kind == "csv")) if kind != "text" else []  # where short values stand alone
    return [*{one.withheld.text: one for one in (*whole, *check.check(name, "text", _Chunks(path)))}.values()]


def _is_opaque(bag: Path, name: str) -> bool:
    """Whether it is handed over, and not all of it is text in UTF-8, or a mail wrote that otherwise: what it holds is not found there."""
    if HANDED_OVER.match(name) is None or not name.endswith(READABLE):
        return HANDED_OVER.match(name) is not None
    decoder, before = UTF8(), b""
    try:
        for chunk in _Chunks(bag / name):
            decoder.decode(chunk)
            if b"\0" in chunk or (name.endswith(".eml") and ENCODED.search(before + chunk)):
                return True
            before = chunk[-LONGEST_MARK:]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return False


class _Chunks:
    """The bytes of a file, a piece at a time, from its beginning as often as they are asked for.

    `parted`: whatever parts the cells of a table is a comma, and the last line has an end.
    """

    def __init__(self, path: Path, *, parted: bool = False) -> None:
        self._path, self._parted = path, parted

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk.translate(COMMAS) if self._parted else chunk
            if self._parted:
                yield b"\n"
        except OSError as error:
            raise disk_error(error) from None
