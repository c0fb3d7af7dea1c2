"""`habeas policy check`: find every mistake in policies, and say what they do with the records of the vendor's cassettes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.cassettes.cassette import Finding
from engine.cassettes.recorded import CassetteRecords, known_of
from engine.cli.check import form_of, told
from engine.errors import Exit, UsageError
from engine.language.text.document import lines_of
from engine.language.text.mistakes import Mistake, Position, SpecError
from engine.release.load_policy import load_policy
from engine.release.own import Fact
from engine.release.survey import summed_up, survey
from engine.spec_files import contents, packaged_policies, policy_path, vendor_line


def policy_check_command(words: tuple[str, ...], form: str, run: Path | None) -> Exit:
    """Check policies, and print what is found. `run`: a run whose fields are known too. Raises UsageError for what is not there."""
    form_of(form)
    if run is not None and len(words) != 1:
        message = "--run knows the fields of one vendor: name its policy, such as habeas policy check ./zoom.yaml --run ./request-17"
        raise UsageError(message)
    paths = list(dict.fromkeys(map(policy_path, words))) or packaged_policies()
    found, summaries = list[Finding](), list[str]()
    for path in paths:
        findings, summary = _checked(path, run)
        found += findings
        summaries += [summary] if summary else []
    return told(found, form, summaries, "1 policy" if len(paths) == 1 else f"{len(paths)} policies")


def _checked(path: Path, run: Path | None) -> tuple[list[Finding], str | None]:
    raw = contents(path)
    lines = lines_of(raw)
    vendor = vendor_line(path)[0]
    try:
        known, runs = known_of(vendor, run, path)
    except SpecError as error:
        first = Mistake(
            f"the spec of `{vendor}` has mistakes of its own", Position(1, 1), f"habeas check {error.mistakes[0].file}", file=str(path)
        )
        return [Finding(first), *(Finding(one, error.lines) for one in error.mistakes)], None
    try:
        policy, notes = load_policy(raw, str(path), known)
    except SpecError as error:
        return [Finding(one, error.lines) for one in error.mistakes], None
    return [Finding(one, lines) for one in notes], f"{vendor}: {summed_up(survey(policy, map(_person, runs)))}"


def _person(run: CassetteRecords) -> tuple[list[Fact], dict[str, list[Any]]]:
    return [Fact(kind, value) for kind, value in run.identifiers], run.records
