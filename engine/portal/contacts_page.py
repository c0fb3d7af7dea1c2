"""`/case/X/contacts`: who was asked by mail and what came of it; to ask, answer, stop, and take in what somebody gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from engine.case import take
from engine.case.act_sentences import sentence
from engine.case.acts import TakenIn
from engine.case.fold import VendorPart
from engine.case.folder import OpenCase
from engine.case.person import read_person
from engine.case.scratch import scratch
from engine.case.taken_run import read_run
from engine.connection.state_folder import VENDOR
from engine.connection.vault import Vault
from engine.contact.steps import Contact
from engine.errors import HabeasError, UsageError
from engine.explain.run_folder import run_folder
from engine.language.model.contact import PURPOSES
from engine.owners.ask import Asking, draft
from engine.owners.book import contacts, owner_of, title_of, untold_title
from engine.owners.maildir import read_file
from engine.owners.questions import WantedAnswer, WantedQuestion, ask_owner, due_day, record_answer, stop_asking
from engine.owners.take_in import take_mail
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.forms import FOLDER_FIELD, LARGEST_UPLOAD
from engine.portal.letter_seen import LetterSeen, letters_of
from engine.portal.new_page import systems
from engine.portal.sent_files import sent_run, told_as
from engine.portal.titles import system_titles
from engine.portal.ways import described

STATES: Mapping[str, str] = {
    "drafted": "not asked yet",
    "may have been sent": "may have been sent: look into the outbox of the office, then ask again or record the answer",
    "sent": "asked, no answer yet",
    "reminded": "asked and reminded, no answer yet",
    "answered_data": "answered, with data",
    "answered_none": "answered: nothing is held",
    "answered_text": "answered, to be read",
    "answered_deleted": "answered: deleted",
    "declined": "declined to answer",
    "bounced": "the mail came back: correct the address, then ask again",
    "skipped": "no answer in time: the release goes on without it",
    "blocked": "no answer in time: the release waits",
    "stopped": "stopped",
}
BY_HAND: Mapping[str, str] = {  # nobody knows whether a mail that was written was sent
    "sent": "a mail was written, to be sent by you; no answer yet",
    "reminded": "a mail and a reminder were written, to be sent by you; no answer yet",
}
LARGEST_MAIL = 100 << 20  # bytes: it is read as a whole
SAYS: Mapping[str, str] = {  # what each letter to the person says
    "acknowledge": "that the request arrived",
    "extend": "that the answer takes longer",
    "deny": "that the request is denied",
    "deliver": "that the package is on its way",
    "conclude": "what was deleted",
}
WORDS = {"data": "Data: what is given here is all they hold", "none": "Nothing is held", "deleted": "Deleted", "declined": "Declined"}


class QuestionSeen(msgspec.Struct, frozen=True):
    """A question to an owner: of which system, about what, how far it is, until when, a mail to be sent by hand, what was written."""

    vendor: str
    purpose: str
    title: str
    state: str
    kept: str
    late: bool
    due: str | None
    waits: bool
    to_send: str | None = None
    letters: tuple[LetterSeen, ...] = ()
    acts: tuple[tuple[str, str], ...] = ()


def show_contacts(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the questions of a case; with `?ask=zoom/access` the letter that would be sent."""
    case = asked.case
    made, fault = _draft(asked, case)
    known, called = dict.fromkeys((*case.case.vendors, *systems(asked.home))), system_titles(asked.home, case)
    purposes = sorted(PURPOSES, key=lambda purpose: purpose != case.opened.right)
    return portray(
        "contacts.html",
        asked,
        error,
        **case_head(asked, case, "contacts"),
        written=[(f"{letter}.eml", SAYS.get(letter.rpartition("-")[2], "")) for letter in _letters(case)],
        questions=[
            _seen(asked, case, vendor, part, about) for vendor, part in case.case.vendors.items() for about in part.contacts.items()
        ],
        running=case.case.phase in ("open", "gathering", "approved", "released"),
        draft=made,
        draft_fault=fault,
        asked_before=made is not None and made.purpose in (case.case.vendors.get(made.vendor) or VendorPart()).contacts,
        choices=[(f"{vendor}/{purpose}", f"{called(vendor, None)}, {purpose}") for vendor in known for purpose in purposes],
        wanted=asked.query.get("ask") or _not_asked_yet(case),
        systems=systems(asked.home),
        right=case.opened.right,
        words=WORDS,
        server=contacts(asked.home).smtp is not None and not case.opened.simulated,
        largest=f"{LARGEST_UPLOAD >> 30} GB",
        largest_mail=f"{LARGEST_MAIL >> 20} MB",
        here=asked.by is None,
    )


