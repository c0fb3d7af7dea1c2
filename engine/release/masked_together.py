"""Texts that stand together in many records and are masked, whole or in parts: what is written for them is worked out once. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from sys import intern
from typing import Any, TypeVar

import msgspec

from engine.release.given_record import WithheldPlace
from engine.release.ruling import Ruling

MOST_KNOWN = 30_000
MOST_ALIKE = 1_000
Alike = TypeVar("Alike")


class MaskedTogether(msgspec.Struct):
    """What was ruled together, and what is written for it: `plain` if each is given, or masked in a text of a field of the record itself.

    `names` are those of the fields in which something is masked, and `texts` what stands there: `told` gives the same of a record. `taken`
    has the names and the sides, which nothing else in the record may share. `ruled` is kept, so that nothing else takes its number.
    """

    ruled: tuple[Ruling, ...]
    plain: bool
    names: tuple[str, ...]
    texts: tuple[str, ...]
    told: Callable[[dict[str, Any]], tuple[Any, ...]]
    taken: frozenset[Any]
    written: dict[str, msgspec.Raw] | None = None
    places: tuple[WithheldPlace, ...] = ()


class KnownMasks(dict[int, MaskedTogether]):
    """What was ruled together, by the number of that very tuple: the same ones come again and again."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        super().__init__()
        self._alike: dict[Any, Any] = {}  # there are few: what is shared stays in the processor's cache

    def all_plain(self, record: dict[str, Any], ruled: list[tuple[Ruling, ...]]) -> list[MaskedTogether] | None:
        """Give what is masked in a record; None where more than that is to be done, or one bears on another."""
        found: list[MaskedTogether] = []
        taken: set[Any] = set()
        for together in filter(None, ruled):
            known = self.get(id(together)) or self.know(together, record)
            if not known.plain or not taken.isdisjoint(known.taken):
                return None
            try:
                if known.told(record) != known.texts:
                    return None
            except KeyError:
                return None
            taken |= known.taken
            found.append(known)
        return found

    def know(self, ruled: tuple[Ruling, ...], record: dict[str, Any]) -> MaskedTogether:
        """Say of what was ruled together about a record whether it can be masked so, and keep it."""
        if len(self) >= MOST_KNOWN:
            self.clear()
        masked, taken, plain = dict[str, Any](), set[Any](), True
        for ruling in ruled:
            holder, _, name = ruling.pointer.partition("/")
            name = intern(name)  # what is shared stays in the processor's cache
            taken.add(name)
            if ruling.group is not None:
                taken.add((ruling.group,))
            if ruling.do in ("mask", "alias"):
                masked[name] = record.get(name)
            plain = plain and ruling.do in ("mask", "alias", "give") and ruling.pointer != "" and not holder and not set(name) & {"/", "~"}
        plain = plain and all(type(text) is str for text in masked.values())
        names = self.shared(tuple(masked))
        known = self[id(ruled)] = MaskedTogether(ruled, plain, names, tuple(masked.values()), _told(names), self.shared(frozenset(taken)))
        return known

    def shared(self, found: Alike) -> Alike:
        """Give the one that stands for all that are equal to it."""
        if len(self._alike) >= MOST_ALIKE:
            self._alike.clear()
        alike: Alike = self._alike.setdefault(found, found)
        return alike


@lru_cache(maxsize=MOST_ALIKE)
def _told(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Give what reads fields of a record, as a tuple however many they are."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda record: tuple([record.get(name) for name in names])
