"""The findings of a case: distinct values that were flagged in its runs, where each stands, and what is still to be decided.

`open_findings` gives them, from the cache `findings.sqlite` where that is of the same runs, policies and finders, else made anew. A
decision names a record by the sha256 of its line, so that it holds for the same record of a later run; `gone` says which do not.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.case.acts import Target
from engine.case.findings_decided import BY_FIELD, decide, digest_bytes, fields_of, rows_reached
from engine.case.findings_fill import Digest, Flags, RunToRead, fill, lines_of, read_record
from engine.case.findings_tables import SCHEMA_VERSION, make, opened
from engine.case.row_filter import EVERY_ROW, GROUPS, KINDS, RowCounts, RowFilter, counted
from engine.errors import UsageError
from engine.release import finders
from engine.release.field_path import parse_steps, reaches
from engine.release.record_values import at_pointer, fields_in

NAME = "findings.sqlite"
PLACES = 100
VALUES = 'SELECT id, digest, shown, count, undecided, decision, asked FROM "values" WHERE '
STILL = (
    "SELECT DISTINCT vendor, endpoints.endpoint, fields.field FROM members JOIN whys ON whys.id = members.why "
    "JOIN pointers ON pointers.id = members.pointer JOIN fields ON fields.id = pointers.field "
    "JOIN endpoints ON endpoints.id = fields.endpoint WHERE members.value = ? AND members.act IS NULL AND whys.asked"
)
STANDS = (
    "SELECT vendor, endpoints.endpoint, fields.field, kind, rule, count FROM stands JOIN fields ON fields.id = stands.field "
    "JOIN endpoints ON endpoints.id = fields.endpoint JOIN whys ON whys.id = stands.why WHERE value = ? "
    "ORDER BY count DESC, vendor, endpoints.endpoint, fields.field, rule"
)
RECORDS = (
    "SELECT vendor, endpoints.endpoint, line, begins, endpoints.file FROM records JOIN endpoints ON endpoints.id = records.endpoint "
    "WHERE sha256 = ? AND vendor = coalesce(?, vendor) AND endpoints.endpoint = coalesce(?, endpoints.endpoint) ORDER BY records.id"
)
PLACED = (
    "SELECT vendor, endpoints.endpoint, line, lower(hex(sha256)), pointers.pointer FROM ({} ORDER BY findings.id, at LIMIT ?) AS found "
    "JOIN records ON records.id = found.record JOIN endpoints ON endpoints.id = records.endpoint "
    "JOIN pointers ON pointers.id = found.pointer ORDER BY found.id, at"
)
OF_VALUE = (
    "SELECT findings.id, record, pointer, at FROM members CROSS JOIN findings ON findings.together = members.together "
    'WHERE value = (SELECT id FROM "values" WHERE digest = ?)'
)
OF_ALL = "SELECT findings.id, record, pointer, at FROM findings CROSS JOIN members ON members.together = findings.together WHERE "
ENDPOINT_FILES = "SELECT file FROM endpoints WHERE vendor = ? AND endpoint = ?"
PLACED_ENDPOINT = "SELECT vendor, endpoint, 0, '', '' FROM endpoints WHERE vendor = ? AND endpoint = ? LIMIT ?"
PLACED_FILES = (
    "SELECT vendor, endpoints.endpoint, line, '', files.file FROM files JOIN endpoints ON endpoints.id = files.endpoint "
    "WHERE files.file = ? AND vendor = coalesce(?, vendor) LIMIT ?"
)


class Stand(msgspec.Struct, frozen=True):
    """Where a value stands, and how often."""

    vendor: str
    endpoint: str
    field: str
    kind: str
    rule: str
    count: int


class ListedValue(msgspec.Struct, frozen=True):
    """A distinct value: its digest, how it was first written, how often and where it stands; `undecided`: in how many of these places.

    Where it is decided in some of its fields, those that wait stand first.
    `decision` is the number of the act that decided about it.
    """

    digest: str
    shown: str
    count: int
    undecided: int
    decision: int | None
    stands: tuple[Stand, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing is to be decided about it any more."""
        return self.decision is not None or not self.undecided


class ListedRow(msgspec.Struct, frozen=True):
    """What is decided together: one value, or several that always stand side by side, such as a person's name and number."""

    values: tuple[ListedValue, ...]
    count: int
    undecided: bool


class Totals(msgspec.Struct, frozen=True):
    """How much there is: rows of the list, those undecided, distinct values, and findings."""

    rows: int
    undecided: int
    values: int
    findings: int


class RecordPlace(msgspec.Struct, frozen=True):
    """A place in the present runs; the pointer is empty where the whole record is meant, the line 0 where the whole endpoint is."""

    vendor: str
    endpoint: str
    line: int
    record: str
    pointer: str


