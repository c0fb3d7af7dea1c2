"""The texts that were withheld in a package, and those that were given by decision: what the check of the finished package looks for. Pure.

What is told elsewhere by its reason, or is nobody's, is not looked for: another field may well say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from engine.release.hit import Hit
from engine.release.own import last_word
from engine.release.reasons import Because
from engine.release.record_values import text_of
from engine.release.ruling import Ruling
from engine.release.written import plain

LONGEST = 512  # memory would grow with the records
OF_MANY = ("center", "company", "department", "division", "location", "organization", "role", "site", "team", "title")
NOT_SEARCHED: tuple[Because, ...] = ("duplicate", "not_personal", "out_of_scope")


class WithheldText(msgspec.Struct, frozen=True):
    """A text that was withheld, and where first. `person`: it may be a name of somebody. `inside`: it was found in more that was withheld.

    `cut`: of a long text this is the beginning.
    """

    text: str
    vendor: str
    endpoint: str
    pointer: str
    because: Because
    person: bool = False
    inside: bool = False
    cut: bool = False

    def __repr__(self) -> str:
        """Name the place, and never what was withheld there."""
        return f"WithheldText({self.vendor}/{self.endpoint}{self.pointer}, {self.because})"


class WithheldTexts:
    """Filled while records are given, by `Giving`; read by `AfterCheck`."""

    def __init__(self) -> None:
        """Begin with nothing withheld."""
        self.found: dict[str, WithheldText] = {}
        self.by_decision: set[str] = set()

    def withheld(self, vendor: str, endpoint: str, ruling: Ruling, text: str) -> None:
        """Take what was withheld at a place; kept once, with the place where it was withheld first."""
        cut = len(text) > LONGEST
        text = text[:LONGEST] if cut else text
        known = self.found.get(text)
        if (known is None or known.inside) and text and ruling.because not in NOT_SEARCHED:
            person = (ruling.kind == "who" and not _is_of_many(ruling.pointer)) or ruling.rule == "find.known_people"
            pointer = unnamed(ruling.pointer, ruling.value)
            self.found[text] = WithheldText(text, vendor, endpoint, pointer, ruling.because, person, cut=cut)

    def inside(self, vendor: str, endpoint: str, ruling: Ruling, value: Any, find: Callable[[str], Iterable[Hit]]) -> None:
        """Take who is named in a record, or a part of one, that is withheld as a whole."""
        if ruling.because in NOT_SEARCHED:
            return
        pointer = unnamed(ruling.pointer, ruling.value)
        for text in _texts(value):
            for hit in find(text):
                person = hit.kind == "known_people"
                found = WithheldText(hit.value, vendor, endpoint, pointer, ruling.because, person, inside=True)
                self.found.setdefault(hit.value, found)

    def given(self, text: str) -> None:
        """Take what was given because somebody, or a rule, said so."""
        self.by_decision.add(plain(text))


def _is_of_many(pointer: str) -> bool:
    """Whether a field tells where somebody works, or as what: a word there is nobody's name."""
    named = [step for step in pointer.split("/") if not step.isdecimal()]
    return last_word(named[-1]) in OF_MANY


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif text_of(value):
        yield text_of(value)


def unnamed(pointer: str, value: str) -> str:
    """Leave the name of a field out of a pointer to it, where that name is what is withheld: it would tell."""
    holder, _, step = pointer.rpartition("/")
    told = step.replace("~1", "/").replace("~0", "~")
    return f"{holder}/*" if ("@" in told or " " in told or any(map(str.isdigit, told))) and plain(value) in plain(told) else pointer
