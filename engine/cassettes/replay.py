"""Run the real engine on a cassette: recordings for the network, virtual time for waiting, the cassette's clock. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.cassettes import virtual_time
from engine.cassettes.cassette import Cassette
from engine.cassettes.playback import UNKNOWN, Playback
from engine.cassettes.recording import Recording
from engine.core.http import NoAnswer, Response
from engine.core.oauth import NotRenewed, Renewed
from engine.core.request import Request
from engine.core.retry import REFUSED
from engine.core.selection import choose
from engine.language.effective import Row, Vendor
from engine.net.clock import clock_from
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.runner import Report, Run, RunOptions, Session

HALF = 0.5
PAGES = ".pages.jsonl"


@dataclass(frozen=True, slots=True)
class Heard:
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
    with TemporaryDirectory(prefix="habeas-") as folder:
        return virtual_time.run(_replayed(vendor, cassette, RunOptions(selection=selection, narrow=cassette.setup.narrow), Path(folder)))


async def _replayed(vendor: Vendor, cassette: Cassette, options: RunOptions, out: Path) -> Replayed:
    heard = list[Heard]()

    def hear(request: Request, answer: Response | NoAnswer) -> None:
        heard.append(Heard(request, answer))

    tape = Playback(cassette.recordings, Hosts(vendor.hosts))
    session = Session(
        vendor=vendor,
        network=tape,
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
    return Replayed(cassette, report, tuple(heard), tape.unused, {name: text for name, text in written.items() if text})
