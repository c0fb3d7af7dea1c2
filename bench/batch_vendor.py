"""A vendor of any number of people for `bench.batch`: it finds whoever is asked for, and refuses what is above its limit.

Started with the limit in requests a second (0: none); prints its address, and at the end of standard input what it counted, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque

ITEMS = (
    b'{"items":['
    + b",".join(b'{"id":"%d","topic":"Weekly planning with the northern team","duration":60}' % number for number in range(5))
    + b"]}"
)


SECONDS = 60


class Vendor(asyncio.Protocol):
    """One connection."""

    limit = 0
    arrivals: deque[float] = deque()  # noqa: RUF012  shared by all connections on purpose
    counted = {"requests": 0, "refused": 0, "most": 0, "in_time": 0, "first": 0.0}  # noqa: RUF012

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer whole requests."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.answer(head.split(b" ", 2)[1].decode())

    def answer(self, target: str) -> None:
        """Find the person, or list a few records."""
        parts = target.split("?", maxsplit=1)[0].strip("/").split("/")
        if parts[1] == "me":
            self.write(b"200 OK", b'{"people":[{}]}')
        elif self.refused():
            self.write(b"429 Too Many Requests", b"{}")
        elif len(parts) == 3:
            who = parts[2].replace("%40", "@")
            self.write(b"200 OK", json.dumps({"id": who.partition("@")[0], "email": who}).encode())
        else:
            self.write(b"200 OK", ITEMS)

    def refused(self) -> bool:
        """Count a request; whether it is above the limit."""
        now, counted, arrivals = time.monotonic(), self.counted, self.arrivals
        while arrivals and arrivals[0] <= now - 1.0:
            arrivals.popleft()
        arrivals.append(now)
        counted["requests"] += 1
        counted["first"] = counted["first"] or now
        counted["in_time"] += now < counted["first"] + SECONDS
        counted["most"] = max(counted["most"], len(arrivals))
        above = 0 < self.limit < len(arrivals)
        counted["refused"] += above
        return above

    def write(self, status: bytes, body: bytes) -> None:
        """Send an answer."""
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self.transport.write(head + body)  # type: ignore[attr-defined]


async def main(limit: int) -> None:
    """Serve until standard input ends."""
    Vendor.limit = limit
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vendor, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(Vendor.counted), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
