"""How long each class of files of an ended case is kept: as an order says, else as the office does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.case.purge import CLASSES, PurgedFiles, Retention
from engine.case.regimes import office, retention, span_of_days
from engine.core.sizes import size_text
from engine.errors import UsageError
from engine.language.text.mistakes import Misfit, counted

USUAL = ("raw", "received", "release")


def wanted_retention(home: Path, older_than: str | None, names: Sequence[str] | None) -> Retention:
    """Give how long each class is kept. Raises UsageError for a class or a span that is none, or where nobody says it."""
    wrong = [one for one in names or () if one not in CLASSES]
    if wrong:
        message = f"--class {wrong[0]}: there are {', '.join(CLASSES)}; nothing was deleted"
        raise UsageError(message)
    if older_than is not None:
        try:
            return dict.fromkeys(names or USUAL, span_of_days(older_than))
        except Misfit as error:
            message = f"--older-than: {error}: {error.hint}; nothing was deleted"
            raise UsageError(message) from None
    told = retention(office(home))
    kept = {name: span for name, span in told.items() if names is None or name in names}
    missing = [one for one in names or () if one not in told]
    if missing or not kept:
        what = f"how long {', '.join(missing)} is kept" if missing else "how long anything is kept"
        line = "`retention: {raw: 30d, received: 30d, release: 6mo}`"
        message = (
            f"nobody says {what} after a case has ended: write {line} into {home / 'office.yaml'}, or --older-than; nothing was deleted"
        )
        raise UsageError(message)
    return kept


def purged_words(done: Iterable[PurgedFiles]) -> str:
    """Say what was deleted, or would be."""
    return ", ".join(f"{one.name} ({counted(one.files, 'file')}, {size_text(one.size)})" for one in done)
