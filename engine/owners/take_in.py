"""Take in what came back: a mail closes a question only by its token and its sender together; either alone is shown, to be read.

What a mail brings is written into the case as a whole, under our names, and then stands in the log; the same mail twice is once.
"""

from __future__ import annotations

import email
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from engine.case import acts
from engine.case.fold import ENDED
from engine.case.folder import OpenCase, open_case, references
from engine.case.received import ABOUT, MAIL, our_name
from engine.case.scratch import scratch
from engine.case.take import free_numbers
from engine.connection.private_files import cannot_write, write_private
from engine.contact.reading import Attachment, ReceivedMail, read_mail, travelled
from engine.contact.steps import CLOSED
from engine.contact.token import tokens
from engine.errors import HabeasError
from engine.language.text.mistakes import counted
from engine.replaced import replace

KINDS = {
    "encrypted": "it is encrypted, and Habeas reads no encrypted mail",
    "unreadable": "it is no mail that can be read",
    "delayed": "a mail server says that the mail is delayed, and tries on",
    "automatic": "an automatic reply, which answers nothing",
}


STRANGER = "stranger"


class OpenQuestion(msgspec.Struct, frozen=True):
    """A question that was asked by mail: whose, about what, by which token, which addresses were asked, and which one last.

    An address from which the mail came back was not asked.
    """

    case: OpenCase
    vendor: str
    purpose: str
    token: str
    addresses: frozenset[str]
    last: str | None

    def __str__(self) -> str:
        """Name it."""
        return f"{self.case.reference} {self.vendor} ({self.purpose})"


class MailTaken(msgspec.Struct, frozen=True):
    """What a mail was taken for, as a sentence; `read` where a person has to read it; of which case, and whether it brought files."""

    said: str
    read: bool = False
    notes: tuple[str, ...] = ()
    case: str | None = None
    files: bool = False


def questions(home: Path, by: str | None = None) -> list[OpenQuestion]:
    """Give every question that was asked by mail, of all cases that can be read; `by`: who acts in them."""
    return [one for reference in references(home) for one in _of_case(home, reference, by)]


def _of_case(home: Path, reference: str, by: str | None) -> Iterator[OpenQuestion]:
    try:
        case = open_case(home, reference, by)
    except HabeasError:
        return
    back = {line.act.message_id for line in case.lines if isinstance(line.act, acts.Bounced)}
    for vendor, part in case.case.vendors.items():
        for purpose in part.contacts:
            mails = [one for one in part.mails if one.purpose == purpose]
            addresses = frozenset(filter(None, (_addressee(case, one) for one in mails if one.message_id not in back)))
            for token in {token for one in mails for token in tokens(one.message_id)}:
                yield OpenQuestion(case, vendor, purpose, token, addresses, _addressee(case, mails[-1]))


def _addressee(case: OpenCase, sent: acts.MailSending) -> str | None:
    """Give the address that a mail went to: it stands in the mail, which is kept, and in no log."""
    try:
        raw = (case.folder / (sent.mail or "")).read_bytes()
    except OSError:
        return None
    return str(email.message_from_bytes(raw).get("To", "")).strip().lower() or None


def take_mail(home: Path, raw: bytes, now: datetime, known: Sequence[OpenQuestion] | None = None, by: str | None = None) -> MailTaken:
    """Take a mail in, for who acts; `known` are the questions where several mails are read. The case that it is about is read anew.

    Raises HabeasError where the case cannot take it; the mail is as before then.
    """
    told, proof, known = read_mail(raw), hashlib.sha256(raw).hexdigest(), questions(home, by) if known is None else known
    found = [one for one in known if one.token in told.tokens]
    if len(told.tokens) > 1:
        named = ", ".join(map(str, found)) or "none of a case here"
        return MailTaken(f"holds {len(told.tokens)} tokens ({named}): nothing was taken in, read it", read=True)
    if not found:
        asked = [str(one) for one in known if told.sender in one.addresses]
        who = f"comes from an address that was asked in {', '.join(asked)}, without its token: " if asked else "belongs to no question: "
        return MailTaken(f"{who}nothing was taken in, read it", read=True)
    about = next(one for one in _of_case(home, found[0].case.reference, by) if one.token == found[0].token)
    if any(getattr(line.act, "proof", None) == proof for line in about.case.lines) or _delivered_again(about, raw):
        return MailTaken(f"{about}: was taken in before")
    if about.case.case.phase in ENDED:
        return MailTaken(f"{about}: the case is {about.case.case.state}, so nothing was taken in, read it", read=True)
    return replace(_taken(about, told, raw, proof, now), case=about.case.reference)


def _delivered_again(about: OpenQuestion, raw: bytes) -> bool:
    """Whether a mail that was kept says the same in every byte but in how it travelled: two mailboxes got it, or one got it twice."""
    folders = {getattr(line.act, "folder", None) for line in about.case.lines if getattr(line.act, "proof", None)}
    kept = (about.case.folder / folder / "mail.eml" for folder in folders if folder is not None)
    return any(travelled(file.read_bytes()) == travelled(raw) for file in kept if file.is_file())


