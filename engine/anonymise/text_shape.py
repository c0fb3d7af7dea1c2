"""Tell the form of a text (address, phone number, date, id, ...), which decides how it is replaced."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from datetime import time as clock
from enum import Enum
from typing import Any

from engine.anonymise.public_words import LISTED
from engine.cassettes.secret_patterns import is_secret_name, is_token, pieces
from engine.language.expressions import lossless_json


class TextShape(Enum):
    """The forms of values; a stand-in keeps the form of its value."""

    EMAIL = "e-mail address"
    ADDRESS = "address of the web"
    INNER = "JSON in a text"
    UUID = "uuid"
    IP = "IP address"
    MOMENT = "date or time"
    PHONE = "phone number"
    NUMBER = "number"
    HEX = "hexadecimal"
    SECRET = "secret"  # noqa: S105  a form, not one
    HANDLE = "name or handle"
    HOST = "host name"
    ZONE = "time zone"
    LOCALE = "language"
    TEXT = "free text"
    OPAQUE = "opaque id"


EMAIL = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;/]+\.[^\W\d_]{2,}|[^\s@<>\"(),:;]+@[A-Za-z0-9-]+")
EMBEDDED = re.compile(r"[\w.+%#&'*=^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
CALLED = re.compile(r"\+[1-9][0-9 ()./-]{6,20}[0-9]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
LEAD = re.compile(r"(mailto|tel|sip|sips|sms|xmpp|callto|acct|urn):(?=\S)", re.IGNORECASE)
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
NUMERIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
NATIONAL = re.compile(r"\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}")
DIALLED = re.compile(r"[+(]?[0-9][0-9 ()./-]{5,20}[0-9]")
HANDLE = re.compile(r"[^\W\d_]+(?:[ ._'\u2019-]{1,2}[^\W\d_]+){0,4}[ ._-]?[0-9]{0,4}\.?")
GROUPED = re.compile(r"[0-9]+(?:[ ./-][0-9]+)+")
HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+([A-Za-z]{2,24})\.?")
TOPS = frozenset(
    LISTED.findall("com net org info biz io co app dev ai eu de uk us fr es it nl se no dk fi pl ch at be cz pt ie au ca jp in br cloud")
)
ZONE = re.compile(r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|US|Etc)/[A-Za-z0-9_+/-]+")
LOCALE = re.compile(r"[a-z]{2}[-_][A-Z]{2}")
PHONE_PIECES = frozenset(LISTED.findall("phone phones mobile fax tel telephone cell cellphone msisdn whatsapp sms caller callee"))

ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?( ?(?:[Zz]|UTC|GMT|[+-]\d\d:?(?:\d\d)?))?)?")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)([Zz]?)")
MAIL = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
)
SLASHED = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/.])\d{1,2}\2\d{1,2}")
CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")


def shape_of(text: str, key: str = "") -> TextShape:
    """Tell the form of a text. `key` is its name in JSON or in a query, which may say that it is a phone number or a secret."""
    if is_token(text) or (is_secret_name(key) and not NUMERIC.fullmatch(text)):
        return TextShape.SECRET
    for shape, judge in JUDGES:
        if judge(text, key):
            return shape
    return TextShape.TEXT if (re.search(r"\s", text) or "<" in text) and not GROUPED.fullmatch(text) else TextShape.OPAQUE


def inner_json(text: str) -> Any:
    """Decode a text that is a JSON map or list; None where it is none."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        found = lossless_json.loads(text.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) and found else None


def _email(text: str, _key: str) -> bool:
    return EMAIL.fullmatch(text) is not None


def _address(text: str, _key: str) -> bool:
    return (SCHEME.match(text) is not None or LEAD.match(text) is not None) and not re.search(r"[\s<>\"]", text)


def _inner(text: str, _key: str) -> bool:
    return inner_json(text) is not None


def _ip(text: str, _key: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return "%" not in text


def _moment(text: str, _key: str) -> bool:
    iso = ISO.fullmatch(text) or COMPACT.fullmatch(text)
    if iso is not None:
        hours = iso.groups()[4:7] if iso.re is ISO else iso.groups()[3:6]
        try:
            date(int(iso[1]), int(iso[2]), int(iso[3]))
            clock(int(hours[0] or 0), int(hours[1] or 0), int(hours[2] or 0))
        except ValueError:
            return False
        return True
    return bool(MAIL.fullmatch(text) or SLASHED.fullmatch(text))


def _phone(text: str, key: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    if not 7 <= digits <= 15:
        return False
    named = PHONE_PIECES & set(pieces(key)) and DIALLED.fullmatch(text)
    grouped = GROUPED.fullmatch(text) and not re.search(r"[./]", text)
    return bool(grouped or CALLED.fullmatch(text) or re.fullmatch(r"\+[1-9][0-9]{6,14}", text) or NATIONAL.fullmatch(text) or named)


def _host(text: str, _key: str) -> bool:
    found = HOST.fullmatch(text)
    return found is not None and found[1].lower() in TOPS


JUDGES = (
    (TextShape.EMAIL, _email),
    (TextShape.ADDRESS, _address),
    (TextShape.INNER, _inner),
    (TextShape.UUID, lambda text, _: UUID.fullmatch(text)),
    (TextShape.MOMENT, _moment),
    (TextShape.IP, _ip),
    (TextShape.PHONE, _phone),
    (TextShape.NUMBER, lambda text, _: NUMERIC.fullmatch(text) and text.isascii()),
    (TextShape.HEX, lambda text, _: HEX.fullmatch(text) and not text.isalpha()),
    (TextShape.ZONE, lambda text, _: ZONE.fullmatch(text)),
    (TextShape.LOCALE, lambda text, _: LOCALE.fullmatch(text)),
    (TextShape.HOST, _host),
    (TextShape.HANDLE, lambda text, _: len(text) <= 80 and HANDLE.fullmatch(text)),
)

__all__ = ["TextShape", "inner_json", "shape_of"]
