"""Make stand-ins by form: an address for an address, a date for a date. Chance depends on a secret key alone.

The same key and value give the same stand-in; without the key, which is thrown away, nobody can find the value by trying.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

from msgspec import Struct

from engine.anonymise.text_shape import COMPACT, ISO, LOCALES, MAIL, ONSETS, VOWELS, ZONES

T = TypeVar("T")
BLOCK = 4


class Rolls:
    """An endless sequence of dice rolls from one seed."""

    def __init__(self, seed: bytes) -> None:
        """Take a secret seed."""
        self._seed, self._block, self._number = seed, b"", 0

    def below(self, limit: int) -> int:
        """Give a number from 0 to `limit` - 1; `limit` is below 2**64."""
        if len(self._block) < 8:
            self._block += hashlib.shake_256(self._seed + self._number.to_bytes(8, "big")).digest(8 * BLOCK)
            self._number += 1
        taken, self._block = self._block[:8], self._block[8:]
        return int.from_bytes(taken, "big") % limit

    def pick(self, choices: Sequence[T]) -> T:
        """Take one of several."""
        return choices[self.below(len(choices))]


class Dice:
    """Gives each question (a few words) a sequence of rolls of its own, by keyed BLAKE2b (RFC 7693)."""

    def __init__(self, key: bytes) -> None:
        """Take a random key of at least 16 bytes, to be thrown away after the recording."""
        self._key = key

    def rolls(self, *question: str) -> Rolls:
        """Give the rolls that belong to a question."""
        digest = hashlib.blake2b(key=self._key[:64])
        for word in question:
            raw = word.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return Rolls(digest.digest())


RUN = re.compile(r"[^\W\d_]+|\d+")
LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
INVENTED = ("example.com", "example.org", "example.net")
REACH = 730 * 86400
EPOCH = (1_000_000_000, 4_102_444_800)
REMOVED = "removed"


class Mint(Struct, frozen=True):
    """What the makers below need besides a text: a replacement for a word, the latest moment to invent, and filler words."""

    word: Callable[[str], str]
    now: datetime
    filler: Sequence[str]


def styled(made: str, model: str) -> str:
    """Write a lower-case word in the case of a model: capital, capitals, or small."""
    if model.isupper() and len(model) > 1:
        return made.upper()
    return made[:1].upper() + made[1:] if model != model.lower() else made


def syllables(length: int, rolls: Rolls) -> str:
    """Invent a pronounceable lower-case word of a length."""
    made = ""
    while len(made) < length:
        made += rolls.pick(ONSETS) + rolls.pick(VOWELS)
    return made[:length]


def in_runs(text: str, rolls: Rolls, mint: Mint) -> str:
    """Replace each word and each number in a text; punctuation stays."""
    return RUN.sub(lambda run: _digits(run[0], rolls) if run[0][0].isdecimal() else mint.word(run[0]), text)


def character_by_character(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Replace each letter by another of its case and each digit by another; punctuation stays, but for @: it would make an address."""
    return "".join(_like(char, rolls) for char in text.replace("@", "-"))


def _like(char: str, rolls: Rolls) -> str:
    if char.isdigit():
        return rolls.pick(DIGITS)
    if char.isascii() and not char.isalnum():
        return char
    return rolls.pick(UPPER if char.isupper() else LOWER)


def _digits(text: str, rolls: Rolls) -> str:
    """Replace digits; a leading zero stays, and none is made."""
    first = text[0] if text[0] == "0" else rolls.pick(DIGITS[1:])
    return first + "".join(rolls.pick(DIGITS) for _ in text[1:])


def email(text: str, rolls: Rolls, mint: Mint) -> str:
    """Invent an address in the same form at example.com, .org or .net."""
    local, _, _ = text.rpartition("@")
    return f"{in_runs(local, rolls, mint).lower()}@{rolls.pick(INVENTED)}"


