"""`habeas trace`."""

from __future__ import annotations

from pathlib import Path

from engine.cli.deliver import checked_format, deliver
from engine.explain.chrome import chrome
from engine.explain.run_folder import timeline
from engine.explain.waterfall import waterfall

FORMS = {"html": waterfall, "chrome": chrome}


def trace_command(run: Path, form: str, out: Path | None) -> None:
    """Show a run's requests in time. Raises UsageError for what is no run, OutputError, DiskError."""
    write = FORMS[checked_format(form, tuple(FORMS))]
    deliver(write(timeline(run)), out)
