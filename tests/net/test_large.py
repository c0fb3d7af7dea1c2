"""Large answers are read one after the other: memory has an end, however many of them come at once."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from engine.core.http import HttpRequest, Response
from engine.net.hosts import Hosts
from engine.net.transport import LARGE, Limits, Transport
from tests.net.servers import serving
from tests.net.test_transport import ACME, URL

PIECE = b"x" * 2**16
SIZE = 6 * LARGE
AT_ONCE = 8


async def streamed(head: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer with many bytes, and hold few of them."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
    for _ in range(SIZE // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


async def test_many_large_answers_at_once_are_never_in_memory_together():
    """One whole answer and its pieces, and of each other the beginning: not all of them."""

    async def length(transport: Transport) -> int:
        found = await transport.send(HttpRequest("GET", URL))
        assert isinstance(found, Response)
        return len(found.body)

    async with serving(streamed) as server, Transport(Hosts(ACME, server.address), None) as transport:
        tracemalloc.start()
        try:
            found = await asyncio.gather(*(length(transport) for _ in range(AT_ONCE)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found == [SIZE] * AT_ONCE
    assert peak < 2 * SIZE + AT_ONCE * 2 * LARGE


class Answer:
    """An answer whose pieces come when a test says so."""

    def __init__(self, *pieces: bytes) -> None:
        self.content, self.pieces, self.read, self.go_on, self.closed = self, pieces, 0, asyncio.Event(), False

    async def iter_any(self):
        for piece in self.pieces:
            self.read += 1
            yield piece
        await self.go_on.wait()

    def close(self) -> None:
        self.closed = True


async def passed() -> None:
    """Let everything happen that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_whoever_is_large_waits_for_whoever_is_and_nobody_else_does():
    """The second stops where it becomes large; what is small passes it by; it goes on when the first is whole."""
    transport = Transport(Hosts(ACME, None), None)
    first, second, small = Answer(b"x" * LARGE, b"y", b"z"), Answer(b"x" * LARGE, b"y", b"z"), Answer(b"x" * LARGE)
    reading = [asyncio.create_task(transport._body(one)) for one in (first, second, small)]  # type: ignore[arg-type]
    await passed()
    assert (first.read, second.read, small.read) == (3, 2, 1)
    small.go_on.set()
    assert await reading[2] == b"x" * LARGE
    first.go_on.set()
    second.go_on.set()
    assert await reading[0] == await reading[1] == b"x" * LARGE + b"yz"


@pytest.mark.parametrize("how", ["too large", "cancelled"])
async def test_whoever_breaks_off_lets_the_next_one_go_on(how):
    """An answer over the limit, and one that nobody waits for any more."""
    transport = Transport(Hosts(ACME, None), None, Limits(page=2 * LARGE))
    first, second = Answer(b"x" * (LARGE + 1), *([b"x" * LARGE] if how == "too large" else [])), Answer(b"x" * (LARGE + 1))
    reading = [asyncio.create_task(transport._body(one)) for one in (first, second)]  # type: ignore[arg-type]
    await passed()
    if how == "cancelled":
        reading[0].cancel()
    second.go_on.set()
    assert len(await reading[1]) == LARGE + 1
    assert isinstance((await asyncio.gather(reading[0], return_exceptions=True))[0], BaseException)
    assert first.closed == (how == "too large")
