"""Read a mail that came in: an answer, a bounce (RFC 3464), an automatic reply (RFC 3834), or one that only a person can read.

Nothing of a mail is believed but what is compared afterwards: its tokens and its sender. Names of attachments are never used for anything.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from typing import Literal

import msgspec

from engine.contact.note import MAIL, note_on
from engine.contact.token import tokens
from engine.language.model.contact import MAILBOX

MailKind = Literal["answer", "bounce", "delayed", "automatic", "encrypted", "unreadable"]
AnswerWord = Literal["DATA", "NONE", "DELETED"]
WORDS: tuple[AnswerWord, ...] = ("DATA", "NONE", "DELETED")
MOST_HEADERS, MOST_PARTS, MOST_DEPTH = 256 * 1024, 1000, 30
LARGEST = 50 * 1024 * 1024
SENDER = re.compile(rf"(?:[^<>@,;]{{0,200}}<({MAILBOX})>|({MAILBOX}))")
ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-keys")
QUOTED = re.compile(r"\s*>|(?:On|Am) .{1,200}(?:wrote|schrieb)[^:]{0,200}:\s*$")
CUT = re.compile(r"--\s*$|_{10,}\s*$|-{2,} ?(?:Original Message|Ursprüngliche Nachricht) ?-{2,}\s*$")
FORWARDED, SENT = re.compile(r"(?:From|Von): .+"), re.compile(r"(?:Sent|Gesendet|Date|Datum): .+")
STAYS = (
    b"from:",
    b"message-id:",
    b"date:",
    b"subject:",
    b"in-reply-to:",
    b"references:",
    b"content-",
    b"mime-version:",
    b"auto-submitted:",
)
SUFFIX = re.compile(r"\.([A-Za-z0-9]{1,8})$")


class Attachment(msgspec.Struct, frozen=True):
    """A file of a mail: what the sender calls it, the ending that ours gets, its bytes, and what a reviewer should know of it."""

    claimed: str
    suffix: str
    content: bytes
    note: str | None = None


class ReceivedMail(msgspec.Struct, frozen=True):
    """What a mail says of itself; `word` is its answer where it holds nothing else, `recipient` whom a bounce is about."""

    kind: MailKind
    tokens: frozenset[str] = frozenset()
    sender: str | None = None
    word: AnswerWord | None = None
    attachments: tuple[Attachment, ...] = ()
    too_large: bool = False
    recipient: str | None = None
    signed: bool = False


def read_mail(raw: bytes) -> ReceivedMail:
    """Read a mail. Never raises: what cannot be read is `unreadable`, and its tokens are looked for all the same."""
    head = re.split(rb"\r?\n\r?\n", raw[: MOST_HEADERS + 4], maxsplit=1)
    if len(head) < 2 and len(raw) > MOST_HEADERS:
        return ReceivedMail("unreadable", tokens(raw[:MOST_HEADERS].decode("latin-1")))
    try:
        return _read(email.message_from_bytes(raw))
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError, AssertionError):
        return ReceivedMail("unreadable", tokens(head[0].decode("latin-1")))


def travelled(raw: bytes) -> tuple[bytes, ...]:
    """Give a mail without what servers add on its way, so that one that is delivered twice is known: its text, and headers that stay."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = re.split(rb"\n(?![ \t])", head[:MOST_HEADERS])
    return (body, *sorted(one for one in headers if one.lower().startswith(STAYS)))


def _read(mail: Message) -> ReceivedMail:
    told = ReceivedMail("answer", tokens(*(_header(mail, name) for name in ("Subject", "In-Reply-To", "References"))), _sender(mail))
    report = _report(mail)
    if report is not None:
        return report
    if _automatic(mail):
        return msgspec.structs.replace(told, kind="automatic")
    parts = list(_parts(mail))
    if any(part.get_content_type() in ENCRYPTED for part in (mail, *parts)):
        return msgspec.structs.replace(told, kind="encrypted")
    if len(parts) > MOST_PARTS:
        return msgspec.structs.replace(told, kind="unreadable")
    files = [one for part in parts if (one := _attachment(part)) is not None]
    body = next((part for part in parts if part.get_content_type() == "text/plain" and not _is_file(part)), None)
    return msgspec.structs.replace(
        told,
        word=_word(_text(body)) if body is not None else None,
        attachments=tuple(one for one in files if len(one.content) <= LARGEST),
        too_large=any(len(one.content) > LARGEST for one in files),
        signed=mail.get_content_type() == "multipart/signed",
    )


