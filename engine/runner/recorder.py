"""Record a run for `habeas record`: a transport that keeps every request and answer that passes through it, up to a limit.

Requests for tokens are sent by `connection.keeper` with a transport of its own, so none of them is kept here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.request import Request
from engine.core.vendor_address import redirected
from engine.core.window import form
from engine.replaced import replace
from engine.runner.client import Network

SIGNS = re.compile(r"[^a-z0-9]+")
MOST_BYTES = 4 * 1024 * 1024
MOST_EXCHANGES = 2000


class Exchange(Struct, frozen=True):
    """One request and its answer. `name` begins with the endpoint's and holds nothing personal: `meetings-2026-01-01-page-2`."""

    request: HttpRequest
    response: Response
    name: str = ""


class Recorder:
    """Keeps every answered request, in the order of the answers; `silent` counts the unanswered ones by the kind of their `NoAnswer`."""

    def __init__(
        self, transport: Network, full: Callable[[], None] = lambda: None, most: tuple[int, int] = (MOST_BYTES, MOST_EXCHANGES)
    ) -> None:
        """Wrap a transport. Over `most` (bytes, exchanges) everything kept is dropped, nothing more is kept, and `full` is called once."""
        self._transport, self._when_full, self._most = transport, full, most
        self._bytes = 0
        self._led: dict[str, list[HttpRequest]] = {}
        self.exchanges: list[Exchange] = []
        self.silent: Counter[str] = Counter()
        self.full = False

    @property
    def simulated(self) -> bool:
        """Whether a simulator answers."""
        return self._transport.simulated

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send a request and keep it with its answer; the answer that redirects led to is kept with the request that was redirected."""
        led = self._led.get(request.url)
        original = led.pop() if led else request
        answer = await self._transport.send(request)
        following = redirected(request, answer, 0)
        if isinstance(following, HttpRequest):
            self._led.setdefault(following.url, []).append(original)
        elif isinstance(answer, NoAnswer):
            self.silent[answer.kind] += 1
        elif not self.full:
            self._keep(Exchange(original, answer))
        return answer

    def heard(self, request: Request, answer: Response | NoAnswer) -> None:
        """Name the exchange of an answer by what the spec says of its request. A run calls this with every answer (`Session.heard`)."""
        for index in range(len(self.exchanges) - 1, -1, -1):
            if self.exchanges[index].response is answer:
                self.exchanges[index] = replace(self.exchanges[index], name=_name(request, answer))
                return

    def _keep(self, exchange: Exchange) -> None:
        self._bytes += len(exchange.response.body) + len(exchange.request.body or b"") + len(exchange.request.url)
        if self._bytes > self._most[0] or len(self.exchanges) >= self._most[1]:
            self.full = True
            self.exchanges.clear()
            self._when_full()
            return
        self.exchanges.append(exchange)


def _name(request: Request, answer: Response) -> str:
    """Join the endpoint's name, the values of its `for`, the first day of its window, its page if not the first, a status of failure."""
    chain = request.chain
    own = {name for row in chain.endpoint.rows for name, _ in row}
    words = [chain.endpoint.name, *(SIGNS.sub("-", value.lower()).strip("-") for name, value in chain.row if name in own)]
    words += [form(chain.window.start, "date")] if chain.window is not None else []
    words += [f"page-{request.page}"] if request.page > 1 else []
    words += [str(answer.status)] if not 200 <= answer.status < 300 else []
    return "-".join(one for one in words if one)
