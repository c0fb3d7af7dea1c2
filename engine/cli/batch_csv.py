"""`habeas status --csv`: a line for each request at each connection, to hand on; it names requests and nobody."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

import msgspec

from engine.batch.batch_folder import REFUSED, BatchFolder
from engine.batch.results import read_manifest
from engine.cli.formatting import print_text
from engine.core.ledger import Subject
from engine.decoding import decoder
from engine.language.text.mistakes import counted

COLUMNS = ("request", "connection", "state", "person", "why", "ended", "folder")

WORDS = {str(Subject.MATCHED): "found", str(Subject.NO_MATCH): "nobody is known"}


class _ToldSubject(msgspec.Struct):
    """Of a manifest's subject: who it was."""

    outcome: str


class _ToldManifest(msgspec.Struct):
    """Of a manifest: its subject."""

    subject: _ToldSubject


def print_status_csv(folder: BatchFolder, stream: TextIO) -> None:
    """Print it row by row; a request that could not be asked for has a line too, without a connection."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = folder.database.all("select request, connection, state, reason, ended_at, folder from person order by request, connection")
    for request, connection, state, *told_of in rows:
        who = _person(folder, told_of[-1]) if told_of[-1] else ""
        writer.writerow((request, connection, state, who, *told_of))
    told = 0
    for request, why in _refused(folder):
        writer.writerow((request, "", "refused", "", why, "", ""))
        told += 1
    if folder.refused > told:
        missing = counted(folder.refused - told, "line")
        print_text(
            f"{missing} of the file could not be asked for and cannot be named any more: {REFUSED} was deleted or changed.", err=True
        )


def _person(folder: BatchFolder, place: str) -> str:
    """Say whether the person was found, as the manifest has it; nothing where the result is gone."""
    raw = read_manifest(folder.path / place)
    try:
        outcome = "" if raw is None else decoder(_ToldManifest).decode(raw).subject.outcome
    except msgspec.MsgspecError:
        return "the manifest is damaged"
    return WORDS.get(outcome, outcome)


def _refused(folder: BatchFolder) -> Iterator[tuple[str, str]]:
    """Give request and reason of each line that was refused and not mended since."""
    path = folder.path / REFUSED
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        last = {row.get("request") or "": row.get("why") or "" for row in csv.DictReader(stream)}
    for request, why in last.items():
        if not folder.database.count("select count(*) from line where request=?", request):
            yield request, why