def _letters(case: OpenCase) -> list[str]:
    return [letter for line in case.lines if (letter := getattr(line.act, "letter", None))]


def _not_asked_yet(case: OpenCase) -> str | None:
    """Name the question that comes next: about a deletion, or to a system that nothing can be fetched from."""
    right, specs = case.opened.right, described()
    waiting = (name for name, part in case.case.vendors.items() if not part.here and right not in part.contacts)
    return next((f"{name}/{right}" for name in waiting if right == "deletion" or name not in specs), None)


def question_state(contact: Contact) -> str:
    """Say how far a question is."""
    return (BY_HAND.get(contact.state) if contact.by_hand else None) or STATES.get(contact.state, contact.state)


def kept_words(part: VendorPart, purpose: str) -> str:
    """Say what an owner keeps of what was to be deleted, and why; empty where they keep nothing."""
    last = next((answer for answer in reversed(part.answers) if answer.purpose == purpose), None)
    return f"{last.kept.rstrip('.')}{f', since: {last.why}' if last.why else ''}" if last is not None and last.kept else ""


def _seen(asked: AskedPage, case: OpenCase, vendor: str, part: VendorPart, about: tuple[str, Contact]) -> QuestionSeen:
    (purpose, contact), called = about, system_titles(asked.home, case)
    due = due_day(asked.home, case, vendor, purpose)
    told = [line for line in case.lines if (getattr(line.act, "vendor", None), getattr(line.act, "purpose", None)) == (vendor, purpose)]
    letters = tuple(letters_of(case, told))
    return QuestionSeen(
        vendor=vendor,
        purpose=purpose,
        title=title_of(asked.home, vendor),
        state=question_state(contact),
        kept=kept_words(part, purpose),
        late=contact.state == "blocked" and purpose == part.right,
        to_send=next((seen.name for seen in letters if not seen.came), None) if contact.by_hand and contact.state in BY_HAND else None,
        due=short_day(due, LANGUAGE) if due is not None else None,
        waits=any(one == purpose for one, _ in part.waits),
        letters=letters,
        acts=tuple((f"{short_day(line.at.date(), LANGUAGE)}, {line.at:%H:%M}", sentence(line, called)) for line in reversed(told)),
    )


def _draft(asked: AskedPage, case: OpenCase) -> tuple[LetterSeen | None, str | None]:
    """Write the letter that would be sent, or say why there is none."""
    sent = f"{asked.said('vendor')}/{asked.said('purpose')}" if asked.said("do") == "send" else ""
    vendor, _, purpose = asked.query.get("ask", sent).partition("/")
    if not VENDOR.fullmatch(vendor) or purpose not in PURPOSES:
        return None, None
    try:
        owner = owner_of(asked.home, vendor, purpose)
        made = draft(Asking(asked.home, case, read_person(Vault(asked.home).keys, case.folder), vendor, purpose, owner), asked.now)
    except HabeasError as error:
        return None, str(error)
    return LetterSeen(vendor, purpose, owner.to, made.subject, made.body), None


def do_contacts(asked: AskedPage) -> str | Portrayed:
    """Do what a form of the page asks for. Raises Stale, UsageError, Refused, NotConnected, DiskError, OutputError."""
    act = ACTS.get(asked.said("do"))
    if act is None:
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    return act(asked, asked.seen_case()) or f"/case/{asked.names['reference']}/contacts"


def _send(asked: AskedPage, case: OpenCase) -> Portrayed | None:
    wanted = WantedQuestion(
        vendor=asked.wanted("vendor", "the system"),
        purpose=asked.said("purpose"),
        again=asked.said("again") == "yes",
        by_hand=asked.said("by_hand") == "yes",
        early=asked.said("early") == "yes",
    )
    sent, _, _ = ask_owner(case, asked.home, wanted, asked.now)
    if sent.delivery == "took":
        return None
    what = "It may have been sent" if sent.delivery == "lost" else "It was not sent"
    return told_page(asked, what, (f"{sent.why[:1].upper()}{sent.why[1:]}.", f"The letter is kept: {sent.file}"))


