"""What people call the systems of a case and their kinds of record: who decides knows no names of specs and commands."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.case.answer import LOOKUP
from engine.case.folder import OpenCase
from engine.case.words import Called
from engine.errors import HabeasError
from engine.owners.book import CONTACTS, Contacts, contacts, title_among
from engine.portal.field_names import WHO, run_titles


def system_titles(home: Path, case: OpenCase | None = None) -> Called:
    """Give what names systems, and kinds of record of a case as its runs do, in quotes; what has no title goes by its name."""

    def called(vendor: str, endpoint: str | None = None) -> str:
        if endpoint is None:
            return title_among(_told(home), vendor, case.case if case is not None else None)
        title = _kind(case, vendor, endpoint)
        return f"“{title}”" if title != endpoint else endpoint

    return called


def _told(home: Path) -> Contacts:
    try:
        seen = (home / CONTACTS).stat()
    except OSError:
        return Contacts()
    return _read(home, seen.st_mtime_ns, seen.st_size, seen.st_ino)


@lru_cache(maxsize=8)
def _read(home: Path, *_: int) -> Contacts:
    """Read the operator's file, as it was seen to be: every page of the portal may name a system, and YAML is slow to read."""
    with suppress(HabeasError):  # what is wrong with the file is said where owners are asked
        return contacts(home)
    return Contacts()


def _kind(case: OpenCase | None, vendor: str, endpoint: str) -> str:
    if endpoint == LOOKUP:
        return WHO
    part = case.case.vendors.get(vendor) if case is not None else None
    if case is None or part is None or part.run is None:
        return endpoint
    with suppress(HabeasError):  # the page says elsewhere that the run cannot be read
        return run_titles(case.folder / part.run.folder, part.run.proof).get(endpoint, endpoint)
    return endpoint
