"""From a record and what was ruled about it to the record as it leaves. Pure.

Only the way to a withheld place is written anew: every other value stays the bytes that the vendor sent. A member that stands twice was
read once, and only that is given: such a record is written from what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import dumps, repeats
from engine.release.aliases import Aliases, is_named, side_of
from engine.release.given_record import GivenRecord
from engine.release.hit import Hit
from engine.release.reasons import IN_SHORT, PERSON, WITHHELD, Because
from engine.release.record_edit import RecordEdit
from engine.release.ruling import Ruling
from engine.release.withheld import WithheldTexts

QUOTE_IN_TEXT = (b'\\":', b"u0022")


class HeldRecord(msgspec.Struct, frozen=True):
    """A record that does not leave, and why."""

    because: Because


class Undecided(msgspec.Struct, frozen=True):
    """A record about which something is still to be decided: at how many places. It must not leave."""

    places: int


class Giving:
    """Gives the records of one vendor. What is withheld on the way is kept in `texts`, to be looked for in all that leaves."""

    def __init__(self, vendor: str, language: str, aliases: Aliases, find: Callable[[str], Iterable[Hit]], texts: WithheldTexts) -> None:
        """Take the language of the case, the people of the package, and the finder that the rulings were made with."""
        self._vendor = vendor
        self._language = language
        self._aliases = aliases
        self._find = find
        self._texts = texts

    def give(self, endpoint: str, line: bytes, record: Any, rulings: list[Ruling]) -> GivenRecord | HeldRecord | Undecided:
        """Give a record: its line without the end of it, the same as it was read, and what was ruled about it (not `every` ruling)."""
        asked = sum(ruling.do == "ask" for ruling in rulings)
        if asked:
            return Undecided(asked)
        self._texts.given(ruling for ruling in rulings if ruling.do == "give")
        withheld = [ruling for ruling in rulings if ruling.withholds]
        for ruling in withheld:
            if ruling.pointer == "" and ruling.do in ("hold", "drop"):
                self._texts.inside(self._vendor, endpoint, ruling, record, self._find)
                return HeldRecord(ruling.because)
        if says_twice(line, record):
            line = dumps(record)
        if not withheld:
            return GivenRecord(line)
        edit = RecordEdit(self._vendor, endpoint, self._words(withheld, rulings), self._find, self._texts)
        return GivenRecord(edit.written(line, record, withheld), tuple(edit.places))

    def _words(self, withheld: list[Ruling], rulings: list[Ruling]) -> Callable[[Ruling], str]:
        """Say what is written in the place of a value."""
        language, numbers = self._language, dict[int | str, int]()
        if any(map(is_named, withheld)):
            numbers = self._aliases.numbered(rulings)

        def words(ruling: Ruling) -> str:
            if is_named(ruling):
                return PERSON[language].format(numbers[side_of(ruling)])
            return WITHHELD[language].format(IN_SHORT[ruling.because][language])

        return words


def says_twice(line: bytes, record: Any) -> bool:
    """Whether a member stands twice in a line, which reads as this record: counted, and read anew only where that tells nothing."""
    if b'" ' in line or b"\t" in line or b"\r" in line or (b"\\" in line and any(one in line for one in QUOTE_IN_TEXT)):
        return repeats(line)  # not every name is followed by its colon, or not only names are
    return dumps(record).count(b'":') != line.count(b'":') and repeats(line)
