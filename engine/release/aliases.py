"""Numbers that stand for other people in one package: the same person has the same one everywhere in it. Pure; kept nowhere.

A person is told by a mail address; by a telephone number, an identifier or a name where no two that are surer were met with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from engine.release.own import SUREST_FIRST, shape_of
from engine.release.ruling import Ruling
from engine.release.written import number_of, plain

NINE = 9  # last digits of a telephone number: with its country or without it
MOST_REMEMBERED = 50_000
Key = tuple[str, str]


class Aliases:
    """The people of one package who are named by numbers, in the order in which they are met."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._numbers: dict[Key, int] = {}
        self._met_with: dict[Key, Key | None] = {}  # None: with several
        self._remembered: dict[tuple[tuple[str, str], ...], int] = {}
        self._met: set[tuple[tuple[str, str], ...]] = set()
        self._last = 0

    def meet(self, rulings: Iterable[Ruling]) -> None:
        """Learn from a record who is who. Whoever reads all records first gives nobody two numbers."""
        sides: dict[int, list[tuple[str, str]]] = {}
        for ruling in rulings:
            if ruling.group is not None:
                sides.setdefault(ruling.group, []).append((ruling.pointer, ruling.value))
        for facts in map(tuple, sides.values()):
            if facts not in self._met:  # to meet the same facts again teaches nothing
                if len(self._met) >= MOST_REMEMBERED:
                    self._met.clear()
                self._met.add(facts)
                self._meet(_keys(facts))

    def all_met(self) -> None:
        """Forget by what it was known whom was met already: nobody is to be met any more."""
        self._met.clear()

    def _meet(self, keys: list[Key]) -> None:
        if len(keys) > 1:
            for key in keys[1:]:
                known = self._met_with.setdefault(key, keys[0])
                if known is not None and known != keys[0] and SUREST_FIRST.index(keys[0][0]) <= SUREST_FIRST.index(known[0]):
                    self._met_with[key] = keys[0] if SUREST_FIRST.index(keys[0][0]) < SUREST_FIRST.index(known[0]) else None

    def numbered(self, rulings: list[Ruling]) -> dict[int | str, int]:
        """Give the numbers of those who get one in a record: by the group of their side, else by their value."""
        sides: dict[int | str, list[tuple[str, str]]] = {}
        for ruling in rulings:
            if is_named(ruling):
                sides[side_of(ruling)] = []
        for ruling in rulings:
            side = side_of(ruling)
            if side in sides:
                sides[side].append((ruling.pointer, ruling.value))
        return {side: self._numbered(tuple(facts)) for side, facts in sides.items()}

    def _numbered(self, facts: tuple[tuple[str, str], ...]) -> int:
        """Give the number of a person, the same for the same facts: these are remembered, since the same people come again and again."""
        number = self._remembered.get(facts)
        if number is None:
            keys = _keys(facts)
            self._meet(keys)
            number = self._number(keys)
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[facts] = number
        return number

    def _number(self, keys: list[Key]) -> int:
        told = [self._told_by(keys[0])] if keys else [("", "")]
        known = next((self._numbers[key] for key in told if key in self._numbers), None)
        if known is None:
            known = next((self._numbers[key] for key in keys[1:] if key in self._numbers and self._met_with.get(key) == keys[0]), None)
        if known is None:
            self._last += 1
            known = self._last
        for key in (*told, *keys):
            if self._met_with.get(key, key) is not None or key == keys[0]:
                self._numbers.setdefault(key, known)
        return known

    def _told_by(self, key: Key) -> Key:
        """Follow a number or a name to the address it was met with, where that is one."""
        for _ in SUREST_FIRST:
            stronger = self._met_with.get(key)
            if stronger is None:
                break
            key = stronger
        return key


def is_named(ruling: Ruling) -> bool:
    """Whether a number stands in the place of its value: only people have one, no password and no card."""
    return ruling.do == "alias" and ruling.kind not in ("secret", "number")


def side_of(ruling: Ruling) -> int | str:
    """Name the side that a ruling is about, in its record."""
    return ruling.group if ruling.group is not None else f"{ruling.pointer}\n{ruling.value}"


def _keys(facts: Iterable[tuple[str, str]]) -> list[Key]:
    """Give by what a person is told, the surest first."""
    found = {_key(pointer.rpartition("/")[2], value) for pointer, value in facts}
    return sorted(found, key=lambda key: (SUREST_FIRST.index(key[0]), key[1]))


@lru_cache(maxsize=1 << 15)
def _key(name: str, value: str) -> Key:
    text = " ".join(value.split())
    shape = shape_of(name, text)
    return shape, (number_of(text)[-NINE:] if shape == "phone" else "") or plain(text)
