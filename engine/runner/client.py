"""Ask one request until it is answered or given up: limiter, sending, and what `retry.decide` says.

Obeys; decides nothing itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from engine.core.after import refilled_after
from engine.core.http import HttpRequest, Malformed, NoAnswer, Response
from engine.core.ledger import Tally
from engine.core.oauth import NotRenewed, Renewed
from engine.core.request import Request
from engine.core.response import Page, Reading, Refusal, read
from engine.core.retry import REFUSED, TOO_MANY, UNAUTHORIZED, Done, GiveUp, Patience, Tried, Wait, decide
from engine.language.effective import Endpoint
from engine.net.clock import Clock
from engine.net.limiter import Limiter

LATELY = 300.0


class Network(Protocol):
    """The network is one verb."""

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send one request; what goes wrong is a value, never an exception."""


class Credentials(Protocol):
    """Where a fresh credential comes from."""

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes the vendor listed with the credential in use, as it is now; None where it listed none."""

    @property
    def refused(self) -> str:
        """Say that a credential is refused though it was renewed, and what mends it."""

    def due(self) -> bool:
        """Whether to renew before asking; never true again after a try that failed."""

    async def refresh(self) -> Renewed | NotRenewed:
        """Get a new credential into the transport."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for good, and what its page line needs to know."""

    reading: Reading
    response: Response
    sent_at: datetime
    waited: float
    digest: str | None = None
    retries: int = 0

    @property
    def sha256(self) -> str:
        """What proves the body."""
        return self.digest or hashlib.sha256(self.response.body).hexdigest()

    def light(self, reading: Reading) -> Answered:
        """Give the same without its body, to be kept until it is known whether it may be written."""
        return replace(self, reading=reading, response=replace(self.response, body=b""), digest=self.sha256)


