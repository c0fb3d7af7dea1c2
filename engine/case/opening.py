"""Open a case: its folder is made whole and then gets its name, so that of two openings at once one is refused and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from engine.case import log as case_log
from engine.case.acts import CaseOpened, VendorAsked
from engine.case.folder import OpenCase, checked_reference, open_case, same_person, user
from engine.case.person import Person, write_person
from engine.case.scratch import scratch
from engine.connection.digest_key import digest_key
from engine.connection.private_files import cannot_write, prepare, sync_folder
from engine.connection.sealed_file import CASES
from engine.connection.vault import Vault
from engine.errors import UsageError
from engine.replaced import replace


def check_free(home: Path, reference: str) -> Path:
    """Give the folder that a new case will have. Raises UsageError for a reference that is taken or cannot be used."""
    folder = home / CASES / checked_reference(reference)
    if os.path.lexists(folder):
        message = f"there is a case {reference} already: habeas case show {reference}; nothing was changed"
        raise UsageError(message)
    return folder


def open_new(
    vault: Vault, opened: CaseOpened, person: Person, asked: Sequence[VendorAsked], now: datetime, by: str | None = None
) -> OpenCase:
    """Open a case for a person, with the vendors that belong to it; digests and earlier cases of theirs are added to `opened`.

    Raises UsageError where the reference is taken, NotConnected, DiskError, OutputError; nothing is kept then.
    """
    home, place = vault.home, check_free(vault.home, opened.reference)
    digest = digest_key(home).of(person.all())
    again = same_person(home, digest.all, digest.key_id, opened.reference)
    acts = [replace(opened, digests=digest.all, key_id=digest.key_id, again=again), *asked]
    prepare(home)
    with scratch(home / CASES) as part:
        write_person(vault.keys, part, opened.reference, person)
        case_log.create(part, acts, by or user(), now)
        try:
            part.rename(place)
            sync_folder(place.parent)
        except OSError as error:
            if os.path.lexists(place):
                check_free(home, opened.reference)
            raise cannot_write(place, error) from None
    return open_case(home, opened.reference, by)
