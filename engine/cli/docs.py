"""`habeas docs`."""

from __future__ import annotations

from pathlib import Path

from engine.catalogue import load
from engine.cli.deliver import checked_format, deliver
from engine.explain.markdown import markdown
from engine.explain.page import page
from engine.explain.webpage import webpage

FORMS = {"markdown": markdown, "html": webpage}


def docs_command(word: str, form: str, out: Path | None) -> None:
    """Write a vendor's integration page. Raises UsageError, SpecError, OutputError, DiskError."""
    write = FORMS[checked_format(form, tuple(FORMS))]
    deliver(write(page(load(word))), out)
