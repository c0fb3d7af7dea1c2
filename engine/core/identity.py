"""Identifiers: which are accepted, how they are written into an address, when two name the same person.

No message here ever repeats an identifier.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from engine.errors import Refused

Kind = Literal["email", "phone", "username"]

LONGEST = 254
NOBODY = (".", "..", "me")
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
LABEL = re.compile(r"[^\W_](?:[^\W_]|-){0,61}[^\W_]|[^\W_]")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)+"')
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NAMES = {"email": "e-mail address", "phone": "phone number", "username": "username"}


@dataclass(frozen=True, slots=True)
class Identifier:
    """One name of a person; its value is never shown."""

    kind: Kind
    value: str = field(repr=False)


def identify(kind: Kind, text: str) -> Identifier:
    """Accept an identifier. Raises Refused, which says what is wrong without repeating it."""
    fault = unfit(text) or FAULTS[kind](text)
    if fault:
        message = f"the {NAMES[kind]} {fault}; nothing was sent"
        raise Refused(message)
    return Identifier(kind, text)


def unfit(text: str) -> str | None:
    """Say why a text is no value that can stand in a request for a person or an account; None where it is one."""
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if any(unicodedata.category(char) in INVISIBLE for char in text):
        return "holds white space, control or invisible characters"
    if text.lower() in NOBODY:
        return "is a word with a meaning of its own (., .. and me)"
    return None


def _email_fault(text: str) -> str | None:
    """An address is `local@domain` (RFC 5321 section 4.1.2); the local part may be quoted."""
    quoted = QUOTED.match(text)
    local, at, domain = (quoted[0], text[quoted.end() : quoted.end() + 1], text[quoted.end() + 1 :]) if quoted else text.partition("@")
    if at != "@" or "@" in domain or '"' in domain or (quoted is None and '"' in local):
        return "does not have exactly one @"
    if not local:
        return "has nothing before the @"
    labels = domain.split(".")
    if len(domain) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        return "has no host name after the @"
    return None


def _phone_fault(text: str) -> str | None:
    return None if E164.fullmatch(text) else "is not written as + and 7 to 15 digits, such as +15550100200"


FAULTS: dict[str, Callable[[str], str | None]] = {
    "email": _email_fault,
    "phone": _phone_fault,
    "username": lambda _: None,
}


def encode_segment(text: str) -> str:
    """Write a value as one path segment: every byte outside RFC 3986 unreserved encoded.

    Raises ValueError for an empty value, `.` and `..`, which would change the path.
    """
    if text in ("", ".", ".."):
        message = "an empty value, . or .. would change the path"
        raise ValueError(message)
    return encode_query(text)


def encode_query(text: str) -> str:
    """Write a value or name of a query: every byte outside RFC 3986 unreserved encoded."""
    return quote(text, safe="", errors="surrogatepass")


def lowered(text: str) -> str:
    """Write an address in lower case, as mail servers compare it; a character beyond ASCII never becomes one of ASCII's.

    The Kelvin sign would become a k, and so another person's address.
    """
    return "".join(small if (small := one.lower()).isascii() == one.isascii() else one for one in text)


def _canonical(text: str) -> bytes:
    return lowered(text.strip()).encode()


FORM: dict[str, Callable[[str], str]] = {
    "md5": lambda text: hashlib.md5(_canonical(text), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(_canonical(text)).hexdigest(),
    "lower": lowered,
    "digits": lambda text: re.sub(r"[^0-9]", "", text),
}


def same_person(kind: Kind, asked: str, answered: str) -> bool:
    """Compare identifiers: e-mail trimmed and case aside, phone by its digits, anything else to the letter.

    Several addresses in one text, parted by `;` or `,`, are each compared; not where a quote may hold these (RFC 5322 section 3.2.4).
    """
    if kind == "email":
        wanted, parts = lowered(asked.strip()), [] if '"' in answered else re.split("[;,]", answered)
        return wanted in (lowered(one.strip()) for one in (answered, *parts))
    if kind == "phone":
        return FORM["digits"](asked) == FORM["digits"](answered)
    return asked == answered
