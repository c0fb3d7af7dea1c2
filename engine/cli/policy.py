"""`habeas policy check`: find every mistake in policies, and say what they do with the records of the vendor's cassettes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.cassettes.cassette import Finding
from engine.cassettes.recorded import CassetteRecords, recorded_runs
from engine.catalogue import load_file
from engine.cli.check import form_of, told
from engine.errors import Exit
from engine.language.text.mistakes import Mistake, Position, SpecError
from engine.release.load_policy import load_policy
from engine.release.own import Fact
from engine.release.policy_check import Known
from engine.release.record_values import fields_in
from engine.release.survey import summed_up, survey
from engine.spec_files import cassettes_folder, contents, packaged, packaged_policies, policy_path, vendor_line


def policy_check_command(words: tuple[str, ...], form: str) -> Exit:
    """Check policies, and print what is found. Raises UsageError for a file that is not there."""
    form_of(form)
    paths = list(dict.fromkeys(map(policy_path, words))) or packaged_policies()
    found, summaries = list[Finding](), list[str]()
    for path in paths:
        findings, summary = _checked(path)
        found += findings
        summaries += [summary] if summary else []
    return told(found, form, summaries, "1 policy" if len(paths) == 1 else f"{len(paths)} policies")


def _checked(path: Path) -> tuple[list[Finding], str | None]:
    raw = contents(path)
    lines = tuple(raw.decode("utf-8-sig", "replace").splitlines())
    vendor = vendor_line(path)[0]
    specs = {vendor_line(spec)[0]: spec for spec in packaged()}
    known, runs = Known(vendors=tuple(sorted(specs))), list[CassetteRecords]()
    if vendor in specs:
        try:
            spec = load_file(specs[vendor])
        except SpecError as error:
            first = Mistake(f"the spec of `{vendor}` has mistakes of its own", Position(1, 1), f"habeas check {vendor}", file=str(path))
            return [Finding(first), *(Finding(one, error.lines) for one in error.mistakes)], None
        runs = [*recorded_runs(cassettes_folder(specs[vendor], vendor))]
        names = ("lookup", *spec.endpoints)
        fields = {
            name: frozenset(one for run in runs for record in run.records.get(name, ()) for one in fields_in(record)) for name in names
        }
        known = Known(known.vendors, fields, frozenset(name for name, one in spec.endpoints.items() if one.files))
    try:
        policy, notes = load_policy(raw, str(path), known)
    except SpecError as error:
        return [Finding(one, error.lines) for one in error.mistakes], None
    return [Finding(one, lines) for one in notes], f"{vendor}: {summed_up(survey(policy, map(_person, runs)))}"


def _person(run: CassetteRecords) -> tuple[list[Fact], dict[str, list[Any]]]:
    return [Fact(kind, value) for kind, value in run.identifiers], run.records
