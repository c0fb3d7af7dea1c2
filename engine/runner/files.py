"""The files that records point to, such as recordings: count them, and with `--files` download them, named by their record's line.

Addresses are read back from the endpoint's own file, so a list of any length costs no memory.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from engine.core.field_filter import FieldFilter
from engine.core.file_check import LARGEST_FILE
from engine.core.http import NoAnswer, Response, resolved
from engine.core.ledger import MOST_REASONS, Entry, Outcome
from engine.core.retry import Tried, Verdict, Wait, decide
from engine.core.vendor_address import Standing, file_standing, own_values
from engine.core.window import rfc3339
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, reads, walk
from engine.language.model.spec import FileRule
from engine.language.model.words import Means
from engine.language.text.mistakes import counted
from engine.net.download import download
from engine.net.hosts import destination_of
from engine.net.partial_file import Downloaded, NoFile
from engine.replaced import replace
from engine.runner.client import Client
from engine.runner.kept_files import whole_files
from engine.runner.store import Store
from engine.sink import Sink

AT_ONCE = 4
MOST_AT_ONCE = 16
SIZE = re.compile(r"[0-9]{1,15}")
NOT_LOOKED_FOR = "its files were not looked for: the chosen fields leave their addresses out"
NO_TEXT = "where its address is read stands no text"
ASTRAY = "came from an address without the person's value: nothing proves whose"
SOME_NOT_LOOKED_FOR = "some of its files were not looked for: the chosen fields leave addresses out"


FileFault = tuple[bool, str]  # whether the file was kept all the same, and what is wrong with it


class FileLink(Discreet, Struct, frozen=True):
    """One file of a record: its line, its number there, its address (None: what stands there is none) and the size the vendor tells."""

    HIDDEN = ("address",)

    line: int
    number: int
    address: str | None
    size: int | None


def links(rules: tuple[FileRule, ...], record: Any, line: int) -> Iterator[FileLink]:
    """Read a record's addresses; the same one twice is one file. What stands in its place and is no text is a lost file."""
    number, seen = 0, set[str]()
    for rule in rules:
        for element in _found(rule.each, record) if rule.each else [record]:
            found = _found(rule.address, element)
            if not found and rule.each and not isinstance(element, dict):
                found = [None]  # a text, say, where a map with the address was
            size = lossless_json.text_of(rule.size.search(element)) if rule.size else None
            for address in found:
                text = address if isinstance(address, str) else None
                if text not in seen:
                    seen.update([text] if text is not None else ())
                    number += 1
                    yield FileLink(line, number, text, int(size) if size and SIZE.fullmatch(size) else None)


def _found(select: Select, value: Any) -> list[Any]:
    """Give what an expression finds; None alone where it reads a list (`files[].url`) and a map stands, in which it finds nothing."""
    found = list(_leaves(select.search(value)))
    before, bracket, _ = select.text.partition("[")
    mapped = walk(value, tuple(before.split("."))) if bracket and not found else None
    return [None] if mapped and isinstance(mapped, dict) else found


def _leaves(value: Any) -> Iterator[Any]:
    """Give what stands in lists of any depth, without what holds nothing."""
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value:
        yield value


class DownloadTimes(Struct):
    """When a download began (UTC, and by the loop's clock), how long it waited for the limit, and how often it was asked for again.

    `limited`: how many of these retries the vendor's limit was the reason for.
    """

    began: datetime
    at: float
    waited: float = 0.0
    retries: int = 0
    limited: int = 0

    def told(self, now: float) -> dict[str, object]:
        """Give what the line of a file holds of it."""
        times = {"began": rfc3339(self.began, "milliseconds"), "waited": round(self.waited, 3), "seconds": round(now - self.at, 3)}
        return {**times, "retries": self.retries}


