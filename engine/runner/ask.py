"""Ask one request until it is answered or given up: limiter, sending, and what `retry.decide` says.

Obeys; decides nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from engine.core.http import HttpRequest, Malformed, NoAnswer, Response
from engine.core.ledger import Tally
from engine.core.request import Request
from engine.core.response import Reading, Refusal, read
from engine.core.retry import Done, GiveUp, Patience, Refresh, Tried, Wait, decide
from engine.net.limiter import Limiter


class Transport(Protocol):
    """The network is one verb."""

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send one request; what goes wrong is a value, never an exception."""


class Credentials(Protocol):
    """Where a fresh access token comes from."""

    async def refresh(self) -> bool:
        """Get a new token into the transport; False where there is none to be had."""


@dataclass(frozen=True)
class Clock:
    """Time and dice, passed in so that tests need neither."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    dice: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for good, and what its page line needs to know."""

    reading: Reading
    response: Response
    sent_at: datetime
    waited: float


@dataclass(slots=True)
class Asker:
    """Asks on behalf of every endpoint of a run: they share buckets, tokens and patience."""

    transport: Transport
    limiter: Limiter
    credentials: Credentials
    clock: Clock
    patience: Patience
    dead: bool = False
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _generation: int = 0

    async def ask(self, request: Request, tally: Tally) -> Answered | GiveUp:
        """Send a request, again where that can help, and read the answer."""
        endpoint, loop = request.endpoint, asyncio.get_running_loop()
        started, waited_in_all = loop.time(), 0.0
        tried = Tried(0, 0.0)
        while not self.dead:
            generation = self._generation
            async with self.limiter.slot(endpoint.rate_limit, endpoint.name) as waited:
                sent_at = self.clock.now()
                answer = await self.transport.send(request.http)
            waited_in_all += waited
            tally.requests += 1
            tally.throttled += waited
            tried = Tried(tried.attempts + 1, loop.time() - started - waited_in_all, tried.refreshed)
            reading = read(request.chain, answer) if isinstance(answer, Response) else None
            judged = reading if isinstance(reading, Malformed) else answer
            means = reading.means if isinstance(reading, Refusal) else None
            verdict = decide(tried, judged, means, sent_at, self.clock.dice(), self.patience)
            if isinstance(verdict, GiveUp):
                self.dead = self.dead or verdict.dead
                return verdict
            if isinstance(verdict, Done):
                if isinstance(answer, Response) and reading is not None:
                    return Answered(reading, answer, sent_at, waited_in_all)
                return GiveUp("no answer")
            tally.retries += 1
            await self._before_the_next(verdict, endpoint.rate_limit, generation)
            if isinstance(verdict, Refresh):
                tried = Tried(tried.attempts, tried.seconds, refreshed=True)
        return GiveUp(DEAD, dead=True)

    async def _before_the_next(self, verdict: Wait | Refresh, bucket: str | None, generation: int) -> None:
        if isinstance(verdict, Refresh):
            await self._refresh(generation)
        elif verdict.shared:
            self.limiter.hold(bucket, asyncio.get_running_loop().time() + verdict.seconds)
        else:
            await self.clock.sleep(verdict.seconds)

    async def _refresh(self, generation: int) -> None:
        """Refresh once for all who met the same dead token."""
        async with self._refreshing:
            if generation == self._generation and not self.dead:
                self.dead = not await self.credentials.refresh()
                self._generation += 1


DEAD = "the vendor refuses the credential"
