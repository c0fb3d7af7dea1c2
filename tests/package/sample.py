"""The sample package, in docs/package/sample: `python -m tests.package.sample` makes it anew from the simulated Zoom.

Nobody's data are in it. It is signed by a key that is thrown away; its public half is docs/package/sample.signers. Made twice in a day it
differs in who signed it and when, and in nothing else.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from engine.case.acts import Excused, Identified
from engine.case.folder import open_case
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.net.transport import Transport
from tests.command_line import run_here
from tests.conftest import Simulator
from tests.process import ROOT, environment

SAMPLE = ROOT / "docs" / "package" / "sample"
SIGNERS = SAMPLE.with_suffix(".signers")
REFERENCE = "SAMPLE-1"
PERSON = "email: mara.lindqvist@example.com\nname: Mara Lindqvist\n"
OFFICE = """\
controller: Kvarnholm AB (invented), Example Street 4, Stockholm
contact: privacy@example.com
signature: Signe Aalto
authority: the data protection authority of your country
"""
DAYS = 45
NARROWED = f"For this sample, only the last {DAYS} days were asked for, and no media files."


class _Commands:
    """Runs commands for one state folder; each must succeed."""

    def __init__(self, home: Path, up: Simulator) -> None:
        self._given = environment(home, HABEAS_ZOOM_AT=up.address, HABEAS_ZOOM_TOKEN=up.token)

    def __call__(self, *words: str, stdin: str | None = None, codes: Iterable[int] = (0,)) -> str:
        done = run_here(words, self._given, stdin)
        assert done.returncode in codes, (words, done.stdout, done.stderr)
        return done.stdout


def write(work: Path, sample: Path = SAMPLE, signers: Path = SIGNERS) -> None:
    """Make the package in a folder that is thrown away, and put it and the key's line in the place of those of before."""
    up = Simulator()
    try:
        home, habeas = work / "home", _Commands(work / "home", up)
        habeas("case", "new", REFERENCE, "--vendor", "zoom", "--simulated", stdin=PERSON)
        since = (datetime.now(UTC) - timedelta(days=DAYS)).date()
        with patch.object(Transport, "send", _in_turn()):
            habeas(
                "run",
                "zoom",
                "--email",
                "mara.lindqvist@example.com",
                "--since",
                str(since),
                "--ref",
                REFERENCE,
                "--out",
                str(work / "run"),
            )
        habeas("case", "add", REFERENCE, str(work / "run" / "zoom"))
    finally:
        up.end()
    (home / "office.yaml").write_text(OFFICE, "utf-8")
    _decide(habeas, home)
    habeas("package", "build", REFERENCE)
    habeas("package", "approve", REFERENCE)
    habeas("package", "release", REFERENCE, "--seal", "none")
    shutil.rmtree(sample, ignore_errors=True)
    shutil.copytree(home / "cases" / REFERENCE / "releases" / "1" / REFERENCE, sample)
    signers.write_text(habeas("package", "key"), "utf-8")


def _in_turn() -> Callable[[Transport, HttpRequest], Awaitable[Response | NoAnswer]]:
    """Send one request after another: records stand in the order in which answers came, which side by side is chance."""
    send, turn = Transport.send, asyncio.Lock()

    async def in_turn(transport: Transport, request: HttpRequest) -> Response | NoAnswer:
        async with turn:
            return await send(transport, request)

    return in_turn


def _decide(habeas: _Commands, home: Path) -> None:
    """Name one person by a number, withhold another, give the rest; say why it is narrow, and that who asks is the person."""
    rows = json.loads(habeas("review", "list", REFERENCE, "--json", "--most", "1000", codes=(3,)))["rows"]
    waiting = [value for row in rows if row["undecided"] for value in row["values"]]
    met = [value["value"] for value in waiting if " " in value["shown"] and value["shown"].replace(" ", "").isalpha()]
    habeas("review", "alias", REFERENCE, f"value:{met[0]}")
    habeas("review", "mask", REFERENCE, f"value:{met[1]}")
    habeas("review", "give", REFERENCE, "undecided")
    case = open_case(home, REFERENCE)
    case.act(Excused(vendor="zoom", say=NARROWED), datetime.now(UTC))
    case.act(Identified(how="invented for the sample"), datetime.now(UTC))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
