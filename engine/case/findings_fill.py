"""Fill `findings.sqlite` from the records of a case's runs: line by line, so that memory stays flat however large a run is."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.case.findings_tables import COUNTED, FILLED, made
from engine.errors import UsageError
from engine.language.expressions.lossless_json import Number, loads
from engine.release.flagged import FlaggedPlace, Flags
from engine.release.record_values import field_at
from engine.release.vocabulary import canonical

SHOWN_DIGITS = 32
BATCH = 20_000
Digest = Callable[[str], str]
DECODER = msgspec.json.Decoder(float_hook=Number)


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


def read_record(line: bytes, where: str) -> Any:
    """Read a record, its numbers as they came. Raises UsageError."""
    try:
        return DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return loads(line)  # half a surrogate pair, which the quicker decoder refuses
        except (ValueError, RecursionError):
            message = f"{where}: is no record: the file was changed after the run ended"
            raise UsageError(message) from None


def record_files(folder: Path) -> list[Path]:
    """Give the files of a run that hold records, in order."""
    return sorted(one for one in folder.glob("*.jsonl") if one.name.count(".") == 1)


def fill(path: Path, runs: Iterable[RunToRead], flags: Flags, digest: Digest, inputs: str) -> None:
    """Make the cache anew. Raises UsageError where a record cannot be read, DiskError, OutputError."""
    with made(path) as database:
        filling = _Filling(database, flags, digest)
        for run in runs:
            for file in record_files(run.folder):
                filling.read(run, file)
        filling.close()
        database.execute("INSERT INTO facts VALUES ('inputs', ?)", (inputs,))


class _Filling:
    """What is needed while records are read: numbers for texts, and which values stand side by side."""

    def __init__(self, database: sqlite3.Connection, flags: Flags, digest: Digest) -> None:
        self._database = database
        self._flags = flags
        self._digest = digest
        self._values: dict[str, int] = {}
        self._digests: dict[str, int] = {}
        self._beside: list[int] = []
        self._words: dict[str, int] = {}
        self._fields: dict[tuple[int, str], tuple[int, int]] = {}
        self._numbers: dict[tuple[int, tuple[str, ...]], int] = {}
        self._findings: list[tuple[int, ...]] = []
        self._records: list[tuple[int, int, int, int, bytes]] = []
        self._endpoints = self._record = 0

    def read(self, run: RunToRead, file: Path) -> None:
        """Read the records of one endpoint, and the list of its files."""
        self._endpoints += 1
        endpoint = file.stem
        self._database.execute("INSERT INTO endpoints VALUES (?, ?, ?, ?)", (self._endpoints, run.vendor, endpoint, str(file)))
        self._list_files(file.with_suffix(".files.jsonl"))
        for line, begins, raw in lines_of(file):
            sha256 = hashlib.sha256(raw)
            self._record += 1
            self._records.append((self._record, self._endpoints, line, begins, sha256.digest()))
            record = read_record(raw, f"{file}:{line}")
            self._keep(self._flags(run.vendor, endpoint, record, sha256.hexdigest()))
            if len(self._findings) >= BATCH or len(self._records) >= BATCH:
                self._write()

    def _list_files(self, listed: Path) -> None:
        if listed.exists():
            names = [(line, read_record(raw, f"{listed}:{line}").get("file")) for line, _, raw in lines_of(listed)]
            found = [(self._endpoints, line, str(name)) for line, name in names if name]
            self._database.executemany("INSERT INTO files VALUES (?, ?, ?)", found)

    def _keep(self, flags: Iterable[FlaggedPlace]) -> None:
        seen = set[tuple[int, int]]()
        for flag in flags:
            value = self._values.get(flag.value) or self._value(flag.value)
            place = self._fields.get((self._endpoints, flag.pointer)) or self._place(flag.pointer)
            self._findings.append((value, self._word(flag.kind), self._record, *place, self._word(flag.rule), flag.asked))
            if flag.group is not None and (value, flag.group) not in seen:
                seen.add((value, flag.group))
                self._beside[value] += hash((self._record, flag.group))

    def _value(self, text: str) -> int:
        """Give the number of a value, the same however it is written."""
        digest = self._digest(text)
        number = self._digests.get(digest)
        if number is None:
            number = self._digests[digest] = len(self._digests) + 1
            self._database.execute(
                'INSERT INTO "values" (id, digest, shown, row) VALUES (?, ?, ?, ?)', (number, digest, _kept(text), number)
            )
            self._beside += [0] * (number + 1 - len(self._beside))
        self._values[text] = number
        return number

    def _word(self, text: str) -> int:
        return self._words.get(text) or self._words.setdefault(text, len(self._words) + 1)

    def _place(self, pointer: str) -> tuple[int, int]:
        """Give the numbers of the field and of the pointer."""
        key = (self._endpoints, field_at(pointer))
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        if number == len(self._numbers) and (self._endpoints, pointer) not in self._fields:
            self._database.execute("INSERT OR IGNORE INTO fields VALUES (?, ?, ?)", (number, self._endpoints, _kept(".".join(key[1]))))
        place = number, self._word(pointer)
        if len(self._fields) < BATCH:
            self._fields[self._endpoints, pointer] = place
        return place

    def _write(self) -> None:
        self._database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", self._records)
        self._database.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", self._findings)
        self._records.clear()
        self._findings.clear()

    def close(self) -> None:
        """Write what is left; values that always stand side by side get one row."""
        self._write()
        self._database.executemany("INSERT INTO words VALUES (?, ?)", ((number, _kept(text)) for text, number in self._words.items()))
        first: dict[int, int] = {}
        rows = [(first.setdefault(beside, value), value) for value, beside in enumerate(self._beside) if beside]
        self._database.executemany('UPDATE "values" SET row = ? WHERE id = ?', (pair for pair in rows if pair[0] != pair[1]))
        for statement in (FILLED + COUNTED).split(";"):
            self._database.execute(statement)


def lines_of(file: Path) -> Iterator[tuple[int, int, bytes]]:
    """Give number, first byte and bytes of each line, without its end. Raises UsageError where the file cannot be read."""
    try:
        with file.open("rb") as stream:
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
