"""The records of a vendor's cassettes, as the files in `expected/` hold them, and the fields of a run: what policies are held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.cassettes.cassette import EXPECTED, SETUP, setup_of
from engine.catalogue import load_file
from engine.errors import UsageError
from engine.language.expressions import lossless_json
from engine.language.text.mistakes import SpecError
from engine.release.field_path import FieldSteps
from engine.release.policy_check import Known
from engine.release.record_values import fields_in
from engine.run_head import check_ended
from engine.sink import MANIFEST
from engine.spec_files import cassettes_folder, packaged, spec_beside, vendor_line


class CassetteRecords(Struct, frozen=True):
    """What one cassette delivers: whom it is about, and the records by endpoint; the look-up's stand under `lookup`."""

    name: str
    identifiers: tuple[tuple[str, str], ...]
    records: dict[str, list[Any]]


def fields_of_run(run: Path, vendor: str) -> dict[str, set[FieldSteps]]:
    """Give the fields of a run's records, by endpoint; `run` is the folder of one, or the vendor's in it. Raises UsageError."""
    folder = run / vendor if (run / vendor / MANIFEST).is_file() else run
    if not (folder / MANIFEST).is_file():
        message = f"{run} is no folder of a run at {vendor}: it holds no {MANIFEST}"
        raise UsageError(message)
    check_ended(folder)
    found: dict[str, set[FieldSteps]] = {}
    for path in sorted(one for one in folder.glob("*.jsonl") if "." not in one.stem):
        fields = found.setdefault(path.stem, set())
        try:
            with path.open("rb") as lines:
                for line in lines:
                    fields.update(fields_in(lossless_json.loads(line)))
        except (OSError, ValueError, RecursionError):
            message = f"{path} cannot be read as records, one a line"
            raise UsageError(message) from None
    return found


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


def known_of(vendor: str, run: Path | None = None, policy: Path | None = None) -> tuple[Known, list[CassetteRecords]]:
    """Give what a vendor's policy is held against, from its spec, its cassettes and a run, and the recorded records.

    The spec that lies beside the policy is meant before any other of the same vendor.

    Raises SpecError where the spec has mistakes of its own, UsageError where the run is none.
    """
    specs = {vendor_line(spec)[0]: spec for spec in packaged()}
    beside = spec_beside(policy.absolute(), vendor) if policy is not None else None
    specs.update({vendor: beside} if beside is not None else {})
    vendors = tuple(sorted(specs))
    if vendor not in specs:
        return Known(vendors=vendors), []
    spec = load_file(specs[vendor])
    runs = [*recorded_runs(cassettes_folder(specs[vendor], vendor))]
    fields = {name: set[FieldSteps]() for name in ("lookup", *spec.endpoints)}
    for name, of_it in (one for held in runs for one in held.records.items()):
        fields.setdefault(name, set()).update(one for record in of_it for one in fields_in(record))
    for name, paths in (fields_of_run(run, vendor) if run is not None else {}).items():
        fields.setdefault(name, set()).update(paths)
    with_files = frozenset(name for name, one in spec.endpoints.items() if one.files)
    return Known(vendors, {name: frozenset(paths) for name, paths in fields.items()}, with_files), runs