def hexadecimal(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Replace decimal digits by decimal digits, and hexadecimal letters by hexadecimal letters."""
    letters = "ABCDEF" if text.isupper() else "abcdef"
    return "".join(rolls.pick(DIGITS if char.isdigit() else letters) if char.isalnum() else char for char in text)


def uuid(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Invent a uuid of the same version and variant (RFC 9562)."""
    places = "0123456789ABCDEF" if text.isupper() else "0123456789abcdef"
    return "".join(char if char == "-" or index in (14, 19) else rolls.pick(places) for index, char in enumerate(text))


def ip(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Take an address of the documentation networks (RFC 5737, RFC 3849); a prefix length stays."""
    address, slash, length = text.partition("/")
    if ipaddress.ip_address(address).version == 4:
        return f"{rolls.pick(NETWORKS)}.{1 + rolls.below(254)}{slash}{length}"
    return f"{ipaddress.IPv6Address((0x20010DB8 << 96) + rolls.below(1 << 63))}{slash}{length}"


def phone(_text: str, rolls: Rolls, _mint: Mint) -> str:
    """Give a number set aside for fiction, 1 NNN 555 01NN: eleven digits without punctuation."""
    return f"1{2 + rolls.below(8)}{rolls.below(10)}{rolls.below(10)}55501{rolls.below(100):02}"


def moment(text: str, rolls: Rolls, mint: Mint) -> str:
    """Invent a moment within the two years before now, written the same way."""
    at = mint.now - timedelta(seconds=rolls.below(REACH))
    if found := ISO.fullmatch(text):
        made = at.strftime("%Y-%m-%d")
        if found[4]:
            made += found[4] + at.strftime("%H:%M")
            made += at.strftime(":%S") if found[7] else ""
            made += re.sub(r"[.,]\d+", lambda one: one[0][0] + "".join(rolls.pick(DIGITS) for _ in one[0][1:]), _fraction(text))
            made += found[9] or ""
        return made
    if found := COMPACT.fullmatch(text):
        return at.strftime("%Y%m%dT%H%M%S") + found[7]
    if MAIL.fullmatch(text):
        written = format_datetime(at.astimezone(UTC), usegmt=text.endswith("GMT"))
        return written if "," in text else written.partition(", ")[2]
    day, parts = at.replace(day=1 + rolls.below(12)), re.split(r"[/.-]", text)
    made_parts = [f"{day:%Y}" if len(part) == 4 else f"{day:%m}" if index == 1 else f"{day:%d}" for index, part in enumerate(parts)]
    signs = re.findall(r"[/.-]", text)
    return made_parts[0] + "".join(sign + part for sign, part in zip(signs, made_parts[1:], strict=True))


def _fraction(text: str) -> str:
    found = re.search(r":\d\d([.,]\d+)", text)
    return found[1] if found else ""


def number(text: str, rolls: Rolls, mint: Mint) -> str:
    """Replace the digits of a number but its exponent's; what may be seconds or milliseconds since 1970 becomes another such moment."""
    bare = text.lstrip("-")
    for factor in (1, 1000):
        if bare.isdigit() and len(bare) == len(str(EPOCH[0] * factor)) and EPOCH[0] * factor <= int(bare) < EPOCH[1] * factor:
            return str(int(mint.now.timestamp() * factor) - rolls.below(REACH * factor))
    mantissa, mark, exponent = re.fullmatch(r"([^eE]*)([eE]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    whole, point, rest = mantissa.partition(".")
    made = RUN.sub(lambda run: _digits(run[0], rolls), whole)
    return made + point + "".join(rolls.pick(DIGITS) for _ in rest) + mark + exponent


def host(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Invent a host below example.com."""
    return f"{syllables(6, rolls)}.{INVENTED[0]}" + ("." if text.endswith(".") else "")


def free_text(text: str, rolls: Rolls, mint: Mint) -> str:
    """Write filler of about the same length, line by line."""
    return "\n".join(_line(len(line), rolls, mint) if line.strip() else "" for line in text.split("\n"))


def _line(length: int, rolls: Rolls, mint: Mint) -> str:
    made = rolls.pick(mint.filler)
    while len(made) < length:
        made += f" {rolls.pick(mint.filler)}"
    return made[:1].upper() + made[1:]


def zone(_text: str, rolls: Rolls, _mint: Mint) -> str:
    """Take a time zone that names no place."""
    return rolls.pick(ZONES)


def locale(text: str, rolls: Rolls, _mint: Mint) -> str:
    """Take a widely spoken language."""
    return rolls.pick(LOCALES).replace("-", text[2])
