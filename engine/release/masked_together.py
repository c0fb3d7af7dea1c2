"""Texts that stand together in many records, each masked as a whole: what is written for them is worked out once. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.release.given_record import WithheldPlace
from engine.release.ruling import Ruling

MOST_KNOWN = 30_000


class MaskedTogether(msgspec.Struct):
    """What was ruled together, and what is written for it: `plain` if each is a text of a field of the record itself, masked as a whole.

    `fields` are these, with their texts; `taken` has the names and the sides, which nothing else in the record may share. `ruled` is kept,
    so that nothing else takes its number.
    """

    ruled: tuple[Ruling, ...]
    plain: bool
    fields: tuple[tuple[str, str], ...]
    taken: frozenset[Any]
    written: dict[str, msgspec.Raw] | None = None
    places: tuple[WithheldPlace, ...] = ()


class KnownMasks(dict[int, MaskedTogether]):
    """What was ruled together, by the number of that very tuple: the same ones come again and again."""

    def all_plain(self, record: dict[str, Any], ruled: list[tuple[Ruling, ...]]) -> list[MaskedTogether] | None:
        """Give what is masked in a record; None where more than that is to be done, or one bears on another."""
        found, taken = list[MaskedTogether](), frozenset[Any]()
        for together in filter(None, ruled):
            known = self.get(id(together)) or self._know(together)
            if not known.plain or not taken.isdisjoint(known.taken):
                return None
            for name, text in known.fields:
                if record.get(name) != text:
                    return None
            taken |= known.taken
            found.append(known)
        return found

    def _know(self, ruled: tuple[Ruling, ...]) -> MaskedTogether:
        if len(self) >= MOST_KNOWN:
            self.clear()
        fields = tuple((ruling.pointer[1:], ruling.value) for ruling in ruled)
        names = {name for name, _ in fields}
        plain = len(names) == len(fields) and all(ruling.do in ("mask", "alias") for ruling in ruled)
        plain = plain and not any("/" in ruling.pointer[1:] or "~" in ruling.pointer or not ruling.pointer for ruling in ruled)
        taken = frozenset[Any]((*names, *((ruling.group,) for ruling in ruled if ruling.group is not None)))
        known = self[id(ruled)] = MaskedTogether(ruled, plain, fields, taken)
        return known
