"""Identifiers of a person (e-mail address, phone number, username): validate, percent-encode, compare.

No message repeats an identifier.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from engine.discreet import Discreet
from engine.errors import Refused

IdentifierKind = Literal["email", "phone", "username"]
Same = Callable[[str], bool | None]

LONGEST = 254
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NOBODY = (".", "..", "me")
NO_VALUE = ("null", "undefined", "*")
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
LABEL = re.compile(r"[^\W_](?:[^\W_]|-){0,61}[^\W_]|[^\W_]")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)+"')
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
INTERNATIONAL = re.compile(r"\+[0-9 ().\-/\u00a0\u2010-\u2013]+")
KINDS: dict[str, IdentifierKind] = {"EMAIL": "email", "PHONE": "phone"}
PLACEHOLDERS = {"email": "EMAIL", "phone": "PHONE", "username": "USERNAME"}
NAMES = {"email": "e-mail address", "phone": "phone number", "username": "username"}


class Identifier(Discreet, Struct, frozen=True):
    """One identifier that was accepted; its value is never shown."""

    HIDDEN = ("value",)

    kind: IdentifierKind
    value: str


def identify(kind: IdentifierKind, text: str) -> Identifier:
    """Validate an identifier. Raises Refused, which says what is wrong without repeating it."""
    fault = unfit(text) or FAULTS[kind](text)
    if fault:
        message = f"the {NAMES[kind]} {fault}; nothing was sent"
        raise Refused(message)
    return Identifier(kind, text)


def unfit(text: str) -> str | None:
    """Say why a text cannot be a value in requests for a person or an account; None if it can."""
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    plain = text.isascii() and text.isprintable() and " " not in text  # most are, and each letter by itself takes long
    if not plain and any(unicodedata.category(char) in INVISIBLE for char in text):
        return "holds white space, control or invisible characters"
    if text.lower() in NOBODY:
        return "is a word with a meaning of its own (., .. and me)"
    return None


def means_nothing(value: object) -> bool:
    """Whether a captured value stands for none (false, `null`, `undefined`, blanks) or for everybody (`*`), whatever its case.

    False is how some vendors write that there is none: as a filter it may be passed over, and everybody comes.
    """
    if not isinstance(value, str):
        return value is False
    return value.strip().lower() in NO_VALUE or all(unicodedata.category(char) in INVISIBLE for char in value)


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
    """Percent-encode a value as one path segment: every byte except RFC 3986 "unreserved" (section 2.3).

    Raises ValueError for an empty value, `.` and `..`, which would change the path.
    """
    if text in ("", ".", ".."):
        message = "an empty value, . or .. would change the path"
        raise ValueError(message)
    return encode_query(text)


def encode_query(text: str) -> str:
    """Percent-encode a name or value of a query: every byte except RFC 3986 "unreserved" (section 2.3)."""
    return text if UNRESERVED.issuperset(text) else quote(text, safe="", errors="surrogatepass")


def lowered(text: str) -> str:
    """Give an e-mail address in lower case. A character outside ASCII never becomes one of ASCII.

    The Kelvin sign (U+212A) would become a `k`, and so another person's address.
    """
    if text.isascii():
        return text.lower()
    return "".join(small if (small := one.lower()).isascii() == one.isascii() else one for one in text)


def _canonical(text: str) -> bytes:
    return lowered(text.strip()).encode()


FORM: dict[str, Callable[[str], str]] = {
    "md5": lambda text: hashlib.md5(_canonical(text), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(_canonical(text)).hexdigest(),
    "lower": lowered,
    "digits": lambda text: re.sub(r"[^0-9]", "", text),
}


def same_person(kind: IdentifierKind, asked: str, answered: str) -> bool | None:
    """Compare what was asked with what was answered: e-mail without case and outer blanks, phones by country and number, the rest exactly.

    None where it cannot be told: a phone number whose country is not known.

    An answer may hold several addresses, separated by `;` or `,`: one that is equal is enough. It is not split where it holds
    a quote, which may enclose these characters (RFC 5322 section 3.2.4).
    """
    if kind == "email":
        wanted, parts = lowered(asked.strip()), [] if '"' in answered else re.split("[;,]", answered)
        return wanted in (lowered(one.strip()) for one in (answered, *parts))
    if kind == "phone":
        return _same_phone(asked, answered.strip())
    return asked == answered


def same_username(asked: str, answered: str) -> bool:
    """Compare usernames case aside, for a vendor that does."""
    return lowered(asked) == lowered(answered)


def comparison(name: str | None, usernames: str) -> Callable[[str, str], bool | None]:
    """Give how values of a name are compared: identifiers by their kind, usernames as the vendor does, anything else exactly."""
    if name == "USERNAME" and usernames == "ignore_case":
        return same_username
    return partial(same_person, KINDS.get(name or "", "username"))


def _same_phone(asked: str, answered: str) -> bool | None:
    """Compare phone numbers. Only `+`, ASCII digits and separators are read: of everything else the country is not known."""
    if asked == answered or not any(char.isdigit() for char in answered):
        return asked == answered
    if not INTERNATIONAL.fullmatch(answered):
        return None
    import phonenumbers

    try:
        numbers = [phonenumbers.parse(text, None) for text in (asked, answered)]
    except phonenumbers.NumberParseException:
        return None
    first, second = (phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in numbers)
    return first == second
