"""Show mails of a case as text: what was sent, and what came. Nothing of them is run, fetched or trusted; their files stay closed."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable, Iterator
from email.message import EmailMessage, Message
from pathlib import Path

import msgspec

from engine.case.acts import LogLine
from engine.case.folder import OpenCase

LONGEST, MOST = 20_000, 1 << 22  # characters that are shown, bytes that are read


class LetterSeen(msgspec.Struct, frozen=True):
    """A mail: of which system and about what, whom it is to or from, its subject, and its text."""

    vendor: str
    purpose: str
    who: str
    subject: str
    body: str
    came: bool = False
    name: str = ""


def letters_of(case: OpenCase, lines: Iterable[LogLine]) -> Iterator[LetterSeen]:
    """Give the mails that some acts tell of, the newest first."""
    for line in reversed(list(lines)):
        told, folder = getattr(line.act, "mail", None), getattr(line.act, "folder", None)
        name = told or (f"{folder}/mail.eml" if folder else None)
        if name is not None and (case.folder / name).is_file():
            yield _read(case.folder, name, getattr(line.act, "vendor", ""), getattr(line.act, "purpose", ""), came=told is None)


def _read(folder: Path, name: str, vendor: str, purpose: str, *, came: bool) -> LetterSeen:
    """Read a mail as far as it can be read."""
    raw = b""
    with (folder / name).open("rb") as file:
        raw = file.read(MOST)
    try:
        mail = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
        body = mail.get_body(("plain",))
        who, subject = _header(mail, "From" if came else "To"), _header(mail, "Subject")
        text = _text(body if body is not None else mail)
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError):
        who, subject, text = "", "", "This mail cannot be shown."
    return LetterSeen(vendor, purpose, who, subject, text[:LONGEST], came, name)


def _header(mail: Message, name: str) -> str:
    return " ".join(str(mail.get(name, "")).split())[:200]


def _text(part: Message) -> str:
    if part.get_content_maintype() != "text":
        return "It holds no plain text: open its file in a mail program."
    raw = part.get_payload(decode=True)
    return (raw if isinstance(raw, bytes) else b"").decode(part.get_content_charset() or "utf-8", "replace")
