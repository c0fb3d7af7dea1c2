"""What people call the systems of a case and their kinds of record: who decides knows no names of specs and commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.case.answer import LOOKUP
from engine.case.folder import OpenCase
from engine.case.words import Called
from engine.core.ledger import BY_ORDER, Outcome
from engine.core.scopes import OPTIONAL
from engine.errors import HabeasError
from engine.language.effective import Vendor
from engine.owners.book import CONTACTS, Contacts, contacts, title_among
from engine.portal.field_names import WHO, run_title, run_titles

OUTCOMES: Mapping[str, str] = {Outcome.EXCLUDED: "left out"}


def system_titles(home: Path, case: OpenCase | None = None, asked: Iterable[Vendor] = ()) -> Called:
    """Give what names systems, and kinds of record of a case as its runs do, in quotes; what has no title goes by its name.

    `asked`: the vendors that are asked now: their kinds are called as their specs do, since there may be no run yet.
    """
    by_spec = {vendor.name: vendor for vendor in asked}

    def called(vendor: str, endpoint: str | None = None) -> str:
        if endpoint is None:
            title = title_among(_told(home), vendor, case.case if case is not None else None)
            return title if title != vendor else _titled_by_run(case, vendor)
        spec = by_spec.get(vendor)
        title = spec.endpoints[endpoint].title if spec is not None and endpoint in spec.endpoints else _kind(case, vendor, endpoint)
        return f"“{title}”" if title != endpoint else endpoint

    return called


def outcome_words(outcome: str) -> str:
    """Say how a kind of record ended, by the word of its manifest for that."""
    return OUTCOMES.get(outcome, outcome)


def reason_words(reason: str, vendor: str, called: Called) -> str:
    """Say a reason of a manifest without names of specs: that another kind of record ended so, and that a permission lacks."""
    name, is_, rest = reason.partition(" is ")
    if is_ and called(vendor, name) != name:
        outcome, colon, further = rest.partition(": ")
        return f"{called(vendor, name)} is {outcome_words(outcome)}{colon}{reason_words(further, vendor, called)}"
    if reason.startswith(OPTIONAL):
        return f"the connection lacks a permission that it need not have: {reason.removeprefix(OPTIONAL)}"
    return "by order" if reason == BY_ORDER else reason


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


def _titled_by_run(case: OpenCase | None, vendor: str) -> str:
    """Give what a run calls its vendor: one that was made elsewhere may be of a vendor without a spec here."""
    part = case.case.vendors.get(vendor) if case is not None else None
    if case is not None and part is not None and part.run is not None:
        with suppress(HabeasError):  # the page says elsewhere that the run cannot be read
            return run_title(case.folder / part.run.folder, part.run.proof) or vendor
    return vendor


def _kind(case: OpenCase | None, vendor: str, endpoint: str) -> str:
    if endpoint == LOOKUP:
        return WHO
    part = case.case.vendors.get(vendor) if case is not None else None
    if case is None or part is None or part.run is None:
        return endpoint
    with suppress(HabeasError):  # the page says elsewhere that the run cannot be read
        return run_titles(case.folder / part.run.folder, part.run.proof).get(endpoint, endpoint)
    return endpoint
