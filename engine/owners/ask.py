"""Ask an owner: write the mail, record that it is about to be sent, hand it over, record what became of it. In this order, always.

A process that dies after the record and before the end leaves "may have been sent"; from there no mail goes out unless somebody says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import msgspec

from engine.case import acts
from engine.case.folder import OpenCase
from engine.case.letters import Letter, MoreWords, letter, letter_mail
from engine.case.person import Person
from engine.case.regimes import office
from engine.connection.private_files import cannot_write, prepare, write_new
from engine.contact.steps import Contact, ContactEvent, follow
from engine.contact.token import make_token, message_id, tokens
from engine.errors import UsageError
from engine.language.model.contact import AN_ADDRESS, MAILBOX
from engine.owners.book import MailServer, Owner, untold_title
from engine.owners.smtp import deliver
from engine.pages.languages import day_words
from engine.replaced import replace

EVERYTHING = {"en": "everything", "de": "alles"}
UNGIVEN = "HABEAS-····-····"
UNKNOWN = "it may have been sent already"
REFUSED = {
    "may have been sent": UNKNOWN,
    "sending": UNKNOWN,
    "skipped": "it was passed over, because no answer came in time",
    "blocked": "it was sent, and no answer came in time",
}


class Post(msgspec.Struct, frozen=True):
    """How mails leave: through a server, with its user's password; without a server they are files to be sent by hand."""

    server: MailServer | None
    secret: str | None
    below: Callable[[int], int]


class Asking(msgspec.Struct, frozen=True):
    """A question to an owner about the person of a case."""

    home: Path
    case: OpenCase
    person: Person
    vendor: str
    purpose: str
    owner: Owner

    @property
    def contact(self) -> Contact:
        """Give how far it is."""
        part = self.case.case.vendors.get(self.vendor)
        return part.contacts.get(self.purpose, Contact()) if part is not None else Contact()


class MailOutcome(msgspec.Struct, frozen=True):
    """What became of a mail: its file in the case, and `took`, `not_taken` or `lost`; `why` it was not taken."""

    file: Path
    delivery: str
    why: str = ""


def ask(asking: Asking, post: Post, now: datetime, event: ContactEvent) -> MailOutcome:
    """Ask: `event` is `send`, `again` or `remind`. Raises UsageError where the table of steps, the case or a letter forbids it."""
    case, vendor, purpose = asking.case, asking.vendor, asking.purpose
    server = None if case.opened.simulated else post.server  # a case to practise with sends nothing
    after, todo = follow(asking.contact, event, now)
    if todo not in (("mail",), ("reminder",)):
        why = REFUSED.get(asking.contact.state, f"it is {asking.contact.state.replace('_', ': ')}")
        message = f"{vendor} is not asked for {purpose}: {why}; --again sends another mail; nothing was sent"
        raise UsageError(message)
    told, token = office(asking.home), _token(asking, post.below)
    sender = told.contact if re.fullmatch(MAILBOX, told.contact) else ""
    if server is not None and not sender:
        message = f"a mail needs a sender: write `contact: ADDRESS`, {AN_ADDRESS}, into {asking.home / 'office.yaml'}; nothing was sent"
        raise UsageError(message)
    name = message_id(token, len(_mails(asking)) + 1, sender.rpartition("@")[2] or "habeas.invalid")
    mail = _mail(asking, after.asked or now, now, name, reminder=todo == ("reminder",))
    if server is not None:
        del mail["X-Unsent"]  # where it arrives, it is no draft
    file = f"mails/{case.case.n + 1}-{vendor}-{purpose}.eml"
    title = untold_title(asking.home, vendor, case.case)
    sending = acts.MailSending(vendor=vendor, message_id=name, purpose=purpose, reminder=todo == ("reminder",), mail=file, title=title)
    written = _written(case.folder / file, mail.as_bytes())
    sent = acts.MailSent(vendor=vendor, message_id=name, purpose=purpose, by_hand=server is None)
    if server is None:
        case.acts([sending, sent], now, doing=written)
        return MailOutcome(case.folder / file, "took")
    case.acts([sending], now, doing=written)
    delivery, why = deliver(server, post.secret, sender, asking.owner.to, mail.as_bytes())
    if delivery != "lost":
        case.insist(sent if delivery == "took" else acts.MailUnsent(vendor=vendor, message_id=name, purpose=purpose), now)
    return MailOutcome(case.folder / file, delivery, why)


@contextmanager
def _written(file: Path, mail: bytes) -> Iterator[None]:
    """Write a mail while nobody else can act: of two who ask at once only the mail of the one who does is kept.

    It bears the number of the act, so that one which lies there already is what a killed command left, and no act tells of it.
    """
    prepare(file.parent)
    try:
        file.unlink(missing_ok=True)
        write_new(file, mail)
    except OSError as error:
        raise cannot_write(file, error) from None
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _mails(asking: Asking) -> list[acts.MailSending]:
    part = asking.case.case.vendors.get(asking.vendor)
    return [one for one in part.mails if one.purpose == asking.purpose] if part is not None else []


def _token(asking: Asking, below: Callable[[int], int]) -> str:
    """Give the question's token, which all its mails have."""
    known = _known_tokens(asking)
    return known[0] if known else make_token(below)


def _known_tokens(asking: Asking) -> list[str]:
    return [token for one in _mails(asking) for token in sorted(tokens(one.message_id))]


def draft(asking: Asking, now: datetime) -> Letter:
    """Write the letter as it would be sent now, under a token that only stands for one. Raises UsageError."""
    return _letter(asking, now, next(iter(_known_tokens(asking)), UNGIVEN), reminder=False)


def _letter(asking: Asking, asked: datetime, token: str, *, reminder: bool) -> Letter:
    """Write the letter; the first line says what is asked, the subject never whom it is about."""
    owner = asking.owner
    language = owner.language or asking.case.opened.language
    values = {
        "SUBJECT": _identifier(asking),
        "SYSTEM": owner.title,
        "ASKED_FOR": owner.ask_for or EVERYTHING[language],
        "BY": day_words((asked + owner.rule.due).date(), language),
        "ASKED_ON": day_words(asked.date(), language),
        "TOKEN": token,
    }
    kind = f"{'remind' if reminder else 'ask'}_{asking.purpose}"
    made = letter(asking.home, asking.case, asking.person, kind, more=MoreWords(values, language))
    subject = made.subject if token in made.subject else f"{made.subject} ({token})"
    return replace(made, subject=subject, to=owner.to)


def _mail(asking: Asking, asked: datetime, now: datetime, name: str, *, reminder: bool) -> EmailMessage:
    """Write the mail of a letter."""
    (token,) = tokens(name)
    mail = letter_mail(_letter(asking, asked, token, reminder=reminder), office(asking.home), now)
    mail["Message-ID"] = name
    mail["References"] = message_id(token, 0, name.rpartition("@")[2].rstrip(">"))
    return mail


def _identifier(asking: Asking) -> str:
    """Give the one identifier that a mail names: the one that the vendor is asked by."""
    found = next((value for _, value in asking.person.for_vendor(asking.vendor)), None)
    if found is None:
        message = f"the person has no identifier to ask with: habeas case name {asking.case.reference}; nothing was sent"
        raise UsageError(message)
    return " ".join(found.split())
