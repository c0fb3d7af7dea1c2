"""Texts that stand together in many records and are masked, whole or in parts: what is written for them is worked out once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import dumps
from engine.release.given_record import WithheldPlace
from engine.release.ruling import Ruling

MOST_KNOWN = 30_000
MOST_ALIKE = 1_000


class MaskedTogether(msgspec.Struct):
    """What was ruled together, and what is written for it: `plain` if each is given, or masked in a text of a field of the record itself.

    `fields` are those in which something is masked, with their texts; `taken` has the names and the sides, which nothing else in the record
    may share. `ruled` is kept, so that nothing else takes its number. `was` is how we write these fields one behind another, `begins` the
    first of them, `now` how they leave.
    """

    ruled: tuple[Ruling, ...]
    plain: bool
    fields: tuple[tuple[str, str], ...]
    taken: frozenset[Any]
    written: dict[str, msgspec.Raw] | None = None
    places: tuple[WithheldPlace, ...] = ()
    was: bytes = b""
    begins: bytes = b""
    now: bytes = b""

    def write(self, written: dict[str, msgspec.Raw], places: tuple[WithheldPlace, ...]) -> None:
        """Keep what is written in the fields, and which places are withheld then."""
        self.written, self.places = written, places
        members = [(_member(name, text), _member(name, written[name])) for name, text in self.fields]
        self.begins = members[0][0] if members else b""
        self.was, self.now = b",".join(was for was, _ in members), b",".join(now for _, now in members)


def put_in(line: bytes, hidden: Iterable[MaskedTogether]) -> bytes | None:
    """Put what is written instead into the line of a record whose fields have these texts, and which is written as we write.

    Such a line has each of these fields once as it is written here, and has it again only in what stands in another field: where the first
    one is there once, it is that of the record itself. None where it is not, or the others do not follow it.
    """
    for known in hidden:
        before, there, after = line.partition(known.was)
        if not there or known.begins in before or known.begins in after:
            return None
        line = b"".join((before, known.now, after))
    return line


def _member(name: str, value: Any) -> bytes:
    return dumps({name: value})[1:-1]


class KnownMasks(dict[int, MaskedTogether]):
    """What was ruled together, by the number of that very tuple: the same ones come again and again."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        super().__init__()
        self._alike: dict[frozenset[Any], frozenset[Any]] = {}  # there are few: what is shared stays in the processor's cache

    def all_plain(self, record: dict[str, Any], ruled: list[tuple[Ruling, ...]]) -> list[MaskedTogether] | None:
        """Give what is masked in a record; None where more than that is to be done, or one bears on another."""
        found, taken = list[MaskedTogether](), frozenset[Any]()
        for together in filter(None, ruled):
            known = self.get(id(together)) or self._know(together, record)
            if not known.plain or not taken.isdisjoint(known.taken):
                return None
            for name, text in known.fields:
                if record.get(name) != text:
                    return None
            taken |= known.taken
            found.append(known)
        return found

    def _know(self, ruled: tuple[Ruling, ...], record: dict[str, Any]) -> MaskedTogether:
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
        known = self[id(ruled)] = MaskedTogether(ruled, plain, tuple(masked.items()), self._shared(frozenset(taken)))
        return known

    def _shared(self, taken: frozenset[Any]) -> frozenset[Any]:
        if len(self._alike) >= MOST_ALIKE:
            self._alike.clear()
        return self._alike.setdefault(taken, taken)
