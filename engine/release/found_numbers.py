"""Find numbers of cards, bank accounts and national registers by their check digits. Pure.

Of national numbers only those are found by their form alone of which less than one number in two hundred of that form is valid by
chance (docs/decisions/0022-finders.md); others need their name in front.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from stdnum import iban, luhn
from stdnum.ar import cuit
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import ssn
from stdnum.za import idnr as za_id

from engine.release.hit import Hit

SEPARATORS = re.compile(r"[ .\-/\u00a0]")
CARD = re.compile(r"(?<![A-Za-z0-9_.+-])(?<!\d )\d(?:[ -]?\d){11,18}(?![ -]?\d)(?![A-Za-z0-9_])(?!\.\d)")
CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|"
    r"35\d{14}|(?:1800|2131)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}|220[0-4]\d{12}|"
    r"(?:0604|5018|5020|5038|5[678]\d\d|6304|6390|67\d\d)\d{8,15}"
)
CARD_WORD = re.compile("visa|master|amex|card|karte|carte|tarjeta|carta|kaart|karta|cartão|カード", re.IGNORECASE)
LENGTHS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18
FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27
SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
IBAN_LENGTHS = {written[:2]: int(written[2:]) for written in LENGTHS.split()}
IBAN = re.compile(r"(?<![^\W_])(?P<land>[A-Za-z]{2})\d\d(?=[ -]?[A-Za-z0-9]{2})")
ALIKE = r"(?<![A-Za-z0-9_.+-])(?<!\d )(?:{})(?![ .-]?\d)(?![A-Za-z0-9_])(?!-[A-Za-z0-9])"
BEGINNINGS = r"[A-Za-z]{2}\d\d|[A-Z]{6}\d\d|[A-Z]{4}\d{6}|[XYZ]-?\d{7}|[12]\d{4}2[AB]\d|\d{6}[-+A-FU-Y]\d{3}"
BEGUN = re.compile(rf"(?<![A-Za-z0-9])(?:{BEGINNINGS})")
LETTERED: dict[str, tuple[Any, ...]] = {
    r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]": (codicefiscale,),
    r"[A-Z]{4}\d{6}[A-Z]{6}[A-Z0-9]\d": (curp,),
    r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]": (hetu,),
    r"[12]\d{4}2[AB]\d{8}": (nir,),
    r"[XYZ]-?\d{7}-?[A-Z]": (nie,),
}
NATIONAL: dict[str, tuple[Any, ...]] = {  # shapes that are enough, and by which registers such a number is valid
    r"\d{17}[\dXx]": (ric,),
    r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d": (nir,),
    r"(?:\d\d)?\d{6}[-+]\d{4}": (personnummer,),
    r"\d{6} \d{5}": (fodselsnummer,),
    r"\d{11}": (fodselsnummer, nn, ik, idnr),
    r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d": (nn,),
    r"\d\d \d{3} \d{3} \d{3}": (idnr,),
    r"\d{3}\.\d{3}\.\d{3}-\d\d": (cpf,),
    r"756\.\d{4}\.\d{4}\.\d\d": (ahv,),
    r"\d{6}-[1-8]\d{6}": (rrn,),
    r"\d{13}": (za_id, cnp),
    r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]": (rut,),
    r"\d{6}/\d{4}": (rc,),
    r"\d\d-\d{8}-\d": (cuit,),
    r"(?!000|666|9)\d{3}-\d\d-\d{4}": (ssn,),
}
BY_NAME: dict[str, tuple[Any, ...]] = {  # what stands in front of a number, and by which registers it is then valid
    r"social security(?: (?:number|no))?|ssn": (ssn, ahv),
    r"sin|social insurance(?: number)?": (sin,),
    r"tfn|tax file(?: number)?": (tfn,),
    r"nhs(?: (?:number|no))?": (nhs,),
    r"pps[nr]?(?: (?:number|no))?": (pps,),
    r"dni|nif": (dni, nie, nif),
    r"bsn|sofi|burgerservicenummer": (bsn,),
    r"pesel": (pesel,),
    r"cpf": (cpf,),
    r"cpr(?:-?(?:nummer|nr))?": (cpr,),
    r"ahv(?:-?(?:nummer|nr))?|avs": (ahv,),
    r"svnr|sozialversicherungsnummer|sv-nummer": (vnr,),
    r"steuer-?id(?:nr|entifikationsnummer)?|steueridentifikationsnummer|idnr": (idnr,),
    r"rodné číslo": (rc,),
    r"rut|run": (rut,),
    r"aadhaar(?: (?:number|no))?": (aadhaar,),
    r"egn|егн": (egn,),
    r"oib": (oib,),
    r"t\.?c\.? kimlik(?: no)?|tckn": (tckimlik,),
    r"personnummer": (personnummer, fodselsnummer),
    r"numéro de sécurité sociale|nir": (nir,),
}
SHAPE = re.compile(ALIKE.format("|".join(NATIONAL)))
LETTERED_SHAPE = re.compile(ALIKE.format("|".join(LETTERED)))
SHAPES = [(re.compile(shape), registers) for shape, registers in (NATIONAL | LETTERED).items()]
NAMED = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<n{at}>{name})" for at, name in enumerate(BY_NAME)) + r")"
    r"[ \t.:#=-]{1,4}(?:(?:is|ist|es|est|nummer|nr|no)[ \t.:]{1,3})?(?P<it>[A-Za-z]?-?\d(?:[ ./-]?\d){6,13}[ -]?[A-Za-z]{0,2})(?!\w)",
    re.IGNORECASE,
)
BESIDE = re.compile(r"[\s#=]|:(?!/)")
REGISTERS = list(BY_NAME.values())


def compact(text: str) -> str:
    """Write a number without what separates its groups, letters in upper case."""
    return SEPARATORS.sub("", text).upper()


def cards(text: str) -> Iterator[Hit]:
    """Give numbers of payment cards: of a known issuer, with its length and check digit.

    What may as well be an article's number, or a bare one as long as those that programs give to records, needs a word for it in front.
    """
    for found in CARD.finditer(text):
        number = compact(found[0])
        doubtful = _is_article(number) or (len(number) > 16 and number[0] != "4" and number == found[0])
        if CARD_ISSUERS.fullmatch(number) and luhn.is_valid(number) and (not doubtful or _named(text, found.start())):
            yield Hit("cards", *found.span(), number)


def _named(text: str, start: int) -> bool:
    return CARD_WORD.search(text[max(0, start - 24) : start]) is not None


def _is_article(number: str) -> bool:
    """Thirteen digits may be an article's (EAN): where its check digit holds too, it is that."""
    return len(number) == 13 and sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(number)) % 10 == 0


