"""The two visitors of a `Walk`: the first notes every value that may not stay, the second replaces it by its stand-in."""

from __future__ import annotations

import re

from engine.anonymise.allowed import Kept
from engine.anonymise.mint import INVENTED
from engine.anonymise.stand_ins import StandIns
from engine.anonymise.text_shape import CALLED, EMBEDDED, TextShape
from engine.anonymise.traces import SHORTEST, Traces
from engine.cassettes.secret_patterns import pieces

WORD = re.compile(r"[^\W\d_]+")
CAPITAL = re.compile(r"\b[^\W\d_a-z]")
DIGITS_THAT_TELL = 6


class Learner:
    """Notes values, and changes none."""

    def __init__(self, kept: Kept, traces: Traces, stand_ins: StandIns) -> None:
        """Take where values are noted: `traces` for the proof, `stand_ins` for their other forms."""
        self._kept, self._traces, self._stand_ins = kept, traces, stand_ins
        self._seen: set[tuple[str, TextShape, bool]] = set()

    def value(self, text: str, shape: TextShape) -> str:
        """Note a text, its other forms, and the names in it."""
        return self._once(text, shape, number=False)

    def number(self, text: str, shape: TextShape) -> str:
        """Note a number; one of under six digits is too common to search for."""
        return self._once(text, shape, number=True)

    def stays(self, _name: str, /) -> bool:
        """Let every name stay: not everything is known yet."""
        return True

    def message(self, text: str, words: str) -> str:
        """Note what a vendor's message says besides the words that rules look for."""
        rest = text
        for word in words.split(". "):
            rest = re.sub(re.escape(word), "\n", rest, flags=re.IGNORECASE)
        for part in rest.split("\n"):
            if any(char.isalnum() for char in part):
                self.value(part.strip(" .:,;"), TextShape.TEXT)
        return text

    def _once(self, text: str, shape: TextShape, *, number: bool) -> str:
        if (text, shape, number) not in self._seen:
            self._seen.add((text, shape, number))
            self._note(text, shape, number=number)
        return text

    def _note(self, text: str, shape: TextShape, *, number: bool) -> None:
        if shape is TextShape.SECRET and self._kept.text(text):
            return
        if not number or sum(char.isdigit() for char in text) >= DIGITS_THAT_TELL:
            self._traces.add(text)
        if shape not in (TextShape.TEXT, TextShape.SECRET) and (not number or shape is TextShape.PHONE):
            for form in self._stand_ins.know(text, shape):
                self._traces.add(form)
        if shape is TextShape.EMAIL:
            self._address(text)
        elif shape is TextShape.HANDLE and CAPITAL.search(text):
            self._words(text)
        elif shape in (TextShape.TEXT, TextShape.OPAQUE):
            for found in EMBEDDED.findall(text):
                self.value(found, TextShape.EMAIL)
            for found in CALLED.findall(text):
                self.value(found, TextShape.PHONE)

    def _address(self, text: str) -> None:
        local, _, domain = text.rpartition("@")
        self._words(local)
        if not self._kept.text(local):
            self._traces.add(local)
        if domain.lower() not in INVENTED and not self._kept.host(domain.lower()) and self._kept.under(domain.lower()) is None:
            self._traces.add(domain)

    def _words(self, text: str) -> None:
        """Note the words of a name but those that may stay."""
        for word in WORD.findall(text):
            if len(word) >= SHORTEST and not all(self._kept.word(one) for one in pieces(word)):
                self._traces.add(word)


class Replacer:
    """Puts stand-ins in the place of values."""

    def __init__(self, traces: Traces, stand_ins: StandIns) -> None:
        """Take what the `Learner` noted."""
        self._traces, self._stand_ins = traces, stand_ins

    def value(self, text: str, shape: TextShape) -> str:
        """Give a text's stand-in."""
        return self._stand_ins.of(text, shape)

    def number(self, text: str, shape: TextShape) -> str:
        """Give a number's stand-in: the same as for its digits as a text."""
        return self._stand_ins.of(text, shape)

    def stays(self, name: str) -> bool:
        """Whether a name holds none of the values."""
        return not self._traces.hit(name)

    def message(self, _text: str, words: str, /) -> str:
        """Give the words that rules look for and nothing else."""
        return words
