"""Run the real engine on a cassette: recordings for the network, virtual time for waiting, the cassette's clock. Judges nothing.

The clock of a `VirtualLoop` jumps to the next timer when nothing else is left to do, so no run waits. `Playback` answers each
request with the next recording of it.
"""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import SequenceMatcher, ndiff
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from msgspec import Struct

from engine.cassettes.cassette import Cassette
from engine.cassettes.recording import Recording
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.oauth import NotRenewed, Renewed
from engine.core.request import Request
from engine.core.retry import REFUSED
from engine.core.selection import choose
from engine.language.effective import Row, Vendor
from engine.language.expressions import lossless_json
from engine.net.clock import clock_from
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.runner import Report, Run, RunOptions, Session

T = TypeVar("T")
TICK = 1e-6  # as on a real machine, each turn takes a moment: rounding never stops the clock


class _Selector(selectors.DefaultSelector):
    """A selector that moves the loop's clock instead of waiting."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        """Move to the next timer. Raises RuntimeError where there is none: every task would wait for ever."""
        if timeout is None:
            message = "every task waits for something that will never come"
            raise RuntimeError(message)
        self.loop.now += max(timeout, TICK)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time moves from timer to timer."""

    def __init__(self) -> None:
        """Begin at 1,000 seconds."""
        selector = _Selector()
        selector.loop = self
        self.now = 1000.0
        super().__init__(selector)

    def time(self) -> float:
        """Give the virtual time in seconds."""
        return self.now

    def run_in_executor(self, _: object, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """Do here and now what another loop leaves to a thread: no timer is due while one works."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  raised where it is waited for
            done.set_exception(error)
        return done


async def passing(seconds: float) -> None:
    """Sleep in virtual time, also where `asyncio.sleep` is replaced."""
    moment = asyncio.get_running_loop().create_future()
    timer = asyncio.get_running_loop().call_later(seconds, moment.set_result, None)
    try:
        await moment
    finally:
        timer.cancel()


def run_in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time and wait for its result; inside a running event loop, in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, work).result()


def _run(work: Coroutine[Any, Any, T]) -> T:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


UNKNOWN = NoAnswer("forbidden", "no recording answers this request")
ALIKE = 0.6
MOST_LINES = 20
MOST_COMPARED = 200
LONGEST = 300
MOST_MATCHED = 2000


def body_of(body: bytes | None) -> str:
    """Write a JSON body so that equal content gives equal text; any other body as text."""
    if body is None:
        return ""
    try:
        return json.dumps(lossless_json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def asked(request: HttpRequest) -> tuple[str, str, str]:
    """Give the key of a recording: method, address, body."""
    return request.method, request.url, body_of(request.body)


def fits(recorded: HttpRequest, request: HttpRequest) -> bool:
    """Whether a request has every header that was recorded."""
    sent = {name.lower(): value for name, value in request.headers}
    return all(sent.get(name.lower()) == value for name, value in recorded.headers)


class Playback:
    """The recordings of one cassette, as the transport of a run."""

    simulated = True

    def __init__(self, recordings: Iterable[Recording], hosts: Hosts) -> None:
        """Take the recordings in order, and the hosts to which a run may send its credential."""
        self._left: dict[tuple[str, str, str], list[Recording]] = {}
        self._hosts = hosts
        for recording in recordings:
            self._left.setdefault(asked(recording.request), []).append(recording)

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Give the next recorded answer, or UNKNOWN. A host that the real transport would refuse is refused here too."""
        await asyncio.sleep(0)
        refusal = self._hosts.refusal(request.url, credentialed=True)
        if refusal:
            return NoAnswer("forbidden", f"{refusal}: the credential was not sent there")
        recorded = self._left.get(asked(request), [])
        found = next((one for one in recorded if fits(one.request, request)), None)
        if found is None:
            return UNKNOWN
        recorded.remove(found)
        return found.response

    @property
    def unused(self) -> tuple[Recording, ...]:
        """Give the recordings that nobody asked for."""
        return tuple(sorted((one for left in self._left.values() for one in left), key=lambda one: one.file))


def nearest(request: HttpRequest, recordings: Iterable[Recording]) -> Recording | None:
    """Find the recording most similar to a request, None where none is similar."""
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2("\n".join(_written(request))[:MOST_MATCHED])
    best, score = None, ALIKE
    for recording in recordings:
        matcher.set_seq1("\n".join(_written(recording.request))[:MOST_MATCHED])
        if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score and matcher.ratio() > score:
            best, score = recording, matcher.ratio()
    return best


def difference(recorded: HttpRequest, request: HttpRequest) -> tuple[str, ...]:
    """Show a small diff: `-` was recorded, `+` is asked."""
    names = {name.lower() for name, _ in recorded.headers}
    sent = HttpRequest(request.method, request.url, tuple(one for one in request.headers if one[0].lower() in names), request.body)
    rows = [row.rstrip() for row in ndiff(_written(recorded), _written(sent)) if not row.startswith("?")]
    return tuple(rows if len(rows) <= MOST_LINES else [*_changed(rows)][:MOST_LINES])


def beginning(request: HttpRequest) -> tuple[str, ...]:
    """Show a request as its recording begins: its line, and behind a blank one its body, whole."""
    line = f"+ {request.method} {request.url}"
    return (line,) if request.body is None else (line, "+", f"+ {request.body.decode('utf-8')}")


def _changed(rows: list[str]) -> Iterator[str]:
    yield from (row for index, row in enumerate(rows) if index == 0 or not row.startswith(" "))


def _written(request: HttpRequest) -> list[str]:
    """Write a request over several lines to compare it: path, each parameter, each header, body. Long ones are cut."""
    path, _, query = request.url.partition("?")
    lines = [f"{request.method} {path}", *(f"  {pair}" for pair in query.split("&") if pair)]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body is not None:
        try:
            lines += json.dumps(lossless_json.loads(request.body), indent=2, ensure_ascii=False).split("\n")
        except (ValueError, RecursionError):
            lines.append(request.body.decode("utf-8", "replace"))
    return [line[:LONGEST] for line in lines[:MOST_COMPARED]]


HALF = 0.5
PAGES = ".pages.jsonl"


class Heard(Struct, frozen=True):
    """One request of a replay and its answer."""

    request: Request
    answer: Response | NoAnswer


@dataclass(frozen=True)
class Replayed:
    """What a replay did: the report, every request with its answer, the recordings not asked for, the files written, by name."""

    cassette: Cassette
    report: Report
    heard: tuple[Heard, ...] = field(repr=False)
    unused: tuple[Recording, ...] = field(repr=False)
    written: Mapping[str, bytes] = field(repr=False)

    @property
    def unknown(self) -> tuple[Request, ...]:
        """Give the requests that no recording answers."""
        return tuple(one.request for one in self.heard if one.answer is UNKNOWN)


class Granted:
    """A credential that is renewed whenever it is refused, with the scopes and the values of the cassette."""

    refused = REFUSED
    label = "recording"
    from_token: Row = ()

    def __init__(self, granted: frozenset[str] | None, given: Row) -> None:
        """Take the scopes (None: the token answer listed none), and the values that the connection brings."""
        self.granted, self.given = granted, given

    def due(self) -> bool:
        """Never: only an answer that refuses the credential renews it."""
        return False

    async def refresh(self) -> Renewed | NotRenewed:
        """Renew at once."""
        return Renewed(asked=True)


def replay(vendor: Vendor, cassette: Cassette) -> Replayed:
    """Replay a cassette. Raises UsageError where its `only` or `without` name something the spec lacks."""
    selection = choose(vendor.endpoints, cassette.setup.only, cassette.setup.without)
    probe = cassette.setup.probe.identifiers if cassette.setup.probe is not None else {}
    options = RunOptions(selection=selection, narrow=cassette.setup.narrow, probe=probe)
    with TemporaryDirectory(prefix="habeas-") as folder:
        return run_in_virtual_time(_replayed(vendor, cassette, options, Path(folder)))


async def _replayed(vendor: Vendor, cassette: Cassette, options: RunOptions, out: Path) -> Replayed:
    heard = list[Heard]()

    def hear(request: Request, answer: Response | NoAnswer) -> None:
        heard.append(Heard(request, answer))

    playback = Playback(cassette.recordings, Hosts(vendor.hosts))
    session = Session(
        vendor=vendor,
        network=playback,
        credentials=Granted(
            None if cassette.setup.granted is None else frozenset(cassette.setup.granted),
            tuple({**cassette.setup.captured, **cassette.setup.settings}.items()),
        ),
        limiter=Limiter({}, 1.0),
        clock=clock_from(cassette.setup.now, dice=lambda: HALF),
        heard=hear,
    )
    run = Run(session, cassette.setup.person.identifiers, options, out)
    report = await run.run()
    tables = sorted(report.folder.glob("*.jsonl"))
    written = {one.name: one.read_bytes() for one in tables if not one.name.endswith(PAGES)}
    return Replayed(cassette, report, tuple(heard), playback.unused, {name: text for name, text in written.items() if text})
