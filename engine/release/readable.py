"""A text as a person reads it: escapes undone, invisible signs left out, wide and composed letters as plain ones. Pure.

What is found in it stands somewhere in the text, but not letter by letter: so it stands for the whole text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64decode
from urllib.parse import unquote

ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
TWICE = 2  # an address inside of an address
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{14,8000}={0,2}")
UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
INVISIBLE = re.compile(f"[{UNSEEN}]")
NUMBER = re.compile(r"(-?\d{1,19})\.(\d{1,19})(?:[eE]\+?(\d{1,2}))?")
HAN = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
BLANK_IN_HAN = re.compile(f"(?<={HAN}) +(?={HAN})")


def readable(text: str) -> str:
    """Give a text as it is read; most are read as they stand."""
    plain = text
    if "\\u" in plain:
        plain = ESCAPE.sub(lambda code: chr(int(code[1], 16)), plain)
    for _ in range(TWICE if "%" in plain else 0):
        plain = unquote(plain)
    if "&" in plain:
        plain = html.unescape(plain)
    if not plain.isascii():
        plain = BLANK_IN_HAN.sub("", plainly(plain))
    return _decoded(plain) if BASE64.fullmatch(plain) else in_full(plain)


def plainly(text: str) -> str:
    """Write letters in one way, whichever way they are encoded, and leave out what is not seen."""
    return text if text.isascii() else INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("\u2014", "-")


def in_full(text: str) -> str:
    """Write a whole number that a program wrote with a point or an exponent, as `4.915e+12`, in its digits; other texts stay."""
    written = NUMBER.fullmatch(text) if text[-1:].isdecimal() and "." in text else None
    if written is None:
        return text
    whole, fraction, zeros = written[1], written[2].rstrip("0"), int(written[3] or 0)
    return whole + fraction.ljust(zeros, "0") if len(fraction) <= zeros else text


def _decoded(text: str) -> str:
    """Give the text that a whole value is in Base64, where it tells an address; other values only look like it."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        plain = b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except ValueError:
        return text
    return plain if "@" in plain and "".join(plain.split()).isprintable() else text
