"""Read the folder of a run back as its requests in time, from the manifest and the page lists.

Nothing personal is read: no record, of a page list not the values that a request was sent with (`of`), of a list of files no name.
Of the manifest only names, outcomes and numbers are taken: reasons, the reference and the connection's name are the vendor's or the
operator's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from engine.decoding import decoder
from engine.errors import UsageError
from engine.language.text.mistakes import counted
from engine.run_head import LARGEST, SpecName, check_ended
from engine.runner.chain_log import ENDS, Count
from engine.sink import FILES, MANIFEST, PAGES

NONE = -1
LONGEST = 1 << 20
PERSONAL = re.compile(r"[^\s/?&=<>]*(?:@|%40)[^\s/?&=<>]*")

T = TypeVar("T", bound=Struct)
Seconds = Annotated[float, Meta(ge=0, le=1e8)]
HttpStatus = Annotated[int, Meta(ge=100, le=599)]
Moment = Annotated[datetime, Meta(tz=True)]


class EarlierLine(Struct, frozen=True):
    """One try of a request that was sent again, in a page list; no status: no answer came."""

    sent_at: Moment
    waited: Seconds
    seconds: Seconds
    status: HttpStatus | None = None


class FileLine(Struct, frozen=True):
    """One file in a list of files; without `began` it is of a run that did not record when."""

    record_line: Count
    number: Count
    file: str | None
    bytes: Count = 0
    began: Moment | None = None
    waited: Seconds = 0.0
    seconds: Seconds = 0.0
    retries: Count = 0


class PageLine(Struct, frozen=True):
    """One answer in a page list; members that are not named here are not read."""

    request: str
    status: HttpStatus
    sent_at: Moment
    waited: Seconds
    seconds: Seconds
    page: Count = 1
    lines: Count = 0
    retries: Count = 0
    bucket: SpecName | None = None
    earlier: tuple[EarlierLine, ...] = ()
    for_: dict[str, str] = field(name="for", default_factory=dict)
    window: tuple[Moment, Moment] | None = None


class TracedEnd(Struct, frozen=True):
    """How an endpoint ended, in the manifest."""

    outcome: Annotated[str, Meta(pattern="^[a-z_]{1,32}$")]
    requests: Count = 0
    records: Count = 0
    retries: Count = 0


class TracedLookup(Struct, frozen=True):
    """How many requests the look-up sent, in the manifest."""

    requests: Count = 0
    retries: Count = 0


class Manifest(Struct, frozen=True):
    """The part of a manifest that a timeline needs."""

    format: Annotated[int, Meta(ge=1, le=1)]
    vendor: SpecName
    engine: str
    started: Moment
    finished: Moment
    simulated: bool
    lookup: TracedLookup
    endpoints: dict[SpecName, TracedEnd]


class Try(Struct, frozen=True):
    """One sending, from the beginning of its wait for the limit to the end of its answer; no status: no answer came."""

    begun: float
    sent: float
    ended: float
    status: int | None


class Sent(Struct, frozen=True):
    """One answered request, or one download. Times are seconds since the first request of the run began to wait.

    `label` is the whole request line, `part` what tells it apart from others of its endpoint; `begun`, `sent` and `ended` are those of its
    last try, `earlier` its tries before. `size` is a download's: the bytes of its file, and -1 where there is none.
    """

    label: str
    part: str
    status: int
    begun: float
    sent: float
    ended: float
    page: int
    records: int
    retries: int
    bucket: str | None = None
    earlier: tuple[Try, ...] = ()
    size: int | None = None

    @property
    def tries(self) -> tuple[Try, ...]:
        """Give every try that was recorded."""
        return (*self.earlier, Try(self.begun, self.sent, self.ended, self.status))

    @property
    def first(self) -> float:
        """Give the beginning of its first try."""
        return min(one.begun for one in self.tries)

    @property
    def waited(self) -> float:
        """Give how long its tries waited for the limit."""
        return sum(one.sent - one.begun for one in self.tries)


class Lane(Struct, frozen=True):
    """One endpoint: its requests in the order in which they were sent, and how it ended; or its `files`, which were downloaded."""

    name: str
    requests: tuple[Sent, ...]
    outcome: str | None
    records: int
    asked: int
    retries: int
    files: bool = False


class Timeline(Struct, frozen=True):
    """A run: one lane per endpoint that was answered, in the manifest's order, and behind it one for its files."""

    manifest: Manifest
    begun: datetime
    lanes: tuple[Lane, ...]

    @property
    def seconds(self) -> float:
        """Give the seconds from the first request to the end of the last answer."""
        return max((one.ended for lane in self.lanes for one in lane.requests), default=0.0)


def timeline(run: Path) -> Timeline:
    """Read the folder of a run, `<out>` or `<out>/<vendor>`. Raises UsageError where it is no run's, or damaged."""
    folder = run_folder(run, "cannot be shown")
    manifest = _manifest(folder / MANIFEST)
    lines = {name: list(_lines(path, PageLine)) for name, path in _lists(folder, manifest, PAGES).items()}
    fetched = {name: list(_lines(path, FileLine)) for name, path in _lists(folder, manifest, FILES).items()}
    starts = [first_wait(line) for one in lines.values() for line in one]
    origin = min(starts, default=manifest.started.timestamp())
    lanes = []
    for name in ("lookup", *manifest.endpoints):
        lanes += [_lane(name, lines[name], manifest, origin)] if lines.get(name) else []
        lanes += _file_lane(name, fetched.get(name, ()), lines.get(name, ()), origin)
    return Timeline(manifest, datetime.fromtimestamp(origin, manifest.started.tzinfo), tuple(lanes))


