"""Ask one request until it is answered or given up: limiter, sending, and what `retry.decide` says.

Obeys; decides nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from engine.core.after import refilled_after
from engine.core.http import HttpRequest, Malformed, NoAnswer, Response
from engine.core.ledger import Tally
from engine.core.oauth import NotRenewed, Renewed
from engine.core.request import Request
from engine.core.response import Reading, Refusal, read
from engine.core.retry import Done, GiveUp, Patience, Refresh, Tried, decide
from engine.net.limiter import Limiter


class Transport(Protocol):
    """The network is one verb."""

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send one request; what goes wrong is a value, never an exception."""


class Credentials(Protocol):
    """Where a fresh credential comes from."""

    def due(self) -> bool:
        """Whether to renew before asking; never true again after a try that failed."""

    async def refresh(self) -> Renewed | NotRenewed:
        """Get a new credential into the transport."""


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
    end: GiveUp | None = None
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _generation: int = 0
    _asked: bool = True

    async def ask(self, request: Request, tally: Tally) -> Answered | GiveUp:
        """Send a request, again where that can help, and read the answer."""
        endpoint, loop = request.endpoint, asyncio.get_running_loop()
        first: float | None = None
        waited_in_all, tried = 0.0, Tried()
        while self.end is None:
            generation = self._generation
            if self.credentials.due():
                await self._refresh(generation, beforehand=True)
                continue
            async with self.limiter.slot(endpoint.rate_limit, endpoint.name) as waited:
                sent_at = self.clock.now()
                first = loop.time() if first is None else first + waited.paced
                answer = await self.transport.send(request.http)
            waited_in_all += waited.seconds
            tally.requests += 1
            tally.throttled += waited.seconds
            tried = replace(tried, seconds=loop.time() - first)
            reading = read(request.chain, answer) if isinstance(answer, Response) else None
            judged = reading if isinstance(reading, Malformed) else answer
            means = reading.means if isinstance(reading, Refusal) else None
            verdict = decide(tried, judged, means, sent_at, self.clock.dice(), self.patience)
            if isinstance(verdict, GiveUp):
                self.end = self.end or (verdict if verdict.dead else None)
                return verdict
            if isinstance(verdict, Done):
                if isinstance(answer, Response) and reading is not None:
                    self.limiter.hold(endpoint.rate_limit, loop.time() + refilled_after(answer.headers, sent_at))
                    return Answered(reading, answer, sent_at, waited_in_all)
                return GiveUp("no answer")
            tally.retries += 1
            if isinstance(verdict, Refresh):
                tried = replace(tried, refreshed=await self._refresh(generation))
                continue
            tried = tried.after(verdict)
            if verdict.shared:
                self.limiter.hold(endpoint.rate_limit, loop.time() + verdict.seconds)
            else:
                await self.clock.sleep(verdict.seconds)
        return self.end

    @property
    def dead(self) -> bool:
        """Whether the credential is refused for good."""
        return self.end is not None and self.end.dead

    async def _refresh(self, generation: int, *, beforehand: bool = False) -> bool:
        """Renew once for all who used the same credential; tells whether the vendor was asked for the new one.

        One that could not be renewed beforehand is used until the vendor refuses it, unless it is known to be dead.
        """
        async with self._refreshing:
            if generation != self._generation or self.end is not None or (beforehand and not self.credentials.due()):
                return self._asked
            found = await self.credentials.refresh()
            if isinstance(found, NotRenewed):
                if found.dead or not beforehand:
                    self.end = GiveUp(found.words, dead=found.dead)
                return True
            self._generation += 1
            self._asked = found.asked
            return found.asked
