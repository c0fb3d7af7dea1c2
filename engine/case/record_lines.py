"""Records of a case by their number, at once: where each line begins is kept beside the findings, and its sha256 is compared."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from engine.case.review import Review
from engine.errors import UsageError

IN_IT = "FROM findings CROSS JOIN members ON members.together = findings.together "
OF_IT = "WHERE findings.id > records.before AND findings.id <= records.last"
WAITING = (
    f'(SELECT count(*) {IN_IT} CROSS JOIN whys ON whys.id = members.why CROSS JOIN "values" ON "values".id = members.value '
    f'{OF_IT} AND whys.asked AND members.act IS NULL AND "values".decision IS NULL)'
)
LINES = f"SELECT line, begins, lower(hex(sha256)), (SELECT count(*) {IN_IT}{OF_IT}), "
BEHIND = " FROM records WHERE endpoint = (SELECT id FROM endpoints WHERE vendor = ? AND endpoint = ?) AND line > ?"
IN_ORDER = " ORDER BY line LIMIT ?"
COUNTED = "SELECT count(*) FROM records WHERE endpoint = (SELECT id FROM endpoints WHERE vendor = ? AND endpoint = ?)"
KINDS = "SELECT id, vendor, endpoint, (SELECT count(*) FROM records WHERE records.endpoint = endpoints.id) FROM endpoints ORDER BY id"
PLACES = (
    'SELECT fields.endpoint, sum(stands.count), sum(stands.count * (whys.asked AND "values".decision IS NULL)) FROM stands '
    "JOIN fields ON fields.id = stands.field JOIN whys ON whys.id = stands.why "
    'JOIN "values" ON "values".id = stands.value GROUP BY fields.endpoint'
)
PLACED = (
    "SELECT records.endpoint, count(*) FROM members JOIN whys ON whys.id = members.why "
    'JOIN "values" ON "values".id = members.value JOIN findings ON findings.together = members.together '
    "JOIN records ON records.id = findings.record "
    'WHERE members.act IS NOT NULL AND whys.asked AND "values".decision IS NULL GROUP BY records.endpoint'
)


class CountedKind(msgspec.Struct, frozen=True):
    """A kind of record in a case: how many there are, in how many places something was found, and how many of these wait for a decision."""

    vendor: str
    endpoint: str
    records: int
    places: int
    waiting: int


class RecordLine(msgspec.Struct, frozen=True):
    """A record by the number of its line: where that begins, its sha256, how much was found in it, and how much of that waits."""

    number: int
    begins: int
    sha256: str
    places: int
    waiting: int


def counted_kinds(found: Review) -> list[CountedKind]:
    """Give every kind of record, in the order in which the runs were read."""
    places = {endpoint: (every, waiting) for endpoint, every, waiting in found.findings.rows(PLACES)}
    placed = dict(found.findings.rows(PLACED))
    return [
        CountedKind(vendor, endpoint, records, places.get(key, (0, 0))[0], places.get(key, (0, 0))[1] - placed.get(key, 0))
        for key, vendor, endpoint, records in found.findings.rows(KINDS)
    ]


def record_count(found: Review, vendor: str, endpoint: str) -> int:
    """Say how many records of a kind there are; 0 where there is no such kind."""
    return int(found.findings.rows(COUNTED, vendor, endpoint)[0][0])


def lines_after(found: Review, vendor: str, endpoint: str, after: int, most: int) -> list[RecordLine]:
    """Give the records behind a line, in the order of the file."""
    return [RecordLine(*row) for row in found.findings.rows(LINES + WAITING + BEHIND + IN_ORDER, vendor, endpoint, after, most)]


def waiting_after(found: Review, vendor: str, endpoint: str, after: int, most: int) -> list[RecordLine]:
    """Give the records behind a line in which something waits for a decision."""
    return [
        RecordLine(*row)
        for row in found.findings.rows(LINES + WAITING + BEHIND + " AND " + WAITING + IN_ORDER, vendor, endpoint, after, most)
    ]


def read_line(folder: Path, endpoint: str, line: RecordLine, most: int | None = None) -> bytes | None:
    """Give the bytes of a record; None where it is longer than `most`. Raises UsageError where it is not the one that was taken in."""
    path = folder / f"{endpoint}.jsonl"
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as stream:
            stream.seek(line.begins)
            raw = stream.readline(-1 if most is None else most + 2)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): put a copy back, or fetch again"
        raise UsageError(message) from None
    if most is not None and len(raw) > most + 1:
        return None
    raw = raw.removesuffix(b"\n")
    if hashlib.sha256(raw).hexdigest() != line.sha256:
        message = f"{path}: line {line.number} was changed after the run was taken in: put a copy back, or fetch again"
        raise UsageError(message)
    return raw
