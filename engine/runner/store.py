"""What an endpoint has received: sifted, cut to the fields that are kept, written at once, counted.

Holds no records: what must be remembered is a table of digests, or is read back from the file.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.core.envelope import digests, plain, scalars
from engine.core.keep import Keep
from engine.core.ledger import Tally
from engine.core.request import Request, described
from engine.core.response import Page
from engine.core.seen import Seen
from engine.core.window import form
from engine.runner.ask import Answered
from engine.sink import Sink, Table, lines_of
from engine.spec import exact
from engine.spec.effective import Endpoint, Row
from engine.spec.select import Select, parse_select
from engine.spec.template import Field


@dataclass(slots=True)
class Trail:
    """Where a chain has been: marks of pages, byte ranges of what it wrote, what it received."""

    marks: set[str] = field(default_factory=set)
    firsts: set[int] = field(default_factory=set)
    ranges: array[int] = field(default_factory=lambda: array("Q"))
    received: int = 0
    this_time: int = 0
    total: int | None = None
    before: Seen | None = None

    def again(self) -> None:
        """Begin the chain anew: what it wrote stays written."""
        self.marks.clear()
        self.firsts.clear()
        self.this_time = 0


class Store:
    """One endpoint's table, its page list, and what others want to know of its records."""

    def __init__(self, endpoint: Endpoint, sink: Sink, keep: Keep, children: Sequence[tuple[Field, ...]], flags: Sequence[Select]) -> None:
        """Open nothing yet; the files are made with the first page. `children`: the fields that each child asks with."""
        self.endpoint, self.sink, self.keep = endpoint, sink, keep
        self.tally = Tally()
        self.rows: dict[tuple[Field, ...], list[Row]] = {fields: [] for fields in children}
        self.flags: dict[str, Any] = {}
        self.missing: dict[str, int] = {}
        self._wanted = {one: parse_select(".".join(one.path)) for fields in children for one in fields}
        self._flags = flags
        self.announced = 0
        self._totals = 0
        self._seen = Seen() if endpoint.overlaps or not keep.everything or endpoint.fields is None else None

    def take(self, request: Request, page: Page, answered: Answered, trail: Trail) -> None:
        """Write one page. Raises DiskError."""
        records: Sequence[Any] = page.records
        reread = trail.before is not None
        seen = self._seen if self._seen is not None else trail.before
        text = lines_of(records)
        if page.total is not None and trail.total is None:
            self.announced += page.total
        if seen is not None and records:
            records = list(map(bytes, records))
            seen.reserve(self.announced - len(seen))
            known, same_key = seen.sift(*digests(records, text, self.endpoint.key))
            self.tally.same_key += same_key
            self.tally.duplicates += 0 if reread else len(known)
            if known:
                dropped = set(known)
                records = [record for index, record in enumerate(records) if index not in dropped]
                text = lines_of(records)
        trail.this_time += page.count
        trail.received = max(trail.received + len(records), trail.this_time) if reread else trail.received + page.count
        if page.total is not None:
            trail.total = page.total
            self._totals += 1
        self.tally.others += page.others
        self.tally.pages += 1
        self._learn(request.chain.row, records)
        if not self.keep.everything:
            text = lines_of([self.keep.project(record) for record in records])
        self._write(request, (text, len(records)), answered, trail)

    def _write(self, request: Request, kept: tuple[bytes, int], answered: Answered, trail: Trail) -> None:
        first = lines = 0
        self.tally.records += kept[1]
        if self.endpoint.fields is not None:
            table = self.sink.table(self.endpoint.name)
            first, lines = table.lines + 1, kept[1]
            if lines:
                trail.ranges.extend(table.write(*kept))
        line = msgspec.json.encode(_page_line(request, answered, first, lines)) + b"\n"
        self.sink.table(f"{self.endpoint.name}.pages").write(line, 1)

    def read_again(self, trail: Trail) -> None:
        """Prepare to read a chain once more: what it wrote is compared, not written twice."""
        trail.again()
        if self._seen is not None:
            trail.before = self._seen
        elif trail.before is None:
            trail.before = Seen()
            table = self.sink.table(self.endpoint.name)
            batch: list[bytes] = []
            for line in table.read_back(trail.ranges):
                batch.append(line)
                if len(batch) == BATCH:
                    trail.before.sift(*digests(batch, lines_of(batch), self.endpoint.key))
                    batch = []
            if batch:
                trail.before.sift(*digests(batch, lines_of(batch), self.endpoint.key))

    def _learn(self, row: Row, records: Sequence[Any]) -> None:
        """Note what children and licences need of the records."""
        for select in self._flags:
            for record in records:
                value = select.search(exact.loads(bytes(record)))
                if value is not None:
                    self.flags[select.text] = value
        if not self._wanted or not records:
            return
        columns = {one: scalars(records, select) for one, select in self._wanted.items()}
        for one, texts in columns.items():
            absent = texts.count(None)
            if absent:
                self.missing[one.name] = self.missing.get(one.name, 0) + absent
        for fields, rows in self.rows.items():
            for values in zip(*(columns[one] for one in fields), strict=True):
                found = [(one.name, plain(text)) for one, text in zip(fields, values, strict=True) if text is not None]
                if len(found) == len(fields):
                    rows.append((*row, *found))

    def table(self) -> Table | None:
        """Give the endpoint's table, if anything was written."""
        return self.sink.existing(self.endpoint.name)

    def described(self) -> Mapping[str, object] | None:
        """Describe the file for the manifest."""
        table = self.table()
        return table.described() if table is not None else None

    def notes(self) -> tuple[str, ...]:
        """Say what a reader of the manifest should know."""
        notes = [f"{count} records without `{name}`" for name, count in sorted(self.missing.items())]
        if self.tally.others:
            notes.append(f"{self.tally.others} records of other people were left out")
        pagination = self.endpoint.pagination
        if pagination is not None and pagination.total is not None and self.tally.pages and not self._totals:
            notes.append(f"no answer announced `{pagination.total.text}`: that the list is whole was not checked by its count")
        if self.tally.records and not self.keep.everything:
            notes += [f"no record has the field `{name}`" for name in self.keep.unseen()]
        return tuple(notes)


BATCH = 1000


def public_values(request: Request) -> dict[str, str]:
    """Give the values of a request that come from the spec, not from the person."""
    own = {name for row in request.endpoint.rows for name, _ in row}
    return {name: value for name, value in request.chain.row if name in own}


def _page_line(request: Request, answered: Answered, first: int, lines: int) -> dict[str, object]:
    window = request.chain.window
    public = public_values(request)
    parents = {name: value for name, value in request.chain.row if "." in name}
    return {
        "request": described(request, public),
        "page": request.page,
        **({"for": public} if public else {}),
        **({"of": parents} if parents else {}),
        **({"window": [form(window.start, "rfc3339"), form(window.end, "rfc3339")]} if window else {}),
        "first_line": first,
        "lines": lines,
        "sent_at": answered.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "waited": round(answered.waited, 3),
        "seconds": round(answered.response.seconds, 3),
        "sha256": answered.sha256,
    }
