"""Records that have the same fields, turned on their side: the values of each field, for whoever writes them. Pure.

In the objects inside of them the fields stand in the same order. At the top `together` wants that too; to `turned_rows` the values are
given in the order of the names, in whichever order each record has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

ALIKE = frozenset((str, type(None), object, bool))  # `true` equals 1, so that of numbers and truth values only one kind may be there
COUNTS = frozenset((str, type(None), object, int))
HOLDING = frozenset((dict, list))
TEXTS = frozenset((str, type(None)))
TRIED = 64  # texts, of which none need come again before they are no longer compared


class FieldValues:
    """The values of a field in many records, and of which types they are."""

    __slots__ = ("_few", "_texts", "kinds", "values")

    def __init__(self, values: Sequence[Any]) -> None:
        """Take them in the order of the records."""
        self.values = values
        self.kinds = set(map(type, values))
        self._few: list[Any] | None = None
        self._texts: dict[Any, Any] | None = None

    def add(self, more: FieldValues) -> bool:
        """Take the values of further records; of texts that come again and again the first one stands for all, so that memory holds few."""
        if type(self.values) is not list:
            self._texts, values, self.values = {}, self.values, []
            self._take(values, self.kinds)
        self._take(more.values, more.kinds)
        self.kinds |= more.kinds
        return True

    def _take(self, values: Sequence[Any], kinds: set[type]) -> None:
        taken, texts = cast("list[Any]", self.values), self._texts
        if texts is None or not kinds <= TEXTS:
            self._texts = None
            taken += values
        else:
            taken += map(texts.setdefault, values, values)
            if 2 * len(texts) > len(taken) + TRIED:
                self._texts = None

    @property
    def few(self) -> list[Any] | None:
        """Give the distinct values, where most stand there more than once and equal ones are written alike; else None."""
        if self._few is None:
            alike = self.kinds <= ALIKE or self.kinds <= COUNTS
            if type(self.values) is list and self.kinds <= TEXTS:
                found = list(self._texts or ())
            else:
                found = list(dict.fromkeys(self.values)) if alike else []
            self._few = found if 2 * len(found) <= len(self.values) else []
        return self._few or None

    def items(self) -> Sequence[FieldValues | Together] | None:
        """Give what stands at each place of lists that hold objects; empty where they hold plain values, None where it is not alike."""
        if list not in self.kinds or not any(type(item) in HOLDING for one in self.values if type(one) is list for item in one):
            return ()
        if self.kinds != {list} or len(set(map(len, self.values))) != 1:
            return None
        places = [_turned(values) for values in zip(*self.values, strict=True)]
        return None if any(one is None or (isinstance(one, FieldValues) and one.kinds & HOLDING) for one in places) else cast("Any", places)


class Together:
    """Objects of one form: the names of their fields, and what stands in each."""

    __slots__ = ("fields", "names")

    def __init__(self, names: tuple[str, ...], fields: Sequence[FieldValues | Together]) -> None:
        """Take names and values side by side."""
        self.names = names
        self.fields = fields

    def add(self, more: Together) -> bool:
        """Take further objects; whether they are of the same form, down to the last of the objects in them. If not, this is of no use."""
        return self.names == more.names and all(
            type(here) is type(new) and here.add(cast("Any", new)) for here, new in zip(self.fields, more.fields, strict=True)
        )


def all_together(parts: Iterable[Together | None]) -> Together | None:
    """Join objects that were turned on their side a few at a time, each part forgotten before the next one; None as `together`."""
    found: Together | None = None
    for turned in parts:
        if turned is None or (found is not None and not found.add(turned)):
            return None
        found = found or turned
    return found


def together(records: Sequence[Any]) -> Together | None:
    """Turn objects on their side; None where they are not all of one form, down to the last of the objects in them."""
    if set(map(type, records)) != {dict}:
        return None
    names = tuple(records[0])
    if not names or any(tuple(record) != names for record in records):
        return None
    return turned_rows(names, map(dict.values, records))


def turned_rows(names: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> Together | None:
    """Turn the values of objects that have these fields; None where the objects in them are not all of one form."""
    fields = [_turned(values) for values in zip(*rows, strict=True)]
    return None if None in fields else Together(names, cast("Any", fields))


def _turned(values: Sequence[Any]) -> FieldValues | Together | None:
    """Turn objects in a field on their side as well; empty ones are values."""
    found = FieldValues(values)
    if dict not in found.kinds or not any(value for value in values if type(value) is dict):
        return found
    return together(values)
