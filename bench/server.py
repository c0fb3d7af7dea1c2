"""A vendor that costs as little as it can: pages are made beforehand, or from a template; one process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import date
from urllib.parse import parse_qs, urlsplit

SIZE = 300
PERSON = b'{"id":"u1","email":"ada@example.com"}'
RECORD = (  # 1 kB, somewhat under the mean of the simulated Zoom's lists
    '{"uuid":"%012d","id":%d,"account_id":"Zm9vYmFyYmF6cXV4","host_id":"u1","topic":"Weekly planning with the northern team",'
    '"type":"2","start_time":"2025-02-03T04:05:06Z","timezone":"Europe/Stockholm","duration":60,"total_size":3145728,'
    '"recording_count":2,"share_url":"https://vendor.example/rec/share/abcdefghijklmnopqrstuvwxyz0123456789",'
    '"recording_files":[{"id":"3f1c0d7e-0a51-4c7b-9a0e-5d0a7f3f6a11","meeting_id":"abcdefghijklmnop==",'
    '"recording_start":"2025-02-03T04:05:06Z","recording_end":"2025-02-03T05:05:06Z","file_type":"MP4","file_extension":"MP4",'
    '"file_size":2097152,"play_url":"https://vendor.example/rec/play/abcdefghijklmnopqrstuvwxyz","status":"completed",'
    '"download_url":"https://vendor.example/rec/download/abcdefghijklmnopqrstuvwxyz","recording_type":"speaker_view"},'
    '{"id":"8b0de9a2-6f2f-4f0c-8a55-2c1f6f0f9e42","meeting_id":"abcdefghijklmnop==","file_type":"CHAT","file_extension":"TXT",'
    '"file_size":1048,"download_url":"https://vendor.example/rec/download/zyxwvutsrqponm","status":"completed"}]}'
)


def page(index: int, pages: int, part: str) -> bytes:
    """Write one page; every record is another."""
    start = index * SIZE + (500_000_000 if part == "b" else 0)
    records = ",".join([RECORD % (number, number) for number in range(start, start + SIZE)])
    following = str(index + 1) if index + 1 < pages else ""
    head = f'{{"next":"{following}","total":{pages * SIZE},"items":['
    return (head + records + "]}").encode()


def part_of(text: str) -> str:
    """Read which half is asked for: a letter, or a day, of which neighbours lie in different ones."""
    return text if len(text) == 1 else "ab"[date.fromisoformat(text).toordinal() % 2]


class Vendor(asyncio.Protocol):
    """One connection."""

    ready: dict[tuple[int, int, str], bytes] = {}  # noqa: RUF012  shared by all connections on purpose
    arrivals: list[float] = []  # noqa: RUF012

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Answer whole requests."""
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.answer(head.split(b" ", 2)[1].decode())

    def answer(self, target: str) -> None:
        """Answer one request: /v1/list is a page, /v1/slow waits 50 ms, /v1/limited is counted."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == "/v1/list":
            number, pages, part = int(query.get("after", ["0"])[0]), int(query["pages"][0]), part_of(query.get("part", ["a"])[0])
            self.say(self.ready.get((number, pages, part)) or page(number, pages, part))
        elif path.startswith("/v1/slow/"):
            body = PERSON if "people" in path else b'{"next":"","total":1,"items":[{"id":1}]}'
            asyncio.get_running_loop().call_later(0.05, self.say, body)
        elif path == "/v1/limited":
            self.arrivals.append(time.monotonic())
            self.say(b'{"items":[]}')
        elif path == "/v1/arrivals":
            self.say(json.dumps(self.arrivals).encode())
        else:
            self.say(PERSON)

    def say(self, body: bytes) -> None:
        """Send an answer."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.transport.write(head + body)  # type: ignore[attr-defined]


async def main() -> None:
    """Make the pages, listen, say where, and stop when standard input ends."""
    pages = int(sys.argv[1])
    Vendor.ready = {(index, pages, part): page(index, pages, part) for index in range(pages) for part in "ab"}
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
