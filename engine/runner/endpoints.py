"""Ask every endpoint about the person, side by side: who waits for whom, with which values each is asked, and what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from datetime import datetime

from msgspec import Struct, field

from engine.core.chain import distinct_rows
from engine.core.field_filter import FieldFilter
from engine.core.ledger import BY_ORDER, Entry, Outcome, at_most_partial, heirs, inherited_entry, replaced
from engine.core.plan import endpoint_windows
from engine.core.request import Request
from engine.core.resume import known_by
from engine.core.scopes import unallowed
from engine.discreet import Discreet
from engine.errors import DiskError, defect
from engine.language.effective import Endpoint, Row
from engine.runner.endpoint import EndpointRun
from engine.runner.files import Files
from engine.runner.interface import RunOptions, Session
from engine.runner.person import Search
from engine.runner.run_cut import RunCut, unwrap_group
from engine.runner.store import ChildWants, Store
from engine.sink import Sink


class AskedEndpoints(Discreet, Struct, eq=False):
    """The endpoints of one run: `runs` of those that were asked, `entries` of those that have ended, `lists` once their list was read.

    `private` names the values that belong to the person. A run that goes on was `resumed` then, and reads anew what has `changed`.
    """

    HIDDEN = ("search",)

    session: Session
    options: RunOptions
    sink: Sink
    search: Search
    files: Files
    cut: RunCut
    private: Container[str]
    started: datetime
    resumed: datetime | None = None
    changed: frozenset[str] = frozenset()
    runs: dict[str, EndpointRun] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    lists: dict[str, Entry] = field(default_factory=dict)
    done: dict[str, asyncio.Event] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)
    heirs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known_by: Callable[[Request], str | None] = lambda _: None

    def __post_init__(self) -> None:
        """Nobody was asked yet."""
        self.known_by = known_by(self.options.chain_key, self.search.client.personal)
        for name, endpoint in self.search.vendor.endpoints.items():
            self.done[name] = asyncio.Event()
            if endpoint.replaces:
                self.successors[name] = endpoint.replaces
        self.heirs.update({name: heirs(name, self.successors) for name in self.done})

    async def ask(self, rows: tuple[Row, ...]) -> None:
        """Ask all of them, for each of these rows of a person's values."""
        async with asyncio.TaskGroup() as group:
            for endpoint in self.search.vendor.endpoints.values():
                group.create_task(self._guard(self._ask(endpoint, rows)))

    async def _guard(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except* DiskError as group:
            self.cut.disk(unwrap_group(group))

    async def _ask(self, endpoint: Endpoint, rows: tuple[Row, ...]) -> None:
        entry: Entry | None = None
        broken: str | None = None
        try:
            entry = await self._asked(endpoint, rows)
        except* DiskError as group:
            self.cut.disk(unwrap_group(group))
        except* Exception as group:  # noqa: BLE001  one endpoint's defect must not cost the others, nor what it received
            broken = defect(group)
            self.cut.broken(broken)
        finally:
            reason = self.cut.words or broken
            if entry is None and endpoint.name in self.runs:
                entry = self.files.cut(self.runs[endpoint.name].entry(reason), reason or "its files are missing")
            if entry is None and broken is not None:
                entry = Entry(endpoint.name, Outcome.FAILED, broken)
            if entry is not None:
                self.entries[endpoint.name] = entry
                self.lists.setdefault(endpoint.name, entry)
            self.done[endpoint.name].set()
        if entry is not None:
            self._tell(endpoint.name)

    def _tell(self, name: str) -> None:
        """Call `ended` with an endpoint's entry, once it is known whether an endpoint that replaces it succeeded."""
        entries = replaced(self.entries, self.successors)
        waited = [one for one in entries if name in self.heirs[one]]
        for known in (name, *waited):
            if all(other in entries for other in self.heirs[known]):
                try:
                    self.session.ended(entries[known])
                except BaseException as error:  # noqa: BLE001  whoever listens must not cost the manifest; `run` raises it at its end
                    self.cut.listener(error)

    async def _asked(self, endpoint: Endpoint, rows: tuple[Row, ...]) -> Entry:
        """Read an endpoint to its end, or give the entry that says why it is not asked."""
        if endpoint.name in self.options.selection.excluded:
            return Entry(endpoint.name, Outcome.EXCLUDED, BY_ORDER)
        unasked = unallowed(endpoint, self.session.credentials.granted)
        if unasked is not None:
            return Entry(endpoint.name, *unasked)
        lacking = self.search.lacking(endpoint)
        if lacking is not None:
            return lacking
        parent = None
        if endpoint.parents() and not all(one.name in dict(rows[0]) for one in endpoint.parents()):
            parent = await self._parent(endpoint.parents()[0].endpoint)
            below = inherited_entry(parent, endpoint.name)
            if below is not None:
                return below
            rows = self._rows(endpoint, rows)
            if not rows:
                return self._childless(endpoint, parent)
        run = self._open(endpoint, distinct_rows(rows, self._used(endpoint)), parent)
        await run.run()
        entry = self.lists[endpoint.name] = run.entry()
        self.done[endpoint.name].set()  # children ask about the records: they wait for no file, and lack none
        return await self.files.of(endpoint, entry, run.store, run.joined)

    async def _parent(self, name: str) -> Entry:
        """Wait until the parent's list was read: another endpoint's, or one of `discover`."""
        if name in self.search.vendor.discover:
            return self.search.facts.account.entries[name]
        await self.done[name].wait()
        return self.lists[name]

    def _rows(self, endpoint: Endpoint, persons: tuple[Row, ...]) -> tuple[Row, ...]:
        """Give one row of values per record of the parent."""
        fields = endpoint.parents()
        if fields[0].endpoint in self.search.vendor.discover:
            return tuple(row for person in persons for row in self.search.facts.account.rows_for(fields, person))
        return tuple(self.runs[fields[0].endpoint].store.rows[fields])

    def _used(self, endpoint: Endpoint) -> frozenset[str]:
        """Name the values that the requests of an endpoint, or of its children, are sent with."""
        names = {hole.name for hole in endpoint.holes()} | {one.name for one in endpoint.fields_used}
        for name in [hole.name for hole in endpoint.holes() if hole.name in self.search.facts.account.names]:
            names |= self.search.facts.account.rows_of(name)
        return frozenset(names).union(*(self._used(child) for child in self.search.vendor.children.get(endpoint.name, ())))

    def _childless(self, endpoint: Endpoint, parent: Entry) -> Entry:
        """Give the entry of an endpoint whose parent gave no value to ask with: empty, or failed where its records lack the field."""
        field = endpoint.parents()[0]
        if parent.tally.records and not self.search.facts.account.rows.get(endpoint.parents()):
            return Entry(endpoint.name, Outcome.FAILED, f"no record of {field.endpoint} has the field `{field.name}`")
        outcome, reason = at_most_partial(parent, Outcome.EMPTY, None)
        return Entry(endpoint.name, outcome, reason)

    def _open(self, endpoint: Endpoint, rows: tuple[Row, ...], parent: Entry | None) -> EndpointRun:
        keep = self.options.selection.keeps.get(endpoint.name) or FieldFilter(endpoint.fields or ())
        store = Store(endpoint, self.sink, keep, ChildWants.of(self.search.vendor, endpoint.name), self.private)

        async def licensed() -> bool | None:
            return await self._flag(endpoint)

        above = endpoint.parents()
        if parent is not None and parent.name in self.search.vendor.discover and self.search.facts.account.lacking(above):
            store.missing[above[0].name] = self.search.facts.account.lacking(above)
        spans = endpoint_windows(endpoint, self.started, self.options.narrow)
        store.known_by = self.known_by
        resumed = self.resumed
        if endpoint.name in self.changed:
            self.sink.forget(endpoint.name)
            resumed = None
        run = EndpointRun(endpoint, rows, spans, self.search.client, store, licensed, parent, self.search.facts.account, resumed=resumed)
        run.taken_over = resumed is None
        self.runs[endpoint.name] = run
        return run

    async def _flag(self, endpoint: Endpoint) -> bool | None:
        """Wait for the endpoint that holds the licence flag, and give the flag; None where it is not known."""
        if endpoint.licence is None:
            return None
        name, select = endpoint.licence
        await self.done[name].wait()
        if endpoint.several and self.lists[name].outcome is not Outcome.COMPLETE:
            return None  # of some of the person's records it is not known
        flag = self.runs[name].store.flags.get(select.text) if name in self.runs else None
        return flag if isinstance(flag, bool) else None

    def final(self) -> dict[str, Entry]:
        """Give the entry of every endpoint, in the spec's order; one that was never asked gets an entry with the reason."""
        entries = {name: self.entries.get(name, Entry(name, Outcome.FAILED, self.cut.words or "not asked")) for name in self.done}
        return replaced(entries, self.successors)
