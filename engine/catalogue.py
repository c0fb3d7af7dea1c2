"""Read a spec by its vendor's name or its path."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import HabeasError
from engine.language.effective import Vendor
from engine.language.load import load as load_text
from engine.replaced import replace
from engine.spec_files import contents, spec_path


def load(spec: str | Path) -> Vendor:
    """Load a spec by its vendor's name (`"zoom"`) or its path. Raises UsageError (no such spec) or SpecError (all its mistakes)."""
    return replace(load_file(spec_path(str(spec))), word=str(spec))


def spec_title(vendor: str) -> str | None:
    """Give what a vendor is called by its spec; None where it has none that can be read."""
    with suppress(HabeasError):
        return load(vendor).title
    return None


def load_file(path: Path) -> Vendor:
    """Load a spec from a file. Raises SpecError with all its mistakes, also where the file cannot be read."""
    return load_text(contents(path), str(path), datetime.now(UTC).date())
