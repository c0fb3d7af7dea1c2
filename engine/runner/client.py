"""The client of a run: send one request within the rate limit, retry it, renew the credential, and read the answer.

What to do after an answer is decided in `core/retry.py`, and after a refused credential in `core/refused_credential.py`;
this module does what they say.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from engine.core.after import refilled_after
from engine.core.http import HttpRequest, Malformed, NoAnswer, Response
from engine.core.ledger import Tally
from engine.core.oauth import NotRenewed, Renewed
from engine.core.refused_credential import AskVerify, CredentialState, Purpose, Renew, Usable, before_renewal, judge, noted, renewed
from engine.core.request import Request
from engine.core.response import Page, Reading, Refusal, read
from engine.core.retry import Done, GiveUp, Patience, Tried, Verdict, Wait, decide
from engine.core.vendor_address import ANOTHER_PERSON, NO_ADDRESS, Standing, address_source, is_link, proven, redirected, standing
from engine.core.verify_request import credential_lives
from engine.language.effective import Endpoint, Row
from engine.language.expressions.template import IDENTIFIERS
from engine.net.clock import Clock
from engine.net.limiter import Limiter
from engine.replaced import replace


class Network(Protocol):
    """What sends requests: `net/transport.py`, a cassette's playback, a recorder. `simulated`: a simulator or a recording answers."""

    @property
    def simulated(self) -> bool:
        """Whether a simulator or a recording answers in the vendor's place."""

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        """Send one request. A failure comes back as `NoAnswer`; nothing is raised."""


class Credentials(Protocol):
    """The connection in use: its name, its values for requests, its scopes, and how its credential is renewed."""

    @property
    def label(self) -> str:
        """Name the connection for people and the manifest: `zoom/default`, or `environment`."""

    @property
    def given(self) -> Row:
        """Give the connection's own values for requests, by name: its settings, and what the spec captures from the token answer."""

    @property
    def from_token(self) -> Row:
        """Give the values captured from the token answer in use; renewing the token may change them."""

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes that the vendor listed with the credential in use; None where it did not list them."""

    @property
    def refused(self) -> str:
        """Give the message for a credential that stays refused after it was renewed, with the command that mends it."""

    def due(self) -> bool:
        """Whether to renew before the next request; after a renewal that failed, always False."""

    async def refresh(self) -> Renewed | NotRenewed:
        """Get a new credential from the vendor (or the one that another process got) and put it into the transport."""


class EarlierTry(Struct, frozen=True):
    """A sending after which the request was sent again; `status` is None where no answer came. Times are as in `Answered`."""

    status: int | None
    sent_at: datetime
    waited: float
    seconds: float


class Answered(Struct, frozen=True):
    """The last answer to a request, read, with what its line in the page list needs: `waited` is seconds, `sent_at` UTC.

    `waited` and `retries` are those of all its tries, `earlier` are the tries before the last; `redirects` are the statuses of the
    redirects before it. `astray`: the vendor led to an address in which the person's value no longer stands, and nothing proves
    whose the answer is.
    """

    reading: Reading
    response: Response
    sent_at: datetime
    waited: float
    digest: str | None = None
    retries: int = 0
    earlier: tuple[EarlierTry, ...] = ()
    redirects: tuple[int, ...] = ()
    astray: bool = False

    @property
    def sha256(self) -> str:
        """The SHA-256 of the body, in hexadecimal."""
        return self.digest or hashlib.sha256(self.response.body).hexdigest()

    def light(self, reading: Reading) -> Answered:
        """Give the same without the body (its digest stays), for pages that wait until it is known whether they may be written."""
        return replace(self, reading=reading, response=replace(self.response, body=b""), digest=self.sha256)


class Sending(Struct):
    """One sending of a request, redirects followed: its last answer, when that was asked (`at`), and the redirects' statuses.

    Seconds: `waited` for the limits, `paced` of them by our own pace before the first step, `paced_later` before the others;
    `began` is the loop's time of the first step, `left` that of the last, `seconds` how long that took. `gone`: a redirect left
    the person's value out. `generation` is the credential's that was sent with the last step.
    """

    at: datetime
    answer: Response | NoAnswer = NO_ADDRESS
    began: float = 0.0
    waited: float = 0.0
    paced: float = 0.0
    paced_later: float = 0.0
    left: float = 0.0
    seconds: float = 0.0
    redirects: list[int] = field(default_factory=list)
    gone: bool = False
    generation: int = 0

    def answered(self, reading: Reading, answer: Response, retries: int, earlier: Sequence[EarlierTry], *, astray: bool) -> Answered:
        """Give its answer as the last one to a request, after these tries."""
        waited = self.waited + sum(one.waited for one in earlier)
        return Answered(reading, answer, self.at, waited, None, retries, tuple(earlier), tuple(self.redirects), astray)

    def again(self, verdict: Verdict, tally: Tally) -> EarlierTry:
        """Count that the request is sent again, and give what is kept of this sending."""
        tally.retries, tally.limited = tally.retries + 1, tally.limited + (isinstance(verdict, Wait) and verdict.shared)
        status = self.answer.status if isinstance(self.answer, Response) else None
        return EarlierTry(status, self.at, self.waited, self.seconds)


class SharedCredential(Struct, eq=False):
    """What is known of a connection's credential, and whose turn it is to renew it: one for all runs over the connection.

    `wanted`: how many have the turn to renew or to judge, or wait for it.
    """

    state: CredentialState = field(default_factory=CredentialState)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the turn to renew or to judge. A judge needs a place in the limits, so nobody who has one waits for it."""
        self.wanted += 1
        try:
            async with self.turn:
                yield
        finally:
            self.wanted -= 1