@dataclass(slots=True)
class Client:
    """Asks on behalf of every endpoint of a run: they share buckets, tokens and patience.

    `probe` is a request that shows whether a credential that was refused lives all the same. `heard` hears of every answer.
    """

    transport: Network
    limiter: Limiter
    credentials: Credentials
    clock: Clock
    patience: Patience
    probe: Request | None = None
    heard: Callable[[Request, Response | NoAnswer], None] = lambda _, __: None
    end: GiveUp | None = None
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _generation: int = 0
    _asked: bool = True
    _failed: tuple[int, GiveUp] | None = None
    _refused: dict[str, bool] = field(default_factory=dict)
    _lately: tuple[float, str] = (-math.inf, "")

    async def ask(self, request: Request, tally: Tally) -> Answered | GiveUp:
        """Send a request, again where that can help, and read the answer."""
        endpoint, loop = request.endpoint, asyncio.get_running_loop()
        first: float | None = None
        waited_in_all, tried, early = 0.0, Tried(), True
        while self.end is None:
            generation = self._generation
            if early and self.credentials.due():
                early = False
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
            reading = self._read(request, answer, waited.left)
            judged = reading if isinstance(reading, Malformed) else answer
            means = reading.means if isinstance(reading, Refusal) else None
            verdict = decide(tried, judged, means, sent_at, self.clock.dice(), self.patience)
            if isinstance(verdict, GiveUp):
                return await self._judged(verdict, request) if verdict.dead else verdict
            if isinstance(verdict, Done):
                if isinstance(answer, Response) and reading is not None:
                    await self._wait(Wait(refilled_after(answer.headers, sent_at), shared=True), endpoint)
                    return Answered(reading, answer, sent_at, waited_in_all, retries=tried.retries)
                return GiveUp("no answer")
            tally.retries += 1
            if isinstance(verdict, Wait):
                tried = tried.after(verdict)
                await self._wait(verdict, endpoint)
                continue
            renewed = await self._refresh(generation)
            if isinstance(renewed, GiveUp):
                return await self._judged(renewed, request)
            tried = replace(tried, refreshed=renewed is not False)
        return self.end

    def _read(self, request: Request, answer: Response | NoAnswer, sent: float) -> Reading | None:
        """Read an answer, and pass it and what it tells of its bucket's points on."""
        self.heard(request, answer)
        if not isinstance(answer, Response):
            return None
        reading, endpoint = read(request.chain, answer), request.endpoint
        points = reading.points if isinstance(reading, (Page, Refusal)) else None
        if points is not None:
            self.limiter.learn_points(endpoint.rate_limit, endpoint.name, (points.left, points.refill, points.cost), sent)
        return reading

    async def _wait(self, verdict: Wait, endpoint: Endpoint) -> None:
        """Hold the whole bucket where the vendor asks for that, else wait alone."""
        if verdict.shared and verdict.seconds:
            self.limiter.hold(endpoint.rate_limit, asyncio.get_running_loop().time() + verdict.seconds, endpoint.name)
        elif not verdict.shared:
            await self.clock.sleep(verdict.seconds)

    @property
    def dead(self) -> bool:
        """Whether the credential is refused for good."""
        return self.end is not None and self.end.dead

    @property
    def generation(self) -> int:
        """Number the credential in use."""
        return self._generation

    async def prepare(self) -> None:
        """Renew the credential where that is due before anything is asked with it."""
        if self.end is None and self.credentials.due():
            await self._refresh(self._generation, beforehand=True)

    async def renew(self, generation: int) -> str | None:
        """Get a newer credential than the one a file was refused with, or say why there is none.

        Ends no run: a vendor may refuse one file to a credential that is good for all the rest. One that was renewed for a
        file a moment ago is not the reason, so a list of refused files does not renew it for each of them.
        """
        async with self._refreshing:
            now = asyncio.get_running_loop().time()
            if self.end is not None:
                return self.end.words
            if generation != self._generation:
                return None
            if now < self._lately[0] + LATELY:
                return self._lately[1]
            found = await self.credentials.refresh()
            self._lately = (now, found.words if isinstance(found, NotRenewed) else REFUSED)
            if isinstance(found, NotRenewed):
                return found.words
            self._generation += 1
            self._asked = found.asked
            return None

    async def _refresh(self, generation: int, *, beforehand: bool = False) -> bool | GiveUp | None:
        """Renew once for all who used the same credential; tells whether the vendor was asked for the new one.

        One that could not be renewed beforehand (None) is used until the vendor refuses it, unless it is known to be dead.
        """
        async with self._refreshing:
            if generation != self._generation or self.end is not None or (beforehand and not self.credentials.due()):
                return self._asked
            if self._failed is not None and self._failed[0] == generation:
                return self._failed[1]
            found = await self.credentials.refresh()
            if isinstance(found, Renewed):
                self._generation += 1
                self._asked = found.asked
                return found.asked
            end = GiveUp(found.words, dead=found.dead)
            if beforehand:
                self.end = end if found.dead else None
                return None
            self._failed = (generation, end)
            return end

    async def _judged(self, refused: GiveUp, request: Request) -> GiveUp:
        """End the run for a credential that is refused; where it lives all the same, only what was asked for is refused."""
        name = request.endpoint.name
        async with self._refreshing:
            if self.end is None and name not in self._refused:
                self._refused[name] = await self._lives(request)
            if self.end is None and self._refused[name]:
                return GiveUp("the vendor refuses the credential for this request, though not for others", final=True)
            words = self.credentials.refused if refused.words == REFUSED else refused.words
            self.end = self.end or replace(refused, words=words)
            return self.end

    async def _lives(self, request: Request) -> bool:
        """Whether the vendor takes the credential for something else."""
        if self.probe is None or request.endpoint is self.probe.endpoint:
            return False
        async with self.limiter.slot(self.probe.endpoint.rate_limit, self.probe.endpoint.name):
            answer = await self.transport.send(self.probe.http)
        self.heard(self.probe, answer)
        if not isinstance(answer, Response) or answer.status >= 500 or answer.status in (UNAUTHORIZED, TOO_MANY):
            return False
        reading = read(self.probe.chain, answer)
        return not isinstance(reading, Malformed) and not (
            isinstance(reading, Refusal) and reading.means in ("refresh", "wait", "exhausted")
        )
