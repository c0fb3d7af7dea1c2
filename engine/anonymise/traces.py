"""Search texts for the values that were replaced, in any encoding: percent, HTML, unicode escapes, base64, hexadecimal."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

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
    """Decode bytes as UTF-8, None where they are no printable text of some length."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) >= SHORTEST and text.isprintable() else None


class Traces:
    """Every value of a recording that is to be replaced. A plain word or number is found only where it stands alone."""

    def __init__(self) -> None:
        """Begin empty."""
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
            if part == text or SQUEEZE.sub("", part):
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
