"""Give every value its stand-in, and search texts for the values that were replaced, in any encoding.

The same value always gets the same stand-in, and two values different ones where their form has room for it. No stand-in
holds, by chance, a value that is to be replaced. Encodings: percent, HTML, unicode escapes, base64, hexadecimal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, unquote_plus

from engine.anonymise import mint as make
from engine.anonymise.mint import Dice, Rolls
from engine.anonymise.text_shape import FILLER, TextShape
from engine.core.identity import FORM, lowered
from engine.core.secret_patterns import TOKEN

SHORTEST = 4
CHUNK = 24
DEEPEST = 4
MOST_READINGS = 24
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
ENCODED = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")
SQUEEZE = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Normalise a text for comparison: Unicode NFKC, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def squeezed(text: str) -> str:
    """Normalise a text and leave only its letters and digits."""
    return SQUEEZE.sub("", folded(text))


def readings(text: str) -> list[str]:
    """Decode a text in every way, also nested: percent, HTML and unicode escapes, base64, hexadecimal. The text itself comes first."""
    found, seen = [text], {text}
    for depth, reading in _walk(found):
        if depth >= DEEPEST or len(found) >= MOST_READINGS:
            break
        for other in _decoded(reading):
            if other not in seen:
                seen.add(other)
                found.append(other)
    return found[:MOST_READINGS]


def _walk(found: list[str]) -> Iterator[tuple[int, str]]:
    """Go through a growing list level by level, with the depth of each."""
    start = depth = 0
    while start < len(found):
        end = len(found)
        for index in range(start, end):
            yield depth, found[index]
        start, depth = end, depth + 1


def _decoded(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text)
    if "+" in text:
        yield unquote_plus(text)
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield ESCAPE.sub(lambda one: chr(int(one[1], 16)), text).replace("\\/", "/").replace('\\"', '"').replace("\\\\", "\\")
    for token in ENCODED.findall(text):
        inner = _base64(token)
        if inner is not None:
            yield inner
        if HEX.fullmatch(token):
            inner = _text(bytes.fromhex(token))
            if inner is not None:
                yield inner


def _base64(token: str) -> str | None:
    bare = token.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return None
    try:
        return _text(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    except binascii.Error:
        return None


def _text(raw: bytes) -> str | None:
    """Decode bytes as UTF-8, None where they are not printable text of some length."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) >= SHORTEST and text.isprintable() else None


class Traces:
    """Every value of a recording that is to be replaced. A plain word or number is found only where it stands alone."""

    def __init__(self, constants: str = "") -> None:
        """Begin empty. A part of a long value that stands in `constants`, which every request for anybody holds, tells nothing."""
        self._constants = folded(constants)
        self._by_start: dict[str, dict[int, set[str]]] = {}
        self._known: set[str] = set()
        self._whole: set[str] = set()

    def add(self, text: str) -> None:
        """Note a value of four characters or more; of a long one every part is noted too."""
        text = folded(text).strip()
        if len(text) < SHORTEST or text in self._known:
            return
        self._known.add(text)
        parts = [text] if len(text) <= CHUNK else [text[start : start + CHUNK] for start in range(0, len(text) - CHUNK + 1, CHUNK)]
        for part in parts:
            if part == text or (SQUEEZE.sub("", part) and part not in self._constants):
                self._by_start.setdefault(part[:SHORTEST], {}).setdefault(len(part), set()).add(part)

    def add_whole(self, text: str) -> None:
        """Note an identifier or a secret: it is also searched with all punctuation left out."""
        self.add(text)
        bare = squeezed(text)
        if len(bare) > 2 * SHORTEST:
            self._whole.add(bare)

    def __contains__(self, text: str) -> bool:
        """Whether exactly this value was noted."""
        return folded(text).strip() in self._known

    def hit(self, text: str) -> bool:
        """Whether a text holds one of the values in any encoding."""
        return any(self._in(folded(one)) for one in readings(text))

    def whole_hit(self, text: str) -> bool:
        """Whether a text holds an identifier or a secret when all punctuation is left out."""
        bare = squeezed(text)
        return any(one in bare for one in self._whole)

    def _in(self, text: str) -> bool:
        for start in range(len(text) - SHORTEST + 1):
            lengths = self._by_start.get(text[start : start + SHORTEST])
            if lengths is None:
                continue
            for length, values in lengths.items():
                part = text[start : start + length]
                if part in values and (not (part.isalpha() or part.isdigit()) or _alone(text, start, start + length)):
                    return True
        return False


def _alone(text: str, start: int, end: int) -> bool:
    """Whether no letter stands beside a word, and no digit beside a number."""
    goes_on = str.isalpha if text[start].isalpha() else str.isdigit
    return not (start and goes_on(text[start - 1])) and not (end < len(text) and goes_on(text[end]))


