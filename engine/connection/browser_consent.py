"""Consent in the browser: open the vendor's page, and receive the redirect on a listener of this machine (RFC 8252 section 7.3)."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import escape
from urllib.parse import unquote, urlsplit

from aiohttp import web

from engine.errors import NotConnected, UsageError

DEFAULT = "http://127.0.0.1:8917/callback"
MINUTES = 10.0
LONGEST = 64 * 1024  # of a line or a header: other programs of this machine have cookies for the same host
SILENT = logging.Logger("habeas.listener", logging.CRITICAL + 1)  # noqa: LOG001  aiohttp logs what it cannot read, code and cookies too
OPEN = """
import signal, sys, webbrowser
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
try:
    webbrowser.open(sys.argv[1])
except Exception:
    pass
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>{title}</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem;color:#1b1b1b;background:#fff}}
h1{{font-size:1.6rem}}@media(prefers-color-scheme:dark){{body{{color:#eee;background:#161616}}}}</style>
<h1>{title}</h1><p>{words}</p></html>"""


class RedirectListener:
    """Receives the redirect of one sign-in; others are refused, and every later one is told that it is too late."""

    def __init__(self, redirect_uri: str, other: Callable[[str], str | None]) -> None:
        """Remember the address; `listening` opens the port. `other` says of an address why it is not this sign-in's, if so."""
        self._other, self._refused = other, False
        self._uri = urlsplit(redirect_uri)
        self._base = redirect_uri.partition("?")[0]
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._verdict: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()

    async def answered(self, seconds: float = MINUTES * 60) -> str:
        """Wait for the redirect; gives its address with the query. Raises NotConnected when the time is over."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._answer), seconds)
        except TimeoutError:
            message = (
                f"nobody came back from the vendor within {seconds / 60:.0f} minutes: run connect again; "
                f"if the vendor showed an error, check that it knows the redirect address {self._base}"
            ) + ("; answers came that do not belong to this sign-in (their state is another)" if self._refused else "")
            raise NotConnected(message) from None

    def tell(self, words: str, *, good: bool) -> None:
        """Let the page in the browser say how it ended; the first call counts."""
        if not self._verdict.done():
            self._verdict.set_result((good, words))

    async def handle(self, request: web.Request) -> web.Response:
        """Take the redirect of this sign-in, wait for `tell`, and answer with a page that says how it ended; refuse any other."""
        here = unquote(request.rel_url.raw_path) == (unquote(self._uri.path) or "/")
        if not here or request.method != "GET" or not {"state", "code", "error"} & set(request.query):
            return page("Nothing here", "This address only takes the answer of one sign-in.", 404)
        if self._answer.done():
            return page("Already answered", "This sign-in has been answered before. Nothing was done.", 410)
        url = f"{self._base}?{request.rel_url.raw_query_string}"
        why = self._other(url)
        if why is not None:
            self._refused = True
            return page("Not this sign-in", f"Nothing was done: {why}. The sign-in still waits for its own answer.", 400)
        self._answer.set_result(url)
        good, words = await asyncio.shield(self._verdict)
        return page("Connected" if good else "Not connected", f"{words} You can close this page.", 200 if good else 400)


def page(title: str, words: str, status: int) -> web.Response:
    """Give a plain page that loads nothing and must not be cached."""
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    text = PAGE.format(title=escape(title), words=escape(words))
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def is_local(redirect_uri: str) -> bool:
    """Whether a redirect address is http on this machine, so that we can listen there. Raises UsageError if it is no address."""
    try:
        parts = urlsplit(redirect_uri)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or not redirect_uri.isascii() or not redirect_uri.isprintable() or " " in redirect_uri or "#" in redirect_uri:
        message = "--redirect-uri takes an address as it is registered at the vendor, such as http://127.0.0.1:8917/callback"
        raise UsageError(message)
    return parts.scheme == "http" and bool(_addresses(parts.hostname or ""))


def _addresses(host: str) -> list[str]:
    if host == "localhost":
        return ["127.0.0.1", "::1"]
    try:
        return [host] if ipaddress.ip_address(host).is_loopback else []
    except ValueError:
        return []


@asynccontextmanager
async def listening(redirect_uri: str, other: Callable[[str], str | None]) -> AsyncIterator[RedirectListener]:
    """Listen at a redirect address on this machine. Raises UsageError if the port is taken.

    `other` says why an address is not the answer to this sign-in, None where it is.
    """
    listener = RedirectListener(redirect_uri, other)
    parts = urlsplit(redirect_uri)
    port = parts.port or 80
    app = web.Application(client_max_size=1 << 14)
    app.router.add_route("*", "/{tail:.*}", listener.handle)
    runner = web.AppRunner(
        app, access_log=None, logger=SILENT, max_line_size=LONGEST, max_field_size=LONGEST, max_headers=256, shutdown_timeout=2.0
    )
    await runner.setup()
    try:
        for number, address in enumerate(_addresses(parts.hostname or "")):
            try:
                await web.TCPSite(runner, address, port, reuse_address=True).start()
            except OSError as error:
                if number and isinstance(error, OSError) and not _taken(address, port):
                    continue  # `localhost` without IPv6
                message = (
                    f"port {port} cannot be listened on ({os.strerror(error.errno or 0)}): is another connect under way? "
                    "End it, or register another address at the vendor and name it with --redirect-uri"
                )
                raise UsageError(message) from None
        yield listener
    finally:
        listener.tell("The connect command was ended.", good=False)
        await runner.cleanup()


def _taken(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((address, port)) == 0


def open_browser(url: str) -> None:
    """Open an address in a browser and do not wait. Without a browser nothing happens: the address is printed as well.

    A process of its own opens it, because a browser inherits the environment, which may hold our secrets: they are
    removed. SIGINT is blocked until that process can end on it without a traceback.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")}

    def work() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            subprocess.run([sys.executable, "-I", "-c", OPEN, url], env=environ, check=False)  # noqa: S603
        except (OSError, ValueError):  # no browser is no failure
            return

    threading.Thread(target=work, daemon=True).start()