class Leave(Discreet, Struct, frozen=True):
    """What `net/download.py` asks before each request for one file of an endpoint: rate limit, credential, whether to retry.

    `own` holds the values of the person, and of parents' records, that the endpoint was asked with: their names.
    """

    HIDDEN = ("own",)

    endpoint: Endpoint
    client: Client
    base_url: str
    own: Mapping[str, str]
    times: DownloadTimes

    def closed(self) -> str | None:
        """Give the reason why the credential must not be used any more; None while it may."""
        return self.client.end.words if self.client.end is not None else None

    @asynccontextmanager
    async def leave(self, url: str) -> AsyncIterator[int]:
        """Wait for the rate limit (of the vendor's API only), then give the generation of the credential in use."""
        await self.client.prepare()
        if not self._limited(url):
            yield self.client.credential.generation
            return
        async with self.client.limiter.slot(self.endpoint.bucket, self.endpoint.counted_as, self.client.person) as waited:
            self.times.waited += waited.seconds
            yield self.client.credential.generation

    def judge(self, tried: Tried, answer: Response | NoAnswer, *, own: bool) -> Verdict:
        """Decide what follows an answer (`core/retry.py`); `own`: the credential was sent. A 401 without it is final."""
        clock = self.client.clock
        means: Means | None = "failed" if isinstance(answer, Response) and answer.status == 401 and not own else None
        return decide(tried, answer, means, clock.now(), clock.dice(), self.client.patience)

    async def wait(self, url: str, wait: Wait) -> None:
        """Wait before an address is asked again: for the vendor's API the whole bucket waits, else only this file."""
        self.times.retries, self.times.limited = self.times.retries + 1, self.times.limited + wait.shared
        if wait.shared and self._limited(url):
            until = asyncio.get_running_loop().time() + wait.seconds
            self.client.limiter.hold(self.endpoint.bucket, until, self.endpoint.counted_as)
        else:
            await self.client.clock.sleep(wait.seconds)

    def whose(self, first: str, url: str) -> Standing:
        """Say whose value stands in an address to which the file's own led."""
        return file_standing(self.own, self.endpoint.usernames, first, url)

    async def renew(self, generation: int) -> str | None:
        """Renew the credential of this generation; gives None when a newer one is in use, else the reason."""
        words = await self.client.renew(generation)
        self.times.retries += words is None
        return words

    def _limited(self, url: str) -> bool:
        """Whether an address lies under `base_url`: the limits are those of the vendor's API, not of its storage."""
        below = urlsplit(self.base_url).path.rstrip("/") + "/"
        return destination_of(url) == destination_of(self.base_url) and urlsplit(url).path.startswith(below)


