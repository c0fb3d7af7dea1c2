"""Who answers for a system: the operator's `$HABEAS_HOME/contacts.yaml` before what a spec says. No address is ever guessed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.case.fold import Case
from engine.case.operator_file import misfits, read_operator_file
from engine.catalogue import load, spec_title
from engine.connection.state_folder import VENDOR
from engine.contact.steps import PatienceRule
from engine.errors import HabeasError, UsageError
from engine.language.model.contact import AN_ADDRESS, MAILBOX, ContactWaySpec
from engine.language.model.units import Duration, parse_duration
from engine.language.text.mistakes import Misfit
from engine.release.reasons import LANGUAGES

CONTACTS = "contacts.yaml"
SECRET = "HABEAS_SMTP_SECRET"  # noqa: S105  the name of a variable


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server that takes mails; `none` of `security` only on this machine. The password is HABEAS_SMTP_SECRET."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None


class OwnerTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says of one thing that an owner is asked for; what is left out is as the spec says."""

    to: str | None = None
    due: str | None = None
    remind: str | None = None
    late: Literal["skip", "block"] | None = None
    ask_for: str | None = None


class OwnerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An owner: of a vendor that has a spec, or of a system in the house."""

    to: str | None = None
    title: str | None = None
    language: str | None = None
    access: OwnerTerms = OwnerTerms()
    deletion: OwnerTerms = OwnerTerms()


class Contacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's file; all of it may be left out."""

    owners: dict[str, OwnerEntry] = {}
    smtp: MailServer | None = None
    maildir: str | None = None


class Owner(msgspec.Struct, frozen=True):
    """Who is asked, and how: everything is decided but what the mail says of the person."""

    title: str
    to: str
    rule: PatienceRule
    ask_for: str | None
    language: str | None


def contacts(home: Path) -> Contacts:
    """Read the operator's file; empty where there is none. Raises UsageError where it is not as it should be."""
    path = home / CONTACTS
    told = read_operator_file(path, Contacts, "docs/contact.md shows what may stand there", _misplaced)
    if told is None:
        return Contacts()
    for what in _faults(told):
        message = f"{path}: {what}"
        raise UsageError(message)
    return told


def _misplaced(body: Any) -> Iterator[str]:
    """Say where an owner or the mail server is not of the form it should be: a word that is none, one that lacks, another kind of value."""
    for name, entry in body.get("owners", {}).items():
        yield from misfits(f"owners.{name}", entry, OwnerEntry)
        for purpose in ("access", "deletion"):  # who takes the first only comes here with an entry that has words
            yield from misfits(f"owners.{name}.{purpose}", entry.get(purpose, {}), OwnerTerms)
    yield from misfits("smtp", body.get("smtp") or {"host": ""}, MailServer)


def _faults(told: Contacts) -> list[str]:
    """Say what no type can tell: names, addresses, spans, languages, and that only this machine is spoken to in the clear."""
    faults = []
    for name, owner in told.owners.items():
        if not VENDOR.fullmatch(name):
            faults.append(f"owners.{name}: the name of a system holds a-z, 0-9 and _, and begins with a letter")
        if owner.language not in (None, *LANGUAGES):
            faults.append(f"owners.{name}.language: there are {', '.join(LANGUAGES)}")
        for place, terms in (("access", owner.access), ("deletion", owner.deletion)):
            for word, text in (("due", terms.due), ("remind", terms.remind)):
                try:
                    parse_duration(text or "1d")
                except Misfit as error:
                    faults.append(f"owners.{name}.{place}.{word}: {error}: {error.hint or 'write a shorter one'}")
        wrong = [one for one in (owner.to, owner.access.to, owner.deletion.to) if one is not None and not re.fullmatch(MAILBOX, one)]
        faults += [f"owners.{name}: `to` is not {AN_ADDRESS}" for _ in wrong]
    if told.smtp is not None and told.smtp.security == "none" and not _is_here(told.smtp.host):
        faults.append("smtp.security: `none` is for a server on this machine only: write starttls or tls")
    return faults


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def owner_of(home: Path, vendor: str, purpose: str) -> Owner:
    """Give who is asked for something, and how. Raises UsageError, with the line to write, where nobody is named."""
    entry = contacts(home).owners.get(vendor)
    way, title = _of_spec(vendor, purpose)
    if entry is None and title is None:
        message = f"{vendor} has no spec, and no owner of it is named: {_line(home, vendor)}; nothing was sent"
        raise UsageError(message)
    terms = msgspec.structs.asdict(getattr(entry or OwnerEntry(), purpose))
    to = terms["to"] or (entry.to if entry else None) or (way.to if way else None)
    if to is None:
        message = f"nobody is named who answers for {vendor}: {_line(home, vendor)}; nothing was sent"
        raise UsageError(message)
    usual = way or ContactWaySpec()
    due, remind = (parse_duration(terms[word]) if terms[word] else getattr(usual, word) for word in ("due", "remind"))
    rule = PatienceRule(_time(due), _time(remind), terms["late"] or usual.late)
    return Owner(
        (entry.title if entry else None) or title or vendor, to, rule, terms["ask_for"] or usual.ask_for, entry.language if entry else None
    )


def _line(home: Path, vendor: str) -> str:
    return f"write `owners: {{{vendor}: {{to: ADDRESS}}}}` into {home / CONTACTS}"


def title_of(home: Path, vendor: str, case: Case | None = None) -> str:
    """Give what people call a system. Raises UsageError where contacts.yaml cannot be used."""
    return title_among(contacts(home), vendor, case)


def title_among(told: Contacts, vendor: str, case: Case | None = None) -> str:
    """Give what people call a system: as the log of its case says, which a package goes by; else the operator's file; else its spec.

    Without all of them it goes by its name.
    """
    part, entry = case.vendors.get(vendor) if case is not None else None, told.owners.get(vendor)
    return (part.title if part is not None else None) or (entry.title if entry else None) or titled_by_spec(vendor) or vendor


titled_by_spec = lru_cache(maxsize=64)(spec_title)  # a spec's file does not change while a portal runs


def untold_title(home: Path, vendor: str, case: Case) -> str | None:
    """Give what the operator calls a system, for the log; None where that says so already, or the file cannot be used."""
    with suppress(HabeasError):  # what is wrong with the file is said where owners are asked: a file can be taken in without it
        entry, part = contacts(home).owners.get(vendor), case.vendors.get(vendor)
        return entry.title if entry is not None and (part is None or part.title != entry.title) else None
    return None


def _of_spec(vendor: str, purpose: str) -> tuple[ContactWaySpec | None, str | None]:
    try:
        spec = load(vendor)
    except HabeasError:
        return None, None
    return spec.direct_contact.get(purpose), spec.title


def _time(span: Duration) -> timedelta:
    """Give a span as days and seconds; a month has 30 days."""
    return timedelta(days=30 * span.months, seconds=span.seconds)
