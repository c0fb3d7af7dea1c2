"""The progress of one chain: which pages came, how many different records, and whether they are as many as the vendor announced.

Different is told by `key`. A list whose order is not stable, or that changes while it is read, gives some records twice and
others never: counting lines would not notice. Digests of keys are remembered only from a second page on, and only where a
total is announced, where a list is read again, or where pages seem to come round; digests of whole records only for the
windows of one row, and for a second reading.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from typing import Any

from msgspec import Struct, field

from engine.core.envelope import column, digests, key_digests, lines_of
from engine.core.pagination import Progress
from engine.core.response import Page
from engine.core.seen import KeyTable, Seen
from engine.discreet import Discreet
from engine.language.expressions.select import Select, parse_select

MOST_EMPTY = 100
ID = parse_select("id")
MORE = "more records came than the vendor announced"
ROSE = "the total rose while the list was read; what was announced first came"
CHANGED = "the total changed while the list was read; a second reading, in which it stood still, was whole"
ALIKE = "the key does not tell all records apart: some of one key came again in the same bytes"


class Announced(Struct):
    """The totals that a list announced: the first, the largest and the last, and whether one was below the one before."""

    first: int | None = None
    largest: int = 0
    last: int = 0
    fell: bool = False

    def hear(self, page: Page) -> None:
        """Take the total of one page."""
        if page.total is None:
            return
        if self.first is None:
            self.first = self.last = page.total
        self.fell = self.fell or page.total < self.last
        self.largest, self.last = max(self.largest, page.total), page.total

    @property
    def rose(self) -> bool:
        """Whether the total changed, and only rose."""
        return self.first is not None and self.first < self.largest and not self.fell

    @property
    def stood(self) -> bool:
        """Whether there was a total, and always the same."""
        return self.first is not None and self.first == self.largest and not self.fell


class Sifted(Discreet, Struct, frozen=True):
    """What a page brought: the positions of its known records, and counts of the others.

    Known is what was written already. `same_key` of the written ones share their key with another record; `others` are other
    people's that had not come in an earlier reading. `lines` are all records, one a line, where they were joined already. `leant`
    are the places of those neighbours' tables to which it is owed that a record is known: they wrote it, and this chain did not.
    """

    HIDDEN = ("lines",)

    known: frozenset[int] = frozenset()
    same_key: int = 0
    others: int = 0
    lines: bytes | None = None
    leant: frozenset[int] = frozenset()


class ReadingCount(Struct):
    """The counts of one reading of a chain. `count` leaves out what stood at the end of the page before; `others` are other people's."""

    announced: Announced = field(default_factory=Announced)
    keys: KeyTable = field(default_factory=KeyTable)
    pages: int = 0
    count: int = 0
    keyless: int = 0
    others: int = 0
    longest: int = 0