def open_findings(folder: Path, runs: Sequence[RunToRead], flagging: Callable[[], Flags], digest: Digest, also: str = "") -> Findings:
    """Give the findings of a case whose folder this is; `flagging` is called where they must be made anew.

    `also` names what else they follow from, such as the person's identifiers. Raises UsageError, DiskError, OutputError.
    """
    told = [
        SCHEMA_VERSION,
        finders.VERSION,
        digest("findings"),
        also,
        *([run.vendor, run.folder.name, run.proof, run.policy] for run in runs),
    ]
    inputs = hashlib.sha256(msgspec.json.encode(told)).hexdigest()
    found = _cached(folder / NAME, inputs)
    return found or Findings(folder / NAME, fill(folder / NAME, runs, flagging(), digest, inputs))


def settled(
    folder: Path, runs: Sequence[RunToRead], flagging: Callable[[], Flags], digest: Digest, also: str, decisions: Mapping[int, Target]
) -> Findings:
    """Give the findings as decisions left them; a cache that turns out to be damaged is made anew. Raises as `open_findings`."""
    try:
        return _as_decided(open_findings(folder, runs, flagging, digest, also), decisions)
    except sqlite3.DatabaseError:
        (folder / NAME).unlink(missing_ok=True)
        return _as_decided(open_findings(folder, runs, flagging, digest, also), decisions)


def _as_decided(found: Findings, decisions: Mapping[int, Target]) -> Findings:
    try:
        found.settle(decisions)
        found.totals()
    except BaseException:
        with found:
            raise
    return found


def _cached(path: Path, inputs: str) -> Findings | None:
    """Give what the cache holds; None where there is none, or it is of other inputs, or damaged."""
    if not path.is_file():
        return None
    database = None
    try:
        database = opened(path)
        if database.execute("SELECT text FROM facts WHERE name = 'inputs'").fetchone() == (inputs,):
            return Findings(path, database)
    except sqlite3.DatabaseError:
        pass
    if database is not None:
        database.close()
    return None


