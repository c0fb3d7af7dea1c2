"""Ways to misbehave that any vendor may have, its limits, and its page tokens. Deterministic: no dice.

Faults: reset connections, cut answers, pages of HTML, decompression bombs. A meter allows so many requests in any window of so
many seconds. Page tokens are opaque, good for 15 minutes and for one query only.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
from collections import Counter, deque
from collections.abc import Callable

from aiohttp import web
from msgspec import Struct, field

HTML = "<!doctype html><title>Sign in</title><p>Please sign in again.</p>"
MEBIBYTE = 1 << 20
OVER_THE_LIMIT = 65  # MiB: one more than a page may have


class Tries(Struct):
    """Counts the requests for each target, so that a fault can strike, say, the first try of every second target."""

    _count: Counter[str] = field(default_factory=Counter)
    _order: dict[str, int] = field(default_factory=dict)

    def note(self, target: str) -> tuple[int, int]:
        """Count a request; gives the number of the try and the number of the target, both from 1."""
        self._count[target] += 1
        return self._count[target], self._order.setdefault(target, len(self._order) + 1)


def reset(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def html(status: int = 200) -> web.Response:
    """Answer with a page of HTML where JSON is expected."""
    return web.Response(text=HTML, status=status, content_type="text/html")


def cut(text: bytes) -> web.Response:
    """Answer with the first half of a JSON text and a length that fits it."""
    return web.Response(body=text[: max(1, len(text) // 2)], content_type="application/json")


async def truncated(request: web.Request, text: bytes, content_type: str = "application/json") -> web.StreamResponse:
    """Announce a whole answer, send half of it and close the connection."""
    answer = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": str(len(text))})
    await answer.prepare(request)
    await answer.write(text[: max(1, len(text) // 2)])
    if request.transport is not None:
        request.transport.close()
    return answer


async def dribble(request: web.Request, text: bytes, pieces: int = 5, seconds: float = 0.2) -> web.StreamResponse:
    """Send an answer in pieces, spread over some seconds."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
    await answer.prepare(request)
    size = len(text) // pieces + 1
    for start in range(0, len(text), size):
        await answer.write(text[start : start + size])
        await asyncio.sleep(seconds / pieces)
    return answer


def bomb() -> web.Response:
    """Answer with a few kB of gzip that unpack to more than the engine's limit of a page."""
    text = gzip.compress(b'{"x": "' + b" " * (OVER_THE_LIMIT * MEBIBYTE) + b'"}')
    return web.Response(body=text, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})


async def huge(request: web.Request) -> web.StreamResponse:
    """Answer with more than the engine's limit of a page."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'{"x": "')
    for _ in range(OVER_THE_LIMIT):
        await answer.write(b" " * MEBIBYTE)
    await answer.write(b'"}')
    return answer


def deep() -> web.Response:
    """Answer with JSON that is nested 100,000 deep."""
    return web.Response(body=b"[" * 100_000 + b"]" * 100_000, content_type="application/json")


class Meter(Struct):
    """Remembers when requests came. `limits` are, by bucket, pairs of a number of requests and a window in seconds."""

    clock: Callable[[], float]
    limits: dict[str, tuple[tuple[int, float], ...]]
    _seen: dict[tuple[str, float], deque[float]] = field(default_factory=dict)

    def met(self, bucket: str) -> float | None:
        """Count one request; gives the window in seconds of the limit it exceeds, or None where it may pass."""
        now, met = self.clock(), None
        for count, seconds in self.limits.get(bucket, ()):
            times = self._seen.setdefault((bucket, seconds), deque())
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= count:
                met = seconds
        if met is None:
            for _, seconds in self.limits.get(bucket, ()):
                self._seen[bucket, seconds].append(now)
        return met


LIFETIME = 15 * 60


class PageTokenRefused(Exception):
    """The page token is unknown, expired, or of another query."""


class PageTokens(Struct):
    """The page tokens that were given out, each with its query, its offset and its end."""

    clock: Callable[[], float]
    _given: dict[str, tuple[str, int, float]] = field(default_factory=dict)

    def give(self, query: str, offset: int) -> str:
        """Give a token for the page that begins at `offset`."""
        token = secrets.token_urlsafe(24)
        self._given[token] = (query, offset, self.clock() + LIFETIME)
        return token

    def offset(self, query: str, token: str) -> int:
        """Give the offset that a token stands for; "" is the beginning. Raises PageTokenRefused."""
        if not token:
            return 0
        known, offset, expires = self._given.get(token, ("", 0, 0.0))
        if known != query or expires <= self.clock():
            raise PageTokenRefused
        return offset