def first_wait(line: PageLine) -> float:
    """Give when a request began to wait for the first time, in seconds since 1970."""
    first = line.earlier[0] if line.earlier else line
    return first.sent_at.timestamp() - first.waited


def run_folder(run: Path, cannot: str) -> Path:
    """Find the folder of a run that has ended; `cannot` says what else fails. Raises UsageError where there is none, or more than one."""
    folder = _folder(run, cannot)
    check_ended(folder)
    return folder


def _folder(run: Path, cannot: str) -> Path:
    try:
        if not run.is_dir():
            message = f"{run}: there is no such folder; name the one that `habeas run` wrote"
            raise UsageError(message)
        if (run / MANIFEST).is_file():
            return run
        inside = sorted(one for one in run.iterdir() if (one / MANIFEST).is_file())
        begun = any(run.glob(f"*{PAGES}")) or any(run.glob(f"*/*{PAGES}"))
    except OSError as error:
        message = f"{run} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    if len(inside) == 1:
        return inside[0]
    if inside:
        message = f"{run} holds {len(inside)} runs: name one of them, such as {inside[0]}"
        raise UsageError(message)
    killed = f"the run has not ended, or was killed before it wrote {MANIFEST}" if begun else f"no {MANIFEST} lies in it"
    message = f"{run} {cannot}: {killed}; name a folder that `habeas run` wrote to its end"
    raise UsageError(message)


def _manifest(path: Path) -> Manifest:
    try:
        if path.stat().st_size > LARGEST:
            message = f"{path} is no manifest: it is larger than {LARGEST >> 20} MiB"
            raise UsageError(message)
        return decoder(Manifest).decode(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path} is no manifest of this version of Habeas, or it is damaged: {_plain(error)}"
        raise UsageError(message) from None


def _lists(folder: Path, manifest: Manifest, ending: str) -> dict[str, Path]:
    """Find the list of pages, or of files, of each endpoint. Raises UsageError for one of an endpoint that the manifest does not know."""
    known = {"lookup", *manifest.endpoints}
    try:
        found = {path.name.removesuffix(ending): path for path in sorted(folder.glob(f"*{ending}"))}
    except OSError as error:
        message = f"{folder} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    foreign = len(found.keys() - known)
    if foreign:
        lists = counted(foreign, "page list" if ending == PAGES else "list")
        message = f"{folder} holds {lists} that its {MANIFEST} does not know: files of several runs lie in it"
        raise UsageError(message)
    return found


def _lines(path: Path, kind: type[T]) -> Iterator[T]:
    lines, number = decoder(kind), 0
    try:
        with path.open("rb") as stream:
            while raw := stream.readline(LONGEST):
                number += 1
                if not raw.startswith(ENDS):
                    yield lines.decode(raw)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path}:{number}: this line is no answer of a run, or it is damaged: {_plain(error)}"
        raise UsageError(message) from None


def _plain(error: Exception) -> str:
    """Say what is wrong without quoting what was read: msgspec names our own members and positions only."""
    return re.sub(r"\s+", " ", str(error)) if isinstance(error, msgspec.DecodeError) else "it is no plain JSON text"


def _lane(name: str, lines: list[PageLine], manifest: Manifest, origin: float) -> Lane:
    requests = tuple(sorted((_sent(line, origin) for line in lines), key=lambda one: (one.sent, one.ended)))
    ended = manifest.endpoints.get(name)
    if ended is None:
        return Lane(name, requests, None, sum(one.records for one in requests), manifest.lookup.requests, manifest.lookup.retries)
    return Lane(name, requests, ended.outcome, ended.records, ended.requests, ended.retries)


def _file_lane(name: str, files: Sequence[FileLine], pages: Sequence[PageLine], origin: float) -> list[Lane]:
    """Give the lane of an endpoint's downloads; none where nothing was downloaded, or its times were not recorded."""
    bucket = pages[0].bucket if pages else None
    sent = [_download(line, line.began.timestamp() - origin, bucket) for line in files if line.began is not None]
    if not sent:
        return []
    retries = sum(one.retries for one in sent)
    ordered = tuple(sorted(sent, key=lambda one: (one.sent, one.ended)))
    return [Lane(f"{name}, files", ordered, None, sum(one.size != NONE for one in sent), len(sent), retries, files=True)]


def _download(line: FileLine, began: float, bucket: str | None) -> Sent:
    status, size = (200, line.bytes) if line.file is not None else (500, NONE)
    part = f"record {line.record_line}, file {line.number}"
    sent = began + min(line.waited, line.seconds)
    return Sent("a download", part, status, began, sent, began + line.seconds, 1, 0, line.retries, bucket, size=size)


def _sent(line: PageLine, origin: float) -> Sent:
    sent = line.sent_at.timestamp() - origin
    parts = [*line.for_.values(), *([f"{line.window[0]:%Y-%m-%d} to {line.window[1]:%Y-%m-%d}"] if line.window else [])]
    parts += [f"page {line.page}"] if line.page > 1 else []
    label, part = (PERSONAL.sub("…", text) for text in (line.request, ", ".join(parts)))
    earlier = tuple(_earlier(one, origin) for one in line.earlier)
    waited = max(0.0, line.waited - sum(one.waited for one in line.earlier))
    times = (max(0.0, sent - waited), sent, sent + line.seconds)
    return Sent(label, part, line.status, *times, line.page, line.lines, line.retries, line.bucket, earlier)


def _earlier(line: EarlierLine, origin: float) -> Try:
    sent = line.sent_at.timestamp() - origin
    return Try(max(0.0, sent - line.waited), sent, sent + line.seconds, line.status)