def _taken(about: OpenQuestion, told: ReceivedMail, raw: bytes, proof: str, now: datetime) -> MailTaken:
    vendor, purpose = about.vendor, about.purpose
    ours = told.sender is not None and told.sender in about.addresses
    if told.kind == "bounce":
        if told.recipient is not None and told.recipient != about.last:
            return MailTaken(f"{about}: says that a mail to somebody else came back; nothing was recorded, read it", read=True)
        part = about.case.case.vendors[vendor]
        name = next(one.message_id for one in reversed(part.mails) if about.token in tokens(one.message_id))
        about.case.insist(acts.Bounced(vendor=vendor, purpose=purpose, message_id=name, proof=proof), now)
        return MailTaken(f"{about}: the mail came back; correct the address, then habeas contact send", read=True)
    if told.kind in ("automatic", "delayed"):
        about.case.insist(acts.MailNoted(vendor=vendor, purpose=purpose, kind=told.kind, proof=proof), now)
        return MailTaken(f"{about}: {KINDS[told.kind]}")
    closed = about.case.case.vendors[vendor].contacts[purpose].state in CLOSED
    answer = _answer(told, about) if ours else STRANGER if closed else "answered_text"
    files = told.attachments if ours and purpose == "access" else ()
    folder = _keep(about, raw, files, answer, proof, now)
    notes = tuple(f"{folder}/{our_name(number, one.suffix)}: {one.note}" for number, one in enumerate(files, 1) if one.note)
    notes += (f"an attachment is larger than 50 MB: it is in {folder}/mail.eml only",) if told.too_large else ()
    notes += ("it is signed, and the signature was not checked",) if told.signed else ()
    if answer not in ("answered_text", STRANGER):
        brought = f", {counted(len(files), 'file')}" if files else ""
        return MailTaken(f"{about}: {answer.replace('_', ': ')}{brought}", notes=notes, files=bool(files))
    why = KINDS.get(told.kind, "it is not one word that answers the question" if ours else "its sender is not who was asked")
    words = "none|deleted|declined" if purpose == "deletion" else "data|none|declined"
    then = "" if answer == STRANGER else f", then habeas contact answer {about.case.reference} {vendor} {words} --about {purpose}"
    return MailTaken(f"{about}: {why}: read {about.case.folder / folder / 'mail.eml'}{then}", read=True, notes=notes, files=bool(files))


def _answer(told: ReceivedMail, about: OpenQuestion) -> str:
    """Say what a mail of the one who was asked answers; what does not fit together, or with what is known to be kept, is to be read."""
    purpose = about.purpose
    kept = any(one.kept is not None for one in about.case.case.vendors[about.vendor].answers)
    if told.kind != "answer" or told.too_large or (kept and purpose == "deletion"):
        return "answered_text"
    if told.word == "DATA" and told.attachments and purpose == "access":
        return "answered_data"
    if told.word == "NONE" and not told.attachments:
        return "answered_none"
    return "answered_deleted" if told.word == "DELETED" and not told.attachments and purpose == "deletion" else "answered_text"


def _keep(about: OpenQuestion, raw: bytes, files: Sequence[Attachment], answer: str, proof: str, now: datetime) -> str:
    """Put a mail and its files into the case; gives the folder. Raises UsageError, DiskError, OutputError."""
    case, received = about.case, about.case.folder / "received"
    with scratch(received) as part:
        names = [our_name(number, one.suffix) for number, one in enumerate(files, 1)]
        told = [
            {"file": name, "name": one.claimed, "bytes": len(one.content), "note": one.note} for name, one in zip(names, files, strict=True)
        ]
        try:
            for name, file in zip(names, files, strict=True):
                write_private(part / name, file.content)
            write_private(part / MAIL, raw)
            write_private(part / ABOUT, msgspec.json.encode({"sha256": proof, "files": told}) + b"\n")
        except OSError as error:
            raise cannot_write(received, error) from None

        def done(places: Sequence[Path]) -> list[acts.Act]:
            folder = str(places[0].relative_to(case.folder))
            took = acts.TakenIn(vendor=about.vendor, folder=folder, proof=proof, kind="file")
            if answer == STRANGER:
                return [acts.MailNoted(vendor=about.vendor, purpose=about.purpose, kind=STRANGER, proof=proof, folder=folder)]
            answered = acts.OwnerAnswered(vendor=about.vendor, purpose=about.purpose, answer=answer, folder=folder, proof=proof)
            return [took, answered] if files else [answered]

        lines = case.place([part], lambda: free_numbers(received / about.vendor), done, now)
    return str(getattr(lines[-1].act, "folder", ""))
