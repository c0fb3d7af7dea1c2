"""Look for personal data and secrets in a text: by its form, and by what is known of the people of the case. Pure.

Finders advise: what they miss is missed, so fields that are known to hold people are named in a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.core.identity import lowered
from engine.core.secret_patterns import TOKENS
from engine.release.found_numbers import BEGINNINGS, cards, lettered, national_ids
from engine.release.found_phones import bare_known, phones
from engine.release.found_secrets import secrets
from engine.release.hit import Hit, settled
from engine.release.readable import readable
from engine.release.vocabulary import Vocabulary

VERSION = "6"
LOCAL = r"(?:[\w+](?:[\w.+'\u2019&~-]{0,126}[\w+~-])?)"
LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
DOMAIN = rf"(?:{LABEL}\.){{1,8}}(?:xn--[a-z0-9-]{{2,59}}|[^\W\d_]{{2,24}})"
EMAIL = re.compile(rf"(?<![\w+]){LOCAL}@{DOMAIN}(?![^\W\d_])", re.IGNORECASE)
ESCAPED_LOCAL = r"[\w+](?:[\w.+~-]|%2[BbDdEe]|%5[Ff]){0,127}"
ESCAPED_EMAIL = re.compile(rf"(?<![\w+]){ESCAPED_LOCAL}%40{DOMAIN}(?![^\W\d_])", re.IGNORECASE)
BEFORE_PASSWORD = re.compile(r"://[^\s/?#@]*:$")
AFTER_ESCAPE = re.compile(r"[0-9A-Fa-f]{2}")
NO_DOMAINS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "html", "py", "pdf", "mp4", "m4a", "vtt"})
DIGITS = r"\d(?:[ ().\-/\u00a0\u2010-\u2013]{0,3}\d){6}"
SEVEN = re.compile(rf"(?<![A-Za-z0-9_]){DIGITS}")
CODE = re.compile(rf"(?<![A-Za-z0-9])(?:{DIGITS}|{BEGINNINGS}|{TOKENS})")  # each number and token begins so: one look for all of them
PROGRAM = re.compile(  # times, UUIDs, other numbers of programs, short numbers: a digit is in each, so none is a name
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?|"
    r"(?=[a-f-]*+[0-9])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"
    r"(?=[a-f]*+[0-9])[0-9]{0,20}+[a-f][0-9a-f]{0,63}(?:-\d{1,6})?|[0-35-9]\d{18,40}|\d{1,6}"  # fewer digits are tried in vain
)
NOTHING = re.compile(  # these, and names of programs
    rf"{PROGRAM.pattern}|[a-f]{{8}}(?:-[a-f]{{4}}){{3}}-[a-f]{{12}}|[a-f]{{1,64}}(?:-\d{{1,6}})?|[\d.]{{0,6}}|[A-Za-z]{{1,24}}"
)
REMEMBERED, LONGEST = 1 << 13, 200  # a policy in force remembers more of them


class Finders:
    """Finders that know the people of a case. What was found in a text is remembered for as long as few texts were seen."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        """Take what is known of people."""
        self._vocabulary = vocabulary or Vocabulary()
        self.remembered: dict[str, tuple[Hit, ...]] = {}

    def __call__(self, text: str) -> tuple[Hit, ...]:
        """Give what is found in a text, in its order."""
        found = self.remembered.get(text)
        if found is None:
            nothing = NOTHING.fullmatch(text) and not self._vocabulary.knows(text)
            found = () if nothing else self._read(text)
            if len(text) <= LONGEST:
                if len(self.remembered) >= REMEMBERED:
                    self.remembered.clear()
                self.remembered[text] = found
        return found

    def _read(self, text: str) -> tuple[Hit, ...]:
        """Look at a text as it stands, and as it is read; what only that shows is somewhere in it."""
        found = settled(self._found(text))
        plain = readable(text)
        if plain == text:
            return found
        known = {(hit.kind, hit.value) for hit in found}
        return *found, *(
            Hit(hit.kind, 0, len(text), hit.value) for hit in settled(self._found(plain)) if (hit.kind, hit.value) not in known
        )

    def _found(self, text: str) -> Iterator[Hit]:
        code = CODE.search(text) is not None
        yield from self._vocabulary.names(text)
        yield from self._vocabulary.extensions(text)
        yield from secrets(text, tokens=code)
        if "@" in text or "%40" in text:
            yield from emails(text)
        if code and SEVEN.search(text):
            yield from phones(text, self._vocabulary.numbers)
            yield from bare_known(text, self._vocabulary.numbers)
            yield from cards(text)
            yield from national_ids(text)
        if code:
            yield from lettered(text)


def emails(text: str) -> Iterator[Hit]:
    """Give e-mail addresses, in addresses with their escapes too."""
    for found in EMAIL.finditer(text):
        if found[0].rpartition(".")[2].lower() not in NO_DOMAINS and not _is_login(text, *found.span()):
            yield Hit("emails", *found.span(), lowered(found[0]))
    for found in ESCAPED_EMAIL.finditer(text) if "%40" in text else ():
        start = found.start()
        if text[start - 1 : start] == "%" and AFTER_ESCAPE.match(found[0]):
            start += 2
        written = text[start : found.end()]
        yield Hit("emails", start, found.end(), lowered(re.sub("%([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), written)))


def _is_login(text: str, start: int, end: int) -> bool:
    """Whether it is the end of `scheme://name:password@host`, or of `git@host:path`: no mail is sent there."""
    before = text[max(0, start - LONGEST) : start]
    return BEFORE_PASSWORD.search(before) is not None or (text[start : start + 4] == "git@" and text[end : end + 1] == ":")
