"""A text that was made goes into a new file, or to standard output."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.errors import OutputError, UsageError, disk_error


def checked_format(form: str, forms: tuple[str, ...]) -> str:
    """Give the format, if there is such a one. Raises UsageError."""
    if form in forms:
        return form
    message = f"--format {form}: one of {', '.join(forms)}"
    raise UsageError(message)


def deliver(text: str, out: Path | None) -> None:
    """Write a text. Raises OutputError where the file exists or cannot be made, DiskError where the disk takes no more."""
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        file = out.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        message = f"{out} exists already: name another file with --out, or remove it"
        raise OutputError(message) from None
    except OSError as error:
        message = f"{out} cannot be made ({error.strerror}): name another file with --out"
        raise OutputError(message) from None
    try:
        with file:
            file.write(text)
    except OSError as error:
        out.unlink(missing_ok=True)
        raise disk_error(error) from None
