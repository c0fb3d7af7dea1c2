"""What comes before a fetch, from the shell and from the portal alike: which vendors are asked, where, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from engine.case.acts import Named, TakenIn
from engine.case.folder import OpenCase
from engine.case.naming import digest_of
from engine.case.person import Person
from engine.catalogue import load
from engine.errors import UsageError
from engine.language.effective import Vendor


def vendors_of(case: OpenCase, words: Sequence[str]) -> list[Vendor]:
    """Give the vendors to ask, by default those that have nothing yet.

    Raises UsageError where there is none, and for a deletion, SpecError.
    """
    if case.opened.right == "deletion":
        who = f"habeas contact send {case.reference} SYSTEM deletion asks who deletes"
        message = f"{case.reference} asks for a deletion: nothing is fetched for it; {who}"
        raise UsageError(message)
    vendors = [load(word) for word in dict.fromkeys(words or waiting_vendors(case))]
    for vendor in vendors:
        case.may(TakenIn(vendor=vendor.name, folder="", proof=""))
    return vendors


def waiting_vendors(case: OpenCase) -> Sequence[str]:
    """Give the vendors of a case that have nothing yet. Raises UsageError where there is none."""
    found = [name for name, part in case.case.vendors.items() if not part.here]
    if not found:
        message = f"every vendor of {case.reference} has been asked: name those to ask again, or another one, with --vendor"
        raise UsageError(message)
    return found


def addresses_of(words: Sequence[str], vendors: Sequence[str]) -> dict[str, str]:
    """Read where vendors are. Raises UsageError for one that is not asked: a typing error must not send a request to the real one."""
    there = {}
    for text in words:
        vendor, equals, address = text.partition("=")
        if not equals:
            message = f"--at {text}: write VENDOR=URL, such as zoom=http://127.0.0.1:8917"
            raise UsageError(message)
        if vendor not in vendors:
            message = f"--at {text}: no vendor that is asked is called `{vendor}`; asked are: {', '.join(vendors)}; nothing was sent"
            raise UsageError(message)
        there[vendor] = address
    return there


def record_person(case: OpenCase, home: Path, person: Person, now: datetime) -> None:
    """Record who the person is, where a killed `case name` had sealed it and not said so. Raises UsageError, DiskError, OutputError."""
    digest = digest_of(home, person)
    if case.case.key_id == digest.key_id and case.case.digests != digest.all:
        case.insist(Named(kinds=tuple(person.identifiers), digests=digest.all, key_id=digest.key_id), now)