TRIES = 200
NATIONAL = 10
LONGEST_HASHED = 320
Maker = Callable[[str, Rolls, make.Mint], str]
MAKERS: dict[TextShape, Maker] = {
    TextShape.EMAIL: make.email,
    TextShape.UUID: make.uuid,
    TextShape.IP: make.ip,
    TextShape.MOMENT: make.moment,
    TextShape.PHONE: make.phone,
    TextShape.NUMBER: make.number,
    TextShape.HEX: make.hexadecimal,
    TextShape.HANDLE: make.in_runs,
    TextShape.HOST: make.host,
    TextShape.ZONE: make.zone,
    TextShape.LOCALE: make.locale,
    TextShape.TEXT: make.free_text,
    TextShape.OPAQUE: make.character_by_character,
}
SHARED = (TextShape.ZONE, TextShape.LOCALE)
HASHES: dict[str, Callable[[bytes], Any]] = {
    "md5": partial(hashlib.md5, usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
}


def hashes(text: str) -> dict[str, str]:
    """Hash a value as a spec's `.md5`, `.sha1` and `.sha256` do (`core.identity.FORM`): trimmed, lower case, hexadecimal."""
    bare = text.strip()
    small = (bare.lower() if bare.isascii() else lowered(bare)).encode("utf-8", "surrogatepass")
    return {name: made(small).hexdigest() for name, made in HASHES.items()}


class StandIns:
    """The stand-ins of one recording."""

    def __init__(self, key: bytes, traces: Traces, now: datetime) -> None:
        """`traces` holds every value to be replaced before the first stand-in is asked for; no invented moment is after `now`."""
        self._dice, self._traces, self._now = Dice(key), traces, now
        self._made: dict[tuple[TextShape, str], str] = {}
        self._words: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._used: set[str] = set()
        self._spoken: set[str] = set()
        self._hashed: dict[str, tuple[str, TextShape, str]] = {}
        self._called: set[str] = set()
        self._dialled: set[str] = set()
        self._mint: make.Mint | None = None

    def know(self, text: str, shape: TextShape) -> list[str]:
        """Note the other forms in which a value may appear (its hashes, a phone's digits), and give them."""
        forms = hashes(text) if len(text) <= LONGEST_HASHED else {}
        for name, digest in forms.items():
            self._hashed[digest] = (text, shape, name)
        if shape is TextShape.PHONE:
            digits = FORM["digits"](text)
            (self._called if "+" in text else self._dialled).add(digits)
            return [*forms.values(), digits]
        return [*forms.values()]

    def is_called(self, digits: str) -> bool:
        """Whether digits are those of a phone number that was noted."""
        return digits in self._called or digits in self._dialled

    def of(self, text: str, shape: TextShape) -> str:
        """Give a value's stand-in."""
        hashed = self._hashed.get(text.lower())
        if hashed is not None:
            value, its, name = hashed
            made = hashes(self.of(value, its))[name]
            return made.upper() if text.isupper() else made
        if shape is TextShape.SECRET:
            return self._removed(text)
        if shape is TextShape.EMAIL:
            return self._address(text)
        if shape is TextShape.PHONE or (shape is TextShape.NUMBER and self.is_called(text)):
            return self._phone(text)
        return self._once(text, shape)

    def is_secret(self, text: str) -> bool:
        """Whether a text was met as a secret."""
        return text in self._secrets

    def _removed(self, secret: str) -> str:
        """Give what stands for a secret; each has its own, because a vendor may be asked with it (`session_id`)."""
        number = len(self._secrets) + 1
        return self._secrets.setdefault(secret, make.REMOVED if number == 1 else f"{make.REMOVED}-{number}")

    def _address(self, text: str) -> str:
        """Give one stand-in to an address however its letters are written: it is the same mailbox."""
        small = lowered(text.strip())
        made = self._once(small, TextShape.EMAIL)
        return made if text.strip() == small else make.styled(made, text)

    def _phone(self, text: str) -> str:
        """Give one stand-in to a number however it is written; where its digits fit in, it keeps the writing."""
        digits = FORM["digits"](text)
        national = len(digits) == NATIONAL and f"1{digits}" in self._called
        whole = self._once(f"1{digits}" if national else digits, TextShape.PHONE)
        if national or (len(digits) <= NATIONAL and digits not in self._called):
            whole = whole[1:]
        if len(digits) != len(whole):
            return f"+{whole}" if "+" in text else whole
        following = iter(whole)
        return re.sub(r"\d", lambda _: next(following), text)

    def word(self, word: str) -> str:
        """Give an invented word for a word, in its case."""
        small = folded(word)
        if small not in self._words:
            for turn in range(TRIES):
                longer = turn // 20
                made = make.syllables(min(len(small), 14) + longer, self._dice.rolls("word", small, str(turn)))
                if made != small and made not in self._spoken and not self._traces.hit(made):
                    break
            self._spoken.add(made)
            self._words[small] = made
        return make.styled(self._words[small], word)

    def _once(self, text: str, shape: TextShape) -> str:
        found = self._made.get((shape, text))
        if found is None:
            found = self._made[shape, text] = self._new(text, shape)
            self._used.add(found)
        return found

    def _new(self, text: str, shape: TextShape) -> str:
        """Roll until the outcome is new, holds nothing that is to be replaced, and looks like no token.

        Two values share a stand-in where their form has no room for two.
        """
        mint, shared = self._ready(), None
        for turn in range(TRIES):
            made = MAKERS[shape](text, self._dice.rolls(shape.value, text, str(turn)), mint)
            if turn > 2 and shape in (
                TextShape.EMAIL,
                TextShape.HANDLE,
            ):  # its words are settled, so only a number can tell it from another
                made = f"{turn}{made}"
            if made != text and not self._traces.hit(made) and not self._traces.whole_hit(made) and not TOKEN.search(made):
                if shape in SHARED or made not in self._used:
                    return made
                shared = made
        return shared or make.character_by_character(text, self._dice.rolls("last", text), mint)

    def _ready(self) -> make.Mint:
        if self._mint is None:
            filler = [word for word in FILLER if not self._traces.hit(word)] or [make.syllables(5, self._dice.rolls("filler"))]
            self._mint = make.Mint(self.word, self._now, filler)
        return self._mint
