"""`habeas check`: find every mistake in specs, replay their cassettes, and print what is found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import typer
from msgspec import Struct

from engine.cassettes.cassette import Finding
from engine.cassettes.check import check_cassettes, replays_of
from engine.cassettes.drift import drift
from engine.cassettes.labelled import check_labels, labels_of_nobody
from engine.cassettes.replay import Replayed
from engine.cli.formatting import print_text, width_of
from engine.cli.openapi_option import compared, documents, recordings_compared
from engine.errors import Exit, UsageError
from engine.language.effective import Vendor
from engine.language.expressions.address_places import host_of
from engine.language.load import check
from engine.language.schema import TITLE
from engine.language.text.document import lines_of, read
from engine.language.text.mistakes import WIDEST, Mistake, SpecError, counted
from engine.openapi.document.operations import Api
from engine.openapi.draft.access import NOWHERE
from engine.openapi.draft.yaml_text import marks
from engine.replaced import replace
from engine.spec_files import contents, packaged, spec_path, vendor_line

NOBODYS = host_of(NOWHERE)  # what a first draft writes where the document names no server
FORMATS = ("text", "json", "github")


class CheckArguments(Struct, frozen=True, kw_only=True):
    """The options of `check`. `strict`: notes on what is not settled, was never recorded or has drifted count as mistakes."""

    form: str = "text"
    accept: bool = False
    strict: bool = False
    drift: Path | None = None
    openapi: tuple[Path, ...] = ()


class Checked(Struct, frozen=True):
    """What was found of one spec, and lines about its cassettes and labels."""

    findings: tuple[Finding, ...]
    cassettes: int = 0
    summaries: tuple[str, ...] = ()


def check_command(words: tuple[str, ...], options: CheckArguments) -> Exit:
    """Check specs and their cassettes, and print what is found. Raises UsageError for a file that is not there."""
    form_of(options.form)
    if options.drift is not None and len(words) != 1:
        message = "--drift compares the recordings of one vendor: name its spec, such as habeas check zoom --drift ./new"
        raise UsageError(message)
    apis = documents(options.openapi, words)
    asked = [(word, spec_path(word)) for word in words] or [(path.stem, path) for path in packaged()]
    specs = list({path.resolve(): (word, path) for word, path in asked if not _is_schema(path)}.values())
    if not specs:
        message = f"{asked[0][0]} is the JSON Schema of specs, and no spec: name a spec"
        raise UsageError(message)
    checked = [_checked(word, path, options, apis) for word, path in specs]
    found = [finding for one in checked for finding in one.findings]
    found += [Finding(one, lines) for _, path in specs for one, lines in compared(path, apis)]
    found += _twice([path for _, path in specs])
    found += labels_of_nobody(path for _, path in specs)
    cassettes = sum(one.cassettes for one in checked)
    held = f"{counted(len(specs), 'spec')}, {counted(cassettes, 'cassette')}"
    return told(found, options.form, (line for one in checked for line in one.summaries), held)


def form_of(form: str) -> str:
    """Take a form in which mistakes are printed. Raises UsageError."""
    if form not in FORMATS:
        message = f"--format {form}: one of {', '.join(FORMATS)}"
        raise UsageError(message)
    return form


def told(found: Sequence[Finding], form: str, summaries: Iterable[str], held: str) -> Exit:
    """Print what was found, and in text a line of its own for each `summaries`; `held` says what was checked."""
    mistakes = sum(one.wrong for one in found)
    if form == "json":
        typer.echo(json.dumps([_as_json(one.mistake) for one in found], indent=2))
    elif form == "github":
        for finding in found:
            typer.echo(_as_github(finding.mistake))
    else:
        for finding in found:
            print_text(finding.show(width_of(sys.stdout) or WIDEST) + "\n")
        for line in summaries:
            print_text(line)
        print_text(f"{held}: {counted(mistakes, 'mistake')}, {counted(len(found) - mistakes, 'note')}")
    return Exit.USAGE if mistakes else Exit.COMPLETE


def _is_schema(path: Path) -> bool:
    """Whether a file is our own JSON Schema: it lies beside the specs, and `specs/*` names it too."""
    if path.suffix != ".json":
        return False
    with suppress(SpecError):
        return f'"title": "{TITLE}'.encode() in contents(path)
    return False


def _twice(paths: list[Path]) -> Iterator[Finding]:
    """Find second specs of one vendor: the vendor's bare name would mean neither of them."""
    first: dict[str, Path] = {}
    for path in paths:
        vendor, at, lines = vendor_line(path)
        if first.setdefault(vendor, path) != path:
            hint = "one vendor, one file: give this one another name, or leave one of the two out"
            mistake = Mistake(f"{first[vendor]} is a spec of `{vendor}` already", at, hint, file=str(path))
            yield Finding(mistake, lines)


