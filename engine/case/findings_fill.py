"""Fill `findings.sqlite` from the records of a case's runs: line by line, so that memory stays flat however large a run is."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_tables import COUNTED, FILLED, TABLES, make
from engine.errors import UsageError
from engine.language.expressions.lossless_json import loads, number_as_sent
from engine.release.record_values import field_at
from engine.release.ruling import Ruling
from engine.release.vocabulary import canonical

SHOWN_DIGITS = 32
BATCH = 10_000
BUFFER = 1 << 16  # bytes that are read at once: with the usual eight thousand, three records a call of the system
MOST_TEXTS = 50_000
MOST_KNOWN = 30_000
Digest = Callable[[str], str]
Flags = Callable[[str, str, Any, str], Iterable[tuple[Ruling, ...]]]  # of a vendor, an endpoint, a record and the sha256 of its line
Stands = tuple[int, int, int]  # a value, its field, and why it is flagged
DECODER = msgspec.json.Decoder(float_hook=number_as_sent)


class SideTogether(msgspec.Struct, gc=False):
    """The values of a side; `beside` is the sum of the numbers of the sides they stood on that were not added to the values yet."""

    group: int
    values: tuple[int, ...]
    beside: int = 0


class FlaggedTogether(msgspec.Struct, gc=False):
    """What is flagged together in many records: its number, 0 where that is nothing; where it stands; who stands on a side.

    `records` counts those that were not added to `stands` yet. `ruled` is kept, so that nothing else takes its number.
    """

    ruled: tuple[Ruling, ...]
    number: int
    stands: tuple[Stands, ...]
    sides: tuple[SideTogether, ...]
    records: int = 0


class RunToRead(msgspec.Struct, frozen=True):
    """A run that was taken into a case: its folder, the sha256 of its manifest, and that of the policy in force for its vendor."""

    vendor: str
    folder: Path
    proof: str
    policy: str = ""


def value_digest(key: bytes) -> Digest:
    """Give the digest by which a log names a value, however it is written: nobody without the key can try out values."""

    def digest(value: str) -> str:
        told = b"value\n" + canonical(value).encode("utf-8", "surrogatepass")
        return hmac.digest(key, told, "sha256").hex()[:SHOWN_DIGITS]

    return digest


def record_digest(line: bytes) -> str:
    """Give the sha256 by which a decision names a record: that of its line, without the end of it."""
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def read_record(line: bytes, where: str, number: int | None = None) -> Any:
    """Read a record, its numbers as they came; `number` is that of its line. Raises UsageError."""
    try:
        return DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return loads(line)  # half a surrogate pair, which the quicker decoder refuses
        except (ValueError, RecursionError):
            message = f"{where if number is None else f'{where}:{number}'}: is no record: the file was changed after the run ended"
            raise UsageError(message) from None


def record_files(folder: Path) -> list[Path]:
    """Give the files of a run that hold records, in order."""
    return sorted(one for one in folder.glob("*.jsonl") if one.name.count(".") == 1)


def fill(path: Path, runs: Iterable[RunToRead], flags: Flags, digest: Digest, inputs: str) -> sqlite3.Connection:
    """Make the cache anew, and give it open. Raises UsageError where a record cannot be read, DiskError, OutputError."""

    def from_runs(database: sqlite3.Connection) -> None:
        database.executescript("BEGIN;" + TABLES)
        filling = _Filling(database, flags, digest)
        for run in runs:
            for file in record_files(run.folder):
                filling.read(run, file)
        told = {"inputs": inputs, "findings": str(filling.close())}
        database.executemany("INSERT INTO facts VALUES (?, ?)", told.items())

    return make(path, from_runs)


class _Filling:
    """What is needed while records are read: numbers for texts, how often what stands where, and which values stand side by side."""

    def __init__(self, database: sqlite3.Connection, flags: Flags, digest: Digest) -> None:
        self._database = database
        self._flags = flags
        self._digest = digest
        self._by_text: dict[str, int] = {}
        self._values: dict[bytes, int] = {}
        self._beside: list[int] = [0]
        self._whys: dict[tuple[str, str, bool], int] = {}
        self._fields: dict[tuple[int, str], int] = {}
        self._pointers: dict[str, tuple[int, int]] = {}
        self._stands: dict[Stands, int] = {}
        self._known: dict[int, FlaggedTogether] = {}
        self._found: list[tuple[int, int]] = []
        self._records: list[tuple[int, int, int, int, bytes, int, int]] = []
        self._endpoint = self._record = self._pointer = self._together = self._count = 0

    def read(self, run: RunToRead, file: Path) -> None:
        """Read the records of one endpoint, and the list of its files."""
        self._endpoint += 1
        self._pointers.clear()
        self._forget()
        self._database.execute("INSERT INTO endpoints VALUES (?, ?, ?, ?)", (self._endpoint, run.vendor, file.stem, str(file)))
        self._list_files(file.with_suffix(".files.jsonl"))
        vendor, endpoint, where = run.vendor, file.stem, str(file)
        for line, begins, raw in lines_of(file):
            sha256, before = hashlib.sha256(raw).digest(), self._count
            self._record += 1
            self._keep(self._flags(vendor, endpoint, read_record(raw, where, line), sha256.hex()))
            self._records.append((self._record, self._endpoint, line, begins, sha256, before, self._count))
            if len(self._found) >= BATCH or len(self._records) >= BATCH:
                self._write()

    def _list_files(self, listed: Path) -> None:
        if listed.exists():
            names = [(line, read_record(raw, f"{listed}:{line}").get("file")) for line, _, raw in lines_of(listed)]
            found = [(self._endpoint, line, str(name)) for line, name in names if name]
            self._database.executemany("INSERT INTO files VALUES (?, ?, ?)", found)

    def _keep(self, flags: Iterable[tuple[Ruling, ...]]) -> None:
        found, known, record = self._found, self._known, self._record
        before, seen = len(found), dict[int, tuple[int, ...]]()
        for ruled in flags:
            flagged = known.get(id(ruled)) or self._numbered(ruled)
            if flagged.number:
                flagged.records += 1
                found.append((record, flagged.number))
            for side in flagged.sides:
                if side.group in seen:
                    self._add_beside(side, seen)
                else:
                    seen[side.group] = side.values
                    side.beside += hash((record, side.group))
        self._count += len(found) - before

    def _add_beside(self, side: SideTogether, seen: dict[int, tuple[int, ...]]) -> None:
        """Note on a side that goes on in its record the values that did not stand on it before."""
        new = tuple(value for value in side.values if value not in seen[side.group])
        seen[side.group] += new
        for value in new:
            self._beside[value] += hash((self._record, side.group))

    def _numbered(self, ruled: tuple[Ruling, ...]) -> FlaggedTogether:
        """Give the numbers of what is flagged together: the same comes again and again."""
        if len(self._known) >= MOST_KNOWN:
            self._forget()
        flagged = [(ruling, *self._flagged(ruling)) for ruling in ruled if ruling.value and ruling.do != "give"]
        if flagged:
            self._together += 1
            members = ((self._together, at, value, why, place) for at, (_, value, _, why, place) in enumerate(flagged))
            self._database.executemany("INSERT INTO members (together, at, value, why, pointer) VALUES (?, ?, ?, ?, ?)", members)
        stands = tuple((value, field, why) for _, value, field, why, _ in flagged)
        sides = dict[int, dict[int, None]]()
        for ruling, value, *_ in flagged:
            if ruling.group is not None:
                sides.setdefault(ruling.group, {})[value] = None
        told = tuple(SideTogether(side, tuple(values)) for side, values in sides.items())
        found = self._known[id(ruled)] = FlaggedTogether(ruled, self._together if flagged else 0, stands, told)
        return found

    def _flagged(self, ruling: Ruling) -> tuple[int, int, int, int]:
        """Give the numbers of a value, of its field, of why it is flagged, and of its pointer."""
        kind = ruling.rule.removeprefix("find.") if ruling.kind == "found" else ruling.kind
        value = self._by_text.get(ruling.value) or self._value(ruling.value)
        place, field = self._pointers.get(ruling.pointer) or self._place(ruling.pointer)
        return value, field, self._whys.setdefault((kind, ruling.rule, ruling.do == "ask"), len(self._whys) + 1), place

    def _forget(self) -> None:
        """Count what was flagged together, and forget it."""
        for flagged in self._known.values():
            for stands in flagged.stands:
                self._stands[stands] = self._stands.get(stands, 0) + flagged.records
            for side in flagged.sides:
                for value in side.values:
                    self._beside[value] += side.beside
        self._known.clear()

    def _value(self, text: str) -> int:
        """Give the number of a value, the same however it is written."""
        digest = self._digest(text)
        key = digest.encode()
        number = self._values.get(key)
        if number is None:
            number = self._values[key] = len(self._values) + 1
            self._beside.append(0)
            self._database.execute(
                'INSERT INTO "values" (id, digest, shown, row) VALUES (?, ?, ?, ?)', (number, digest, _kept(text), number)
            )
        if len(self._by_text) >= MOST_TEXTS:
            self._by_text.clear()
        self._by_text[text] = number
        return number

    def _place(self, pointer: str) -> tuple[int, int]:
        """Give the numbers of a pointer and of its field; in a list without end, pointers are numbered anew now and then."""
        if len(self._pointers) >= BATCH:
            self._pointers.clear()
        name = ".".join(field_at(pointer))
        field = self._fields.get((self._endpoint, name))
        if field is None:
            field = self._fields[self._endpoint, name] = len(self._fields) + 1
            self._database.execute("INSERT INTO fields VALUES (?, ?, ?)", (field, self._endpoint, _kept(name)))
        self._pointer += 1
        self._database.execute("INSERT INTO pointers VALUES (?, ?, ?)", (self._pointer, field, _kept(pointer)))
        self._pointers[pointer] = self._pointer, field
        return self._pointer, field

    def _write(self) -> None:
        self._database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", self._records)
        self._database.executemany("INSERT INTO findings (record, together) VALUES (?, ?)", self._found)
        self._records.clear()
        self._found.clear()

    def close(self) -> int:
        """Write what is left, and say in how many places values stand; those that always stand side by side get one row."""
        self._write()
        self._forget()
        self._by_text.clear()
        self._pointers.clear()
        bits = {kind: 1 << place for place, kind in enumerate(dict.fromkeys(kind for kind, _, _ in self._whys))}
        whys = ((number, *why, bits[why[0]]) for why, number in self._whys.items())
        self._database.executemany("INSERT INTO whys VALUES (?, ?, ?, ?, ?)", whys)
        self._database.executemany("INSERT INTO stands VALUES (?, ?, ?, ?)", ((*stand, count) for stand, count in self._stands.items()))
        counts, open_places = array("q", bytes(8 * len(self._beside))), array("q", bytes(8 * len(self._beside)))
        asked = {number: why[2] for why, number in self._whys.items()}
        for (value, _, why), count in self._stands.items():
            counts[value] += count
            open_places[value] += count * asked[why]
        first: dict[int, int] = {}
        told = (
            (first.setdefault(beside, value) if beside else value, counts[value], open_places[value], value)
            for value, beside in enumerate(self._beside)
        )
        self._database.executemany('UPDATE "values" SET row = ?, count = ?, asked = ? WHERE id = ?', told)
        for statement in (FILLED + COUNTED).split(";"):
            self._database.execute(statement)
        return sum(counts)


def lines_of(file: Path) -> Iterator[tuple[int, int, bytes]]:
    """Give number, first byte and bytes of each line, without its end. Raises UsageError where the file cannot be read."""
    try:
        with file.open("rb", buffering=BUFFER) as stream:
            begins = 0
            for number, line in enumerate(stream, 1):
                yield number, begins, line.rstrip(b"\n")
                begins += len(line)
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror})"
        raise UsageError(message) from None


def _kept(text: str) -> str:
    """SQLite takes no half of a surrogate pair: it is shown as its escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
