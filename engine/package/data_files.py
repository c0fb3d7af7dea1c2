"""The records of a package as JSON, as they are given; beside them, outside the package, what was withheld where, to be read back.

A file is one JSON array, a record a line, so that it is read again without holding it: pages, tables and checks are made from what
leaves, and so from nothing that was withheld.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from engine.errors import disk_error
from engine.package.content import WithheldField
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.reasons import Because
from engine.release.record_values import field_at

BUFFER = 1 << 16  # bytes that are read and written at once
ENCODER = msgspec.json.Encoder()
MOST_PLACES = 20_000  # that are counted, and have a number: the same words stand in the same fields of many records
PLACES = msgspec.json.Decoder(tuple[WithheldPlace, ...])
BETWEEN = b"\t"  # stands in no JSON on one line
STANDS_FOR = b"="


class _KnownTogether(msgspec.Struct):
    """Places that are withheld together: the number by which they are written once they were, and in how many records they were met."""

    number: bytes
    records: int = 0


class KindFile:
    """The JSON file of one kind of record while it is written; `places` is the file of what was withheld in it."""

    def __init__(self, path: Path, places: Path) -> None:
        """Make both files. Raises DiskError."""
        self.given = 0
        self.held: Counter[Because] = Counter()
        self._together: dict[tuple[WithheldPlace, ...], _KnownTogether] = {}
        self._known = 0
        self._fields: Counter[tuple[str, str, Because]] = Counter()
        try:
            self._file, self._places = path.open("xb", buffering=BUFFER), places.open("xb", buffering=BUFFER)
        except OSError as error:
            raise disk_error(error) from None
        self._path, self._places_path = path, places

    def __enter__(self) -> Self:
        """Begin the array."""
        _write(self._file, b"[\n")
        return self

    def __exit__(self, *_: object) -> None:
        """End the array."""
        _write(self._file, b"\n]\n" if self.given else b"]\n")
        for file in (self._file, self._places):
            try:
                file.close()
            except OSError as error:
                raise disk_error(error) from None

    def add(self, record: GivenRecord) -> None:
        """Write a record. Raises DiskError."""
        _write(self._file, b",\n" + record.line if self.given else record.line)
        self.given += 1
        if record.together:
            _write(self._places, BETWEEN.join((b"%d" % self.given, *map(self._told, record.together))) + b"\n")

    def _told(self, together: tuple[WithheldPlace, ...]) -> bytes:
        """Give what is written for places: the first time all of them behind a number, then the number, until another takes it."""
        known = self._together.get(together)
        if known is None:
            if self._known >= MOST_PLACES:
                self._count()
            self._known += len(together)
            known = self._together[together] = _KnownTogether(b"%d" % len(self._together))
            known.records = 1
            return known.number + STANDS_FOR + ENCODER.encode(together)
        known.records += 1
        return known.number

    def _count(self) -> None:
        """Count by fields what was counted by places, of which there may be many: items of lists, people; their numbers are free."""
        for together, known in self._together.items():
            for place in together:
                self._fields[".".join(field_at(place.pointer)), place.operation, place.because] += known.records
        self._together.clear()
        self._known = 0

    @property
    def withheld(self) -> tuple[WithheldField, ...]:
        """Say how often which field is withheld, and why, in the order of the fields."""
        self._count()
        told = sorted(self._fields.items())
        return tuple(WithheldField(path=path, operation=how, because=why, count=count) for (path, how, why), count in told)  # type: ignore[arg-type]

    def records(self) -> Iterator[GivenRecord]:
        """Read the records again, as they are given."""
        return given_records(self._path, self._places_path)


def given_records(path: Path, places: Path) -> Iterator[GivenRecord]:
    """Read the records of a JSON file as `KindFile` writes it, with what is withheld in each. Raises DiskError."""
    try:
        with path.open("rb", buffering=BUFFER) as lines, places.open("rb", buffering=BUFFER) as withheld:
            told = _places(withheld)
            number, found = next(told, (0, ()))
            for at, line in enumerate(lines):
                if at == 0 or line == b"]\n":
                    continue
                here: tuple[tuple[WithheldPlace, ...], ...] = ()
                if at == number:
                    here = found
                    number, found = next(told, (0, ()))
                yield GivenRecord(line[:-2] if line.endswith(b",\n") else line.rstrip(b"\n"), here)
    except OSError as error:
        raise disk_error(error) from None


def _places(lines: Iterable[bytes]) -> Iterator[tuple[int, tuple[tuple[WithheldPlace, ...], ...]]]:
    """Read by the number of each record what is withheld in it; what is withheld together again is one and the same."""
    known = dict[bytes, tuple[WithheldPlace, ...]]()

    def together(told: bytes) -> tuple[WithheldPlace, ...]:
        number, stands_for, places = told.partition(STANDS_FOR)
        if stands_for:
            known[number] = PLACES.decode(places)
        return known[number]

    for line in lines:
        number, *told = line[:-1].split(BETWEEN)
        yield int(number), tuple([known.get(one) or together(one) for one in told])


def _write(file: BinaryIO, text: bytes) -> None:
    try:
        file.write(text)
    except OSError as error:
        raise disk_error(error) from None
