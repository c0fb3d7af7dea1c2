"""Open a case, from the shell and from the portal alike: what was asked for is checked first, and nothing is kept where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import cast

import msgspec

from engine.case.acts import CaseOpened, VendorAsked
from engine.case.folder import OpenCase
from engine.case.opening import check_free, open_new
from engine.case.person import Person
from engine.case.regimes import regime_of
from engine.catalogue import load
from engine.connection.vault import Vault
from engine.errors import UsageError
from engine.language.model.contact import PURPOSES, ContactPurpose
from engine.owners.book import contacts
from engine.release.reasons import LANGUAGES


class WantedCase(msgspec.Struct, frozen=True):
    """What a case is to be: its reference, its law, when the request arrived, whom it asks, the language of letters, and the right."""

    reference: str
    regime: str
    received: date
    vendors: tuple[str, ...]
    language: str
    right: str
    simulated: bool = False


def check_wanted(home: Path, wanted: WantedCase, today: date) -> WantedCase:
    """See that a case can be opened so; gives it with its vendors as they are called. Raises UsageError, SpecError."""
    regime_of(wanted.regime)
    if wanted.received > today:
        message = f"--received {wanted.received}: that day has not come yet"
        raise UsageError(message)
    if wanted.language not in LANGUAGES:
        message = f"--language {wanted.language}: there are {', '.join(LANGUAGES)}"
        raise UsageError(message)
    if wanted.right not in PURPOSES:
        message = f"--right {wanted.right}: there are {', '.join(PURPOSES)}"
        raise UsageError(message)
    check_free(home, wanted.reference)
    return msgspec.structs.replace(wanted, vendors=tuple(known_vendors(home, wanted.vendors)))


def known_vendors(home: Path, words: Sequence[str]) -> list[str]:
    """Give vendors as they are called: owners that contacts.yaml names, or those that have a spec. Raises UsageError, SpecError."""
    owners = contacts(home).owners
    return [word if word in owners else load(word).name for word in dict.fromkeys(words)]


def open_wanted(vault: Vault, wanted: WantedCase, person: Person, now: datetime, by: str | None = None) -> OpenCase:
    """Open a case that was checked. Raises UsageError where nobody can be asked for, NotConnected, DiskError, OutputError."""
    if not person.identifiers:
        message = "the person has no identifier: give at least one e-mail address, phone number or username; no case was opened"
        raise UsageError(message)
    opened = CaseOpened(
        reference=wanted.reference,
        regime=wanted.regime,
        language=wanted.language,
        received=wanted.received,
        digests=(),
        simulated=wanted.simulated,
        right=cast("ContactPurpose", PURPOSES[PURPOSES.index(wanted.right)]),  # the very constant: it is left out where it is usual
    )
    titles = {name: entry.title for name, entry in contacts(vault.home).owners.items()}
    return open_new(vault, opened, person, [VendorAsked(vendor=name, title=titles.get(name)) for name in wanted.vendors], now, by)
