"""Run one access request from start to manifest: discover, look up the person, read every endpoint, write the manifest.

After an interrupt, a full disk, a dead credential or a bug of Habeas too, what was received is kept and the manifest says
what is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from engine.core.chain import Chain, Unresolved, distinct_rows
from engine.core.field_filter import FieldFilter
from engine.core.identity import Identifier
from engine.core.ledger import (
    BY_ORDER,
    WITHOUT_PERSON,
    ChainEnd,
    Entry,
    Outcome,
    Subject,
    Tally,
    at_most_partial,
    exit_code,
    heirs,
    inherited_entry,
    replaced,
)
from engine.core.plan import endpoint_windows
from engine.core.rendering import address_of
from engine.core.resume import known_by
from engine.core.scopes import unallowed
from engine.core.subject import LookupResult, possible
from engine.core.window import rfc3339
from engine.errors import DiskError, Exit, defect
from engine.language.effective import Endpoint, Row
from engine.language.expressions.template import IDENTIFIERS, parse_path
from engine.replaced import replace
from engine.runner.endpoint import EndpointRun
from engine.runner.files import Files
from engine.runner.interface import Earlier, Report, RunOptions, Session
from engine.runner.manifest import AskedPerson, ConnectionFacts, RunEnd, manifest, manifest_head
from engine.runner.person import Search
from engine.runner.store import ChildWants, Store
from engine.sink import Sink


def unwrap_group(error: ExceptionGroup[DiskError] | DiskError) -> DiskError:
    """Give the first error of an exception group, which may hold groups."""
    return unwrap_group(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


class Run:
    """One access request: one person at one vendor, written into one folder. `run` is called once."""

    def __init__(
        self, session: Session, person: Mapping[str, Identifier], options: RunOptions, out: Path, earlier: Earlier | None = None
    ) -> None:
        """Prepare; nothing is sent or written before `run`. The result goes to `<out>/<vendor>/`, or on in the folder of `earlier`."""
        self.session, self.person, self.options, self.earlier = session, person, options, earlier
        self.vendor = vendor = session.vendor
        self.sink = sink = Sink(out / vendor.name if earlier is None else earlier.folder)
        self.client = session.client()
        self.facts = session.facts or session.own_facts(self.client)
        self.account, self.discovered = self.facts.account, Tally()
        self.search = Search(vendor, person, self.client, self.facts, options.probe)
        self.runs: dict[str, EndpointRun] = {}
        self.entries: dict[str, Entry] = {}
        self.lists: dict[str, Entry] = {}
        self.done = {name: asyncio.Event() for name in vendor.endpoints}
        self.files = Files(sink, self.client, vendor.base_url, enabled=options.files, largest=options.largest_file)
        self.files.resumed = earlier is not None
        self.private = frozenset((*IDENTIFIERS, *vendor.captured, *vendor.given, *self.account.names))
        self.lookup_store = Store(replace(vendor.lookups[0], name="lookup"), sink, FieldFilter(), ChildWants(), self.private)
        self.signal: Exit | None = None
        self.error: DiskError | None = None
        self.defect: str | None = None
        self.listener_error: BaseException | None = None
        self.successors = {name: one.replaces for name, one in vendor.endpoints.items() if one.replaces}
        self.heirs = {name: heirs(name, self.successors) for name in vendor.endpoints}
        self.resumed = session.clock.now() if earlier is not None else None
        self.started = earlier.started if earlier is not None else session.clock.now()
        self._body: asyncio.Task[None] | None = None
        self._cut: str | None = None

    def interrupt(self, signal: Exit) -> None:
        """End the run now: what was received is kept, and `signal` becomes its exit code."""
        self.signal = signal
        self._stop("interrupted")

    def _stop(self, words: str) -> None:
        self._cut = self._cut or words
        if self._body is not None:
            self._body.cancel()

    async def run(self) -> Report:
        """Fetch everything and write the manifest.

        Raises OutputError (the folder exists or cannot be made; nothing was sent), DiskError (not even the manifest could be written).

        A cancellation from outside ends the run as an interrupt does: the manifest is written, then CancelledError is raised.
        What `ended` raises is raised then too; only a KeyboardInterrupt, SystemExit or the like ends the run.
        """
        try:
            self._begin()
            return await self._run()
        finally:
            self.sink.release()

    def _begin(self) -> None:
        """Make the folder, or take it over. The manifest says from now on that the run has not ended."""
        if self.earlier is None:
            self.sink.prepare(self._head())
        else:
            self.sink.reopen()
            self.sink.head(self._head())
            self.sink.forget("lookup")

    def _head(self) -> dict[str, object]:
        before = self.earlier.resumed if self.earlier is not None else ()
        resumed = (*before, rfc3339(self.resumed)) if self.resumed is not None else ()
        return manifest_head(self.session, self.options, self.started, tuple(sorted(self.person)), resumed)

    async def _run(self) -> Report:
        self._body, cancelled = asyncio.create_task(self._fetch()), False
        if self._cut is not None:
            self._body.cancel()
        try:
            while not self._body.done():
                try:
                    await asyncio.wait((self._body,))
                except asyncio.CancelledError:
                    cancelled = True
                    self.interrupt(Exit.INTERRUPTED)
        finally:
            self._close()
        if not self._body.cancelled():
            self._body.result()
        report = self._report()
        if cancelled:
            raise asyncio.CancelledError
        if self.listener_error is not None:
            raise self.listener_error
        return report

    def _close(self) -> None:
        """Close every file; what cannot be written then is told like any other write that the disk refused."""
        try:
            self.sink.close()
        except DiskError as error:
            self._disk(error)

    async def finish_verify(self) -> None:
        """Ask `verify` again where the run ended before it was answered: a recording of the run needs its answer."""
        if self.search.unanswered:
            await self.facts.verify()

    async def _fetch(self) -> None:
        try:
            await self._prepare()
            async with asyncio.TaskGroup() as group:
                await self._answer(await self.search.run(group))
                self.search.settle()
        except* Exception as group:  # noqa: BLE001  what was received must be delivered, and marked, even then
            self.defect = self.defect or defect(group)

    async def _prepare(self) -> None:
        """Send the `discover` requests that this run needs; the address of `verify` may depend on their answers."""
        vendor = self.vendor
        if self.session.credentials.from_token:
            await self.client.prepare()  # a new token may come with another address
        wanted = [one for name, one in vendor.endpoints.items() if name not in self.options.selection.excluded]
        self._learn_addresses()
        await self.facts.discover([vendor.verify, *possible(vendor, self.person), *wanted], self.discovered)
        self._learn_addresses()

    def _learn_addresses(self) -> None:
        """Give the client its `verify` request and the files their base address, as soon as the account's values complete them."""
        self.facts.teach(self.client)
        base_url = parse_path(self.vendor.base_url)
        with contextlib.suppress(Unresolved):
            if not isinstance(row := self.account.complete(replace(self.vendor.verify, address=base_url), ()), ChainEnd):
                self.files.base_url = address_of(base_url, Chain(self.vendor.verify, row))

    async def _answer(self, found: LookupResult) -> None:
        """Ask every endpoint about the person, side by side."""
        if found.subject is not Subject.MATCHED:
            return
        try:
            self.search.deliver(self.lookup_store)
        except DiskError as error:
            self._disk(error)
        rows = tuple(self.search.identifiers() + row for row in found.rows)
        async with asyncio.TaskGroup() as group:
            for endpoint in self.vendor.endpoints.values():
                group.create_task(self._guard(self._endpoint(endpoint, rows)))

    async def _guard(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except* DiskError as group:
            self._disk(unwrap_group(group))

    def _disk(self, error: DiskError) -> None:
        """End the run: nothing more can be kept."""
        self.error = self.error or error
        self._stop("the disk is full" if "full" in str(error) else "the disk refused a write")

    async def _endpoint(self, endpoint: Endpoint, rows: tuple[Row, ...]) -> None:
        entry: Entry | None = None
        broken: str | None = None
        try:
            entry = await self._asked(endpoint, rows)
        except* DiskError as group:
            self._disk(unwrap_group(group))
        except* Exception as group:  # noqa: BLE001  one endpoint's defect must not cost the others, nor what it received
            broken = defect(group)
            self.defect = self.defect or broken
        finally:
            reason = self._cut or broken
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
                    self.listener_error = self.listener_error or error
                    if not isinstance(error, Exception):
                        self.interrupt(Exit.INTERRUPTED)

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
        if name in self.vendor.discover:
            return self.account.entries[name]
        await self.done[name].wait()
        return self.lists[name]

    def _rows(self, endpoint: Endpoint, persons: tuple[Row, ...]) -> tuple[Row, ...]:
        """Give one row of values per record of the parent."""
        fields = endpoint.parents()
        if fields[0].endpoint in self.vendor.discover:
            return tuple(row for person in persons for row in self.account.rows_for(fields, person))
        return tuple(self.runs[fields[0].endpoint].store.rows[fields])

    def _used(self, endpoint: Endpoint) -> frozenset[str]:
        """Name the values that the requests of an endpoint, or of its children, are sent with."""
        names = {hole.name for hole in endpoint.holes()} | {one.name for one in endpoint.fields_used}
        for name in [hole.name for hole in endpoint.holes() if hole.name in self.account.names]:
            names |= self.account.rows_of(name)
        return frozenset(names).union(*(self._used(child) for child in self.vendor.children.get(endpoint.name, ())))

    def _childless(self, endpoint: Endpoint, parent: Entry) -> Entry:
        """Give the entry of an endpoint whose parent gave no value to ask with: empty, or failed where its records lack the field."""
        field = endpoint.parents()[0]
        if parent.tally.records and not self.account.rows.get(endpoint.parents()):
            return Entry(endpoint.name, Outcome.FAILED, f"no record of {field.endpoint} has the field `{field.name}`")
        outcome, reason = at_most_partial(parent, Outcome.EMPTY, None)
        return Entry(endpoint.name, outcome, reason)

    def _open(self, endpoint: Endpoint, rows: tuple[Row, ...], parent: Entry | None) -> EndpointRun:
        keep = self.options.selection.keeps.get(endpoint.name) or FieldFilter(endpoint.fields or ())
        store = Store(endpoint, self.sink, keep, ChildWants.of(self.vendor, endpoint.name), self.private)

        async def licensed() -> bool | None:
            return await self._flag(endpoint)

        above = endpoint.parents()
        if parent is not None and parent.name in self.vendor.discover and self.account.lacking(above):
            store.missing[above[0].name] = self.account.lacking(above)
        spans = endpoint_windows(endpoint, self.started, self.options.narrow)
        store.known_by = lambda request: known_by(self.options.chain_key, request, self.client.personal)
        resumed = self.resumed
        if self.earlier is not None and endpoint.name in self.earlier.changed:
            self.sink.forget(endpoint.name)
            resumed = None
        run = EndpointRun(endpoint, rows, spans, self.client, store, licensed, parent, self.account, resumed=resumed)
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

    def _report(self) -> Report:
        found = self.search.found or LookupResult(Subject.UNPROVEN, self._cut or self.defect or "the look-up did not end")
        entries = self._final(found)
        code = exit_code(found.subject, entries.values(), dead=self.client.dead, signal=self.signal)
        if self.error is not None and code is Exit.COMPLETE:
            code = Exit.INCOMPLETE
        if self.defect is not None and self.signal is None:
            code = Exit.DEFECT
        interrupted = self.signal is not None
        ended = RunEnd(self.session.clock.now(), self._connection(), interrupted, self.error, self.defect)
        tally, described = self.search.tally, self.lookup_store.described() or {}
        asked = {"requests": tally.requests + self.discovered.requests, "retries": tally.retries + self.discovered.retries}
        lookup = {**asked, "others": self.search.others, **described}
        finished = self._swept(found, entries)
        content = manifest(self._head(), self.vendor, ended, AskedPerson(found, lookup), entries, self.sink.described())
        if finished:
            self.sink.manifest(content)
        else:
            content["finished"] = None
            code = Exit.INCOMPLETE if code is Exit.COMPLETE else code
        return Report(
            code,
            found,
            entries,
            content,
            self.sink.folder,
            self.error,
            self.client.end.words if self.client.end else None,
            self.defect,
            self.options.files,
            self.search.asked,
            finished=finished,
            kept={name: (run.kept, run.slices) for name, run in self.runs.items() if run.kept},
            kept_files=self.files.kept,
        )

    def _swept(self, found: LookupResult, entries: Mapping[str, Entry]) -> bool:
        """Delete what a break left of endpoints that need nothing more; False where one that is not whole still has what was not looked at.

        Such a run has not ended: what was fetched before stays as it is, and the next attempt goes on from it.
        """
        if self.earlier is None:
            return True
        left = [name for name in self.vendor.endpoints if name not in self.runs or not self.runs[name].taken_over]
        matched = found.subject is Subject.MATCHED
        if any(self.sink.holds(name) and not (matched and entries[name].outcome.whole) for name in left):
            return False
        for name in left:
            self.sink.forget(name)
        return True

    def _connection(self) -> ConnectionFacts:
        """Say what the connection's own check came to, and when the account was asked."""
        facts = self.facts
        return ConnectionFacts(self.search.verified, facts.verified_at, facts.probed_at, facts.discovered_at)

    def _final(self, found: LookupResult) -> dict[str, Entry]:
        """Give every endpoint's entry, in the spec's order; one that was never asked gets an entry with the reason."""
        entries: dict[str, Entry] = {}
        for name in self.vendor.endpoints:
            if found.subject is not Subject.MATCHED:
                absent = found.subject is Subject.NO_MATCH
                outcome = Outcome.ABSENT if absent else Outcome.FAILED
                entries[name] = Entry(name, outcome, f"{WITHOUT_PERSON} {found.subject}: {found.reason}")
            else:
                cut = Entry(name, Outcome.FAILED, self._cut or "not asked")
                entries[name] = self.entries.get(name, cut)
        return replaced(entries, self.successors)
