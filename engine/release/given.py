"""From a record and what was ruled about it to the record as it leaves. Pure.

Only the way to a withheld place is written anew: every other value stays the bytes that the vendor sent. A member that stands twice was
read once, and only that is given: such a record is written from what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, cast

import msgspec

from engine.language.expressions.lossless_json import dumps, repeats
from engine.release.aliases import Aliases, is_named, side_of
from engine.release.given_record import GivenRecord
from engine.release.hit import Hit
from engine.release.json_parts import joined, parts_of
from engine.release.masked_together import KnownMasks, MaskedTogether
from engine.release.reasons import IN_SHORT, PERSON, WITHHELD, Because
from engine.release.record_edit import RecordEdit
from engine.release.rows_in_force import RuledRow
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
        self._known = KnownMasks()
        self._masks = {because: WITHHELD[language].format(words[language]) for because, words in IN_SHORT.items()}

    def give_ruled(self, endpoint: str, line: bytes, record: Any, ruled: list[tuple[Ruling, ...]]) -> GivenRecord | HeldRecord | Undecided:
        """Give the same as `give` of what was ruled together (`PolicyInForce.ruled`): quicker where that stands in many records."""
        masked = self._known.all_plain(record, ruled) if type(record) is dict else None
        if masked is None:
            return self.give(endpoint, line, record, list(chain.from_iterable(ruled)))
        written = dumps(record)
        as_we_write = written == line  # then no member stands twice, and what stands beside a withheld value is written as it was
        if not as_we_write and _says_twice(line, written):
            return self.give(endpoint, line, record, list(chain.from_iterable(ruled)))
        hidden = self._hidden(endpoint, masked)
        if not hidden:
            return GivenRecord(line)
        parts: Any = record.copy() if as_we_write else parts_of(line)
        for known in hidden:
            parts.update(known.written)
        return GivenRecord(dumps(parts) if as_we_write else joined(parts), tuple([known.places for known in hidden]))

    def give_row(self, endpoint: str, told: RuledRow) -> GivenRecord | None:
        """Give the same of a record that was ruled as a row; None where more is to be done than to mask texts."""
        masked: list[MaskedTogether] = []
        for together in filter(None, told.ruled):
            known = self._known.get(id(together)) or self._known.know(together, told.record)
            if not known.plain:
                return None
            masked.append(known)
        hidden = self._hidden(endpoint, masked)
        if not hidden:
            return GivenRecord(told.line)
        row, fields = told.row, told.fields
        for known in hidden:
            for name, written in cast("dict[str, msgspec.Raw]", known.written).items():
                setattr(row, fields[name], written)
        return GivenRecord(dumps(row), tuple([known.places for known in hidden]))

    def _hidden(self, endpoint: str, masked: list[MaskedTogether]) -> list[MaskedTogether]:
        """Give those of which something is withheld, with what is written for it."""
        for known in masked:
            if known.written is None:
                self._write(endpoint, known)
        return [known for known in masked if known.written]

    def _write(self, endpoint: str, known: MaskedTogether) -> None:
        rulings = list(known.ruled)
        for ruling in rulings:
            if ruling.do == "give":
                self._texts.given(ruling.value)
        words = self._words(rulings, named=any(map(is_named, rulings)))
        edit = RecordEdit(self._vendor, endpoint, words, self._find, self._texts)
        written = dict[str, msgspec.Raw]()
        for name, text in zip(known.names, known.texts, strict=True):
            of_it = [ruling for ruling in rulings if ruling.withholds and ruling.pointer == f"/{name}"]
            written[name] = msgspec.Raw(cast("bytes", edit.replaced(text, of_it, f"/{name}")))
        known.written, known.places = written, self._known.shared(tuple(edit.places))

    def give(self, endpoint: str, line: bytes, record: Any, rulings: list[Ruling]) -> GivenRecord | HeldRecord | Undecided:
        """Give a record: its line without the end of it, the same as it was read, and what was ruled about it (not `every` ruling)."""
        asked, named, withheld = 0, False, list[Ruling]()
        for ruling in rulings:
            if ruling.do == "ask":
                asked += 1
            elif ruling.do == "give":
                self._texts.given(ruling.value)
            else:
                withheld.append(ruling)
                named = named or is_named(ruling)
        if asked:
            return Undecided(asked)
        held = next((ruling for ruling in withheld if ruling.pointer == "" and ruling.do in ("hold", "drop")), None)
        if held is not None:
            self._texts.inside(self._vendor, endpoint, held, record, self._find)
            return HeldRecord(held.because)
        if says_twice(line, record):
            line = dumps(record)
        if not withheld:
            return GivenRecord(line)
        edit = RecordEdit(self._vendor, endpoint, self._words(rulings, named=named), self._find, self._texts)
        return GivenRecord(edit.written(line, record, withheld), tuple((place,) for place in edit.places))

    def _words(self, rulings: list[Ruling], *, named: bool) -> Callable[[Ruling], str]:
        """Say what is written in the place of a value."""
        masks, language = self._masks, self._language
        numbers = self._aliases.numbered(rulings) if named else {}

        def words(ruling: Ruling) -> str:
            return PERSON[language].format(numbers[side_of(ruling)]) if is_named(ruling) else masks[ruling.because]

        return words


def says_twice(line: bytes, record: Any) -> bool:
    """Whether a member stands twice in a line, which reads as this record: counted, and read anew only where that tells nothing."""
    return _says_twice(line, dumps(record))


def _says_twice(line: bytes, written: bytes) -> bool:
    if b"\\" not in line:  # no quote stands in a text
        return written.count(b'"') != line.count(b'"') and repeats(line)
    if b'" ' in line or b"\t" in line or b"\r" in line or any(one in line for one in QUOTE_IN_TEXT):
        return repeats(line)  # not every name is followed by its colon, or not only names are
    return written.count(b'":') != line.count(b'":') and repeats(line)