def told_page(asked: AskedPage, title: str, sentences: Sequence[str], *, case: str | None = None, files: bool = False) -> Portrayed:
    """Say once what came of an act; what it wrote stands in the log. `case` is its reference, `files`: some came with it."""
    back = f"/case/{asked.names['reference']}/contacts" if "reference" in asked.names else "/letters"
    case = case or asked.names.get("reference")
    return portray("told.html", asked, title=title, sentences=sentences, back=back, here="/letters", case=case, files=files)


def _stop(asked: AskedPage, case: OpenCase) -> None:
    stop_asking(case, asked.wanted("vendor", "the system"), asked.said("why") or None, asked.said("purpose") or None, asked.now)


def _answer(asked: AskedPage, case: OpenCase) -> None:
    wanted = WantedAnswer(
        vendor=asked.wanted("vendor", "the system"),
        word=asked.wanted("word", "what they answered"),
        purpose=asked.said("purpose") or case.opened.right,
        files=tuple((one.path, one.claimed) for one in asked.files.get("file", ())),
        kept=asked.said("kept") or None,
        why=asked.said("why") or None,
    )
    record_answer(case, asked.home, wanted, asked.now)


def _mail(asked: AskedPage, _: OpenCase) -> Portrayed:
    return take_sent_mail(asked)


def take_sent_mail(asked: AskedPage) -> Portrayed:
    """Take in a mail that a form sent; whose question it answers stands in the mail. Raises UsageError, DiskError, OutputError."""
    files = asked.files.get("file", ())
    if len(files) != 1:
        message = "choose one mail, saved as .eml; nothing was taken in"
        raise UsageError(message)
    if files[0].size > LARGEST_MAIL:
        message = f"a mail is read as a whole, so it has at most {LARGEST_MAIL >> 20} MB: take its files out; nothing was taken in"
        raise UsageError(message)
    took = take_mail(asked.home, read_file(files[0].path), asked.now, by=asked.by)
    title = "Read it" if took.read else "Taken in"
    return told_page(asked, title, (f"{took.said}.", *took.notes), case=took.case, files=took.files)


def _file(asked: AskedPage, case: OpenCase) -> str:
    """Take files in that a system gave without a letter; they are looked at next."""
    vendor, files = asked.wanted("vendor", "whose data it is"), asked.files.get("file", ())
    if not files:
        message = "no file was chosen; nothing was taken in"
        raise UsageError(message)
    case.may(TakenIn(vendor=vendor, folder="", proof="", kind="file"))
    title = untold_title(asked.home, vendor, case.case)
    take.take_files(case, [(file.path, file.claimed) for file in files], vendor, asked.now, title=title)
    return f"/case/{case.reference}/files"


def _run(asked: AskedPage, case: OpenCase) -> None:
    """Take a finished run in: a folder that was sent, or one of this machine, which only who is its user may name."""
    if sent := asked.files.get(FOLDER_FIELD, ()):
        with scratch(asked.home / "uploads") as made, told_as(made, "the folder that was sent"):
            _take_run(asked, case, sent_run(sent, made))
    elif asked.by is not None:
        message = "no folder was chosen: choose the one in which the run's manifest.json lies; nothing was taken"
        raise UsageError(message)
    else:
        _take_run(asked, case, run_folder(Path(asked.wanted("folder", "the folder of the run")).expanduser(), "cannot be taken in"))


def _take_run(asked: AskedPage, case: OpenCase, folder: Path) -> None:
    run = read_run(folder)
    same = take.may_take(case, run, vendor=None, confirmed=asked.said("same_person") == "yes")
    case.may(TakenIn(vendor=run.vendor, folder="", proof=""))
    take.take_run(case, folder, run, asked.now, same=same)


ACTS: Mapping[str, Callable[[AskedPage, OpenCase], str | Portrayed | None]] = {
    "send": _send,
    "stop": _stop,
    "answer": _answer,
    "mail": _mail,
    "file": _file,
    "add": _run,
}
