"""Note in `findings.sqlite` what was decided: about a value, in a record or at a place in it, about a field or an endpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from engine.case.acts import Target
from engine.case.findings_tables import COUNTED
from engine.release.field_path import FieldSteps, parse_steps, reaches

FIELDS = (
    "SELECT fields.id, fields.field FROM fields JOIN endpoints ON endpoints.id = fields.endpoint "
    "WHERE vendor = ? AND endpoints.endpoint = ?"
)
IN_RECORD = (
    "SELECT findings.id, findings.together FROM records CROSS JOIN endpoints ON endpoints.id = records.endpoint "
    "CROSS JOIN findings ON findings.id > records.before AND findings.id <= records.last "
    "WHERE sha256 = ? AND vendor = coalesce(?, vendor) AND endpoints.endpoint = coalesce(?, endpoints.endpoint)"
)
STANDING = "SELECT count(*) FROM (SELECT 1 FROM findings WHERE together = ? LIMIT 2)"
COPIED = (
    "INSERT INTO members (together, at, value, why, pointer, act) "
    "SELECT (SELECT max(together) + 1 FROM members), at, value, why, pointer, act FROM members WHERE together = ?"
)
PARTED = "UPDATE findings SET together = (SELECT max(together) FROM members) WHERE id = ?"
ROWS = 'SELECT DISTINCT "values".row FROM members JOIN "values" ON "values".id = members.value WHERE '
DECIDED = "UPDATE members SET act = ? WHERE "
BY_FIELD = "pointer IN (SELECT pointers.id FROM pointers WHERE pointers.field IN (SELECT json_each.value FROM json_each(?)))"
OF_FINDING = (
    "together = (SELECT findings.together FROM findings WHERE findings.id = ?) AND "
    "(SELECT pointers.pointer FROM pointers WHERE pointers.id = members.pointer) = coalesce(?, "
    "(SELECT pointers.pointer FROM pointers WHERE pointers.id = members.pointer))"
)


def decide(database: sqlite3.Connection, decisions: Mapping[int, Target]) -> None:
    """Note the decisions that hold, by the numbers of their acts, and count what is undecided."""
    database.execute('UPDATE "values" SET decision = NULL WHERE decision IS NOT NULL')
    database.execute("UPDATE members SET act = NULL WHERE act IS NOT NULL")
    for act, decided in sorted(decisions.items()):
        if decided.value is not None:
            database.execute('UPDATE "values" SET decision = ? WHERE digest = ?', (act, decided.value))
        elif decided.record is not None:
            _decide_in_record(database, act, decided)
        elif decided.file is None:
            database.execute(DECIDED + BY_FIELD, (act, fields_of(database, decided)))
    for statement in COUNTED.split(";"):
        database.execute(statement)


def _decide_in_record(database: sqlite3.Connection, act: int, decided: Target) -> None:
    """Note it there alone: what stands in other records too gets a number of its own first."""
    of = digest_bytes(decided.record or ""), decided.vendor, decided.endpoint
    for finding, together in database.execute(IN_RECORD, of).fetchall():
        if database.execute(STANDING, (together,)).fetchone() == (2,):
            database.execute(COPIED, (together,))
            database.execute(PARTED, (finding,))
        database.execute(DECIDED + OF_FINDING, (act, finding, decided.pointer or None))


def rows_reached(database: sqlite3.Connection, about: Target) -> set[int]:
    """Give the rows whose values stand where a decision about a record, a place in it, a field or an endpoint is or was about."""
    if about.record is None:
        return {row for (row,) in database.execute(ROWS + BY_FIELD, (fields_of(database, about),))}
    findings = database.execute(IN_RECORD, (digest_bytes(about.record), about.vendor, about.endpoint)).fetchall()
    return {row for finding, _ in findings for (row,) in database.execute(ROWS + OF_FINDING, (finding, about.pointer or None))}


def fields_of(database: sqlite3.Connection, decided: Target) -> str:
    """Give the numbers of the fields that a decision is about, as JSON."""
    steps: FieldSteps = parse_steps(decided.field) if decided.field else ()
    fields = database.execute(FIELDS, (decided.vendor, decided.endpoint))
    return msgspec.json.encode([number for number, field in fields if reaches(steps, tuple(field.split(".")))]).decode()


def digest_bytes(sha256: str) -> bytes:
    """Read a sha256; what is none is that of no record."""
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""
