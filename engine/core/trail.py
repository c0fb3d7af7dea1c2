"""The progress of one chain: which pages it has seen, and how many different records, to be compared with the vendor's total.

A list that grows at its beginning while it is read repeats the end of one page at the beginning of the next. A list that
is read a second time repeats everything, perhaps with other bytes (a signed address is new in every answer). Repeated
records do not count towards the total.
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
    """The progress of one chain.

    `marks` and `firsts` recognise pages that come again, `ranges` are the byte ranges that it wrote. `received` counts
    different records over all readings, `this_time` those of the present reading, `mine` those of the person; `empty`
    counts empty pages in a row. `before` holds what an earlier reading wrote.
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
        """Whether so many pages in a row were empty that the list would never end."""
        return self.empty >= MOST_EMPTY

    @property
    def short(self) -> bool:
        """Whether fewer records have come than the vendor announced."""
        return self.total is not None and self.received < self.total

    def again(self, before: Seen) -> None:
        """Begin to read the chain again. What it wrote stays, and is recognised by `before`."""
        self.marks.clear()
        self.firsts.clear()
        self.this_time, self._last, self.before = 0, (), before

    def repeated(self, page: Page, key: Select) -> int:
        """Give how many records at the beginning of a page repeat the end of the last page; a record without a key never counts."""
        records, last = page.records, self._last
        self._last = records
        if not records or not last or records[0] not in last or column(records[:1], key) == [None]:
            return 0
        tail = last[last.index(records[0]) :]
        return next(
            (index for index, (one, other) in enumerate(zip(records, tail, strict=False)) if one != other), min(len(records), len(tail))
        )

    def count(self, page: Page, repeated: int, progress: int) -> None:
        """Count a page. `progress` is the number of its records that no earlier reading had."""
        self.this_time += page.count - repeated
        self.empty = 0 if page.count else self.empty + 1
        self.mine += len(page.records)
        self.received = max(self.received + progress, self.this_time) if self.before is not None else self.this_time
        if page.total is not None:
            self.total = page.total
