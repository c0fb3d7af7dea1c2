"""Write one endpoint's pages as they arrive: leave out duplicates, keep the chosen fields, append to the file, count.

The bytes go to the disk in `engine/sink.py`. No records are kept in memory: duplicates are recognised by digests
(`core/seen`), and what a chain wrote before is read back from its file.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from operator import eq
from typing import Any

import msgspec

from engine.core.chain import join_rows
from engine.core.envelope import digests, plain, scalars
from engine.core.field_filter import FieldFilter
from engine.core.ledger import Tally
from engine.core.request import Request, described
from engine.core.response import Page
from engine.core.seen import Seen
from engine.core.trail import Trail
from engine.core.window import rfc3339
from engine.language.effective import Endpoint, Row
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, parse_select
from engine.language.expressions.template import Field
from engine.language.text.mistakes import counted
from engine.runner.client import Answered
from engine.sink import Sink, Table, lines_of


@dataclass(frozen=True, slots=True)
class ChildWants:
    """What is kept of an endpoint's records for other endpoints: the fields that each child is asked with, and licence flags."""

    children: tuple[tuple[Field, ...], ...] = ()
    flags: tuple[Select, ...] = ()


class Store:
    """The files of one endpoint (`<name>.jsonl`, `<name>.pages.jsonl`), its counts, and what other endpoints need of its records."""

    def __init__(self, endpoint: Endpoint, sink: Sink, keep: FieldFilter, wanted: ChildWants, private: Container[str]) -> None:
        """The files are created with the first page. `private` names the values that belong to the person: no page line shows them."""
        self.endpoint, self.sink, self.keep, self._private = endpoint, sink, keep, private
        self.tally = Tally()
        self.rows: dict[tuple[Field, ...], list[Row]] = {fields: [] for fields in wanted.children}
        self.flags: dict[str, Any] = {}
        self.missing: dict[str, int] = {}
        self._wanted = {one: parse_select(".".join(one.path)) for fields in wanted.children for one in fields}
        self._flags = wanted.flags
        self.announced = self.astray = 0
        self._totals = 0
        self._seen = Seen() if endpoint.overlaps or not keep.everything or endpoint.fields is None else None

    def take(self, request: Request, page: Page, answered: Answered, trail: Trail) -> None:
        """Write one page: its records and its line in the page list. Raises DiskError."""
        if page.total is not None and trail.total is None:
            self.announced += page.total
        repeated = trail.repeated(page, self.endpoint.key)
        known, progress = self._known(request, page, trail, repeated)
        trail.count(page, repeated, progress)
        self._totals += page.total is not None
        self.tally.duplicates += 0 if trail.before is not None else len(known)
        self.tally.others += page.others
        self.tally.pages += 1
        records = [record for index, record in enumerate(page.records) if index not in known] if known else page.records
        self._learn(records)
        self._open_ways(request.chain.row, page.records, known)
        text = lines_of(records) if self.keep.everything else lines_of([self.keep.project(record) for record in records])
        self._write(request, (text, len(records)), answered, trail)

    def _known(self, request: Request, page: Page, trail: Trail, repeated: int) -> tuple[AbstractSet[int], int]:
        """Give the positions of records that are written already, and how many of the others have a new key.

        A record without a key counts as written only when the same chain is read again; then its whole content is compared.
        """
        seen = self._seen if self._seen is not None else trail.before
        if seen is None or not page.records:
            return frozenset(range(repeated)), 0
        records = list(map(bytes, page.records))
        seen.reserve(self.announced - len(seen))
        names, contents = digests(records, lines_of(records), self.endpoint.key)
        if self._seen is not None and any(map(eq, names, contents)):
            mine = hash((request.chain.row, request.chain.window))  # all chains share the table: without a key it is known to its own only
            pairs = [(one ^ mine or 1,) * 2 if one == other else (one, other) for one, other in zip(names, contents, strict=True)]
            names, contents = [one for one, _ in pairs], [other for _, other in pairs]
        found, same_key = seen.sift(names, contents)
        self.tally.same_key += same_key
        if trail.before is not None:
            known = frozenset(found)
            keyless = sum(names[index] == contents[index] for index in range(len(records)) if index not in known)
            return known, len(records) - len(known) - keyless - same_key
        if self.endpoint.overlaps:
            return frozenset(index for index in found if names[index] != contents[index]), 0
        return frozenset(range(repeated)), 0

    def _write(self, request: Request, kept: tuple[bytes, int], answered: Answered, trail: Trail) -> None:
        first = lines = 0
        if self.endpoint.fields is not None:
            table = self.sink.table(self.endpoint.name)
            first, lines = table.lines + 1, kept[1]
            if lines:
                trail.ranges.extend(table.write(*kept))
        self.tally.records += kept[1]
        self._note(request, answered, first, lines)

    def refused(self, request: Request, answered: Answered) -> None:
        """Write the page line of an answer without records. Raises DiskError."""
        self._note(request, answered, 0, 0)

    def _note(self, request: Request, answered: Answered, first: int, lines: int) -> None:
        self.astray += answered.astray
        line = msgspec.json.encode(_page_line(request, answered, self._public(request), (first, lines))) + b"\n"
        self.sink.table(f"{self.endpoint.name}.pages").write(line, 1)

    def _public(self, request: Request) -> dict[str, str]:
        """Give the values of a request that come from the spec (`for`, also of its parents), not from the person or account."""
        return {name: value for name, value in request.chain.row if "." not in name and name not in self._private}

    def read_again(self, trail: Trail) -> None:
        """Prepare to read a chain again: records that it wrote already are recognised and not written twice. Raises DiskError."""
        before = self._seen if self._seen is not None else trail.before
        if before is None:
            before, table = Seen(), self.table()
            lines = table.read_back(trail.ranges) if table is not None else iter(())
            while batch := list(islice(lines, BATCH)):
                before.sift(*digests(batch, lines_of(batch), self.endpoint.key))
        trail.again(before)

    def _learn(self, records: Sequence[Any]) -> None:
        """Keep the values of licence flags; one that differs between records becomes UNCLEAR."""
        for select in self._flags:
            for record in records:
                value = select.search(lossless_json.loads(bytes(record)))
                if value is not None:
                    self.flags[select.text] = value if self.flags.get(select.text, value) == value else UNCLEAR

    def _open_ways(self, row: Row, records: Sequence[Any], known: AbstractSet[int]) -> None:
        """Keep the values that children are asked with; of duplicates too, because their row may hold other values."""
        if not self._wanted or not records:
            return
        columns = {one: scalars(records, select) for one, select in self._wanted.items()}
        for wanted, texts in columns.items():
            absent = texts.count(None) - sum(texts[index] is None for index in known)
            if absent:
                self.missing[wanted.name] = self.missing.get(wanted.name, 0) + absent
        for fields, rows in self.rows.items():
            for values in zip(*(columns[one] for one in fields), strict=True):
                found = tuple((one.name, plain(text)) for one, text in zip(fields, values, strict=True) if text is not None)
                if len(found) == len(fields):
                    rows.append(join_rows(row, found))

    def table(self) -> Table | None:
        """Give the endpoint's file; None if nothing was written."""
        return self.sink.existing(self.endpoint.name)

    def described(self) -> Mapping[str, object] | None:
        """Describe the file for the manifest."""
        table = self.table()
        return table.described() if table is not None else None

    def notes(self) -> tuple[str, ...]:
        """Give the notes for the manifest: missing fields, records of other people, totals that could not be checked."""
        notes = [f"{counted(count, 'record')} without `{name}`" for name, count in sorted(self.missing.items())]
        if self.tally.others:
            notes.append(f"{counted(self.tally.others, 'record')} of other people {'was' if self.tally.others == 1 else 'were'} left out")
        pagination = self.endpoint.pagination
        if pagination is not None and pagination.total is not None and self.tally.pages and not self._totals:
            notes.append(f"no answer announced `{pagination.total.text}`: that the list is whole was not checked by its count")
        if self.astray:
            notes.append(f"{counted(self.astray, 'answer')} came from an address without the person's value: nothing proves whose they are")
        if self.tally.records and not self.keep.everything:
            notes += [f"no record has the field `{name}`" for name in self.keep.unseen()]
        return tuple(notes)


BATCH = 1000
UNCLEAR = "unclear"


def _page_line(request: Request, answered: Answered, public: Mapping[str, str], written: tuple[int, int]) -> dict[str, object]:
    window = request.chain.window
    first, lines = written
    parents = {name: str(value) for name, value in request.chain.row if "." in name}
    return {
        "request": described(request, public),
        "page": request.page,
        **({"for": public} if public else {}),
        **({"of": parents} if parents else {}),
        **({"window": [rfc3339(window.start), rfc3339(window.end)]} if window else {}),
        "status": answered.response.status,
        "first_line": first,
        "lines": lines,
        "sent_at": rfc3339(answered.sent_at, "milliseconds"),
        "waited": round(answered.waited, 3),
        "seconds": round(answered.response.seconds, 3),
        **({"retries": answered.retries} if answered.retries else {}),
        **({"redirects": list(answered.redirects)} if answered.redirects else {}),
        "sha256": answered.sha256,
    }
