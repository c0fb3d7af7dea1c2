"""Asking again: a 429 for one request holds all of its bucket, other failures wait alone. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from engine.connection.keeper import Fixed, ask_for_token
from engine.core.chain import Chain
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.ledger import Tally
from engine.core.oauth import NoToken, NotRenewed, Renewed
from engine.core.refused_credential import LATELY, ONLY_THIS, CredentialState
from engine.core.request import opening
from engine.core.retry import REFUSED, GiveUp, Patience
from engine.language.model.units import Rate
from engine.net.clock import clock_from
from engine.net.limiter import Limiter
from engine.runner.client import Answered, Client
from tests.clock import passing, run
from tests.core.specs import ROW, endpoint

LINE = endpoint("get: /p/<USER_ID>\nrecords: items\n")
START = datetime(2026, 11, 24, tzinfo=UTC)
GOOD = Response(200, {}, b'{"items":[]}')


class Vendor:
    """Answers what it is told to, and notes when it was asked."""

    simulated = True

    def __init__(self, *answers: Response | NoAnswer) -> None:
        self.answers, self.times = list(answers), list[float]()

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        self.times.append(asyncio.get_running_loop().time())
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def asking(vendor: Vendor, ask: Callable[[Client], Awaitable[object]]) -> tuple[object, list[float]]:
    async def scenario() -> object:
        begun, clock = asyncio.get_running_loop().time(), clock_from(START, passing, lambda: 0.5)
        client = Client(vendor, Limiter({"all": (Rate(1000, 1.0),)}, 0.5), Fixed(), clock, Patience())
        found = await ask(client)
        vendor.times = [round(one - begun, 1) for one in vendor.times]
        return found

    return run(scenario()), vendor.times


def test_a_429_holds_everyone_in_the_bucket():
    """Who asks next waits as long as the one who was refused."""

    async def both(client: Client) -> list[object]:
        first = asyncio.create_task(client.ask(opening(Chain(LINE, ROW)), Tally()))
        await passing(1)
        return [await client.ask(opening(Chain(LINE, ROW)), Tally()), await first]

    found, times = asking(Vendor(Response(429, {"retry-after": "8"}, b"{}"), GOOD), both)
    assert all(isinstance(one, Answered) for one in found)
    assert times[0] == 0
    assert all(8 <= one <= 8.5 for one in times[1:])


def test_other_failures_wait_alone_and_longer_each_time():
    """A server error holds nobody else; six times, then it is given up."""

    async def both(client: Client) -> object:
        return await client.ask(opening(Chain(LINE, ROW)), Tally())

    found, times = asking(Vendor(Response(503, {}, b"")), both)
    assert isinstance(found, GiveUp)
    assert found.words == "HTTP 503, 6 times"
    assert times == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5], abs=0.05)


def test_a_dead_token_is_asked_with_no_more():
    """After one refusal that nothing can mend, no request goes out any more."""

    async def twice(client: Client) -> list[object]:
        return [await client.ask(opening(Chain(LINE, ROW)), Tally()) for _ in range(2)]

    found, times = asking(Vendor(Response(401, {}, b"{}")), twice)
    assert all(isinstance(one, GiveUp) and one.dead for one in found)
    assert len(times) == 1


def test_a_vendor_that_makes_us_wait_for_ever_is_left_after_fifteen_minutes():
    """What a 429 makes us wait counts against the patience, whoever waits it out: two requests, not sixty."""

    async def ask(client: Client) -> object:
        return await client.ask(opening(Chain(LINE, ROW)), Tally())

    found, times = asking(Vendor(Response(429, {"retry-after": "800"}, b"{}")), ask)
    assert isinstance(found, GiveUp)
    assert found.exhausted
    assert found.again_at is not None
    assert len(times) == 2


def test_who_queues_before_it_was_ever_sent_has_spent_nothing():
    """Hours of another one's hold, and of our own pace, leave all of one's patience."""

    async def ask(client: Client) -> object:
        client.limiter = Limiter({"all": (Rate(1, 3600.0),)}, 1.0)
        async with client.limiter.slot(None, "x"):
            pass
        client.limiter.hold(None, asyncio.get_running_loop().time() + 8000)
        tally = Tally()
        return await client.ask(opening(Chain(LINE, ROW)), tally), tally

    found, times = asking(Vendor(Response(429, {"retry-after": "800"}, b"{}"), Response(503, {}, b""), GOOD), ask)
    answered, tally = found
    assert isinstance(answered, Answered)
    assert len(times) == 3
    assert times[0] == 8000
    assert tally.throttled == pytest.approx(times[2] - 0.5, abs=1)


def test_a_storm_of_429_does_not_use_up_the_tries_for_failures():
    """Six times told to wait, then a server error: it is asked again."""
    storm = [Response(429, {"retry-after": "1"}, b"{}")] * 6

    async def ask(client: Client) -> object:
        return await client.ask(opening(Chain(LINE, ROW)), Tally())

    found, times = asking(Vendor(*storm, Response(503, {}, b""), GOOD), ask)
    assert isinstance(found, Answered)
    assert len(times) == 8


class Counted(Fixed):
    """Credentials that can be renewed, and are counted."""

    def __init__(self, *answers: Renewed | NotRenewed) -> None:
        self.answers, self.count = list(answers), 0

    async def refresh(self):
        self.count += 1
        return self.answers.pop(0)


def test_files_renew_a_credential_once_in_a_while():
    """Not for every refused file, but again when the newer one may have ended too; no run ends by it."""
    new, dead = Renewed(asked=True), NotRenewed("the vendor has ended this connection", dead=True)

    async def files(client: Client) -> list[object]:
        client.credentials = Counted(new, dead, new)
        told = [await client.renew(0), await client.renew(0), client.credential.generation, await client.renew(1)]
        for _ in range(2):
            await passing(LATELY + 1)
            told += [await client.renew(1), await client.renew(1), client.end]
        return [*told, client.credential.generation, client.credentials.count]

    found, _ = asking(Vendor(GOOD), files)
    assert found == [None, None, 1, REFUSED, dead.words, dead.words, None, None, None, None, 2, 3]


def test_files_of_a_run_that_has_ended_renew_nothing():
    """What ended it is what is said of them."""

    async def files(client: Client) -> object:
        client.credentials = Counted()
        client.credential = CredentialState(end=GiveUp("the vendor has ended this connection", dead=True))
        return await client.renew(0)

    assert asking(Vendor(GOOD), files)[0] == "the vendor has ended this connection"


def test_a_good_answer_that_says_nothing_is_left_holds_the_bucket():
    """The next request waits for the reset, where it is near; the answer itself is taken."""
    told = [Response(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, b'{"items":[]}') for reset in ("7", "3600")]

    async def thrice(client: Client) -> list[object]:
        return [await client.ask(opening(Chain(LINE, ROW)), Tally()) for _ in range(3)]

    found, times = asking(Vendor(*told, GOOD), thrice)
    assert all(isinstance(one, Answered) for one in found)
    assert times == pytest.approx([0, 7, 7], abs=0.1)


class Brought(Fixed):
    """A credential whose renewals come to these results, one after the other."""

    def __init__(self, *found: Renewed | NotRenewed) -> None:
        super().__init__()
        self.found = list(found)

    async def refresh(self) -> Renewed | NotRenewed:
        return self.found.pop(0)


@pytest.mark.parametrize(
    ("found", "left", "answered"),
    [
        ([Renewed(asked=False), Renewed(asked=True)], 0, True),
        ([Renewed(asked=True), Renewed(asked=True)], 1, False),
        ([Renewed(asked=False), NotRenewed("ended", dead=True)], 0, False),
    ],
)
def test_a_token_that_another_process_brought_may_be_renewed_once_more(found, left, answered):
    """It may be older than the refusal; one that the vendor gave just now is not asked for again."""

    async def ask(client: Client) -> object:
        client.credentials = credentials
        return await client.ask(opening(Chain(LINE, ROW)), Tally())

    credentials = Brought(*found)
    result, times = asking(Vendor(Response(401, {}, b"{}"), Response(401, {}, b"{}"), GOOD), ask)
    assert isinstance(result, Answered) is answered
    assert len(credentials.found) == left
    assert len(times) == (3 if answered else 2)


def test_verify_shows_whether_a_refused_credential_lives_at_the_vendors_pace():
    """It waits for its bucket as any request does, and is heard of; an endpoint is ended by it once."""
    heard, verify = list[str](), opening(Chain(endpoint("get: /me\n"), ROW))

    async def ask(client: Client) -> object:
        client.verify, client.heard = verify, lambda request, _: heard.append(request.http.url)
        client.limiter = Limiter({"all": (Rate(1, 10.0),)}, 1.0)
        return await client.ask(opening(Chain(LINE, ROW)), Tally())

    found, times = asking(Vendor(Response(401, {}, b"{}"), GOOD), ask)
    assert found == GiveUp(ONLY_THIS, final=True)
    assert times == pytest.approx([0, 10.4], abs=0.5)
    assert [url.rpartition("/")[2] for url in heard] == [opening(Chain(LINE, ROW)).http.url.rpartition("/")[2], "me"]


def test_verify_that_is_refused_itself_is_not_asked_whether_it_lives():
    """One request is enough to know."""
    verify = opening(Chain(LINE, ROW))

    async def ask(client: Client) -> object:
        client.verify = verify
        return await client.ask(verify, Tally())

    found, times = asking(Vendor(Response(401, {}, b"{}"), GOOD), ask)
    assert isinstance(found, GiveUp)
    assert found.dead
    assert len(times) == 1


def test_a_token_is_asked_for_with_the_backoff_too():
    """A token endpoint that says to ask again at once is asked five times in fifteen seconds, not in none."""

    async def scenario() -> list[float]:
        begun, times = asyncio.get_running_loop().time(), list[float]()

        async def once() -> NoToken:
            times.append(round(asyncio.get_running_loop().time() - begun, 1))
            return NoToken("passing", "HTTP 429", 0.0)

        await ask_for_token(once, clock_from(START, passing, lambda: 0.5), Patience(attempts=5, total=120.0))
        return times

    assert run(scenario()) == pytest.approx([0, 0.5, 1.5, 3.5, 7.5], abs=0.05)
