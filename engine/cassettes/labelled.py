"""Hold a vendor's labels against the records that its cassettes deliver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.cassettes.cassette import Finding
from engine.cassettes.recorded import recorded_runs
from engine.language.effective import Vendor
from engine.language.text.document import lines_of
from engine.language.text.mistakes import Mistake, Position, SpecError, did_you_mean
from engine.release.field_path import FieldSteps
from engine.release.labels import Labels, laid_over
from engine.release.load_labels import gaps_of, load_labels, share_labelled, untitled
from engine.release.reasons import LANGUAGES
from engine.release.record_values import fields_in
from engine.replaced import replace
from engine.spec_files import LABELS, cassettes_folder, contents, is_companion, labels_beside, vendor_line

IN_LANGUAGE = {"en": "", "de": "German"}  # the spec's own titles are English


def recorded_fields(vendor: Vendor, spec: Path) -> dict[str, frozenset[FieldSteps]]:
    """Give the path of every field that a record of an endpoint has in some cassette; the look-ups' stand under `lookup`."""
    runs = [*recorded_runs(cassettes_folder(spec, vendor.name))]
    return {
        name: frozenset(path for run in runs for record in run.records.get(name, ()) for path in fields_in(record))
        for name in ("lookup", *vendor.endpoints)
    }


def check_labels(vendor: Vendor, spec: Path) -> tuple[tuple[Finding, ...], str | None]:
    """Find what is wrong with the labels beside a spec, and say how many recorded fields each language names; nothing without labels."""
    files = {language: path for language in LANGUAGES if (path := labels_beside(spec, vendor.name, language)) is not None}
    fields = recorded_fields(vendor, spec) if files else {}
    found: list[Finding] = []
    told: list[str] = []
    beneath = Labels()
    for language, path in files.items():
        try:
            raw = contents(path)
            labels = load_labels(raw, str(path), vendor.name, fields, beneath)
        except SpecError as error:
            found += [Finding(one, error.lines) for one in error.mistakes]
            continue
        said, note = share_labelled(labels, fields, beneath, IN_LANGUAGE[language])
        titles = untitled(labels, vendor.endpoints, IN_LANGUAGE[language]) if IN_LANGUAGE[language] else None
        notes = (note, titles, *gaps_of(labels, vendor.gaps or (), raw, IN_LANGUAGE[language]))
        lines = lines_of(raw)
        found += [Finding(replace(one, file=str(path)), lines) for one in notes if one is not None]
        told.append(f"{vendor.name}: {said}")
        beneath = laid_over(labels, beneath)
    return tuple(found), "\n".join(told) or None


def labels_of_nobody(specs: Iterable[Path]) -> Iterator[Finding]:
    """Find the labels beside specs that are named for none of them: nothing reads such a file."""
    for folder in dict.fromkeys(spec.parent for spec in specs):
        beside = [path for path in sorted((folder / LABELS).glob("*.y*ml")) if path.is_file() and is_companion(path)]
        vendors = {vendor_line(spec)[0] for spec in folder.glob("*.yaml")} if beside else set()
        for path in beside:
            name, _, language = path.stem.partition(".")
            if path.suffix != ".yaml" or name not in vendors or (language and language not in LANGUAGES[1:]):
                near = did_you_mean(name, vendors) if name not in vendors else None
                hint = near or f"it is named for its vendor: {LABELS}/VENDOR.yaml beside the spec"
                yield Finding(
                    Mistake(
                        "no spec beside this folder has labels of this name, so nothing reads them", Position(1, 1), hint, file=str(path)
                    )
                )
