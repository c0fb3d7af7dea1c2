"""`habeas contact ...` and `habeas tick`: from the words of the command line to mails, and what came of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
import typer

from engine.case.fold import RUNNING
from engine.case.folder import OpenCase, open_case, references
from engine.case.words import state_words
from engine.cli.case import now, tell_next
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.contact.steps import UNANSWERED, Contact, ContactState, PatienceRule, due_at, late, passed
from engine.core.window import rfc3339
from engine.errors import Exit, HabeasError, UsageError
from engine.owners.book import contacts, owner_of
from engine.owners.maildir import read_file, take_maildir
from engine.owners.questions import (
    ANSWERS,
    WantedAnswer,
    WantedQuestion,
    ask_owner,
    asked_part,
    post,
    record_answer,
    stop_asking,
    taken_files,
)
from engine.owners.take_in import MailTaken, take_mail
from engine.owners.tick import tick


def send_command(reference: str, vendor: str, purpose: str, *, again: bool, by_hand: bool, early: bool) -> int:
    """Ask an owner. Gives the exit code. Raises UsageError, NotConnected, DiskError, OutputError; nothing was sent then."""
    where, case = home(), open_case(home(), reference)
    sent, asking, way = ask_owner(case, where, WantedQuestion(vendor, purpose, again, by_hand, early), now())
    if sent.delivery == "took":
        to = asking.owner.to
        print_text(f"Sent to {to}." if way.server else f"Written, to be sent to {to} from your mail program: {sent.file}")
        tell_next(case)
        return Exit.COMPLETE
    what = "It may have been sent" if sent.delivery == "lost" else "Not sent"
    print_text(f"{what}: {sent.why}. The mail: {sent.file}", err=True)
    return Exit.INCOMPLETE


class ListedQuestion(msgspec.Struct, frozen=True):
    """A question as it stands at this moment, whether `tick` has noted it or not."""

    case: str
    vendor: str
    purpose: str
    state: ContactState
    asked: str | None
    due: str | None
    late: bool
    reminder_due: bool
    by_hand: bool

    @property
    def words(self) -> str:
        """Give the state for people: `sent by hand, late`."""
        told = ["late"] if self.late else ["a reminder is due"] if self.reminder_due else []
        return ", ".join([state_words(Contact(self.state, by_hand=self.by_hand)), *told])


def list_command(*, as_json: bool) -> int:
    """List every question. Gives the exit code."""
    where, rows, broken, at = home(), list[ListedQuestion](), list[str](), now()
    for reference in references(where):
        try:
            case = open_case(where, reference)
        except HabeasError as error:
            broken.append(str(error))
            continue
        for vendor, purpose in [(vendor, purpose) for vendor, part in case.case.vendors.items() for purpose in part.contacts]:
            rule, fault = _rule(where, case, vendor, purpose)
            broken += [f"{reference} {vendor} ({purpose}): until when is not known: {fault}"] if fault else []
            rows.append(_listed(case, (vendor, purpose), rule, at))
    if as_json:
        print_json({"questions": rows, "broken": broken})
    elif rows:
        cells = [(one.case, one.vendor, one.purpose, one.words, (one.asked or "")[:10], one.due or "") for one in rows]
        typer.echo(table(("case", "system", "about", "state", "asked", "due"), cells, width=width_of(sys.stdout)))
    else:
        print_text("Nobody was asked by mail: habeas contact send REF VENDOR access|deletion")
    for message in broken:
        print_text(f"error: {message}", err=True)
    return Exit.USAGE if broken else Exit.COMPLETE


def _rule(where: Path, case: OpenCase, vendor: str, purpose: str) -> tuple[PatienceRule | None, str | None]:
    """Give the terms of an owner as they are today, where time still counts; else why they are not known, if they should be."""
    if case.case.phase not in RUNNING or case.case.vendors[vendor].contacts[purpose].state not in UNANSWERED:
        return None, None
    try:
        return owner_of(where, vendor, purpose).rule, None
    except HabeasError as error:
        return None, str(error)


def _listed(case: OpenCase, which: tuple[str, str], rule: PatienceRule | None, at: datetime) -> ListedQuestion:
    """Say how a question stands now; without a rule no time is waited for."""
    vendor, purpose = which
    contact = case.case.vendors[vendor].contacts[purpose]
    due = due_at(contact, rule) if rule else None
    return ListedQuestion(
        case=case.reference,
        vendor=vendor,
        purpose=purpose,
        state=contact.state,
        asked=rfc3339(contact.asked) if contact.asked and contact.state != "drafted" else None,
        due=str(due.date()) if due else None,
        late=rule is not None and late(contact, at, rule),
        reminder_due=rule is not None and passed(contact, at, rule) == "remind",
        by_hand=contact.by_hand,
    )


def show_command(reference: str, vendor: str) -> None:
    """Show a system's questions. Raises UsageError where there is none."""
    where, case = home(), open_case(home(), reference)
    part = asked_part(case, vendor)
    for purpose in part.contacts:
        one = _listed(case, (vendor, purpose), _rule(where, case, vendor, purpose)[0], now())
        print_text(f"{reference} {vendor} ({purpose}): {one.words}{f', due {one.due}' if one.due else ''}")
    for line in case.lines:
        if getattr(line.act, "vendor", None) != vendor or not hasattr(line.act, "purpose"):
            continue
        word = str(line.act.__struct_config__.tag)
        told = [getattr(line.act, name, None) for name in ("purpose", "answer", "kind", "late", "kept", "why")]
        places = [case.folder / place for place in (getattr(line.act, "mail", None), getattr(line.act, "folder", None)) if place]
        told += [f"see {place}" if place.exists() else f"{place.name} is deleted" for place in places]
        print_text(f"  {line.at:%Y-%m-%d %H:%M}  {word}  {'  '.join(str(one) for one in told if one)}")
    if part.waits:
        purpose = part.waits[0][0]
        words = "none|deleted|declined" if purpose == "deletion" else "data|none|declined"
        about = "" if purpose == part.right else f" --about {purpose}"
        print_text("What a person can do next:\n  habeas contact ingest ANSWER.eml")
        print_text(f"  habeas contact answer {reference} {vendor} {words}{about}")
        print_text(f"  habeas contact send {reference} {vendor} {purpose} --again\n  habeas contact stop {reference} {vendor}{about}")


