"""Ask owners, stop asking, and record what they answered, from the shell and from the portal alike: the checks that come before."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec

from engine.case import acts, take
from engine.case.fold import RUNNING, VendorPart
from engine.case.folder import OpenCase
from engine.case.person import read_person
from engine.connection.state_folder import VENDOR
from engine.connection.vault import Vault
from engine.contact.steps import due_at
from engine.errors import HabeasError, UsageError
from engine.language.model.contact import PURPOSES
from engine.owners.ask import Asking, MailOutcome, Post, ask
from engine.owners.book import contacts, owner_of, untold_title
from engine.owners.smtp import password

ANSWERS = {"data": "answered_data", "none": "answered_none", "deleted": "answered_deleted", "declined": "declined"}


class WantedQuestion(msgspec.Struct, frozen=True):
    """A question to an owner: of which system, about what; again; as a file to be sent by hand; before the access is answered."""

    vendor: str
    purpose: str
    again: bool = False
    by_hand: bool = False
    early: bool = False


class WantedAnswer(msgspec.Struct, frozen=True):
    """What an owner answered: the word, about what, the files with what they are called there, and of a deletion what is kept and why."""

    vendor: str
    word: str
    purpose: str
    files: tuple[tuple[Path, str], ...] = ()
    kept: str | None = None
    why: str | None = None


def post(home: Path, *, by_hand: bool = False) -> Post:
    """Give how mails leave. Raises UsageError, NotConnected where the password of the mail server is missing."""
    server = None if by_hand else contacts(home).smtp
    return Post(server, password(server) if server is not None else None, secrets.randbelow)


def check_question(vendor: str, purpose: str) -> None:
    """See that a question can be about this. Raises UsageError."""
    if purpose not in PURPOSES:
        message = f"{purpose}: write {' or '.join(PURPOSES)}; nothing was done"
        raise UsageError(message)
    if not VENDOR.fullmatch(vendor):
        message = "the name of a vendor or system holds a-z, 0-9 and _, at most 64 of them, and begins with a letter, such as hris"
        raise UsageError(message)


def ask_owner(case: OpenCase, home: Path, wanted: WantedQuestion, now: datetime) -> tuple[MailOutcome, Asking, Post]:
    """Ask an owner; gives what became of the mail. Raises UsageError, NotConnected, DiskError, OutputError; nothing was sent then."""
    vendor, purpose = wanted.vendor, wanted.purpose
    check_question(vendor, purpose)
    part = case.case.vendors.get(vendor)
    access_open = (
        part is None or not part.here if case.opened.right == "access" else bool(part and part.waits and "access" in part.contacts)
    )
    if purpose == "deletion" and access_open and not wanted.early:
        message = f"the access at {vendor} comes first, and is not answered yet; --before-access asks all the same; nothing was sent"
        raise UsageError(message)
    if purpose == "deletion" and case.case.identified is None:
        message = f'who asks is not shown to be the person: habeas case identified {case.reference} --how "..."; nothing was sent'
        raise UsageError(message)
    asking = Asking(home, case, read_person(Vault(home).keys, case.folder), vendor, purpose, owner_of(home, vendor, purpose))
    way = post(home, by_hand=wanted.by_hand or case.opened.simulated)
    return ask(asking, way, now, "again" if wanted.again else "send"), asking, way


def due_day(home: Path, case: OpenCase, vendor: str, purpose: str) -> date | None:
    """Give until when an answer is due; None where none is waited for, or nobody is named."""
    try:
        due = due_at(case.case.vendors[vendor].contacts[purpose], owner_of(home, vendor, purpose).rule)
    except HabeasError:
        return None
    return due.date() if due is not None and case.case.phase in RUNNING else None


def asked_part(case: OpenCase, vendor: str) -> VendorPart:
    """Give what a case has of a system that was asked by mail. Raises UsageError where it was asked nothing."""
    part = case.case.vendors.get(vendor)
    if part is None or not part.contacts:
        message = f"{vendor} was asked nothing by mail in {case.reference}: habeas contact send {case.reference} {vendor} access|deletion"
        raise UsageError(message)
    return part


def stop_asking(case: OpenCase, vendor: str, why: str | None, about: str | None, now: datetime) -> None:
    """Stop a question. Raises UsageError, Stale, DiskError, OutputError."""
    check_question(vendor, about or PURPOSES[0])
    asked_part(case, vendor)
    case.act(acts.ContactStopped(vendor=vendor, why=why, purpose=about), now)


def record_answer(case: OpenCase, home: Path, wanted: WantedAnswer, now: datetime) -> None:
    """Record an answer, and take its files in. Raises UsageError, DiskError, OutputError."""
    check_question(wanted.vendor, wanted.purpose)
    part = case.case.vendors.get(wanted.vendor)
    stranger = part is None and wanted.vendor not in contacts(home).owners
    unknown = f"{wanted.vendor} is no part of {case.reference}, and contacts.yaml does not name it: habeas contact send asks there"
    fault = unknown if stranger else _misfit(wanted, part)
    if fault is not None:
        message = f"{fault}; nothing was recorded"
        raise UsageError(message)
    answered = acts.OwnerAnswered(
        vendor=wanted.vendor,
        purpose=wanted.purpose,
        answer=ANSWERS[wanted.word],
        kept=wanted.kept,
        why=wanted.why,
        title=untold_title(home, wanted.vendor, case.case),
    )
    case.may(answered)
    if wanted.files:
        take.take_files(case, wanted.files, wanted.vendor, now, [answered])
    else:
        case.insist(answered, now)


def _misfit(wanted: WantedAnswer, part: VendorPart | None) -> str | None:
    """Say what does not fit together."""
    word, purpose = wanted.word, wanted.purpose
    if word not in ANSWERS:
        return f"{word}: write {', '.join(ANSWERS)}"
    if word in ("data", "deleted") and (word == "deleted") != (purpose == "deletion"):
        return f"`{word}` answers no question about {purpose}: --about says which is meant"
    if word == "data" and not wanted.files and not (part and part.files):
        return "`data` without a file: give it with --file"
    if wanted.files and word != "data":
        return f"`{word}` comes with no file"
    if (wanted.kept is None) != (wanted.why is None) or (wanted.kept is not None and word != "deleted"):
        return "--kept and --why belong together, and to `deleted`"
    return None


def taken_files(files: Sequence[Path]) -> tuple[tuple[Path, str], ...]:
    """Give files of this machine with their own names."""
    return tuple((file, file.name) for file in files)
