"""The files that records point to: counted always, downloaded with `--files`, each named by its record's line.

Addresses are read back from the endpoint's own file, so a list of any length costs no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from engine.core.ledger import Entry, Outcome
from engine.core.retry import backoff
from engine.net.download import Downloaded, download
from engine.runner.given import Tools
from engine.runner.store import Store
from engine.sink import Sink
from engine.spec import exact
from engine.spec.effective import Endpoint
from engine.spec.model import FileRule

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Link:
    """One file of a record: its line, its number there, its address and the size the vendor tells."""

    line: int
    number: int
    address: str = field(repr=False)
    size: int | None


def links(rules: tuple[FileRule, ...], record: Any, line: int) -> Iterator[Link]:
    """Read a record's addresses; the same one twice is one file."""
    number, seen = 0, set[str]()
    for rule in rules:
        elements = rule.each.search(record) if rule.each else [record]
        for element in elements if isinstance(elements, list) else [elements]:
            found = rule.address.search(element)
            size = exact.text_of(rule.size.search(element)) if rule.size else None
            for address in found if isinstance(found, list) else [found]:
                if isinstance(address, str) and address and address not in seen:
                    seen.add(address)
                    number += 1
                    yield Link(line, number, address, int(size) if size and size.isdigit() else None)


@dataclass
class Files:
    """The downloads of one run."""

    sink: Sink
    tools: Tools
    enabled: bool
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    def cut(self, entry: Entry, reason: str) -> Entry:
        """Say of an endpoint whose files were still on their way that they are missing."""
        entry = replace(entry, files=self.counts.get(entry.name))
        if entry.name not in self.under_way:
            return entry
        reason = f"{entry.reason}; {reason}" if entry.reason and reason not in entry.reason else reason
        return replace(entry, outcome=Outcome.PARTIAL if entry.outcome.whole else entry.outcome, reason=reason)

    async def of(self, endpoint: Endpoint, entry: Entry, store: Store) -> Entry:
        """Count an endpoint's files, fetch them where that was asked for, and add both to its entry. Raises DiskError."""
        table = store.table()
        if not endpoint.files or table is None:
            return entry
        counted = {"found": 0, "bytes_announced": 0, "unknown_size": 0, "downloaded": 0, "bytes": 0, "failed": 0}
        for link in self._links(endpoint, table.path):
            counted["found"] += 1
            counted["bytes_announced"] += link.size or 0
            counted["unknown_size"] += link.size is None
        self.counts[endpoint.name] = counted
        if not self.enabled or not counted["found"]:
            return replace(entry, files=counted)
        self.under_way.add(endpoint.name)
        fetched = await self._fetch(endpoint, entry, counted, table.path)
        self.under_way.discard(endpoint.name)
        return fetched

    def _links(self, endpoint: Endpoint, path: Path) -> Iterator[Link]:
        with path.open("rb") as stream:
            for line, record in enumerate(stream, 1):
                yield from links(endpoint.files, exact.loads(record), line)

    async def _fetch(self, endpoint: Endpoint, entry: Entry, state: dict[str, int], path: Path) -> Entry:
        folder = self.sink.files_folder(endpoint.name)
        index = self.sink.table(f"{endpoint.name}.files")
        waiting = self._links(endpoint, path)

        async def work() -> None:
            for link in waiting:
                name = f"{link.line:06d}-{link.number}"
                result = await download(self.tools.transport, link.address, folder / name, self._pause)  # type: ignore[arg-type]
                line: dict[str, object] = {"record_line": link.line, "number": link.number, "size_announced": link.size}
                if isinstance(result, Downloaded):
                    state["downloaded"] += 1
                    state["bytes"] += result.size
                    line |= {"file": f"files/{endpoint.name}/{result.path.name}", "bytes": result.size, "sha256": result.sha256}
                else:
                    state["failed"] += 1
                    line |= {"file": None, "reason": result.words}
                index.write(msgspec.json.encode(line) + b"\n", 1)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
        entry = replace(entry, files=state)
        if state["failed"]:
            words = f"{state['failed']} of {state['found']} files could not be fetched"
            reason = f"{entry.reason}; {words}" if entry.reason else words
            return replace(entry, outcome=Outcome.PARTIAL if entry.outcome.whole else entry.outcome, reason=reason)
        return entry

    async def _pause(self, attempt: int) -> None:
        await self.tools.clock.sleep(backoff(attempt, self.tools.clock.dice(), self.tools.patience))
