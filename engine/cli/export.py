"""`habeas docs`, `habeas trace`: a page about a spec, the timeline of a run or batch. What makes pages is imported here, nowhere above."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.batch.batch_trace import batch_times
from engine.batch.database import FILE
from engine.catalogue import load
from engine.cli.batch_lent import seen_batch
from engine.errors import UsageError
from engine.explain.batch_page import batch_page
from engine.explain.docs_page import webpage
from engine.explain.markdown import markdown
from engine.explain.page import page
from engine.explain.run_folder import timeline
from engine.explain.waterfall import chrome, waterfall
from engine.new_file import write_new

PAGES = {"markdown": markdown, "html": webpage}
TIMELINES = {"html": waterfall, "chrome": chrome}


def docs_command(word: str, form: str, out: Path | None) -> None:
    """Write a vendor's integration page as Markdown or HTML. Raises UsageError, SpecError, OutputError, DiskError."""
    write = PAGES[_checked_format(form, tuple(PAGES))]
    _deliver(write(page(load(word))), out)


def trace_command(run: Path, form: str, out: Path | None) -> None:
    """Draw a run or a batch over time: a page, or of a run Chrome's JSON. Raises UsageError, OutputError, DiskError."""
    write = TIMELINES[_checked_format(form, tuple(TIMELINES))]
    if not (run / FILE).is_file():
        _deliver(write(timeline(run)), out)
        return
    if form != "html":
        message = f"{run} holds a batch, which is drawn as a page only: leave --format {form} out, or name the folder of one of its runs"
        raise UsageError(message)
    folder, _ = seen_batch(str(run))
    try:
        _deliver(batch_page(batch_times(folder)), out)
    finally:
        folder.database.close()


def _checked_format(form: str, forms: tuple[str, ...]) -> str:
    if form in forms:
        return form
    message = f"--format {form}: one of {', '.join(forms)}"
    raise UsageError(message)


def _deliver(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text)
