"""Search a finished package for everything that was withheld in it, file by file, names included, before it has its final name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from engine.errors import disk_error
from engine.package.bag import files_of
from engine.package.content import CaseAnswer
from engine.package.pages import PACKAGE
from engine.pages.texts import texts
from engine.release.after_check import AfterCheck, LeakedValue
from engine.release.searched_bytes import FileKind
from engine.release.withheld import WithheldTexts

KINDS: dict[str, FileKind] = {".html": "html", ".json": "json", ".csv": "csv"}
READABLE = (".csv", ".eml", ".htm", ".html", ".json", ".log", ".md", ".txt", ".vtt", ".xml", ".yaml", ".yml")
CHUNK = 1 << 20
FILES, LIST = "/files/", "/files/list.csv"


class Leaks(msgspec.Struct, frozen=True):
    """What was found: `refused` must not stand there, `confirm` is given elsewhere by decision, the person's own, or our own word.

    `compared_whole` counts the values that were compared with whole values only.
    """

    refused: tuple[LeakedValue, ...]
    confirm: tuple[LeakedValue, ...]
    compared_whole: int


def find_leaks(answer: CaseAnswer, bag: Path, withheld: WithheldTexts) -> Leaks:
    """Search every file of a bag. Raises DiskError, OutputError."""
    own = [one for one in (answer.name, answer.address, *answer.identifiers) if one]
    check = AfterCheck(withheld, own, list(_prose(answer)))
    given = {f"{service.vendor}/{kind.endpoint}" for service in answer.services for kind in service.kinds}
    refused, confirm = list[LeakedValue](), list[LeakedValue]()
    for name in files_of(bag):
        for found in _in_file(check, bag, name, given):
            (confirm if found.confirm or (FILES in name and not name.endswith(LIST)) else refused).append(found)
    return Leaks(tuple(refused), tuple(confirm), check.compared_whole)


def _in_file(check: AfterCheck, bag: Path, name: str, given: set[str]) -> list[LeakedValue]:
    path = bag / name
    kind = KINDS.get(path.suffix, "text")
    handed_over = FILES in name and not name.endswith(LIST)
    if handed_over and path.suffix not in READABLE:
        return check.check(name, "text", ())  # sound, pictures and the like: their names only
    ours = not handed_over and not name.startswith("read/") and name.removeprefix("data/").rpartition(".")[0] not in given
    return check.check(name, "text" if handed_over else kind, _chunks(path), ours=ours)


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise disk_error(error) from None


def _prose(answer: CaseAnswer) -> Iterable[str]:
    """Give what the package says by itself: texts of pages, labels, titles, and the operator's sentences."""
    for entry in texts(PACKAGE, answer.language).entries.values():
        yield from (entry,) if isinstance(entry, str) else entry.values()
    sender = answer.sender
    yield from (answer.law, answer.reference, sender.controller, sender.contact, sender.signature, sender.authority)
    for service in answer.services:
        yield from (service.title, service.how, service.why or "", *service.not_asked, *(one or "" for one in service.information.values()))
        yield from service.labels.words()
        for kind in service.kinds:
            yield from (kind.title, kind.why or "")
