"""The HTTP client, on aiohttp: send one request, give a `Response` or a `NoAnswer`. Only here is the credential added.

No exception of aiohttp leaves this module, because their texts hold whole addresses; the words of a `NoAnswer` never hold an
address, a header or a body. What follows an answer (retry, give up) is decided in `core/retry`.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.connector import Connection
from msgspec import Struct
from yarl import URL

from engine import __version__
from engine.core.http import HttpRequest, NoAnswer, NoAnswerKind, Response
from engine.discreet import Discreet
from engine.net.hosts import Hosts
from engine.net.resolver import NotPublic, PublicResolver

LARGE = 4 * 1024 * 1024
MOST_HEADER = 64 * 1024  # of one header and of the first line; aiohttp's own bound is 8,190
READ_BUFFER = 1 << 20  # a page arrives in a few pieces, not in many


class Credential(Discreet, Struct, frozen=True):
    """The request headers that prove who asks, such as `Authorization`; never shown."""

    HIDDEN = ("headers",)

    headers: tuple[tuple[str, str], ...]


class Limits(Struct, frozen=True):
    """Time-outs in seconds (`connect`, `read` for the next bytes, `total` for a whole answer), and the largest `page` in bytes."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 300.0
    page: int = 64 * 1024 * 1024


class TooLarge(Exception):
    """An answer is larger than the page limit."""


class NotPermitted(aiohttp.ClientConnectionError):
    """Nothing may leave any more: whoever owned the vendor's connection has lost it."""


WORDS: tuple[tuple[type[BaseException], NoAnswerKind, str], ...] = (
    (NotPublic, "forbidden", "the vendor's name leads to a private address"),
    (NotPermitted, "forbidden", "nothing may be sent over this connection any more"),
    (aiohttp.ClientConnectorDNSError, "dns", "the vendor's name could not be found (is there a network?)"),
    (aiohttp.ClientConnectorCertificateError, "untrusted", "the vendor's certificate is not trusted"),
    (aiohttp.ClientSSLError, "tls", "no secure connection could be made"),
    (ssl.SSLError, "tls", "no secure connection could be made"),
    (aiohttp.ServerTimeoutError, "timeout", "no answer in time"),
    (TimeoutError, "timeout", "no answer in time"),
    (aiohttp.ClientConnectorError, "refused", "no connection could be made"),
    (aiohttp.ServerDisconnectedError, "reset", "the connection was closed without an answer"),
    (aiohttp.ClientOSError, "reset", "the connection was reset"),
    (aiohttp.ClientPayloadError, "truncated", "the answer was cut short"),
    (aiohttp.ClientError, "truncated", "the answer is not HTTP as it should be"),
    (ValueError, "truncated", "the answer is not HTTP as it should be"),
    (OSError, "reset", "the connection was reset"),
)