def stop_command(reference: str, vendor: str, why: str | None, about: str | None) -> None:
    """Stop a question. Raises UsageError."""
    case = open_case(home(), reference)
    stop_asking(case, vendor, why, about, now())
    print_text(f"{vendor} is asked no more.")
    tell_next(case)


def answer_command(
    reference: str, vendor: str, word: str, files: Iterable[Path], kept: tuple[str | None, str | None], about: str | None
) -> None:
    """Record an answer, and take its files in. Raises UsageError, DiskError, OutputError."""
    case = open_case(home(), reference)
    wanted = WantedAnswer(vendor, word, about or case.opened.right, taken_files(list(files)), *kept)
    record_answer(case, home(), wanted, now())
    print_text(f"Recorded: {vendor} ({wanted.purpose}) {ANSWERS[word].replace('_', ': ')}.")
    tell_next(case)


def ingest_command(source: Path, reference: str | None, vendor: str | None) -> int:
    """Take a mail, a Maildir or a file in. Gives the exit code. Raises UsageError, DiskError, OutputError."""
    where = home()
    if source.is_dir():
        took = [_told(name, one) for name, one in take_maildir(where, source, now())]
        print_text(f"{len(took)} mails taken in or told of." if took else "No new mail.")
        return Exit.INCOMPLETE if any(took) else Exit.COMPLETE
    if source.suffix.lower() == ".eml":
        return Exit.INCOMPLETE if _told(source.name, take_mail(where, read_file(source), now())) else Exit.COMPLETE
    if reference is None or vendor is None:
        message = f"{source} is no .eml and no Maildir: for a file of an owner say whose, --case REF --vendor VENDOR; nothing was taken"
        raise UsageError(message)
    answer_command(reference, vendor, "data", [source], (None, None), "access")
    return Exit.COMPLETE


def _told(name: str, took: MailTaken | HabeasError) -> bool:
    """Say what a mail was; whether a person has to look."""
    if isinstance(took, HabeasError):
        print_text(f"{name}: error: {took}", err=True)
        return True
    print_text(f"{name}: {took.said}")
    for note in took.notes:
        print_text(f"  {note}")
    return took.read


def tick_command() -> int:
    """Take new mail in, then do what time asks for; one line a case. Gives the exit code. Raises UsageError for a broken contacts.yaml."""
    where = home()
    told = contacts(where)
    look = [_told(name, one) for name, one in (take_maildir(where, Path(told.maildir).expanduser(), now()) if told.maildir else ())]
    way = cache(lambda: post(where))
    for reference, said, waits in tick(where, Vault(where).keys, way, now()):
        print_text(f"{reference}: {'; '.join(said)}")
        look.append(waits)
    return Exit.INCOMPLETE if any(look) else Exit.COMPLETE