def _placed(answer: Response | NoAnswer, request: Request, *, redirected: bool) -> Response | NoAnswer:
    """Say of an address that may not be asked where it came from."""
    given = redirected or is_link(request)
    if not given or not isinstance(answer, NoAnswer) or answer.kind != "forbidden":
        return answer
    return replace(answer, words=f"{address_source(request, redirected=redirected)}: {answer.words}")


class Client(Struct):
    """Sends the requests of every endpoint of a run, which share rate limits, credential and patience.

    Runs over one connection share its limiter, in which `person` tells them apart, and its `grant`. `personal` names the values
    that are the person's. `verify` is the request that shows whether a refused credential still works; None until its address
    is known. `heard` is called with every request and its answer.
    """

    network: Network
    limiter: Limiter
    credentials: Credentials
    clock: Clock
    patience: Patience
    verify: Request | None = None
    personal: AbstractSet[str] = frozenset(IDENTIFIERS)
    heard: Callable[[Request, Response | NoAnswer], None] = lambda _, __: None
    grant: SharedCredential = field(default_factory=SharedCredential)
    person: object = field(default_factory=object)

    @property
    def credential(self) -> CredentialState:
        """Give what is known of the credential."""
        return self.grant.state

    @credential.setter
    def credential(self, state: CredentialState) -> None:
        self.grant.state = state

    async def ask(self, request: Request, tally: Tally) -> Answered | GiveUp:
        """Send a request, retry it as `core/retry.py` says, and read the answer; `tally` counts requests, retries and waiting."""
        endpoint, loop = request.endpoint, asyncio.get_running_loop()
        first: float | None = None
        earlier, tried = list[EarlierTry](), Tried()
        whose = self._continued(request) if is_link(request) else "same"
        if whose == "other":
            return GiveUp(f"{address_source(request)}: {ANOTHER_PERSON.words}")
        while (end := self.credential.end) is None:
            sent = await self._send(request, tally)
            answer, came, generation = sent.answer, self.clock.now(), sent.generation
            first = (sent.began if first is None else first + sent.paced) + sent.paced_later
            tried = replace(tried, seconds=loop.time() - first)
            reading = self._read(request, answer, sent.left)
            judged = reading if isinstance(reading, Malformed) else answer
            means = reading.means if isinstance(reading, Refusal) else None
            verdict = decide(tried, judged, means, came, self.clock.dice(), self.patience)
            if isinstance(verdict, GiveUp):
                return await self._judged(verdict, request) if verdict.dead else verdict
            if isinstance(verdict, Done):
                if not isinstance(answer, Response) or reading is None:
                    return GiveUp("no answer")
                await self._wait(Wait(refilled_after(answer.headers, came), shared=True), endpoint)
                astray = whose == "gone" or (sent.gone and not proven(request, self.personal, reading))
                return sent.answered(reading, answer, tried.retries, earlier, astray=astray)
            earlier.append(sent.again(verdict, tally))
            if isinstance(verdict, Wait):
                tried = tried.after(verdict)
                await self._wait(verdict, endpoint)
                continue
            usable = await self._renew(generation, "refused", endpoint.name)
            if isinstance(usable, GiveUp):
                return await self._judged(usable, request)
            tried = replace(tried, refreshed=usable.asked is not False)
        return end

    async def _send(self, request: Request, tally: Tally, *, renewing: bool = True) -> Sending:
        """Send a request and go where redirects lead, each in the limits; not to an address with another person's value.

        Unless not `renewing`, the credential is fresh when the request leaves, however long it stood in line.
        """
        step: HttpRequest | NoAnswer | None = request.http
        sent, loop, fresh = Sending(self.clock.now()), asyncio.get_running_loop(), True
        while isinstance(step, HttpRequest):
            if not fresh:
                async with self.grant.turn:
                    pass  # whoever held it has renewed the credential, or seen that it lives
            async with self.limiter.slot(request.endpoint.bucket, request.endpoint.counted_as, self.person) as waited:
                fresh = not renewing or await self._fresh()
                if not fresh:
                    sent.waited += waited.seconds
                    continue
                sent.generation = self.credential.generation
                sent.began, sent.at = sent.began or loop.time(), self.clock.now()
                sent.paced, sent.paced_later = (sent.paced, sent.paced_later + waited.paced) if sent.redirects else (waited.paced, 0.0)
                sent.answer = await self.network.send(step)
            sent.waited, sent.left, sent.seconds = sent.waited + waited.seconds, waited.left, loop.time() - waited.left
            tally.requests += 1
            tally.throttled += waited.seconds
            step = redirected(step, sent.answer, len(sent.redirects))
            if isinstance(step, HttpRequest) and isinstance(sent.answer, Response):
                sent.redirects.append(sent.answer.status)
                whose = standing(request.chain, step.url, self.personal)
                sent.gone |= whose == "gone"
                step = ANOTHER_PERSON if whose == "other" else step
        sent.answer = _placed(step or sent.answer, request, redirected=bool(sent.redirects))
        return sent

    def _continued(self, request: Request) -> Standing:
        """Say whose value stands in the link to a page; where each answer proves whose it is, a value may be gone."""
        whose = standing(request.chain, request.http.url, self.personal)
        return "same" if whose == "gone" and proven(request, self.personal) else whose

    def _read(self, request: Request, answer: Response | NoAnswer, sent: float) -> Reading | None:
        """Read an answer; pass it to `heard`, and the points it reports to the limiter (`sent`: points left at sending)."""
        self.heard(request, answer)
        if not isinstance(answer, Response):
            return None
        reading, endpoint = read(request.chain, answer), request.endpoint
        points = reading.points if isinstance(reading, (Page, Refusal)) else None
        if points is not None:
            self.limiter.learn_points(endpoint.bucket, endpoint.counted_as, (points.left, points.refill, points.cost), sent)
        return reading

    async def _fresh(self) -> bool:
        """Renew the credential where its time is nearly over. Whoever finds another at it has to queue anew when that is done.

        Who waited here would else leave together with all others who did, faster than the limits allow.
        """
        due = self.credentials.due()
        if due and self.grant.wanted:
            return False
        if due:
            await self.prepare()
        return True

    async def _wait(self, verdict: Wait, endpoint: Endpoint) -> None:
        """Wait: the whole bucket where the vendor asks all to wait, else only this request."""
        if verdict.shared and verdict.seconds:
            self.limiter.hold(endpoint.bucket, asyncio.get_running_loop().time() + verdict.seconds, endpoint.counted_as)
        elif not verdict.shared:
            await self.clock.sleep(verdict.seconds)

    @property
    def end(self) -> GiveUp | None:
        """Give the reason why the run sends no more requests: the credential is refused for good. None while it works."""
        return self.credential.end

    @property
    def dead(self) -> bool:
        """Whether the credential is refused for good."""
        return self.end is not None and self.end.dead

    async def prepare(self) -> None:
        """Renew the credential if its time is nearly over."""
        if self.end is None and self.credentials.due():
            await self._renew(self.credential.generation, "due")

    async def renew(self, generation: int) -> str | None:
        """Renew the credential that a file was refused with; gives None when a newer one is in use, else the reason."""
        usable = await self._renew(generation, "file")
        return usable.words if isinstance(usable, GiveUp) else None

    async def _renew(self, generation: int, purpose: Purpose, endpoint: str = "") -> Usable | GiveUp:
        """Renew the credential of `generation` once for all who used it, where engine/core/refused_credential.py says so."""
        async with self.grant.alone():
            now = asyncio.get_running_loop().time()
            due = purpose == "due" and self.credentials.due()
            decision = before_renewal(self.credential, generation, purpose, now, due=due, endpoint=endpoint)
            if not isinstance(decision, Renew):
                return decision
            found = await self.credentials.refresh()
            self.credential, usable = renewed(self.credential, found, purpose, now)
            return usable

    async def _judged(self, refused: GiveUp, request: Request) -> GiveUp:
        """End the run for a credential that is refused, or only the endpoint where `verify` is answered all the same."""
        name, now, words = request.endpoint.name, asyncio.get_running_loop().time(), self.credentials.refused
        async with self.grant.alone():
            self.credential, decision = judge(self.credential, refused, name, words, now)
            if isinstance(decision, AskVerify):
                self.credential = noted(self.credential, name, lives=await self._lives(request), now=now)
                self.credential, decision = judge(self.credential, refused, name, words, now)
        return refused if isinstance(decision, AskVerify) else decision

    async def _lives(self, request: Request) -> bool:
        """Send `verify` once; whether its answer shows that the vendor still accepts the credential."""
        if self.verify is None or request.endpoint is self.verify.endpoint:
            return False
        answer = (await self._send(self.verify, Tally(), renewing=False)).answer
        self.heard(self.verify, answer)
        return credential_lives(answer, read(self.verify.chain, answer) if isinstance(answer, Response) else None)
