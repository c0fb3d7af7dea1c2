"""A vendor whose answers a test writes out, and a whole run against it in virtual time, files on disk and all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from engine.connection.keeper import Fixed
from engine.core.http import HttpRequest, Response
from engine.core.identity import identify
from engine.core.selection import choose
from engine.net.clock import clock_from
from engine.net.limiter import limiter_of
from engine.runner import Report, Run, RunOptions, Session
from tests.clock import passing, run
from tests.core.specs import HEAD, vendor

BASE = "https://api.acme.example/v1"
PERSON = {"/me": [{}], "/people/ada%40x.io": [{"id": "u1", "email": "ada@x.io"}]}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Scripted:
    """Answers by path and query, each list in its order and its last answer for ever.

    An answer is (status, body), (status, body, headers) or a body of a 200. `times` is when each was asked, by the loop's clock.
    `takes` is how many seconds the answer of a place takes.
    """

    simulated: ClassVar[bool] = True
    answers: Mapping[str, list[Any]]
    log: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    takes: Mapping[str, float] = field(default_factory=dict)

    async def send(self, request: HttpRequest) -> Response:
        place = request.url.removeprefix(BASE)
        if request.method == "POST":
            place = f"POST {place} {(request.body or b'').decode()}".rstrip()
        self.log.append(place)
        self.times.append(asyncio.get_running_loop().time())
        if place in self.takes:
            await passing(self.takes[place])
        found = {**PERSON, **self.answers}.get(place, [(404, {"code": 1})])
        said = found.pop(0) if len(found) > 1 else found[0]
        status, body, *headers = said if isinstance(said, tuple) else (200, said)
        return Response(status, headers[0] if headers else self.headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@dataclass(frozen=True)
class Fetched:
    """A report, what was asked, and what was written."""

    report: Report
    log: list[str]
    folder: Path
    times: list[float] = field(default_factory=list)

    def entry(self, name: str = "it") -> Any:
        """Give an endpoint's entry."""
        return next(one for one in self.report.entries if one.name == name)

    def lines(self, name: str = "it") -> list[Any]:
        """Give what was written to a table; of a list of pages the answers, not the lines that end chains."""
        path = self.folder / f"{name}.jsonl"
        found = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return [one for one in found if not (name.endswith(".pages") and "end" in one)]

    @property
    def manifest(self) -> dict[str, Any]:
        """Give the manifest as it was written."""
        return dict(json.loads((self.folder / "manifest.json").read_text("utf-8")))


def fetched(endpoints: str, answers: Mapping[str, list[Any]], out: Path, head: str = HEAD, **options: Any) -> Fetched:
    """Run to the end; `only` and `without` choose, `person` names the person, `values` are those of the connection, `headers` those of every answer, `takes` their seconds, everything else goes into RunOptions."""
    person = options.pop("person", {"email": "ada@x.io"})
    spec, scripted = vendor(endpoints, head), Scripted(answers, headers=options.pop("headers", {}), takes=options.pop("takes", {}))
    selection = choose(spec.endpoints, options.pop("only", ()), options.pop("without", ()))
    ended, values = options.pop("ended", lambda _: None), options.pop("values", ())

    async def scenario() -> Report:
        clock = clock_from(NOW, passing, lambda: 0.5)
        credentials = Fixed()
        credentials.given = values
        session = Session(vendor=spec, network=scripted, credentials=credentials, limiter=limiter_of(spec), clock=clock, ended=ended)
        wanted = RunOptions(selection=selection, **options)
        return await Run(session, {kind.upper(): identify(kind, value) for kind, value in person.items()}, wanted, out).run()

    return Fetched(run(scenario()), scripted.log, out / "acme", scripted.times)
