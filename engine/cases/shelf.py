"""Find the recorded answer to a request of today: by path, query and body, whatever host it was recorded at. Pure.

A window that reaches to now asks with other days than the recording: where only moments differ, the recording answers
all the same, and repeats the moments that it was asked with now.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote

from engine.cases.case import Case
from engine.cases.exchange import Exchange
from engine.cases.tape import body_of
from engine.core.http import Response

ORIGIN = re.compile(r"https?://[^/?#]*")
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)|(?<![\w.-])1[4-9]\d{8}(?:\d{3})?(?![\w.-])"
)
Key = tuple[str, str, str]


class Shelf:
    """The recordings of several cases. What two cases recorded is answered as the first did; what was recorded twice, in turns."""

    def __init__(self, cases: Iterable[Case]) -> None:
        """Take the cases in order."""
        self._exact: dict[Key, list[Exchange]] = {}
        self._alike: dict[Key, list[Exchange]] = {}
        self._turns: Counter[Key] = Counter()
        for case in cases:
            own: dict[Key, list[Exchange]] = {}
            for one in case.exchanges:
                own.setdefault(key(one.request.method, one.request.url, one.request.body), []).append(one)
            for name, exchanges in own.items():
                if name not in self._exact:
                    self._exact[name] = exchanges
                    self._alike.setdefault(timeless(name), []).extend(exchanges)

    def answer(self, method: str, url: str, body: bytes | None) -> Response | None:
        """Give the answer to a request; None where nothing like it was recorded."""
        wanted = key(method, url, body)
        alike = timeless(wanted)
        name, found = (wanted, self._exact[wanted]) if wanted in self._exact else (alike, self._alike.get(alike, []))
        if not found:
            return None
        exchange = found[self._turns[name] % len(found)]
        self._turns[name] += 1
        return exchange.response if name is wanted else _now(exchange, wanted)


def key(method: str, url: str, body: bytes | None) -> Key:
    """Give what a recording is found by: method, path with query, body."""
    return method, unquote(ORIGIN.sub("", url)), body_of(body) if body else ""


def timeless(name: Key) -> Key:
    """Give the same without its moments."""
    return name[0], MOMENT.sub("*", name[1]), MOMENT.sub("*", name[2])


def _now(exchange: Exchange, wanted: Key) -> Response:
    """Let an answer repeat the moments of today's question wherever it repeats those of the recorded one."""
    recorded = key(exchange.request.method, exchange.request.url, exchange.request.body)
    then, now = (MOMENT.findall(one[1] + "\n" + one[2]) for one in (recorded, wanted))
    text, response = exchange.response.body, exchange.response
    for old, new in zip(then, now, strict=True):
        text = text.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    return Response(response.status, response.headers, text)
