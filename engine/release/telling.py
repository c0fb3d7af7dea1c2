"""Which values of records tell something: what was seen before is answered in one look at many of them. Pure.

`silent` holds values of which none tells anything, to be asked for all values of a record at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.language.expressions.lossless_json import Number
from engine.release.finders import CODE, PROGRAM
from engine.release.found_numbers import IBAN_LENGTHS
from engine.release.record_values import ENOUGH_FOR_A_NUMBER, text_of
from engine.release.remembered import Remembered
from engine.release.ruling import Ruling

FEW = 1_000  # numbers from -FEW to this are few
MOST_SILENT = 20_000
LONGEST_SILENT = 200
MOST_HOLDERS = 4_000
HOLDER = re.compile(r"https?://(?!hooks\.slack)[A-Za-z0-9._~/-]*[A-Za-z]")  # a token of hooks.slack.com goes on behind a slash
LAST = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{1,64}(?:-\d{1,6})?", re.ASCII)  # in each of its words is a digit, so none is a name
ACCOUNTS = "|".join(land.lower() for land in IBAN_LENGTHS if set(land) <= set("ABCDEF"))
BEGUN = re.compile(rf"(?:\d-?){{7}}|(?:{ACCOUNTS})\d\d", re.ASCII)  # a number of a telephone, a card, a register or an account begins so


class Telling(Remembered[Any, tuple[Ruling, ...]]):
    """What values hold, whichever field they stand in. Numbers and times of programs hold nothing, and are too many to be remembered."""

    def __init__(self, work_out: Callable[[str], tuple[Ruling, ...]], most: int) -> None:
        """Take what looks into a text, and how many values may be kept."""
        super().__init__(lambda value: work_out(value) if type(value) is str else (), most)
        self.silent: set[Any] = set()
        self._holders = Remembered[str, bool](self._is_silent_holder, MOST_HOLDERS)

    def tells(self, value: Any) -> object:
        """Whether a value that was hardly met before tells something."""
        if type(value) is not str:
            return self[value]
        if PROGRAM.fullmatch(value) is not None:
            return ()
        found = self.get(value)
        return self._worked_out(value) if found is None else found

    def __missing__(self, value: Any) -> tuple[Ruling, ...]:
        if type(value) is str:
            return () if PROGRAM.fullmatch(value) else self._worked_out(value)
        if value is None or (-FEW <= value <= FEW and type(value) is not Number):
            return super().__missing__(value)
        return () if abs(value) <= ENOUGH_FOR_A_NUMBER else self[text_of(value)]

    def _worked_out(self, text: str) -> tuple[Ruling, ...]:
        """Say it of a text that is no number or time of a program, and is not remembered."""
        return () if self._is_address(text) else super().__missing__(text)

    def _is_address(self, text: str) -> bool:
        """Whether it is an address that ends with a number of a program, and of which the rest tells nothing: such ends are all new."""
        holder, slash, last = text.rpartition("/")
        return slash != "" and LAST.fullmatch(last) is not None and BEGUN.match(last) is None and self._holders[holder]

    def _is_silent_holder(self, text: str) -> bool:
        """Whether nothing that is looked for can begin in this part of an address, nor go on behind the slash that follows it."""
        return HOLDER.fullmatch(text) is not None and CODE.search(text) is None and not self[f"{text}/"]

    def keep_silent(self, value: Any) -> None:
        """Remember that a value tells nothing; so does every number that equals a small one, however it is written."""
        if _is_short(value) or (type(value) is not str and -FEW <= value <= FEW):
            _add(self.silent, value)


class Stirring(Remembered[Any, object]):
    """Whether values tell something or were decided about. `5`, `5.0` and `true` are one key and other texts: these are not remembered."""

    def __init__(self, work_out: Callable[[Any], object], most: int) -> None:
        """Take what says it of a value, and how many values may be kept."""
        super().__init__(work_out, most)
        self.silent: set[Any] = set()
        self.tells = self.__getitem__

    def __missing__(self, value: Any) -> object:
        return super().__missing__(value) if type(value) is str or value is None else self.work_out(value)

    def keep_silent(self, value: Any) -> None:
        """Remember that a value tells nothing."""
        if _is_short(value):
            _add(self.silent, value)


def _is_short(value: Any) -> bool:
    return value is None or (type(value) is str and len(value) <= LONGEST_SILENT)


def _add(silent: set[Any], value: Any) -> None:
    if len(silent) >= MOST_SILENT:
        silent.clear()
    silent.add(value)