class Findings:
    """What was flagged in the runs of a case."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        """Take the open cache, and where it lies."""
        self._path = path
        self._database = database

    def __enter__(self) -> Findings:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def totals(self) -> Totals:
        """Say how much there is."""
        rows, undecided = self._one("SELECT count(*), coalesce(sum(undecided > 0), 0) FROM rows")
        return Totals(
            rows,
            undecided,
            self._one('SELECT coalesce(max(id), 0) FROM "values"')[0],
            int(self.fact("findings") or 0),
        )

    def listed(self, most: int = 50, skip: int = 0, only: RowFilter = EVERY_ROW) -> list[ListedRow]:
        """Give rows: undecided ones first, then those that stand most often."""
        rows = self._database.execute(only.listing, {**only.asked_by, "most": most, "skip": skip}).fetchall()
        return [ListedRow(tuple(self._values(VALUES + "row = ? ORDER BY id", row)), count, undecided > 0) for row, count, undecided in rows]

    def counted(self, only: RowFilter) -> RowCounts:
        """Count the rows that are shown, and those that each other choice would show."""
        return counted(only, self._database.execute(GROUPS, only.asked_by).fetchall(), dict(self._database.execute(KINDS)))

    def rows_about(self, targets: Iterable[Target]) -> tuple[int, ...]:
        """Give the rows whose values stand where decisions are or were about; a file is no value."""
        found = set[int]()
        for about in set(targets):
            if about.value is not None:
                found.update(row for (row,) in self._database.execute('SELECT row FROM "values" WHERE digest = ?', (about.value,)))
            elif about.file is None:
                found.update(rows_reached(self._database, about))
        return tuple(sorted(found))

    def row_of(self, digest: str) -> ListedRow:
        """Give what is decided together with a value. Raises KeyError for a digest that stands nowhere."""
        found = self._database.execute(
            'SELECT rows.id, rows.count, rows.undecided FROM "values" JOIN rows ON rows.id = "values".row WHERE digest = ?', (digest,)
        ).fetchone()
        if found is None:
            raise KeyError(digest)
        row, count, undecided = found
        return ListedRow(tuple(self._values(VALUES + "row = ? ORDER BY id", row)), count, undecided > 0)

    def value(self, beginning: str) -> list[ListedValue]:
        """Give the values whose digest begins so."""
        return list(self._values(VALUES + "digest >= ? AND digest < ? ORDER BY id", beginning, beginning + "g"))

    def shown(self, digests: Collection[str]) -> dict[str, str]:
        """Give how values are shown, by their digests; at most some hundreds are asked for at once."""
        marks = ", ".join("?" * len(digests))
        return dict(self._database.execute(f'SELECT digest, shown FROM "values" WHERE digest IN ({marks})', tuple(digests)))  # noqa: S608  marks only

    def _values(self, told: str, *of: Any) -> Iterator[ListedValue]:
        for number, digest, shown, count, undecided, decision, asked in self._database.execute(told, of).fetchall():
            stands = [Stand(*stand) for stand in self._database.execute(STANDS, (number,))]
            if decision is None and 0 < undecided < asked:
                still = set(self._database.execute(STILL, (number,)))
                stands.sort(key=lambda one: (one.vendor, one.endpoint, one.field) not in still)
            yield ListedValue(digest, shown, count, undecided, decision, tuple(stands))

    def settle(self, decisions: Mapping[int, Target]) -> None:
        """Take the decisions that hold, by the numbers of their acts; what is undecided follows. Raises DiskError, OutputError."""
        told = hashlib.sha256(repr(sorted((act, _told(decided)) for act, decided in decisions.items())).encode()).hexdigest()
        if self._database.execute("SELECT text FROM facts WHERE name = 'decisions'").fetchone() == (told,):
            return

        def change(database: sqlite3.Connection) -> None:
            decide(database, decisions)
            _noted(database, "decisions", told)

        self._change(change)

    def _change(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """Put a changed copy in the place of the cache; who has the cache of before open keeps it."""
        before = self._database

        def changed(database: sqlite3.Connection) -> None:
            before.backup(database)
            database.execute("BEGIN")
            change(database)

        self._database = make(self._path, changed)
        before.close()

    def places(self, decided: Target, most: int = PLACES) -> list[RecordPlace]:
        """Give the places in the present runs that a decision is about, at most so many; none where what it names is gone."""
        if decided.value is not None:
            return self._placed(PLACED.format(OF_VALUE), decided.value, most)
        if decided.file is not None:
            return self._placed(PLACED_FILES, decided.file, decided.vendor, most)
        if decided.record is not None:
            return self._in_record(decided)[:most]
        if decided.field is not None:
            return self._placed(PLACED.format(OF_ALL + BY_FIELD), fields_of(self._database, decided), most)
        return self._placed(PLACED_ENDPOINT, decided.vendor, decided.endpoint, most)

    def _placed(self, told: str, *of: Any) -> list[RecordPlace]:
        return [RecordPlace(*row) for row in self._database.execute(told, of)]

    def _in_record(self, decided: Target) -> list[RecordPlace]:
        """Give a record, or a place in it that is there, wherever a line with this sha256 stands."""
        found = []
        of = (digest_bytes(decided.record or ""), decided.vendor, decided.endpoint)
        for vendor, endpoint, line, begins, file in self._database.execute(RECORDS, of):
            if not decided.pointer or _stands(Path(file), begins, decided.pointer):
                found.append(RecordPlace(vendor, endpoint, line, decided.record or "", decided.pointer or ""))
        return found

    def gone(self, decisions: Mapping[int, Target]) -> dict[int, str]:
        """Say which decisions are about something that the present runs no longer hold: the number of the act, and what is gone."""
        return {act: _gone(decided) for act, decided in sorted(decisions.items()) if not self.places(decided, 1) and not self._has(decided)}

    def _has(self, decided: Target) -> bool:
        """Whether records have a field in which nothing was flagged: a decision about it holds all the same."""
        if decided.field is None or decided.value is not None or decided.record is not None:
            return False
        steps = parse_steps(decided.field)
        for (file,) in self._database.execute(ENDPOINT_FILES, (decided.vendor, decided.endpoint)).fetchall():
            for _, _, raw in lines_of(Path(file)):
                if any(reaches(steps, path) for path in fields_in(read_record(raw, file))):
                    return True
        return False

    def rows(self, told: str, *of: Any) -> list[Any]:
        """Give what a question in SQL finds. Raises UsageError where the cache was damaged since it was opened."""
        try:
            return self._database.execute(told, of).fetchall()
        except sqlite3.DatabaseError as error:
            message = f"{NAME} of the case cannot be read ({error}): delete it, it is only a cache, and look again"
            raise UsageError(message) from None

    def fact(self, name: str) -> str | None:
        """Give what is noted about the whole."""
        return next((text for (text,) in self.rows("SELECT text FROM facts WHERE name = ?", name)), None)

    def note(self, name: str, text: str) -> None:
        """Note something about the whole; it is gone with the cache. Raises DiskError, OutputError."""
        self._change(lambda database: _noted(database, name, text))

    def _one(self, told: str) -> Any:
        return self._database.execute(told).fetchone()


def _noted(database: sqlite3.Connection, name: str, text: str) -> None:
    database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))


def _told(decided: Target) -> tuple[str | None, ...]:
    return (decided.value, decided.vendor, decided.endpoint, decided.field, decided.record, decided.pointer, decided.file)


def _gone(decided: Target) -> str:
    """Say what is gone, without any value."""
    if decided.value is not None:
        return "its value stands nowhere in the present runs"
    where = "/".join(part for part in (decided.vendor, decided.endpoint) if part) or "the case"
    if decided.file is not None:
        return f"its file is not in the present run: {where}"
    if decided.record is not None:
        return f"its record is not in the present run, or was fetched with other content: {where}"
    return f"the present runs have no such field or endpoint: {where}"


def _stands(file: Path, begins: int, pointer: str) -> bool:
    """Whether a record has a value at a JSON pointer."""
    with file.open("rb") as stream:
        stream.seek(begins)
        value = read_record(stream.readline().rstrip(b"\n"), str(file))
    try:
        at_pointer(value, pointer)
    except LookupError:
        return False
    return True
