"""`/case/X/files`: what came with `--files` or from an owner, to be looked at, held or given; and what was not obtained, and why."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.case.acts import Target
from engine.case.deciding import WantedDecision
from engine.case.file_lines import CaseFile, case_files, checked_file, not_fetched
from engine.case.folder import OpenCase
from engine.case.review import RECEIVED, Review, files_of
from engine.errors import UsageError
from engine.portal.asked import AskedPage, NotThere, Portrayed, SentFile
from engine.portal.choices import (
    REASONS_OR_NONE,
    SHORT_REASONS,
    WHOLE,
    chosen_for_all,
    chosen_operation,
    count_saved_last,
    decide_wanted,
    reason_for,
    undo_named,
)
from engine.portal.seen import SeenCase, looked, looked_through
from engine.release.ruling import Ruling

ON_A_PAGE = 50
MOST_MISSING = 200
SHOWN = {  # what a browser shows without running any of it; by the ending that we gave the file
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    **dict.fromkeys(("txt", "vtt", "csv", "json", "jsonl", "eml", "md"), "text/plain; charset=utf-8"),
}


class FileRow(msgspec.Struct, frozen=True):
    """A file on the page: what happens to it, by which rule, the acts that undo takes back, and what was chosen in a form."""

    file: CaseFile
    ruling: Ruling
    name: str
    media: str | None
    because: str
    acts: str
    operation: str
    chosen_because: str


def _shown(seen: SeenCase) -> Portrayed:
    every = list(case_files(seen.case, seen.found))
    rulings = {(one.vendor, one.file): one.ruling for one in files_of(seen.case, seen.found)}
    here = sorted(
        (one for one in every if (one.vendor, one.file) in rulings), key=lambda one: rulings[one.vendor, one.file or ""].do != "ask"
    )
    missing = [one for one in every if one.file is None]
    last = max(1, -(-len(here) // ON_A_PAGE))
    page = min(max(seen.asked.number("p"), 1), last)
    rows = [_row(seen, one, rulings[one.vendor, one.file or ""]) for one in here[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]]
    return seen.portrayed(
        "files.html",
        rows=rows,
        count=len(here),
        waiting=sum(one.do == "ask" for one in rulings.values()),
        missing=missing[:MOST_MISSING],
        more_missing=max(0, len(missing) - MOST_MISSING),
        not_fetched=list(not_fetched(seen.case, seen.found)),
        page=page,
        last=last,
        last_saved=count_saved_last(seen.case, lambda target: target.file is not None),
        offered=WHOLE,
        reasons=REASONS_OR_NONE,
        received=RECEIVED,
    )


def _row(seen: SeenCase, file: CaseFile, ruling: Ruling) -> FileRow:
    key = f"{file.vendor}/{file.file}"
    about = (file.vendor, file.file)
    acts = [number for number, act in seen.case.case.decisions.items() if (act.target.vendor, act.target.file) == about]
    return FileRow(
        file,
        ruling,
        name=(file.file or "").rpartition("/")[2],
        media=SHOWN.get(_ending(file)),
        because=SHORT_REASONS[ruling.because],
        acts=" ".join(map(str, acts)),
        operation=seen.asked.said(f"d-{key}"),
        chosen_because=seen.asked.said(f"r-{key}"),
    )


def _ending(file: CaseFile) -> str:
    return (file.file or "").rpartition(".")[2].lower()


show_files = looked_through("files", "Files", _shown)


def do_files(asked: AskedPage) -> str:
    """Look through the runs, hold or give files, or take that back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    if (where := looked(asked, "files")) is not None:
        return where
    case = asked.seen_case()
    at = f"/case/{case.reference}/files?p={asked.number('p')}"
    if numbers := asked.said("undo"):
        undo_named(case, numbers, asked.now)
        return at
    decide_wanted(asked, case, lambda found: [*_wanted(asked, case, found), *_of_all(asked, case, found)])
    return at


def _of_all(asked: AskedPage, case: OpenCase, found: Review) -> Iterator[WantedDecision]:
    """Read what was chosen for all files that wait, but for those with a choice of their own."""
    if (chosen := chosen_for_all(asked, WHOLE)) is not None:
        operation, because = chosen
        waits = (one for one in files_of(case, found) if one.ruling.do == "ask" and not asked.said(f"d-{one.vendor}/{one.file}"))
        targets = tuple(Target(vendor=one.vendor, endpoint=one.endpoint, file=one.file) for one in waits)
        if targets:
            yield WantedDecision(operation, (), because, targets=targets)


def _wanted(asked: AskedPage, case: OpenCase, found: Review) -> Iterator[WantedDecision]:
    known = {f"{one.vendor}/{one.file}": one for one in case_files(case, found)}
    for name in asked.form:
        operation, key = asked.said(name), name.removeprefix("d-")
        if name.startswith("d-") and operation:
            file = known.get(key)
            if file is None or file.file is None:
                message = "the form names no file of this case: open the page again; nothing was written"
                raise UsageError(message)
            because = reason_for(chosen_operation(operation, WHOLE), asked.said(f"r-{key}"))
            target = Target(vendor=file.vendor, endpoint=file.endpoint, file=file.file)
            yield WantedDecision(operation, (), because, targets=(target,))


def _sent(seen: SeenCase) -> SentFile:
    names = seen.asked.names
    about = names["vendor"], names["endpoint"], names["number"]
    file = next((one for one in case_files(seen.case, seen.found) if (one.vendor, one.endpoint, str(one.number)) == about), None)
    if file is None or file.file is None:
        message = f"{seen.case.reference} has no such file: the page Files lists those that it has"
        raise NotThere(message)
    name = f"{seen.case.reference}-{file.vendor}-{file.file.rpartition('/')[2]}"
    return SentFile(checked_file(file), SHOWN.get(_ending(file)), name)


show_file = looked_through("files", "File", _sent)
