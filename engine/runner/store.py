"""Write one endpoint's pages as they arrive: leave out duplicates, keep the chosen fields, append to the file, count.

The bytes go to the disk in `engine/sink.py`. No records are kept in memory: duplicates are recognised by digests
(`core/trail`), and what a chain wrote before is read back from its file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from engine.core.chain import Chain, join_rows
from engine.core.envelope import lines_of, request_values
from engine.core.field_filter import FieldFilter
from engine.core.ledger import ChainEnd, Tally
from engine.core.request import Request, described
from engine.core.response import Page
from engine.core.resume import AFTER, BEFORE, Needs
from engine.core.seen import Seen
from engine.core.trail import Trail
from engine.core.twice import twice_in
from engine.core.window import rfc3339
from engine.language.effective import Endpoint, Row, Vendor
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, parse_select
from engine.language.expressions.template import Field
from engine.language.text.mistakes import counted
from engine.runner.chain_log import ENCODER, NO_FILE, EndLine
from engine.runner.client import Answered, EarlierTry
from engine.sink import Sink, Table


class ChildWants(Struct, frozen=True):
    """What is kept of an endpoint's records for other endpoints: the fields that each child is asked with, and licence flags."""

    children: tuple[tuple[Field, ...], ...] = ()
    flags: tuple[Select, ...] = ()

    @staticmethod
    def of(vendor: Vendor, name: str) -> ChildWants:
        """Say what a vendor's other endpoints want of the one of that name."""
        below = (other.parents() for other in vendor.children.get(name, ()))
        children = dict.fromkeys(fields for fields in below if fields[0].endpoint == name)
        licences = [other.licence[1] for other in vendor.endpoints.values() if other.licence and other.licence[0] == name]
        return ChildWants(tuple(children), tuple({select.text: select for select in licences}.values()))


class ChainStore:
    """The pages of one chain, on their way into its endpoint's files; counted apart, because a chain is kept or read anew as a whole."""

    def __init__(self, store: Store, chain: Chain, trail: Trail, number: int) -> None:
        """Nothing came yet."""
        self.store, self.chain, self.trail, self.number = store, chain, trail, number
        self.tally = Tally()
        self._leans: set[str] = set()
        self._forms: dict[str, None] = {}
        self._held: set[str] = set()
        self._notes: tuple[str, ...] = ()
        self.span = (rfc3339(chain.window.start), rfc3339(chain.window.end)) if chain.window is not None else None
        self.public = store.public(chain)

    def take(self, request: Request, page: Page, answered: Answered, trail: Trail) -> None:
        """Write one page: its records and its line in the page list. Raises DiskError."""
        store, tally = self.store, self.tally
        if page.total is not None and trail.announced.first is None:
            tally.announced += page.total
        if page.form is not None:
            self._forms[page.form] = store.forms[page.form] = None
        beside = store.beside(request.chain)
        sifted = trail.take(page, [table for _, table in beside])
        self._leans.update(beside[place][0] for place in sifted.leant)
        known = sifted.known
        tally.totals += page.total is not None
        tally.duplicates += 0 if trail.readings > 1 else len(known)
        tally.same_key += sifted.same_key
        tally.others += sifted.others
        if page.others:
            tally.named = (tally.named or 0) + page.named
            self._held |= page.held
            store.held |= page.held
        tally.pages += 1
        records = [record for index, record in enumerate(page.records) if index not in known] if known else page.records
        store.learn(records)
        store.open_ways(request.chain.row, page.records, known)
        self._write(request, (store.text(records, None if known else sifted.lines), len(records)), answered, trail)

    def _write(self, request: Request, kept: tuple[bytes, int], answered: Answered, trail: Trail) -> None:
        first = lines = 0
        endpoint = self.store.endpoint
        if endpoint.fields is not None:
            table = self.store.sink.table(endpoint.name)
            first, lines = table.lines + 1, kept[1]
            if lines:
                trail.ranges.extend(table.write(*kept))
        self.tally.records += kept[1]
        self._note(request, answered, first, lines)

    def refused(self, request: Request, answered: Answered) -> None:
        """Write the page line of an answer without records. Raises DiskError."""
        self._note(request, answered, 0, 0)

    def _note(self, request: Request, answered: Answered, first: int, lines: int) -> None:
        self.tally.astray += answered.astray
        told = _page_line(request, answered, self, (first, lines))
        self.store.page_list().later(ENCODER.encode(told) + b"\n")

    def put_down(self) -> None:
        """Write the lines of what was answered; those of a chain's last answer and of its end go in one. Raises DiskError."""
        self.store.page_list().flush()

    def read_again(self, trail: Trail) -> None:
        """Prepare to read a chain again: records that it wrote already are recognised and not written twice. Raises DiskError."""
        self.put_down()
        table = self.store.table()
        lines = table.read_back(trail.ranges) if table is not None and not trail.paired else iter(())
        trail.again(iter(lambda: list(islice(lines, BATCH)), []))

    def ended(self, notes: Iterable[str] = ()) -> None:
        """Take what is known at the end of a chain only. `notes` say how the list ended."""
        if self.trail.announced.first is not None:
            self.tally.expected = self.trail.announced.largest
        self._notes = tuple(notes)
        self.store.ended(self.tally, self._notes)

    def log(self, end: ChainEnd, asked: Request | None) -> None:
        """Note how it ended; `asked` was its first request. Raises DiskError."""
        store, tally = self.store, self.tally
        table = store.sink.existing(store.endpoint.name)
        total, tally.expected = tally.expected, None  # it stands beside the counts, and was added up when the chain ended
        told = EndLine(
            chain=self.number,
            end=end.outcome,
            received=end.received,
            file=table.state() if table is not None else NO_FILE,
            total=total,
            for_=self.public,
            window=self.span,
            reason=end.reason,
            final=end.final,
            known_by=store.known_by(asked) if asked is not None and end.outcome.whole else None,
            leans=tuple(sorted(self._leans)) if self._leans else (),
            notes=self._notes,
            forms=tuple(self._forms) if self._forms else (),
            held=tuple(sorted(self._held)) if self._held else (),
            found=tuple(sorted(store.keep.found)) if store.keep.found else (),
            counts=tally,
        )
        store.sink.table(store.listed).seal(ENCODER.encode(told))