def _checked(word: str, path: Path, options: CheckArguments, apis: tuple[Api, ...]) -> Checked:
    try:
        raw = contents(path)
        vendor, notes = check(raw, str(path), datetime.now(UTC).date())
    except SpecError as error:
        return Checked(tuple(Finding(one, error.lines) for one in error.mistakes))
    lines = lines_of(raw)
    held = check_cassettes(vendor, path, word, write=options.accept)
    drifted = tuple(_drifted(vendor, held.replays, options.drift)) if options.drift is not None else ()
    mislabelled, labelled = check_labels(vendor, path)
    found = (*_unsettled(path, raw, lines, vendor, apis), *held.findings, *drifted, *mislabelled)
    if options.strict and not options.accept:
        found = tuple(map(_strictly, found))
    summaries = [held.summary(vendor.name)] if held.cassettes else []
    if held.cassettes and apis:
        recordings = [recording for one in held.replays for recording in one.cassette.recordings]
        against, line = recordings_compared(recordings, apis, vendor.name)
        found, summaries = (*found, *against), [*summaries, line]
    summaries += [labelled] if labelled is not None else []
    return Checked((*(Finding(one, lines) for one in notes), *found), held.cassettes, tuple(summaries))


def _unsettled(path: Path, raw: bytes, lines: tuple[str, ...], vendor: Vendor, apis: tuple[Api, ...]) -> Iterator[Finding]:
    """Note what a first draft left to its author: marks, and an address that is nobody's unless a document gave it."""
    todos = list(marks(lines))
    if todos:
        message = f"{counted(len(todos), 'TODO')} to settle, the first of them here"
        yield Finding(Mistake(message, todos[0], "confirm or mend what it says, then remove the mark", "note", str(path)), lines)
    if vendor.gaps is None:
        at = read(raw, str(path)).at(("vendor",), key=True)
        message = "nothing says what this vendor's API cannot give, or is not asked"
        yield Finding(Mistake(message, at, "write `gaps`; `gaps: none` where nothing is left out", "note", str(path)), lines)
    host, given = host_of(vendor.base_url), {one.host for api in apis for one in api.servers}
    if (host == NOBODYS or host.endswith(f".{NOBODYS}")) and host not in given:
        at = read(raw, str(path)).at(("base_url",))
        yield Finding(Mistake(f"{host} is nobody's address", at, "write the address of the vendor's API", "note", str(path)), lines)


def _drifted(vendor: Vendor, held: Sequence[Replayed], folder: Path) -> Iterator[Finding]:
    later, faults = replays_of(vendor, folder)
    yield from faults
    yield from drift(held, later, folder)


def _strictly(one: Finding) -> Finding:
    return replace(one, mistake=replace(one.mistake, level="error"))


def _as_json(one: Mistake) -> dict[str, object]:
    place = {"file": one.file, "line": one.at.line, "column": one.at.column}
    told = {**place, "level": one.level, "message": one.message, "hint": one.hint}
    return {**told, "detail": list(one.detail)} if one.detail else told


def _as_github(one: Mistake) -> str:
    kind = "error" if one.level == "error" else "notice"
    text = "\n".join([f"{one.message}{' - ' + one.hint if one.hint else ''}", *one.detail])
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = one.file.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} file={file},line={one.at.line},col={one.at.column}::{escaped}"
