"""The records that a vendor's cassettes deliver, as the files in `expected/` hold them: what policies are held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.cassettes.cassette import EXPECTED, SETUP, setup_of
from engine.language.expressions import lossless_json
from engine.language.text.mistakes import SpecError


class CassetteRecords(Struct, frozen=True):
    """What one cassette delivers: whom it is about, and the records by endpoint; the look-up's stand under `lookup`."""

    name: str
    identifiers: tuple[tuple[str, str], ...]
    records: dict[str, list[Any]]


def recorded_runs(folder: Path) -> Iterator[CassetteRecords]:
    """Read the cassettes of a folder, in order; what cannot be read is left to `habeas check`, which says why."""
    for setup in sorted(folder.glob(f"*/{SETUP}")):
        try:
            person = setup_of(setup.read_bytes(), str(setup))[0].person
            records = {
                path.stem: [lossless_json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
                for path in sorted((setup.parent / EXPECTED).glob("*.jsonl"))
                if "." not in path.stem
            }
        except (SpecError, OSError, ValueError, RecursionError):
            continue
        known = tuple((kind.lower(), one.value) for kind, one in person.identifiers.items())
        yield CassetteRecords(setup.parent.name, known, records)
