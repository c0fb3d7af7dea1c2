"""`/new`: open a case. What was typed is kept where something does not fit, and nothing of it stands in an address or a log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.case.folder import references
from engine.case.person import WORDS, Person, parse_person
from engine.case.regimes import regimes
from engine.connection.state_folder import VENDOR
from engine.connection.vault import Vault
from engine.errors import HabeasError, UsageError
from engine.language.model.contact import PURPOSES
from engine.owners.book import contacts
from engine.owners.new_case import WantedCase, check_wanted, open_wanted
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.days import parse_day
from engine.release.reasons import LANGUAGES
from engine.spec_files import packaged, vendor_line

LANGUAGE_NAMES = {"en": "English", "de": "German"}


def show_new(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the form of a new case."""
    return portray(
        "new.html",
        asked,
        error,
        here="/new",
        laws=[(name, law.title) for name, law in regimes().items()],
        languages=[(name, LANGUAGE_NAMES[name]) for name in LANGUAGES],
        rights=PURPOSES,
        systems=systems(asked.home),
        chosen=asked.form.get("vendor", ()),
        there=next((one for one in references(asked.home) if error is not None and one == asked.said("reference")), None),
        day=asked.said("received") or short_day(asked.today, LANGUAGE),
    )


def systems(home: Path) -> list[str]:
    """Name what can be asked: vendors with a spec, and systems whose owners contacts.yaml names. Raises UsageError."""
    return sorted({vendor_line(path)[0] for path in packaged()} | set(contacts(home).owners))


def named_vendors(words: Iterable[str]) -> tuple[str, ...]:
    """Give names of vendors that a form sent. Raises UsageError for a path: whoever signed in names no file of this machine."""
    found = tuple(words)
    wrong = [word for word in found if not VENDOR.fullmatch(word)]
    if wrong:
        message = "the name of a vendor or system holds a-z, 0-9 and _, at most 64 of them, and begins with a letter, such as hris"
        raise UsageError(message)
    return found


def typed_person(asked: AskedPage, before: Person | None = None) -> Person:
    """Read who the person is from a form, several identifiers one a line. Raises UsageError, Refused; no message repeats a value."""
    lines = [f"{word}: {line}" for word in WORDS[:3] for line in asked.said(word).splitlines() if line.strip()]
    address = "\\n".join(line.strip() for line in asked.said("address").splitlines())
    told = {"name": " ".join(asked.said("name").split()), "address": address}
    return parse_person([*lines, *(f"{word}: {value}" for word, value in told.items() if value)], before)


def do_new(asked: AskedPage) -> str:
    """Open the case. Raises UsageError, Refused, NotConnected, DiskError, OutputError; nothing is kept then."""
    vault = Vault(asked.home)
    wanted = WantedCase(
        reference=asked.wanted("reference", "the reference"),
        regime=asked.said("regime"),
        received=parse_day(asked.wanted("received", "the day on which the request arrived"), "Received"),
        vendors=named_vendors(asked.form.get("vendor", ())),
        language=asked.said("language"),
        right=asked.said("right"),
        simulated=asked.said("simulated") == "yes",
    )
    checked, person = check_wanted(asked.home, wanted, asked.today), typed_person(asked)
    case = vault.alone(lambda: open_wanted(vault, checked, person, asked.now, asked.by))
    return f"/case/{case.reference}"
