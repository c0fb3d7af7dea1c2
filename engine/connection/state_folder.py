"""Where connections are kept, and how their files are named. Opens no file, and imports nothing that does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engine.errors import UsageError
from engine.language.text.spec_name import SPEC_NAME

VENDOR = re.compile(SPEC_NAME)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the state folder, links resolved: HABEAS_HOME, else the one of the XDG Base Directory Specification. Raises UsageError."""
    try:
        if environ.get("HABEAS_HOME"):
            return Path(environ["HABEAS_HOME"]).expanduser().resolve()
        state = environ.get("XDG_STATE_HOME", "")
        return ((Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "habeas").resolve()
    except (RuntimeError, OSError):
        given = environ.get("HABEAS_HOME")
        what = f"HABEAS_HOME names no folder: {given}" if given else "there is no home folder to keep connections in: set HABEAS_HOME"
        raise UsageError(what) from None


def named(files: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give vendor and name of each connection among the files of a folder."""
    for file in files:
        vendor, _, name = file.removesuffix(".json").partition(".")
        if file.endswith(".json") and VENDOR.fullmatch(vendor) and NAME.fullmatch(name):
            yield vendor, name