class Store:
    """The files of one endpoint (`<name>.jsonl`, `<name>.pages.jsonl`), its counts, and what other endpoints need of its records."""

    def __init__(self, endpoint: Endpoint, sink: Sink, keep: FieldFilter, wanted: ChildWants, private: Container[str]) -> None:
        """The files are created with the first page. `private` names the values that belong to the person: no page line shows them."""
        self.endpoint, self.sink, self.keep, self._private = endpoint, sink, keep, private
        self.rows: dict[tuple[Field, ...], list[Row]] = {fields: [] for fields in wanted.children}
        self.flags: dict[str, Any] = {}
        self.missing: dict[str, int] = {}
        self.known_by: Callable[[Request], str | None] = lambda _: None
        self.forms: dict[str, None] = {}
        self.held: set[str] = set()
        self.chains = 0
        self.said: list[str] = []
        self._wanted = {one: parse_select(".".join(one.path)) for fields in wanted.children for one in fields}
        self._flags = wanted.flags
        self.listed = f"{endpoint.name}.pages"
        self._ends: Counter[str] = Counter()
        self._ended = Tally()
        self._open: list[Tally] = []
        self._tables: dict[tuple[Row, datetime, bool], list[Seen]] = {}

    @property
    def tally(self) -> Tally:
        """The counts of all chains so far."""
        total = Tally()
        for tally in (self._ended, *self._open):
            total.add(tally)
        return total

    @property
    def needs(self) -> Needs:
        """What decides, beside the chains themselves, which of them may stay after a break."""
        return Needs(in_full=self.keep.everything and self.endpoint.fields is not None, told=bool(self._wanted or self._flags))

    def begin(self, chain: Chain, trail: Trail | None = None) -> ChainStore:
        """Begin a chain."""
        self.chains += 1
        begun = ChainStore(self, chain, trail or self.trail(chain), self.chains)
        self._open.append(begun.tally)
        return begun

    def ended(self, tally: Tally, notes: Iterable[str]) -> None:
        """Take the counts and notes of a chain that has ended."""
        self._open = [one for one in self._open if one is not tally]
        self._ended.add(tally)
        self._ends.update(notes)

    def trail(self, chain: Chain) -> Trail:
        """Begin the progress of a chain, known to the chains of its neighbouring windows."""
        endpoint, pagination = self.endpoint, self.endpoint.pagination
        counted = pagination is not None and pagination.total is not None
        twice = counted or any(rule.means == "restart" for rule in endpoint.refusals.rules)
        unreadable = not self.keep.everything or endpoint.fields is None
        trail = Trail(endpoint.key, counted, paired=endpoint.overlaps or (twice and unreadable))
        self.remember(chain, trail.tables)
        return trail

    def remember(self, chain: Chain, tables: list[Seen]) -> None:
        """Let the chains of neighbouring windows know what a chain received."""
        if chain.window is not None:
            self._tables[chain.row, chain.window.start, True] = tables
            self._tables[chain.row, chain.window.end, False] = tables

    def beside(self, chain: Chain) -> list[tuple[str, Seen]]:
        """Give what the windows before and after this one remember, each with its side."""
        if chain.window is None:
            return []
        around = ((BEFORE, (chain.row, chain.window.start, False)), (AFTER, (chain.row, chain.window.end, True)))
        return [(side, table) for side, place in around for table in self._tables.get(place, ())]

    def stayed(self, end: EndLine) -> None:
        """Count a chain that ended before the run broke off."""
        self.ended(end.tally, end.notes)
        self.forms.update(dict.fromkeys(end.forms))
        self.held.update(end.held)
        self.keep.found.update(end.found)
        self.chains = max(self.chains, end.chain)

    def told(self, chain: Chain, records: Sequence[bytes]) -> None:
        """Take what others need of records that a chain wrote before the run broke off."""
        if self._flags or self._wanted:
            self.learn(records)
            self.open_ways(chain.row, records, frozenset())

    def page_list(self) -> Table:
        """Give the list of pages. Raises DiskError."""
        return self.sink.table(self.listed)

    def text(self, records: Sequence[Any], lines: bytes | None) -> bytes:
        """Give the records as lines, with the chosen fields; `lines` are those with all fields, where they are at hand."""
        if not self.keep.everything:
            return lines_of([self.keep.project(record) for record in records])
        return lines_of(records) if lines is None else lines

    def public(self, chain: Chain) -> dict[str, str]:
        """Give the values of a chain that come from the spec (`for`, also of its parents), not from the person or account."""
        return {name: value for name, value in chain.row if "." not in name and name not in self._private}

    def learn(self, records: Sequence[Any]) -> None:
        """Keep the values of licence flags; one that differs between records, or stands twice in one, becomes UNCLEAR."""
        for select in self._flags:
            for record in records:
                value = select.search(lossless_json.loads(bytes(record)))
                value = UNCLEAR if twice_in([record], select.steps or ()) else value
                if value is not None:
                    self.flags[select.text] = value if self.flags.get(select.text, value) == value else UNCLEAR

    def open_ways(self, row: Row, records: Sequence[Any], known: AbstractSet[int]) -> None:
        """Keep the values that children are asked with; of duplicates too, because their row may hold other values."""
        if not self._wanted or not records:
            return
        columns = dict(zip(self._wanted, request_values(records, self._wanted.values()), strict=True))
        for wanted, texts in columns.items():
            absent = texts.count(None) - sum(texts[index] is None for index in known)
            if absent:
                self.missing[wanted.name] = self.missing.get(wanted.name, 0) + absent
        for fields, rows in self.rows.items():
            for values in zip(*(columns[one] for one in fields), strict=True):
                found = tuple((one.name, text) for one, text in zip(fields, values, strict=True) if text is not None)
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
        tally = self.tally
        notes = [f"{counted(count, 'record')} without `{name}`" for name, count in sorted(self.missing.items())]
        if tally.others:
            whose = "of other people" if tally.named else "not shown to be the person's"
            notes.append(f"{counted(tally.others, 'record')} {whose} {_were(tally.others)} left out")
        pagination = self.endpoint.pagination
        if pagination is not None and pagination.total is not None and tally.pages and (self.forms or not tally.totals):
            told = " and ".join(f"as {form}" for form in self.forms)
            words = f"`{pagination.total.text}` came {told}" if told else f"no answer announced `{pagination.total.text}`"
            notes.append(f"{words}: that the list is whole was not checked by its count")
        if tally.duplicates and not self.endpoint.overlaps:  # of windows the number says enough: neighbours share their boundary
            said = f"came a second time in the same bytes, and {_were(tally.duplicates)} left out"
            notes.append(f"{counted(tally.duplicates, 'record')} {said}")
        notes += [words if count == 1 else f"{words} ({count} lists)" for words, count in self._ends.items()]
        if tally.astray:
            notes.append(f"{counted(tally.astray, 'answer')} {LED_AWAY}")
        if tally.records and not self.keep.everything:
            notes += [f"no record has the field `{name}`" for name in self.keep.unseen()]
        return (*notes, *self.said)


