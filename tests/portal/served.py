"""A portal that is served in a thread, with a clock and dice of the test's own, and a browser that only speaks HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPMessage
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from engine.case.folder import open_case
from engine.portal.addresses import PAGES
from engine.portal.errand import ErrandKind, path_of
from engine.portal.forms import WITH_FILES
from engine.portal.guard import PortalGuard, PortalOrigin, on_loopback
from engine.portal.server import Portal
from engine.simulate.serve import listen

TOKEN = re.compile(r'name="token" value="([^"]+)"')
SEEN = re.compile(r'name="n" value="(\d+)"')


BOUNDARY = "parted-here"


def multipart(fields: Mapping[str, str], files: Sequence[tuple[str, bytes] | tuple[str, bytes, str]]) -> bytes:
    """Write the body of a form with files, as browsers do: a field `file` for each, unless another one is named behind it."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    told = "".join(f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()).encode()
    for name, content, *field in files:
        told += (
            f'{head}"{field[0] if field else "file"}"; filename="{name}"\r\nContent-Type: text/html\r\n\r\n'.encode() + content + b"\r\n"
        )
    return told + f"--{BOUNDARY}--\r\n".encode()


class HttpAnswer(NamedTuple):
    """What came back."""

    status: int
    headers: HTTPMessage
    text: str


class ServedPortal:
    """A portal in a thread; `seconds` and `now` can be moved on."""

    def __init__(self, home: Path, origin: PortalOrigin | None = None) -> None:
        self.seconds, self.now, self.home, numbers = 0.0, datetime.now(UTC), home, count(1)
        self._told, guards = threading.Event(), list[PortalGuard]()
        portal = Portal(lambda: guards[0], PAGES, home, lambda: self.now)

        def ready(address: str) -> None:
            self.port = urlsplit(address).port or 0
            guards.append(PortalGuard(origin or on_loopback(self.port), lambda: self.seconds, lambda: f"dice-{next(numbers)}"))
            self.guard = guards[0]
            self._told.set()

        async def serve() -> None:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
            serving = asyncio.create_task(listen(portal.app, 0, ready))
            await self._ended.wait()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert self._told.wait(60)
        self.host, self.cookie = f"127.0.0.1:{self.port}", ""

    def ask(self, method: str, path: str, body: str | bytes | None = None, **headers: str | None) -> HttpAnswer:
        """Send a request as a browser that came in would; `Host=None` leaves a header out."""
        own = f"http://{self.host}" if method == "POST" else None
        form = "application/x-www-form-urlencoded" if method == "POST" else None
        cookie = f"{self.guard.cookie}={self.cookie}" if self.cookie else None
        sent = {"Host": self.host, "Origin": own, "Content-Type": form, "Cookie": cookie}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        line = HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(line):
            line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            raw = body.encode() if isinstance(body, str) else body
            for name, value in sent.items():
                if value is not None:
                    line.putheader(name, value)
            if raw is not None:
                line.putheader("Content-Length", str(len(raw)))
            line.endheaders(raw)
            answer = line.getresponse()
            return HttpAnswer(answer.status, answer.headers, answer.read().decode().replace("<wbr>", ""))  # where a line may end is no text

    def enter(self) -> HttpAnswer:
        """Use the link, and keep the cookie."""
        answer = self.ask("GET", urlsplit(self.guard.link).path)
        self.cookie = str(answer.headers["Set-Cookie"]).partition("=")[2].partition(";")[0]
        return answer

    def see(self, path: str) -> str:
        """Give a page."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.text
        return answer.text

    def send(self, path: str, page: str, **fields: str | list[str]) -> HttpAnswer:
        """Fill in a form of a page and send it."""
        told = {"token": TOKEN.findall(page)[-1], "n": (SEEN.findall(page) or ["0"])[-1], **fields}
        return self.ask("POST", path, urlencode(told, doseq=True))

    def upload(self, path: str, page: str, files: Sequence[tuple[str, bytes] | tuple[str, bytes, str]], **fields: str) -> HttpAnswer:
        """Fill in a form that takes files and send it; files are told with the names that they claim."""
        told = {"token": TOKEN.findall(page)[-1], "n": (SEEN.findall(page) or ["0"])[-1], **fields}
        return self.ask("POST", path, multipart(told, files), Content_Type=f"{WITH_FILES}; boundary={BOUNDARY}")

    def sign_in(self, name: str, passphrase: str) -> HttpAnswer:
        """Sign in, and keep the cookie."""
        answer = self.ask("POST", "/signin", urlencode({"name": name, "passphrase": passphrase}))
        self.cookie = str(answer.headers["Set-Cookie"] or "").partition("=")[2].partition(";")[0]
        return answer

    def wait(self, kind: ErrandKind, reference: str = "DSR-17") -> None:
        """Wait until a process that the portal began has ended: it holds the lock of its file."""
        with path_of(open_case(self.home, reference), kind).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)

    def raw(self, sent: bytes) -> bytes:
        """Send bytes as they are; gives the first line of what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line, line.makefile("rb") as answer:
            line.sendall(sent)
            return answer.readline()

    def end(self) -> None:
        """Let it go."""
        with contextlib.suppress(RuntimeError):  # it was let go before
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(60)