def ibans(text: str) -> Iterator[Hit]:
    """Give numbers of bank accounts, with the length of their country."""
    for found in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(found["land"].upper())
        end = _after(text, found.start(), length) if length else None
        if end is not None and iban.is_valid(number := compact(text[found.start() : end]), check_country=False):
            yield Hit("ibans", found.start(), end, number)


def _after(text: str, start: int, count: int) -> int | None:
    """Give the end of so many letters and digits, in groups or not; None where another one follows, or there are not as many."""
    at = start
    while count and at < len(text):
        if text[at].isascii() and text[at].isalnum():
            count -= 1
        elif text[at] not in " -\u00a0" or text[at - 1] in " -\u00a0":
            return None
        at += 1
    return at if not count and not text[at : at + 1].isalnum() else None


def national_ids(text: str) -> Iterator[Hit]:
    """Give national numbers of seven digits and more: by forms that tell enough, else behind their name."""
    yield from _shaped(SHAPE, text)
    for found in NAMED.finditer(text) if BESIDE.search(text) else ():
        number = found["it"].rstrip()
        name = next(group for group, told in found.groupdict().items() if told is not None and group != "it")
        if _valid(number, REGISTERS[int(name[1:])]):
            yield Hit("national_ids", found.start("it"), found.start("it") + len(number), compact(number))


def lettered(text: str) -> Iterator[Hit]:
    """Give numbers with letters in them: of bank accounts, and national ones."""
    if BEGUN.search(text):
        yield from ibans(text)
        yield from _shaped(LETTERED_SHAPE, text)


def _shaped(any_shape: re.Pattern[str], text: str) -> Iterator[Hit]:
    for found in any_shape.finditer(text):
        valid = any(_valid(found[0], registers) for shape, registers in SHAPES if shape.fullmatch(found[0]))
        if valid:
            yield Hit("national_ids", *found.span(), compact(found[0]))


def _valid(number: str, registers: tuple[Any, ...]) -> bool:
    return any(_holds(register.is_valid, number) for register in registers)


def _holds(is_valid: Callable[[str], bool], number: str) -> bool:
    """A register that does not know a county of its own fails on it: the check digit held by then."""
    try:
        return bool(is_valid(number))
    except LookupError:
        return True
