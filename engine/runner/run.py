"""Run one access request from start to manifest: discover, look up the person, read every endpoint, write the manifest.

After an interrupt, a full disk, a dead credential or a bug of Habeas too, what was received is kept and the manifest says
what is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from engine.connection.uninterrupted import finished
from engine.core.chain import Chain, Unresolved
from engine.core.field_filter import FieldFilter
from engine.core.identity import Identifier
from engine.core.ledger import (
    WITHOUT_PERSON,
    ChainEnd,
    Entry,
    Outcome,
    Subject,
    Tally,
    exit_code,
)
from engine.core.rendering import address_of
from engine.core.subject import LookupResult, possible
from engine.core.window import rfc3339
from engine.errors import DiskError, Exit, defect
from engine.language.expressions.template import IDENTIFIERS, parse_path
from engine.replaced import replace
from engine.runner.endpoints import AskedEndpoints
from engine.runner.files import Files
from engine.runner.interface import Earlier, Report, RunOptions, Session
from engine.runner.manifest import AskedPerson, ConnectionFacts, RunEnd, manifest, manifest_head
from engine.runner.person import Search
from engine.runner.run_cut import RunCut
from engine.runner.store import ChildWants, Store
from engine.sink import Sink


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
        self.files = Files(sink, self.client, vendor.base_url, enabled=options.files, largest=options.largest_file)
        self.files.resumed = earlier is not None
        private = frozenset((*IDENTIFIERS, *vendor.captured, *vendor.given, *self.account.names))
        self.lookup_store = Store(replace(vendor.lookups[0], name="lookup"), sink, FieldFilter(), ChildWants(), private)
        self.cut = RunCut()
        self.resumed = session.clock.now() if earlier is not None else None
        self.started = earlier.started if earlier is not None else session.clock.now()
        changed = earlier.changed if earlier is not None else frozenset()
        self.endpoints = AskedEndpoints(
            session, options, sink, self.search, self.files, self.cut, private, self.started, self.resumed, changed
        )
        self.runs, self.entries = self.endpoints.runs, self.endpoints.entries

    def interrupt(self, signal: Exit) -> None:
        """End the run now: what was received is kept, and `signal` becomes its exit code."""
        self.cut.interrupt(signal)

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
        body, cancelled = asyncio.create_task(self._fetch()), False
        work = (body, asyncio.create_task(self.sink.room_on_disk())) if self.session.alone else (body,)
        self.cut.ends(body)
        try:
            while not all(task.done() for task in work):
                try:
                    await asyncio.wait(work)
                except asyncio.CancelledError:
                    cancelled = True
                    self.interrupt(Exit.INTERRUPTED)
        finally:
            self._close()
        if not body.cancelled():
            body.result()
        report = self._report()
        if report.finished:
            await finished(self.sink.manifest(report.manifest))
        if cancelled:
            raise asyncio.CancelledError
        if self.cut.listener_error is not None:
            raise self.cut.listener_error
        return report

    def _close(self) -> None:
        """Close every file; what cannot be written then is told like any other write that the disk refused."""
        try:
            self.sink.close()
        except DiskError as error:
            self.cut.disk(error)

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
            self.cut.broken(defect(group))

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
            self.cut.disk(error)
        await self.endpoints.ask(tuple(self.search.identifiers() + row for row in found.rows))

    def _report(self) -> Report:
        cut = self.cut
        found = self.search.found or LookupResult(Subject.UNPROVEN, cut.words or cut.defect or "the look-up did not end")
        entries = self._final(found)
        code = exit_code(found.subject, entries.values(), dead=self.client.dead, signal=cut.signal)
        if cut.error is not None and code is Exit.COMPLETE:
            code = Exit.INCOMPLETE
        if cut.defect is not None and cut.signal is None:
            code = Exit.DEFECT
        ended = RunEnd(self.session.clock.now(), self._connection(), cut.signal is not None, cut.error, cut.defect)
        tally, described = self.search.tally, self.lookup_store.described() or {}
        asked = {"requests": tally.requests + self.discovered.requests, "retries": tally.retries + self.discovered.retries}
        lookup = {**asked, "others": self.search.others, **described}
        ended_whole = self._swept(found, entries)
        content = manifest(self._head(), self.vendor, ended, AskedPerson(found, lookup), entries, self.sink.described())
        if not ended_whole:
            content["finished"] = None
            code = Exit.INCOMPLETE if code is Exit.COMPLETE else code
        return Report(
            code,
            found,
            entries,
            content,
            self.sink.folder,
            cut.error,
            self.client.end.words if self.client.end else None,
            cut.defect,
            self.options.files,
            self.search.asked,
            finished=ended_whole,
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
        if found.subject is Subject.MATCHED:
            return self.endpoints.final()
        outcome = Outcome.ABSENT if found.subject is Subject.NO_MATCH else Outcome.FAILED
        reason = f"{WITHOUT_PERSON} {found.subject}: {found.reason}"
        return {name: Entry(name, outcome, reason, again_at=found.again_at) for name in self.vendor.endpoints}
