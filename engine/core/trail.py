"""Where a chain has been and how many of its records have come: what its total is compared with. Pure.

A total is met by different records only. A list that grew at its beginning while it was read shows the end of one page
again at the beginning of the next; a list that is read once more shows everything again, perhaps with other bytes (a
signed address is new in every answer). Neither counts twice.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.envelope import column
from engine.core.response import Page
from engine.core.seen import Seen
from engine.language.expressions.select import Select

MOST_EMPTY = 100


@dataclass(slots=True)
class Trail:
    """One chain's marks of pages, byte ranges of what it wrote, and counts.

    `received` counts different records over all readings, `this_time` those of the present one, `mine` those that are
    the person's; `before` is what was written when the chain is read again.
    """

    marks: set[str] = field(default_factory=set)
    firsts: set[int] = field(default_factory=set)
    ranges: array[int] = field(default_factory=lambda: array("Q"))
    received: int = 0
    this_time: int = 0
    mine: int = 0
    total: int | None = None
    empty: int = 0
    before: Seen | None = None
    _last: Sequence[Any] = ()

    @property
    def endless(self) -> bool:
        """Whether so many pages in a row held nothing that no end is to be expected."""
        return self.empty >= MOST_EMPTY

    @property
    def short(self) -> bool:
        """Whether fewer records came than the vendor announced."""
        return self.total is not None and self.received < self.total

    def again(self, before: Seen) -> None:
        """Begin the chain anew: what it wrote stays written, and is known by `before`."""
        self.marks.clear()
        self.firsts.clear()
        self.this_time, self._last, self.before = 0, (), before

    def repeated(self, page: Page, key: Select) -> int:
        """Say how many of a page's first records are the last ones of the page before; those without a key are no repetition."""
        records, last = page.records, self._last
        self._last = records
        if not records or not last or records[0] not in last or column(records[:1], key) == [None]:
            return 0
        tail = last[last.index(records[0]) :]
        return next(
            (index for index, (one, other) in enumerate(zip(records, tail, strict=False)) if one != other), min(len(records), len(tail))
        )

    def count(self, page: Page, repeated: int, progress: int) -> None:
        """Count a page; `progress` is how many of its records no earlier reading had."""
        self.this_time += page.count - repeated
        self.empty = 0 if page.count else self.empty + 1
        self.mine += len(page.records)
        self.received = max(self.received + progress, self.this_time) if self.before is not None else self.this_time
        if page.total is not None:
            self.total = page.total
