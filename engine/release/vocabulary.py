"""The people of a case: their names, addresses and numbers, as they stand in fields of people, to be looked for in all other text. Pure.

A name of several words is found wherever its words follow each other, in either order; of a longer family name the name alone is enough,
in capitals, but not of a login or an address. A single short word, such as a first name, counts only where it is the whole text: it may be
any word. A short number counts only behind a word that says that it is an extension.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from string import ascii_lowercase, digits

from engine.core.identity import INTERNATIONAL, lowered
from engine.release.found_phones import ADDRESS, DAY, ENDING, digits_of, international, phones
from engine.release.hit import Hit
from engine.release.readable import in_full, plainly

WORD = re.compile(r"[^\W_]+")
PLAIN_WORDS = bytes(char if chr(char) in ascii_lowercase + digits else ord(" ") for char in range(256))  # of a folded ASCII text
LETTERS = re.compile(r"[^\W\d_]")
WITHOUT_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SENTENCE = re.compile(r"[?!;\u2026]|:(?:\s|$)")
ALONE = re.compile(r"(?<!\S)\+?\(?\d(?:[ ().\-/\u00a0]{0,2}\d){6,14}(?!\S)")
EXTENSION = re.compile(
    r"(?<![^\W_])(?:ext(?:n|ension)?|durchwahl|dw|nebenstelle|nst|anknytning|poste)[.:]?[ \u00a0]{0,2}([0-9]{2,6})(?![^\W_])", re.IGNORECASE
)
SHORT_NUMBER = re.compile(r"[0-9]{2,6}")
LONG_ENOUGH = 6
MOST_WORDS = 6


class Vocabulary:
    """What is known of the people of a case; `numbers` holds telephone numbers by their last seven digits."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Take values of fields of people, of any kind: names, e-mail addresses, telephone numbers."""
        self.numbers: dict[str, str] = {}
        self._extensions: set[str] = set()
        self._whole: dict[str, str] = {}
        self._names: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = {}
        self._family: dict[str, str] = {}
        self._begins: set[str] = set()
        self._begins_plain: set[bytes] = set()
        self._written: dict[str, list[str]] = {}
        for value in sorted({in_full(plainly(value)) for value in values}):
            self._take(" ".join(value.split()))

    def _take(self, value: str) -> None:
        if "@" in value or not value:
            return
        number = _number(value)
        if SHORT_NUMBER.fullmatch(value):
            self._extensions.add(value)
        elif number is not None:
            self.numbers.setdefault(number[-ENDING:], number)
        elif LETTERS.search(value) and not digits_of(value) and not SENTENCE.search(value):
            self._take_name(value)

    def _take_name(self, name: str) -> None:
        self._whole.setdefault(folded(name), name)
        if WITHOUT_BLANKS.search(name):
            joined = name.replace(" ", "")
            for written in {name, joined} if len(joined) > 2 else ():
                self._written.setdefault(written[:2], []).append(written)
                self._whole.setdefault(folded(written), name)
            return
        words = tuple(map(folded, WORD.findall(name)))
        if not 1 < len(words) <= MOST_WORDS:
            return
        for order in {words, (words[-1], *words[:-1])}:
            self._names.setdefault(order[:2], []).append((order[2:], name))
        if len(words[-1]) >= LONG_ENOUGH and " " in name:
            family = self._family.setdefault(words[-1], WORD.findall(name)[-1])
            self._whole.setdefault(words[-1], family)
        self._begins.update((words[0], words[-1]))
        self._begins_plain.update(word.encode() for word in (words[0], words[-1]) if word.isascii())

    def knows(self, text: str) -> bool:
        """Whether the whole text is a name."""
        return folded(text.strip()) in self._whole

    def extensions(self, text: str) -> Iterator[Hit]:
        """Give the extensions of people of the case."""
        for found in EXTENSION.finditer(text) if self._extensions else ():
            if found[1] in self._extensions:
                yield Hit("known_people", *found.span(1), found[1])

    def names(self, text: str) -> Iterator[Hit]:
        """Give the names of people of the case; each is written as it was met."""
        if not self._whole:
            return
        plain = folded(text)
        name = self._whole.get(plain.strip())
        if name is not None:
            start = len(text) - len(text.lstrip())
            yield Hit("known_people", start, start + len(text.strip()), name)
            return
        if self._may_begin(plain):
            yield from self._in_words(text)
        if self._written and WITHOUT_BLANKS.search(text):
            yield from self._in_characters(text)

    def _may_begin(self, plain: str) -> bool:
        """Whether a word of a folded text begins or ends a name."""
        if plain.isascii():
            return not self._begins_plain.isdisjoint(plain.encode().translate(PLAIN_WORDS).split())
        return not self._begins.isdisjoint(WORD.findall(plain))

    def _in_words(self, text: str) -> Iterator[Hit]:
        words = list(WORD.finditer(text))
        plain = [folded(word[0]) for word in words]
        for at, word in enumerate(plain):
            begun, after = self._names.get(tuple(plain[at : at + 2]), ()), at + 2
            ends = [(after + len(rest) - 1, name) for rest, name in begun if tuple(plain[after : after + len(rest)]) == rest]
            if ends:
                last, name = max(ends)
                yield Hit("known_people", words[at].start(), words[last].end(), name)
            elif word in self._family and words[at][0][:1].isupper():
                yield Hit("known_people", *words[at].span(), self._family[word])

    def _in_characters(self, text: str) -> Iterator[Hit]:
        for at in range(len(text) - 1):
            for name in self._written.get(text[at : at + 2], ()):
                if text.startswith(name, at):
                    yield Hit("known_people", at, at + len(name), self._whole[folded(name)])


def _number(value: str) -> str | None:
    """Give the telephone number that a value is, as it is compared; an identifier with letters, a day and a decimal are none."""
    alone = ALONE.search(value)
    if alone is None and LETTERS.search(value):
        return next((hit.value for hit in phones(value, {})), None)
    written = value if alone is None else alone[0]
    digits = digits_of(written)
    if len(digits.lstrip("0")) < ENDING or ADDRESS.fullmatch(written) or DAY.match(written):
        return None
    return (international(written) if written.startswith("+") else None) or digits


def folded(text: str) -> str:
    """Write a text so that capitals and how an accent is encoded make no difference."""
    return unicodedata.normalize("NFC", text).casefold() if not text.isascii() else text.lower()


def canonical(text: str) -> str:
    """Give the form in which a value of any kind is compared: mails in lower case, international numbers bare, others trimmed."""
    plain = " ".join(text.split())
    if "@" in plain:
        return lowered(plain)
    if INTERNATIONAL.fullmatch(plain) and len(digits_of(plain)) >= ENDING:  # with an extension it is another line
        return international(plain) or plain
    return plain
