"""`habeas check`."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from engine.cli.document import compared, documents
from engine.cli.find import packaged, spec_path
from engine.errors import Exit, UsageError
from engine.spec.load import check, contents
from engine.spec.mistake import Mistake, SpecError

FORMATS = ("text", "json", "github")


def check_command(words: tuple[str, ...], form: str, openapi: tuple[Path, ...] = ()) -> Exit:
    """Check specs and print what is found. Raises UsageError for a file that is not there, or is no OpenAPI document."""
    if form not in FORMATS:
        message = f"--format {form}: one of {', '.join(FORMATS)}"
        raise UsageError(message)
    paths = [spec_path(word) for word in words] or packaged()
    apis = documents(openapi, words)
    mistakes, notes, shown = 0, 0, []
    for path in paths:
        found, lines = _checked(path)
        found += compared(path, found, apis)
        mistakes += sum(one.level == "error" for one in found)
        notes += sum(one.level == "note" for one in found)
        shown += [(one, lines if one.file == str(path) else ()) for one in found]
    if form == "json":
        typer.echo(json.dumps([_as_json(one) for one, _ in shown], indent=2))
    elif form == "github":
        for one, _ in shown:
            typer.echo(_as_github(one))
    else:
        for one, lines in shown:
            typer.echo(one.show(lines) + "\n")
        typer.echo(f"{_count(len(paths), 'spec')}: {_count(mistakes, 'mistake')}, {_count(notes, 'note')}")
    return Exit.USAGE if mistakes else Exit.COMPLETE


def _checked(path: Path) -> tuple[tuple[Mistake, ...], tuple[str, ...]]:
    try:
        raw = contents(path)
        return check(raw, str(path))[1], tuple(raw.decode("utf-8-sig").splitlines())
    except SpecError as error:
        return error.mistakes, error.lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _as_json(one: Mistake) -> dict[str, object]:
    return {"file": one.file, "line": one.at.line, "column": one.at.column, "level": one.level, "message": one.message, "hint": one.hint}


def _as_github(one: Mistake) -> str:
    kind = "error" if one.level == "error" else "notice"
    text = f"{one.message}{' - ' + one.hint if one.hint else ''}"
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = one.file.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} file={file},line={one.at.line},col={one.at.column}::{escaped}"