def _header(mail: Message, name: str) -> str:
    """Give all headers of a name, decoded as far as they can be."""
    found = []
    for raw in mail.get_all(name, []):
        try:
            found.append(str(make_header(decode_header(raw))))
        except (LookupError, ValueError, TypeError):
            found.append(str(raw))
    return " ".join(found)


def _sender(mail: Message) -> str | None:
    """Give the address of the one sender that is named; None where none, several, or something else is."""
    named = mail.get_all("From", [])
    found = SENDER.fullmatch(" ".join(str(named[0]).split())) if len(named) == 1 else None
    return (found[1] or found[2]).lower() if found else None


def _automatic(mail: Message) -> bool:
    said = _header(mail, "Auto-Submitted").strip().lower()
    return (bool(said) and not said.startswith("no")) or bool(mail.get("X-Autoreply") or mail.get("X-Autorespond"))


def _report(mail: Message) -> ReceivedMail | None:
    """Read a report on the delivery of a mail (RFC 3464); the token is that of the mail which came back."""
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return None
    failed, recipient, found = False, None, frozenset[str]()
    for part in _inside(mail)[:10]:
        kind = part.get_content_type()
        if kind == "message/delivery-status" and part.is_multipart():
            for block in _inside(part)[:50]:
                failed = failed or (_header(block, "Action").strip().lower() == "failed" and _header(block, "Status").strip()[:1] == "5")
                about = _header(block, "Final-Recipient").rpartition(";")[2].strip().lower()
                recipient = recipient or about or None
        elif kind == "message/rfc822" and part.is_multipart():
            (returned, *_) = _inside(part)
            found |= tokens(_header(returned, "Message-ID"), _header(returned, "Subject"))
        elif kind == "text/rfc822-headers":
            found |= tokens(_text(part))
    return ReceivedMail("bounce" if failed else "delayed", found, _sender(mail), recipient=recipient)


def _inside(part: Message) -> list[Message]:
    """Give the parts of a part."""
    held = part.get_payload()
    return [one for one in held if isinstance(one, Message)] if isinstance(held, list) else []


def _parts(mail: Message) -> Iterator[Message]:
    """Give the parts that hold something, in order; a mail that is attached is one of them."""
    waiting = [(mail, 0)]
    while waiting:
        part, depth = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            if depth > MOST_DEPTH:
                message = "too deep"
                raise ValueError(message)
            waiting = [(inner, depth + 1) for inner in _inside(part)] + waiting
        else:
            yield part


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        part.get_filename() is not None and part.get_content_disposition() != "inline"
    )


def _attachment(part: Message) -> Attachment | None:
    """Take a file out; pictures and texts that a mail shows are none, nor are signatures."""
    kind = part.get_content_type()
    if kind in SIGNATURES or not (_is_file(part) or part.get_content_maintype() in ("application", "message")):
        return None
    claimed = str(part.get_filename() or "")
    ending = SUFFIX.search(claimed)
    if part.get_content_maintype() == "message":
        return Attachment(claimed, ".eml", b"".join(inner.as_bytes() for inner in _inside(part)), MAIL)
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    return Attachment(claimed, f".{ending[1].lower()}" if ending else "", content, note_on(content))


def _text(part: Message) -> str:
    raw = part.get_payload(decode=True)
    raw = raw if isinstance(raw, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def _word(text: str) -> AnswerWord | None:
    """Give the one word that a mail says; None where it says more, which only a person can weigh."""
    said = list(_unquoted(text.splitlines()))
    word = said[0].strip(" \t.!*\u00a0").upper() if len(said) == 1 else ""
    return next((one for one in WORDS if one == word), None)


def _unquoted(lines: list[str]) -> Iterator[str]:
    """Give the lines that the sender wrote, without what is quoted and without the signature behind `-- `."""
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if CUT.match(line) or (FORWARDED.match(line) and SENT.match(after)):
            return
        if line.strip() and not QUOTED.match(line):
            yield line