class Files(Struct):
    """The downloads of one run. `resumed`: it broke off before and goes on; `kept` counts the files that lay there whole then."""

    sink: Sink
    client: Client
    base_url: str
    enabled: bool
    largest: int = LARGEST_FILE
    counts: dict[str, dict[str, int]] = {}
    under_way: set[str] = set()
    retries: int = 0
    limited: int = 0
    resumed: bool = False
    kept: int = 0
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    def _whole(self, address: str) -> str:
        """Give a whole address where the vendor wrote only its path."""
        rooted = address.startswith("/") and not address.startswith("//")
        return (resolved(self.base_url, address) or address) if rooted else address

    def cut(self, entry: Entry, reason: str) -> Entry:
        """Give the entry of an endpoint that was cut off during its downloads: partial, with the reason."""
        state = self.counts.get(entry.name)
        entry = replace(entry, files=state)
        if entry.name not in self.under_way or (state is not None and state["downloaded"] == state["found"]):
            return entry  # the last of them may have arrived at the moment of the interrupt
        reason = f"{entry.reason}; {reason}" if entry.reason and reason not in entry.reason else reason
        return replace(entry, outcome=Outcome.PARTIAL if entry.outcome.whole else entry.outcome, reason=reason)

    async def of(self, endpoint: Endpoint, entry: Entry, store: Store, rows: Iterable[Row]) -> Entry:
        """Count an endpoint's files, fetch them where that was asked for, and add both to its entry. Raises DiskError.

        `rows` are those it was asked for.
        """
        table = store.table()
        if not endpoint.files or table is None:
            return entry
        state = {"found": 0, "bytes_announced": 0, "unknown_size": 0, "downloaded": 0, "bytes": 0, "failed": 0}
        for link in self._links(endpoint, table.path):
            state["found"] += 1
            state["bytes_announced"] += link.size or 0
            state["unknown_size"] += link.size is None
        lost = [rule for rule in endpoint.files if store.tally.records and _left_out(store.keep, rule)]
        if lost:
            none = len(lost) == len(endpoint.files) and not state["found"]
            entry = replace(entry, notes=(*entry.notes, NOT_LOOKED_FOR if none else SOME_NOT_LOOKED_FOR))
            if none:
                return entry
        self.counts[endpoint.name] = state
        if not self.enabled or not state["found"]:
            return replace(entry, files=state)
        self.under_way.add(endpoint.name)
        own = own_values(rows, self.client.personal)
        fetched = await self._fetch(endpoint, own, entry, state, table.path)
        self.under_way.discard(endpoint.name)
        return fetched

    def _links(self, endpoint: Endpoint, path: Path) -> Iterator[FileLink]:
        with path.open("rb") as stream:
            for line, record in enumerate(stream, 1):
                yield from links(endpoint.files, lossless_json.loads(record), line)

    async def _fetch(self, endpoint: Endpoint, own: Mapping[str, str], entry: Entry, state: dict[str, int], path: Path) -> Entry:
        reasons, astray = Counter[FileFault](), 0
        folder = self.sink.files_folder(endpoint.name)
        kept = await whole_files(self.sink, endpoint.name) if self.resumed else {}
        index = self.sink.table(f"{endpoint.name}.files")
        for line in kept.values():
            state["downloaded"], state["bytes"] = state["downloaded"] + 1, state["bytes"] + line.bytes
            astray += line.astray
        self.kept += len(kept)
        waiting = (link for link in self._links(endpoint, path) if (link.line, link.number) not in kept)

        async def work() -> None:
            nonlocal astray
            for link in waiting:
                target = folder / f"{link.line:06d}-{link.number}"
                async with self.gate:
                    result, times = await self._one(endpoint, own, link, target)
                reasons.update(_count(result, state))
                astray += isinstance(result, Downloaded) and result.astray
                index.write(msgspec.json.encode({**_line(link, endpoint, result), **times}) + b"\n", 1)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
        lost = f"{counted(astray, 'file')} {ASTRAY} {'it is' if astray == 1 else 'they are'}"
        notes = (*entry.notes, lost) if astray else entry.notes
        entry = replace(entry, files=state, notes=notes)
        if reasons:
            words = _listed(reasons, state["found"])
            reason = f"{entry.reason}; {words}" if entry.reason else words
            return replace(entry, outcome=Outcome.PARTIAL if entry.outcome.whole else entry.outcome, reason=reason)
        return entry

    async def _one(
        self, endpoint: Endpoint, own: Mapping[str, str], link: FileLink, target: Path
    ) -> tuple[Downloaded | NoFile, dict[str, object]]:
        """Fetch one file; gives what became of it, and when. Raises DiskError."""
        loop = asyncio.get_running_loop()
        times = DownloadTimes(self.client.clock.now(), loop.time())
        if link.address is None:
            return NoFile(NO_TEXT), times.told(loop.time())
        leave, address = Leave(endpoint, self.client, self.base_url, own, times), self._whole(link.address)
        result = await download(self.client.network, leave, address, target, link.size, self.largest)  # type: ignore[arg-type]
        self.retries, self.limited = self.retries + times.retries, self.limited + times.limited
        return result, times.told(loop.time())


def _left_out(keep: FieldFilter, rule: FileRule) -> bool:
    return keep.leaves_out(reads(*(one for one in (rule.each, rule.address) if one is not None)))


def _count(result: Downloaded | NoFile, state: dict[str, int]) -> tuple[FileFault, ...]:
    """Count a file; gives what is wrong where it failed or its content is doubtful."""
    if isinstance(result, NoFile) or result.doubt:
        state["failed"] += 1
        return ((False, result.words) if isinstance(result, NoFile) else (True, result.doubt or ""),)
    state["downloaded"] += 1
    state["bytes"] += result.size
    return ()


def _line(link: FileLink, endpoint: Endpoint, result: Downloaded | NoFile) -> dict[str, object]:
    line: dict[str, object] = {"record_line": link.line, "number": link.number, "size_announced": link.size}
    if isinstance(result, NoFile):
        return line | {"file": None, "reason": result.words}
    line |= {"file": f"files/{endpoint.name}/{result.path.name}", "bytes": result.size, "sha256": result.sha256}
    return line | ({"reason": result.doubt} if result.doubt else {}) | ({"astray": True} if result.astray else {})


def _listed(reasons: Counter[FileFault], found: int) -> str:
    """Say how many files failed or are in doubt, and why; the commonest reasons first."""
    texts = [f"{count} of {found} files {_fate(count, kept=kept)}: {words}" for (kept, words), count in reasons.most_common(MOST_REASONS)]
    further = len(reasons) - len(texts)
    return "; ".join([*texts, *([f"{further} further reasons"] if further else [])])


def _fate(count: int, *, kept: bool) -> str:
    if not kept:
        return "failed"
    return "is kept in doubt" if count == 1 else "are kept in doubt"
