"""Find telephone numbers: international ones, those behind a word for it, those of a national form that little else has, known ones. Pure.

A number of nine digits in threes may be an amount, ten bare digits anything: without a sign of what they are they are not taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from engine.release.hit import Hit

SEPARATOR = r"[ ().\-/\u00a0\u2010-\u2013]"
UNIT = r"(?! ?(?:%|€|£|USD|EUR|GBP|kg|km|MB|GB|bytes)(?!\w))"
NUMBER = re.compile(
    r"(?<![A-Za-z0-9_@#$€£¥.,:/=%+*-])(?<!\d )"
    rf"(?:tel:)?\(?(?:\+ ?)?\(?\d(?:{SEPARATOR}{{0,2}}\d){{6,16}}(?!{SEPARATOR}{{0,2}}\d){UNIT}(?! ?[-\u2013] ?\d)"
    r"(?:(?P<extension> ?(?:x|ext\.?|#) ?\d{1,6}))?(?![A-Za-z0-9_])(?![@:=]\w)(?!,\d)",
    re.IGNORECASE,
)
PARTS = (  # of words that hold them, whatever stands before and behind
    r"t[eé]l[eé](?:ph|f)\w*|phone\w*|mob(?:ile?|iel|iltelefon)\w*|móvil|cell\w*|handy\w*|whats ?app|rufnummer|durchwahl|portable|celular|"
    r"telemóvel|komórka|電話(?:番号)?|携帯(?:電話)?|連絡先"
)
WORDS = (
    r"(?:tel|ph)\.?|fax\w*|signal|sms|nummer|kom|call(?: me| us| him| her| back)?|ring|dial|reach (?:me|us|him|her)|text(?: me)?|"
    r"ruf(?:en sie)?|anrufen|erreichbar|appele[rz](?:-moi)?|appelle|joindre|llam[ae](?:r|me)?|chiam[ai](?:re|mi)?|bel(?:len)?|ligue|ligar|"
    r"zadzwoń|dzwoń"
)
BETWEEN = (
    r"number|num|nr|no|me|us|him|her|at|on|is|to|unter|ist|au|est|al|es|è|é|op|is|na|para|pod|der|die|mij op|número|numero|numéro|numer"
)
WORD = re.compile(rf"(?:{PARTS}|(?<!\w)(?:{WORDS}))[ \t.:#=()/☎📞\uff1a-]{{0,4}}(?:(?:{BETWEEN})[ \t.:]{{1,3}}){{0,3}}$", re.IGNORECASE)
NEAR = 48
DAY = re.compile(
    r"(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}(?!\d)|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)\d\d(?!\d)|\d{1,2}([-./])\d{1,2}\3\d\d(?!\d)"
)
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d+\.\d+")  # an IP address, a decimal
AMERICAN = re.compile(r"(?:\+?1[-. ]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d(?P<by>[-.]))[2-9]\d\d(?(by)(?P=by)|[-. ])\d{4}")
BRAZILIAN = re.compile(r"(?:\([1-9]\d\)|[1-9]\d) ?9?\d{4}-\d{4}")
TRUNK = re.compile(rf"\(?0[1-9]\d*(?:{SEPARATOR}{{1,2}}\d+)+")
RUN = re.compile(r"(?<![0-9])[0-9]{8,15}(?![0-9])")
REGIONS = ("DE", "GB", "FR", "IT", "NL", "JP", "SE", "CH", "AT", "BE", "AU", "ZA", "IN", "TR", "FI", "UA", "RO", "IL")
ENDING = 7
NO_DIGITS = bytes(char for char in range(128) if not chr(char).isdecimal())


def digits_of(text: str) -> str:
    """Give the digits of a text, those of other scripts as ASCII."""
    if text.isascii():
        return text.encode().translate(None, NO_DIGITS).decode()
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def phones(text: str, known: Mapping[str, str]) -> Iterator[Hit]:
    """Give telephone numbers. `known` has those of people in the case, by their last seven digits."""
    for found in NUMBER.finditer(text):
        start, end = found.span()
        value = _number(text, start, found[0], found["extension"] or "", known)
        if value is not None:
            yield Hit("phones", start + (found[0].count("(") > found[0].count(")") and found[0][0] == "("), end, value)


def bare_known(text: str, known: Mapping[str, str]) -> Iterator[Hit]:
    """Give numbers of people in the case that stand bare, with their country, where no other number would be taken: `wa.me/49151...`."""
    for found in RUN.finditer(text) if known else ():
        usual = known.get(found[0][-ENDING:])
        if usual is not None and usual.lstrip("+") == found[0]:
            yield Hit("phones", *found.span(), usual)


def _number(text: str, start: int, raw: str, extension: str, known: Mapping[str, str]) -> str | None:
    """Give a number as it is compared; None for what is none."""
    bare = raw.removesuffix(extension).lower().removeprefix("tel:").strip()
    digits = digits_of(bare)
    if len(digits) > 15 + bare.startswith("00"):
        return None
    usual = known.get(digits[-ENDING:])
    if usual is not None and (usual.endswith(digits.lstrip("0")) or digits.endswith(usual.lstrip("+"))):
        return usual
    if ADDRESS.fullmatch(bare.lstrip("+")) or DAY.match(bare):
        return None
    if bare.startswith(("+", "(+", "00")):
        return international(bare)
    if raw.lower().startswith("tel:") or WORD.search(text[max(0, start - NEAR) : start]) is not None:
        return digits
    return digits if _national(bare) else None


def _national(bare: str) -> bool:
    """Whether the form alone tells that it is a telephone number."""
    if AMERICAN.fullmatch(bare):
        return True
    if BRAZILIAN.fullmatch(bare):
        return _valid(bare, "BR")
    return TRUNK.fullmatch(bare) is not None and any(_valid(bare, region) for region in REGIONS)


def _valid(bare: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(bare, region))
    except NumberParseException:
        return False


def international(text: str) -> str | None:
    """Give an international number with its country and nothing between the digits; None where no country has such numbers."""
    written = "+" + text[2:] if text.startswith("00") else text.lstrip("(")
    try:
        number = phonenumbers.parse(written)
    except NumberParseException:
        return None
    fits = phonenumbers.is_valid_number(number) if text.startswith("00") else phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if fits else None