BATCH = 1000
PERSONAL, HIDDEN = re.compile(r"@|%40"), "(an e-mail address)"
UNCLEAR = "unclear"
LED_AWAY = "came from an address without the person's value: nothing proves whose they are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _page_line(request: Request, answered: Answered, chain: ChainStore, written: tuple[int, int]) -> dict[str, object]:
    first, lines = written
    parents = {name: HIDDEN if PERSONAL.search(str(value)) else str(value) for name, value in request.chain.row if "." in name}
    return {
        "request": described(request, chain.public),
        "page": request.page,
        "chain": chain.number,
        **({"for": chain.public} if chain.public else {}),
        **({"of": parents} if parents else {}),
        **({"window": chain.span} if chain.span else {}),
        "status": answered.response.status,
        "first_line": first,
        "lines": lines,
        "sent_at": rfc3339(answered.sent_at, "milliseconds"),
        "waited": round(answered.waited, 3),
        "seconds": round(answered.response.seconds, 3),
        **({"bucket": bucket} if (bucket := request.endpoint.bucket) else {}),
        **({"retries": answered.retries} if answered.retries else {}),
        **({"earlier": [_earlier_try(one) for one in answered.earlier]} if answered.earlier else {}),
        **({"redirects": list(answered.redirects)} if answered.redirects else {}),
        "sha256": answered.sha256,
    }


def _earlier_try(one: EarlierTry) -> dict[str, object]:
    sent_at = rfc3339(one.sent_at, "milliseconds")
    return {"status": one.status, "sent_at": sent_at, "waited": round(one.waited, 3), "seconds": round(one.seconds, 3)}
