"""A vendor whose answers a test writes out, a run against it in virtual time, and the cassette that becomes of it."""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime
from urllib.parse import quote

from engine.anonymise.capture import Captured
from engine.anonymise.finish import finish
from engine.cassettes.cassette import read_cassette
from engine.connection.keeper import Fixed
from engine.core.http import NoAnswer, Response
from engine.core.identity import identify
from engine.core.oauth import Renewed
from engine.core.selection import choose
from engine.language.load import load
from engine.net.clock import clock_from
from engine.net.limiter import limiter_of
from engine.runner import Run, RunOptions, Session
from engine.runner.recorder import Recorder
from tests.clock import passing, run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = """
spec: 1
vendor: acme
base_url: https://api.acme.example/v1
auth: {headers: {X-Key: <SECRET>}}
verify: {get: /me}
refusals: {code: error.code, message: error.text, rules: [{status: 403, code: NO_PLAN, means: unlicensed}, {status: 401, means: refresh}]}
"""
LOOKUP = """
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
"""
EMAIL = "Mara.Lindqvist@acme-corp.io"
PERSON = {
    "/me": {},
    "/people/Mara.Lindqvist%40acme-corp.io": {"id": "USR-00/93?x=1", "email": "mara.lindqvist@acme-corp.io", "name": "Mara Lindqvist"},
}


class Renewing(Fixed):
    """A credential that can be renewed."""

    async def refresh(self):
        return Renewed(asked=True)


class Vendor:
    """Answers by method and place; a list is answered in its order, the last for ever; a function makes its answer."""

    simulated = True

    def __init__(self, answers, base="https://api.acme.example/v1"):
        self.answers, self.base, self.log = {**PERSON, **answers}, base, []

    async def send(self, request):
        place = request.url.removeprefix(self.base)
        if request.body is not None:
            place += " " + request.body.decode()
        self.log.append(place)
        said = self.answers.get(place, (404, {"error": {"code": "NOT_FOUND", "text": f"nothing at {place}"}}))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, NoAnswer):
            return said
        status, body, *headers = said if isinstance(said, tuple) else (200, said)
        return Response(status, *headers or [{}], body if isinstance(body, bytes) else json.dumps(body).encode())


def recorded(endpoints, answers, out, **more):
    """Run against a vendor and record it; gives the cassette as it was read back, the report and what was asked."""
    head, lookup = more.pop("head", HEAD), more.pop("lookup", LOOKUP)
    spec = load((head + lookup + textwrap.indent(textwrap.dedent(endpoints), "    ")).encode(), "acme.yaml")
    person = {"EMAIL": identify("email", more.pop("email", EMAIL))}
    asked = Vendor(answers, more.pop("base", "https://api.acme.example/v1"))
    values, narrow = more.pop("values", ()), more.pop("narrow", None)
    recorder = Recorder(asked)

    async def scenario():
        clock = clock_from(NOW, passing, lambda: 0.5)
        credentials = more.pop("credentials", Renewing())
        credentials.given = values
        session = Session(
            vendor=spec, network=recorder, credentials=credentials, limiter=limiter_of(spec), clock=clock, heard=recorder.heard
        )
        options = RunOptions(selection=choose(spec.endpoints, (), ()), narrow=narrow)
        return await Run(session, person, options, out / "run").run()

    report = run(scenario())
    settings = tuple(one for one in values if one[0] in spec.settings)
    captured = tuple(one for one in values if one[0] not in spec.settings)
    taped = Captured(
        spec, person, tuple(recorder.exchanges), NOW, int(report.exit_code), narrow, settings=settings, captured=captured, **more
    )
    made = finish(taped, report, sum(recorder.silent.values()), b"k" * 32, out / "cassettes" / "one")
    cassette, findings = read_cassette(made.folder)
    assert findings == ()
    text = "".join(path.read_text("utf-8") for path in made.folder.rglob("*") if path.is_file())
    for name in ("mara", "lindqvist", "acme-corp", "usr-00"):
        assert name not in text.lower()
    return cassette, report, asked.log


def outcomes(report):
    return {entry.name: str(entry.outcome) for entry in report.entries}


USER = quote("USR-00/93?x=1", safe="")