def no_answer(error: BaseException, seconds: float = 0.0) -> NoAnswer:
    """Turn an exception into a `NoAnswer`, whose words hold nothing of the request. `seconds` is how long it took."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotPublic):
            return NoAnswer("forbidden", f"{WORDS[0][2]} ({cause})", seconds)
        if isinstance(cause, NotPermitted):  # aiohttp wraps what stops a body
            return NoAnswer("forbidden", WORDS[1][2], seconds)
        cause = cause.__cause__ or getattr(cause, "os_error", None)
    kind, words = next((kind, words) for type_, kind, words in WORDS if isinstance(error, type_))
    return NoAnswer(kind, words, seconds)


MOST_SPOKEN = 64  # connections in a row: more than are kept, so that new ones are tried, and a vendor that always speaks first ends


class QuietConnector(aiohttp.TCPConnector):
    """Never uses a connection again on which something came unasked: it would be read as the next request's answer.

    A broken proxy answers twice, or gives a 204 a body; from then on each answer would be that of the request before.
    """

    async def connect(self, *given: Any, **named: Any) -> Connection:
        """Give a connection on which nothing waits to be read. Raises ClientConnectionError where every one has something."""
        for _ in range(MOST_SPOKEN):
            connection = await super().connect(*given, **named)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ClientConnectionError


def _last_look(permitted: Callable[[], bool]) -> aiohttp.TraceConfig:
    """Look once more when head and body are handed to a connection: a process that was stopped before that sends nothing when woken.

    aiohttp holds the head back until the body, or that there is none, is known.
    """

    async def look(*_: object) -> None:
        if not permitted():
            raise NotPermitted

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(look)
    trace.on_request_chunk_sent.append(look)
    return trace


def _session(connector: aiohttp.TCPConnector, looks: list[aiohttp.TraceConfig], *, unpacked: bool = True) -> aiohttp.ClientSession:
    """Open a session; the one for files (not `unpacked`) shares the connections of the other, which closes them."""
    return aiohttp.ClientSession(
        connector=connector,
        trace_configs=looks,
        connector_owner=unpacked,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"habeas/{__version__}"},
        trust_env=False,
        read_bufsize=READ_BUFFER,
        max_line_size=MOST_HEADER,
        max_field_size=MOST_HEADER,
        auto_decompress=unpacked,
        raise_for_status=False,
    )


class Transport:
    """The HTTP sessions of a run. Use it as an async context manager; `hosts` says where the credential may go.

    `permitted`, which may be set before that, is asked right before each request leaves; None: every request may.
    """

    def __init__(
        self, hosts: Hosts, credential: Credential | None, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Bind a credential to its hosts; the session is opened by `async with`. `clock` gives seconds."""
        self.hosts, self.credential, self.limits = hosts, credential, limits or Limits()
        self.permitted: Callable[[], bool] | None = None
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._files: aiohttp.ClientSession | None = None
        self._large = asyncio.Lock()

    @property
    def simulated(self) -> bool:
        """Whether a simulator answers in the vendor's place (`--at`)."""
        return self.hosts.at is not None

    async def __aenter__(self) -> Transport:
        """Open the session."""
        resolver = PublicResolver(loopback=self.hosts.at is not None)
        connector = QuietConnector(limit=0, resolver=resolver, use_dns_cache=False)
        looks = [] if self.permitted is None else [_last_look(self.permitted)]
        self._session = _session(connector, looks)
        self._files = _session(connector, looks, unpacked=False)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the sessions and every connection."""
        if self._files is not None:
            await self._files.close()
        if self._session is not None:
            await self._session.close()

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send a request with the credential, to the vendor's hosts only. Redirects come back as answers: see core/vendor_address.py."""
        refusal = self.hosts.refusal(request.url, credentialed=True)
        if refusal:
            return NoAnswer("forbidden", f"{refusal}: the credential was not sent there")
        return await self._once(request, self._clock())

    async def _once(self, request: HttpRequest, started: float) -> Response | NoAnswer:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", **dict(request.headers)}
        try:
            async with self.open(request.url, headers, credentialed=True, method=request.method, body=request.body) as answer:
                body = await self._body(answer)
                found = {name.lower(): value for name, value in answer.headers.items()}
                if "link" in found:
                    found["link"] = ", ".join(
                        answer.headers.getall("Link")
                    )  # the next page may stand in any of them (RFC 9110 section 5.3)
                return Response(answer.status, found, body, self._clock() - started)
        except TooLarge:
            return NoAnswer("too_large", f"an answer over {self.limits.page // 2**20} MiB", self._clock() - started)
        except asyncio.CancelledError:
            raise
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            return no_answer(error, self._clock() - started)

    def open(
        self, url: str, headers: dict[str, str], *, credentialed: bool, method: str = "GET", body: bytes | None = None, long: bool = False
    ) -> aiohttp.client._RequestContextManager:
        """Start a request to an address that `hosts` has checked; gives aiohttp's context manager of the answer.

        The credential is added only where `hosts` covers the address. A `long` answer, such as a file, may take any time in
        total, as long as its next bytes come within the read time-out; its body comes as it was sent, still encoded.
        """
        session = self._files if long else self._session
        if session is None:
            message = "the transport is not open"
            raise RuntimeError(message)
        if credentialed and self.credential is not None and self.hosts.covers(url):
            headers = {**headers, **dict(self.credential.headers)}
        address = URL(self.hosts.address(url), encoded=True)
        return session.request(method, address, headers=headers, data=body, allow_redirects=False, timeout=self._timeout(long=long))

    def _timeout(self, *, long: bool) -> aiohttp.ClientTimeout:
        limits = self.limits
        return aiohttp.ClientTimeout(total=None if long else limits.total, sock_connect=limits.connect, sock_read=limits.read)

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        """Read a whole body, decompressed. Large ones are read one at a time, so that memory stays bounded. Raises TooLarge."""
        chunks, size = [], 0
        async with AsyncExitStack() as alone:
            async for chunk in answer.content.iter_any():
                if size <= LARGE < size + len(chunk):
                    await alone.enter_async_context(self._large)
                size += len(chunk)
                if size > self.limits.page:
                    answer.close()
                    raise TooLarge
                chunks.append(chunk)
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