class Trail(Struct):
    """The progress of one chain, over all its readings; `now` is the present one.

    `counted`: a total may be announced. `paired`: digests of whole records are remembered in `tables`, because a neighbouring
    window needs them or the file cannot tell. `marks` and `firsts` recognise pages that come again, `mark` is the present page's;
    `ranges` are the byte ranges that the chain wrote, `mine` counts the person's records.
    """

    key: Select = ID
    counted: bool = True
    paired: bool = False
    marks: set[str] = set()
    mark: str = ""
    firsts: set[int] = set()
    ranges: array[int] = field(default_factory=lambda: array("Q"))
    tables: list[Seen] = []
    announced: Announced = field(default_factory=Announced)
    now: ReadingCount = field(default_factory=ReadingCount)
    mine: int = 0
    barren: int = 0
    empty: int = 0
    readings: int = 1
    _keys: KeyTable = field(default_factory=KeyTable)
    _apart: int | None = None
    _keyless: int = 0
    _others: int = 0
    _stable: Seen = field(default_factory=Seen)
    _alike: int = 0
    _leads: set[int] = set()
    _telling: bool = False
    _held: Page | None = None
    _last: Page | None = None

    def __post_init__(self) -> None:
        """Tell keys from the beginning where whole records are remembered anyway; `_apart` counts them until they need a table."""
        self._telling = self.paired
        self._apart = 0 if self.paired else None

    @property
    def different(self) -> int:
        """How many different records came, over all readings; where nothing is remembered, how many came."""
        if not self.counted or not self._telling:
            return self.now.count
        return self._by_key + self._alike

    @property
    def _by_key(self) -> int:
        return len(self._keys) + (self._apart or 0) + max(self._keyless, self.now.keyless)

    @property
    def progress(self) -> Progress:
        """What decides on the end of the list."""
        holds = self.announced.first is not None and self.different <= self.announced.largest
        return Progress(self.now.longest, holds, holds and not self.short, self.mark)

    @property
    def endless(self) -> str | None:
        """Why the list would never end: a hundred pages in a row that brought nothing new."""
        if self.empty >= MOST_EMPTY:
            return f"the vendor gave {self.empty} empty pages in a row, each with a page to follow"
        return f"the vendor gave {self.barren} pages in a row that brought nothing new" if self.barren >= MOST_EMPTY else None

    @property
    def short(self) -> bool:
        """Whether fewer different records came than the total requires."""
        if self.announced.first is None or self.different >= self.announced.largest:
            return False
        if self.announced.rose and self.different >= self.announced.first:
            return False
        own = len(self.now.keys) + self.now.keyless + self._alike
        return not (self.readings > 1 and self.now.announced.stood and own >= self.now.announced.largest)

    @property
    def shortage(self) -> str:
        """Say how many records are missing after two readings."""
        ones = " different ones" if self.now.count > len(self.now.keys) + self.now.keyless else ""
        return f"the vendor announced {self.announced.largest} records and delivered {self.different}{ones}, twice"

    def settle(self) -> int:
        """Tell the records of a list of one page apart, at its end; gives how many share their key with another one."""
        return self._begin() if self._held is not None and self._held.count > 1 else 0

    def explained(self) -> Iterator[str]:
        """Say of a whole list why its total is not the number of its records."""
        announced, different = self.announced, self.different
        if announced.first is not None and different > announced.largest:
            yield MORE
        elif different < announced.largest:
            yield ROSE if announced.rose else CHANGED
        if self._alike and self._by_key < announced.largest:
            yield ALIKE

    def again(self, written: Iterable[Sequence[bytes]]) -> None:
        """Begin to read the chain again. `written` are the records that it wrote, in batches; `paired` needs none."""
        if not self.paired:
            table = Seen()
            for batch in written:
                table.sift(*digests(batch, lines_of(batch), self.key))
            self.tables = [table]
        self._table_keys()
        if not self._telling:
            self._begin()
        self._keyless, self._others = max(self._keyless, self.now.keyless), max(self._others, self.now.others)
        self.marks.clear()
        self.firsts.clear()
        self._leads.clear()
        self.mark, self.now, self._last, self._stable, self._alike = "", ReadingCount(), None, Seen(), 0
        self.barren, self.empty, self.readings = 0, 0, self.readings + 1

    def take(self, page: Page, beside: Iterable[Seen] = ()) -> Sifted:
        """Count a page, and tell which of its records are written already. `beside` are the tables of neighbouring windows."""
        repeated = self.repeated(page)
        others = max(self._others, self.now.others)
        self.announced.hear(page)
        self.now.announced.hear(page)
        self.now.pages += 1
        self.now.count += page.count - repeated
        self.now.others += page.others
        self.now.longest = max(self.now.longest, page.count)
        self.mine += len(page.records)
        self.empty = 0 if page.count else self.empty + 1
        known = frozenset(range(repeated))
        names: list[int] | None = None
        clashes: list[int] = []
        lines = None
        leant = frozenset[int]()
        if page.dropped:
            self._table_keys()
        if page.records and (self.paired or self.readings > 1):
            records = list(map(bytes, page.records))
            lines = lines_of(records)
            pairs = digests(records, lines, self.key)
            found, clashes = self._known(*pairs)
            shared = [_shared(table, *pairs) - found for table in beside]
            leant = frozenset(place for place, one in enumerate(shared) if one)
            known = known.union(found, *shared)
            names = pairs[0]
            if any(map(eq, *pairs)):
                names = [0 if name == content else name for name, content in zip(*pairs, strict=True)]
                clashes = [index for index in clashes if names[index]]
        return Sifted(known, self._tell(page, names, known, clashes), max(self._others, self.now.others) - others, lines, leant)

    def is_last(self, page: Page) -> bool:
        """Whether a page is the one before it again, record by record."""
        last = self._last
        return last is not None and (page.records, page.dropped) == (last.records, last.dropped)

    def repeated(self, page: Page) -> int:
        """Give how many records at the beginning of a page repeat the end of the last page; a record without a key never counts."""
        records, last = page.records, self._last.records if self._last is not None else ()
        self._last = page
        if not records or not last or records[0] not in last or column(records[:1], self.key) == [None]:
            return 0
        tail = last[last.index(records[0]) :]
        return next(
            (index for index, (new, old) in enumerate(zip(records, tail, strict=False)) if new != old), min(len(records), len(tail))
        )

    def _known(self, names: list[int], contents: list[int]) -> tuple[set[int], list[int]]:
        """Give the positions of records that this chain wrote in an earlier reading, in the same bytes.

        And, where whole records are remembered, of those whose key came before in this reading.
        """
        clashes: list[int] = []
        known = {index for table in self.tables[: self.readings - 1] for index in table.probe(names, contents)}
        if known:
            self._alike += len(self._stable.sift([names[index] for index in known], [contents[index] for index in known])[1])
        if self.paired:
            while len(self.tables) < self.readings:
                self.tables.append(Seen())
            self.tables[-1].reserve(self.announced.largest - len(self.tables[-1]))
            clashes = sum(self.tables[-1].sift(names, contents), start=clashes)
        return known, clashes

    def _tell(self, page: Page, names: list[int] | None, known: frozenset[int], clashes: list[int]) -> int:
        """Tell records apart by their keys, if a rule needs it; gives how many that are written share theirs with another one."""
        round_again = not self.counted and not self._telling and self._comes_round(page)
        if self._telling or round_again:
            self._telling = True
            return self._count(page, names, known, clashes)
        if self.now.pages == 1:
            self._held = page
            return 0
        if self.counted:
            return self._begin() + self._count(page, names, known, clashes)
        self._held = None
        return 0

    def _comes_round(self, page: Page) -> bool:
        """Whether a page begins with the record that an earlier one began with: then pages may come round without end."""
        leads = [key_digests([bytes(one)], bytes(one) + b"\n", self.key)[0] for one in (*page.records[:1], *page.dropped[:1])]
        known = not self._leads.isdisjoint(leads)
        self._leads.update(name for name in leads if name)
        return known

    def _begin(self) -> int:
        """Begin to remember keys, with those of the first page where it is still at hand."""
        held, self._held, self._telling = self._held, None, True
        return self._count(held, None, frozenset(), []) if held is not None else 0

    def _table_keys(self) -> None:
        """Give the keys that were only counted a table of their own: others count beside them, or they are read again."""
        if self._apart:
            for names, contents in self.tables[0].pairs():
                self._keys.sift([name for name, content in zip(names, contents, strict=True) if name != content])
        self._apart = None

    def _count(self, page: Page, names: list[int] | None, known: frozenset[int], clashes: list[int]) -> int:
        """Count the different keys: in a table, or by what a table of whole records told of a first reading (`clashes`)."""
        names = self._digests(page.records) if names is None else names
        if self._apart is not None:
            without = names.count(0)
            self._apart += len(names) - without - len(clashes)
            self.now.keyless += without
            self.barren = self.barren + 1 if len(clashes) == page.count - page.nulls else 0
            return sum(index not in known for index in clashes)
        dropped = self._digests(page.dropped)
        self._keys.reserve(self.announced.largest - len(self._keys))
        clashes, old = self._keys.sift(names), self._keys.sift(dropped)
        if self.readings > 1:
            old = [*self.now.keys.sift(names), *self.now.keys.sift(dropped)]
        else:
            old += clashes
        self.now.keyless += names.count(0) + dropped.count(0)
        self.barren = self.barren + 1 if len(old) == page.count - page.nulls else 0
        return sum(index not in known for index in clashes)

    def _digests(self, records: Sequence[Any]) -> list[int]:
        if not records:
            return []
        return key_digests(records, lines_of(records), self.key)


def _shared(table: Seen, names: list[int], contents: list[int]) -> set[int]:
    """Give the positions of records that a neighbouring window holds in the same bytes; one without a key is never shared."""
    return {index for index in table.probe(names, contents) if names[index] != contents[index]}
