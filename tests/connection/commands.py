"""The command line beside a vendor that runs in the test's own process."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.connection.vendor import SPEC, Acme

BROWSER = f"{shlex.quote(sys.executable)} -m engine.simulate.browser %s"


def redirect() -> str:
    """Give a redirect address on a free port: loopback with PKCE ignores the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/callback"


@dataclass
class Done:
    code: int
    out: str
    err: str


class Command:
    """A running `habeas`, with a state folder and a spec of its own."""

    words = (sys.executable, "-m", "engine")

    def __init__(self, folder: Path, acme: Acme, text: str = SPEC) -> None:
        self.home, self.acme = folder / "state", acme
        self.specs = folder / "specs"
        self.specs.mkdir(exist_ok=True)
        (self.specs / "acme.yaml").write_text(text)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")},
            "PYTHONPATH": str(ROOT),
            "HABEAS_HOME": str(self.home),
            "HABEAS_SPECS": str(self.specs),
            "HABEAS_ACME_AT": acme.address,
            "HABEAS_ACME_CLIENT_ID": acme.provider.client_id,
            "HABEAS_ACME_CLIENT_SECRET": acme.provider.client_secret,
            "BROWSER": BROWSER,
        }

    async def start(self, *words: str, limit=None, **environ: str | None) -> asyncio.subprocess.Process:
        """Start it; None takes a variable away."""
        merged = {**self.environ, **environ}
        pipe = asyncio.subprocess.PIPE
        given = {name: value for name, value in merged.items() if value is not None}
        return await asyncio.create_subprocess_exec(*self.words, *words, env=given, stdin=pipe, stdout=pipe, stderr=pipe, preexec_fn=limit)

    async def __call__(self, *words: str, stdin: str = "", limit=None, **environ: str | None) -> Done:
        """Run it to its end."""
        process = await self.start(*words, limit=limit, **environ)
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
        return Done(process.returncode or 0, out.decode(), err.decode())


async def prompted(habeas: Command, *words: str, **environ: str | None):
    """Start a connect with a pasted address; gives it when it waits for that, and the address to open."""
    process = await habeas.start("connect", "acme", "--no-browser", *words, **environ)
    said = (await asyncio.wait_for(process.stderr.readuntil(b"may not load): "), 60)).decode()
    return process, next(line for line in said.splitlines() if line.startswith("http://127.0.0.1") and "authorize" in line)


def consented(url: str) -> str:
    """Press Allow; gives where the browser is sent, and does not go there."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        urllib.request.build_opener(Stay).open(url, b"consent=allow", timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    return ""


async def listening(habeas: Command, uri: str, **environ: str | None):
    """Start a connect with a browser that does nothing; gives it when it listens, and the address to open."""
    process = await habeas.start("connect", "acme", "--redirect-uri", uri, **{"BROWSER": "true", **environ})
    url = ""
    while "authorize" not in url:
        url = (await process.stderr.readline()).decode().strip()
    return process, url


def fetch(url: str | urllib.request.Request) -> tuple[int, str]:
    """Open an address; gives status and page."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()
