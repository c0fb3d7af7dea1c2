"""The command line beside a vendor, both in the test's own process; or the command line in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.command_line import call, run_here
from tests.connection.vendor import SPEC, Acme
from tests.forked import TRUE, Forked, made_by
from tests.process import BROWSER, HABEAS, environment

BEGUN: list[Begun] = []
PORTS = range(20_000, 32_000)


def redirect() -> str:
    """Give a redirect address on a free port: loopback with PKCE ignores the port.

    It is none that the system gives away by itself: one of those could be somebody's connection by the time it is listened on.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"http://127.0.0.1:{port}/callback"


@dataclass
class Done:
    code: int
    out: str
    err: str


class Begun:
    """A command that is under way in a thread of this process, and is talked to as a process is."""

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self.stdout, self.stderr = asyncio.StreamReader(), asyncio.StreamReader()
        (stdin, self._input), (self._output, stdout), (self._errors, stderr) = (os.pipe() for _ in range(3))
        self._handlers: dict[signal.Signals, Callable[[], object]] = {}
        self._transports: list[asyncio.ReadTransport] = []

        def work() -> None:
            try:
                self.returncode = call(words, environ, (stdin, stdout, stderr), self._handlers)
            finally:
                for file in (stdin, stdout, stderr):
                    os.close(file)

        self._thread = threading.Thread(target=work, daemon=True)
        BEGUN.append(self)

    async def begin(self) -> Begun:
        loop = asyncio.get_running_loop()
        for file, reader in ((self._output, self.stdout), (self._errors, self.stderr)):
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.connect_read_pipe(lambda one=protocol: one, os.fdopen(file, "rb", 0))
            self._transports.append(transport)
        self._thread.start()
        return self

    async def communicate(self, given: bytes = b"") -> tuple[bytes, bytes]:
        """Type the rest, and read to the end."""
        with contextlib.suppress(BrokenPipeError):  # a command that has ended reads nothing
            os.write(self._input, given)
        os.close(self._input)
        self._input = -1
        said = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await asyncio.to_thread(self._thread.join)
        for transport in self._transports:
            transport.close()
        return said[0], said[1]

    async def end(self) -> None:
        """End what a test left under way: the next command needs its place."""
        if self._input >= 0:
            if handler := self._handlers.get(signal.SIGTERM):
                handler()
            await asyncio.wait_for(self.communicate(), 60)


class Command:
    """`habeas`, with a state folder and a spec of its own: called in this process, or as a process where that is what is tried."""

    def __init__(self, folder: Path, acme: Acme, text: str = SPEC) -> None:
        self.home, self.acme = folder / "state", acme
        self.specs = folder / "specs"
        self.specs.mkdir(exist_ok=True)
        (self.specs / "acme.yaml").write_text(text)
        self.environ: dict[str, str | None] = {
            **environment(self.home),
            "HABEAS_SPECS": str(self.specs),
            "HABEAS_ACME_AT": acme.address,
            "HABEAS_ACME_CLIENT_ID": acme.provider.client_id,
            "HABEAS_ACME_CLIENT_SECRET": acme.provider.client_secret,
            "BROWSER": BROWSER,
        }

    def given(self, environ: Mapping[str, str | None]) -> dict[str, str]:
        """Give the environment; None takes a variable away."""
        return {name: value for name, value in {**self.environ, **environ}.items() if value is not None}

    async def __call__(self, *words: str, stdin: str = "", **environ: str | None) -> Done:
        """Call it to its end."""
        done = await asyncio.to_thread(run_here, words, self.given(environ), stdin)
        return Done(done.returncode, done.stdout, done.stderr)

    async def begin(self, *words: str, **environ: str | None) -> Begun:
        """Call it, to be talked to."""
        return await Begun(words, self.given(environ)).begin()

    async def start(self, *words: str, limit=None, made=Forked, **environ: str | None) -> asyncio.subprocess.Process:
        """Start a process; a forked one, unless it has a limit."""
        pipe = asyncio.subprocess.PIPE
        with made_by(made):
            return await asyncio.create_subprocess_exec(
                *HABEAS, *words, env=self.given(environ), stdin=pipe, stdout=pipe, stderr=pipe, preexec_fn=limit
            )

    async def process(self, *words: str, stdin: str = "", limit=None, **environ: str | None) -> Done:
        """Run a true process to its end."""
        process = await self.start(*words, limit=limit, made=TRUE, **environ)
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
        return Done(process.returncode or 0, out.decode(), err.decode())


async def waiting(process: Begun | asyncio.subprocess.Process) -> str:
    """Read on until a connect waits for a pasted address; gives the address to open."""
    said = (await asyncio.wait_for(process.stderr.readuntil(b"may not load): "), 60)).decode()
    return next(line for line in said.splitlines() if line.startswith("http://127.0.0.1") and "authorize" in line)


async def prompted(habeas: Command, *words: str, **environ: str | None):
    """Begin a connect with a pasted address; gives it when it waits for that, and the address to open."""
    process = await habeas.begin("connect", "acme", "--no-browser", *words, **environ)
    return process, await waiting(process)


def consented(url: str) -> str:
    """Press Allow; gives where the browser is sent, and does not go there."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        urllib.request.build_opener(Stay).open(url, b"consent=allow", timeout=60)
    except urllib.error.HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    return ""


async def opening(process: Begun | asyncio.subprocess.Process) -> str:
    """Read on until a connect listens; gives the address to open."""
    url = ""
    while "authorize" not in url:
        url = (await asyncio.wait_for(process.stderr.readline(), 60)).decode().strip()
    return url


async def listening(habeas: Command, uri: str, **environ: str | None):
    """Begin a connect with a browser that does nothing; gives it when it listens, and the address to open."""
    process = await habeas.begin("connect", "acme", "--redirect-uri", uri, **{"BROWSER": "true", **environ})
    return process, await opening(process)


def fetch(url: str | urllib.request.Request) -> tuple[int, str]:
    """Open an address; gives status and page."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()
