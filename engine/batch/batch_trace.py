"""Read a batch's folder back as people and requests in time, from its states and the manifests and page lists of its results.

No record is read, and of a page list only which request was sent when: nothing of a person.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct, field

from engine.batch.batch_folder import LENT_END, BatchFolder, label_of
from engine.catalogue import load
from engine.core.pace import counted_by
from engine.decoding import decoder
from engine.errors import HabeasError
from engine.explain.batch_times import Band, BatchTimes, DrawnPerson, UsedLimit
from engine.explain.run_folder import Moment, PageLine, TracedEnd, TracedLookup, first_wait
from engine.language.effective import Vendor
from engine.language.model.units import Rate
from engine.language.text.mistakes import counted
from engine.language.text.spec_name import REQUEST_NAME
from engine.run_head import HeadConnection
from engine.runner.chain_log import ENDS
from engine.sink import MANIFEST, PAGES

LINE = msgspec.json.Decoder(PageLine)
UNREADABLE = (OSError, tarfile.TarError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class DrawnManifest(Struct, frozen=True):
    """What of a manifest is drawn; `finished` is none of a run that has not ended."""

    started: Moment
    finished: Moment
    connection: HeadConnection
    lookup: TracedLookup
    endpoints: dict[str, TracedEnd]

    @property
    def asked(self) -> int:
        """Count all requests."""
        return self.lookup.requests + sum(one.requests for one in self.endpoints.values())


class DrawnResult(Struct):
    """The result of one try: its pace, its first and last moment, when each of its requests left, with its bucket and its line.

    `begun` is none where no request has a moment of its own; `asked` counts these too.
    """

    pace: HeadConnection
    begun: float | None
    ended: float
    sent: list[tuple[float, str | None, str]]
    asked: int


class ReadResults(Struct):
    """The results of one connection; `missing` counts those that are not there, or cannot be read, `untimed` requests."""

    people: list[DrawnPerson] = field(default_factory=list)
    sent: list[tuple[float, str | None, str]] = field(default_factory=list)
    shares: set[float] = field(default_factory=set)
    plans: set[str | None] = field(default_factory=set)
    missing: int = 0
    untimed: int = 0


def batch_times(folder: BatchFolder) -> BatchTimes:
    """Read a batch in time."""
    found = list(folder.database.all("select name, word, sha256, simulated from connection order by name"))
    bands = [_band(folder, name, _vendor(word, sha256)) for name, word, sha256, _ in found]
    return BatchTimes(any(row[3] for row in found), bands)


def _vendor(word: str, sha256: str) -> Vendor | None:
    """Load the spec that the batch was worked with; None where there is another now, or none."""
    try:
        vendor = load(word)
    except HabeasError:
        return None
    return vendor if vendor.sha256 == sha256 else None


def _band(folder: BatchFolder, name: str, vendor: Vendor | None) -> Band:
    read = ReadResults()
    rows = "select request, state, folder, ended_at from person where connection=? order by id"
    for request, state, place, ended in list(folder.database.all(rows, name)):
        if REQUEST_NAME.fullmatch(request):
            _person(folder, name, (request, state, place, ended), read)
    notes = [f"{counted(read.missing, 'result')} not there or not readable: their requests are not drawn."] if read.missing else []
    if read.untimed:
        words = counted(read.untimed, "request")
        notes.append(
            f"{words} that brought no page, such as a look-up that found nobody, or no answer, are not drawn: when is not recorded."
        )
    limits = _limits(vendor, read)
    if vendor is None:
        notes.append("The limits are not drawn: the spec is not there, or has changed since.")
    return Band(name, read.people, sorted(moment for moment, _, _ in read.sent), limits, sorted(read.shares), notes)


def _person(folder: BatchFolder, name: str, row: tuple[Any, ...], read: ReadResults) -> None:
    """Read every try of a person; `begun` is the beginning of the last."""
    request, state, place, ended = row
    last = None if ended is None else datetime.fromisoformat(ended).timestamp()
    drawn = DrawnPerson(request, state, None, last)
    here = folder.place(request, label_of(name))
    tried = re.compile(rf"{re.escape(here.name)}{LENT_END}(\.tar)?(\.try-[0-9]+)?")
    inside = sorted(here.parent.iterdir()) if here.parent.is_dir() else []
    current = None if place is None else PurePosixPath(place).name
    found = {path.name: path for path in inside if tried.fullmatch(path.name) or path.name == current}
    read.missing += state in ("done", "failed") and current not in found
    for path in found.values():
        try:
            result = _result(path)
        except UNREADABLE:
            read.missing += 1
            continue
        read.sent += result.sent
        read.untimed += max(0, result.asked - len(result.sent))
        read.shares.add(result.pace.share)
        read.plans.add(result.pace.plan)
        if path.name == current and state in ("done", "failed"):
            drawn = DrawnPerson(request, state, result.begun, result.ended, result.asked)
    read.people.append(drawn)


def _result(place: Path) -> DrawnResult:
    """Read one result, packed or not. Raises what UNREADABLE names."""
    manifest, sent, begun, ended = None, list[tuple[float, str | None, str]](), list[float](), list[float]()
    for name, raw in _members(place):
        if name == MANIFEST:
            manifest = decoder(DrawnManifest).decode(raw)
            continue
        for line in raw.splitlines():
            if not line.startswith(ENDS):
                page = LINE.decode(line)
                moments = [*(one.sent_at for one in page.earlier), page.sent_at]
                begun.append(first_wait(page))
                ended.append(page.sent_at.timestamp() + page.seconds)
                sent += [(moment.timestamp(), page.bucket, page.request) for moment in moments]
    if manifest is None:
        raise FileNotFoundError(MANIFEST)
    # A manifest's own moments are whole seconds: what is later than the last answer are downloads.
    last = max([manifest.finished.timestamp(), *ended])
    return DrawnResult(manifest.connection, min(begun, default=None), last, sent, manifest.asked)


def _members(place: Path) -> Iterator[tuple[str, bytes]]:
    """Give the manifest and the page lists of a result."""
    if place.is_dir():
        for path in sorted(place.iterdir()):
            if path.name == MANIFEST or path.name.endswith(PAGES):
                yield path.name, path.read_bytes()
        return
    with tarfile.open(place) as archive:
        for member in archive:
            name, stream = PurePosixPath(member.name).name, archive.extractfile(member) if member.isfile() else None
            if stream is not None and (name == MANIFEST or name.endswith(PAGES)):
                yield name, stream.read()


def _limits(vendor: Vendor | None, read: ReadResults) -> list[UsedLimit]:
    """Give each limit in time that something was sent in; of one for each request line, the line that filled it the most."""
    plans = [plan for plan in read.plans if vendor is not None and (plan is None or plan in vendor.plans)]
    if vendor is None or len(plans) != 1:
        return []
    limits = vendor.limits(plans[0])
    sent: dict[tuple[str, str], list[float]] = {}
    for moment, bucket, line in read.sent:
        for name in dict.fromkeys((bucket or "all", "all")):
            if name in limits:
                sent.setdefault((name, counted_by(limits[name], line)), []).append(moment)
    used: dict[tuple[str, Rate], UsedLimit] = {}
    for (name, _), moments in sorted(sent.items()):
        for rate in limits[name]:
            one = UsedLimit(name, rate, sorted(moments))
            if rate.seconds is not None and ((name, rate) not in used or used[name, rate].most() < one.most()):
                used[name, rate] = one
    return list(used.values())
