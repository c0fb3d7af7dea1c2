"""Many people over one account: one refresh, one question to the account, and what is said of each hangs on nobody before them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from engine.assembly import ChosenConnection, Order
from engine.connection.keeper import Fixed
from engine.connection.open import Opened
from engine.connection.stored import Bound, StoredConnection
from engine.connection.vault import Vault
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.identity import identify
from engine.core.ledger import Outcome, Subject
from engine.core.oauth import NotRenewed, Renewed
from engine.core.refused_credential import ONLY_THIS
from engine.core.retry import Patience
from engine.errors import Exit
from engine.net.clock import clock_from
from engine.net.hosts import Hosts
from engine.net.limiter import limiter_of
from engine.net.transport import Transport
from engine.open_account import SIDE_BY_SIDE, OpenAccount
from engine.runner import RunOptions, Session
from tests.clock import passing, run
from tests.core.specs import vendor

HEAD = """
spec: 1
vendor: acme
title: Acme
version: v1
docs: https://acme.example/docs
base_url: https://api.acme.example/v1
hosts: [api.acme.example]
auth: {headers: {Authorization: "Bearer <SECRET>"}}
verify: {get: /me, records: people}
rate_limits: {"n": 20/s}
discover: {team: {get: /team, capture: {TEAM: id}}}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}, refusals: {rules: [{status: 404, means: absent}]}}
  endpoints:
"""
ENDPOINTS = """
    notes: {get: /teams/<TEAM>/people/<USER_ID>/notes, records: items, bucket: n}
    secrets: {get: /people/<USER_ID>/secrets, records: items}
"""


class Acme:
    """A vendor that takes one token at a time; `refusing` never takes any for some paths, `people` are listed by `verify`.

    With the request about a person that `dies_with` counts the token is dead, for those too that are under way.
    """

    simulated = True

    def __init__(self, *, people: int = 1, refusing: str = "/none", good: str = "t0") -> None:
        self.people, self.refusing, self.good, self.token = people, refusing, good, "t0"
        self.log: list[str] = []
        self.dies_with = 0

    async def send(self, request: HttpRequest) -> Response:
        """Answer after a twentieth of a second."""
        path = request.url.removeprefix("https://api.acme.example/v1")
        token = self.token
        self.log.append(path)
        if self.dies_with and sum(one.startswith("/people/") for one in self.log) == self.dies_with:
            self.good = "t1"
        await passing(0.05)
        if token != self.good or path.endswith(self.refusing):
            return Response(401, {}, b"{}")
        return self._said(path)

    def _said(self, path: str) -> Response:
        found: object
        match path.strip("/").split("/"):
            case ["me"]:
                found = {"people": [{}] * self.people}
            case ["team"]:
                found = {"id": "t"}
            case ["people", who]:
                name = who.replace("%40", "@")
                found = {"id": name[:4], "email": name}
                if name.startswith("none"):
                    return Response(404, {}, b"{}")
            case _:
                found = {"items": [{"id": 1}]}
        return Response(200, {}, json.dumps(found).encode())

    def count(self, end: str) -> int:
        """How often a path was asked."""
        return sum(path.endswith(end) for path in self.log)


class Renewable(Fixed):
    """A credential that is renewed once for each of `answers`, and counts how often that was asked."""

    def __init__(self, acme: Acme, *answers: Renewed | NotRenewed) -> None:
        super().__init__()
        self.acme, self.answers, self.count = acme, list(answers), 0

    async def refresh(self) -> Renewed | NotRenewed:
        """Take a while, as a vendor does."""
        self.count += 1
        await passing(0.2)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Renewed):
            self.acme.token = self.acme.good
        return found


class Asked:
    """What came of many people over one account."""

    def __init__(self, tmp_path, acme: Acme, *answers: Renewed | NotRenewed, probe: dict[str, str] | None = None) -> None:
        self.acme, self.spec, self.out = acme, vendor(ENDPOINTS, HEAD), tmp_path
        self.credentials = Renewable(acme, *(answers or (Renewed(asked=True),)))
        self.chosen = ChosenConnection(
            self.spec,
            StoredConnection("acme", "headers", Bound(self.spec.hosts), 0.0, secret="t0", probe=probe or {}),
            Vault(tmp_path / "home"),
            Transport(Hosts(self.spec.hosts), None),
        )

    def account(self, *, many: bool = True) -> OpenAccount:
        """Open it. A loop runs."""
        clock = clock_from(datetime(2026, 11, 24, 12, tzinfo=UTC), passing, lambda: 0.5)
        session = Session(vendor=self.spec, network=self.acme, credentials=self.credentials, limiter=limiter_of(self.spec), clock=clock)
        return OpenAccount(session, Opened(self.spec, "acme/default", self.chosen.found, self.credentials), many=many)

    def order(self, email: str, number: int) -> Order:
        """Ask for one person."""
        return Order(
            chosen=self.chosen, person={"EMAIL": identify("email", email)}, options=RunOptions(), out=self.out / f"{email[:4]}{number}"
        )

    async def side_by_side(self, account: OpenAccount, *people: str):
        """Ask for all of them at once."""
        return await asyncio.gather(*(account.fetch(self.order(one, number)) for number, one in enumerate(people)))


PEOPLE = [f"ada{number}@x.io" for number in range(8)]


def test_eight_people_on_one_dead_token_are_one_refresh(tmp_path):
    """The token dies when all of them are under way: whoever meets it first renews it for all, and nobody lacks anything."""
    acme = Acme()
    asked = Asked(tmp_path, acme)

    async def scenario():
        account = asked.account()
        await account.learnt()
        assert asked.credentials.count == 0
        acme.dies_with = len(PEOPLE)
        return await asked.side_by_side(account, *PEOPLE)

    reports = run(scenario())
    assert [one.manifest["lookup"]["requests"] for one in reports] == [3, *[2] * 7], (
        "each met the dead token; the first asked for the team too"
    )
    assert {one.exit_code for one in reports} == {Exit.COMPLETE}
    assert asked.credentials.count == 1


def test_the_account_is_asked_first_and_once_an_hour(tmp_path):
    """`verify` and `discover` go before everybody; an hour later they are asked again; each manifest says when it was."""
    acme = Acme()
    asked = Asked(tmp_path, acme)

    async def scenario():
        account = asked.account()
        first = await asked.side_by_side(account, *PEOPLE)
        assert acme.log[0] == "/me"
        assert (acme.count("/me"), acme.count("/team")) == (1, 1)
        await passing(timedelta(minutes=59).total_seconds())
        second = await account.fetch(asked.order("bert@x.io", 0))
        assert (acme.count("/me"), acme.count("/team")) == (1, 1)
        await passing(60)
        third = await account.fetch(asked.order("carl@x.io", 0))
        return [*first, second, third]

    reports = run(scenario())
    assert (acme.count("/me"), acme.count("/team")) == (2, 2)
    told = [one.manifest["connection"] for one in reports]
    assert [one["verified_at"] for one in told] == ["2026-11-24T12:00:00Z"] * 9 + ["2026-11-24T13:00:00Z"]
    assert all(one["discovered_at"] for one in told)
    assert reports[8].manifest["started"] == "2026-11-24T12:59:00Z"
    assert all(one.manifest["lookup"]["requests"] == 1 for one in reports[1:9])


def test_an_account_that_is_silent_for_longer_than_that_holds_is_asked_once_for_all_who_wait(tmp_path):
    """Minutes go by until it is given up: not again for each of them, one after the other."""

    class Silent(Acme):
        async def send(self, request: HttpRequest) -> Response | NoAnswer:
            if request.url.endswith("/me"):
                self.log.append("/me")
                await passing(30)
                return NoAnswer("timeout", "no answer came")
            return await super().send(request)

    acme = Silent()
    asked = Asked(tmp_path, acme)

    async def scenario():
        return await asked.side_by_side(asked.account(), *PEOPLE)

    assert {one.outcome for one in run(scenario())} == {Subject.MATCHED}
    assert acme.count("/me") == Patience().attempts


@pytest.mark.parametrize("order", [["none@x.io", *PEOPLE], [*PEOPLE, "none@x.io"]], ids=["first", "last"])
@pytest.mark.parametrize(("people", "probe", "subject"), [(1, None, "no_match"), (0, None, "unproven"), (0, "ada9@x.io", "no_match")])
def test_what_is_said_of_nobody_hangs_on_no_order(tmp_path, order, people, probe, subject):
    """A stranger is unknown, or unproven, whether they are asked for first or last: the account showed it before either."""
    acme = Acme(people=people)
    asked = Asked(tmp_path, acme, probe=None if probe is None else {"email": probe})

    async def scenario():
        return await asked.side_by_side(asked.account(), *order)

    reports = run(scenario())
    stranger = reports[order.index("none@x.io")]
    assert stranger.outcome is Subject(subject)
    assert acme.count("ada9%40x.io") == (1 if probe else 0)
    assert (stranger.manifest["connection"]["probed_at"] is not None) == bool(probe)
    assert {one.outcome for one in reports if one is not stranger} == {Subject.MATCHED}


@pytest.mark.parametrize("many", [True, False], ids=["an account for many", "a run by itself"])
@pytest.mark.parametrize(("sees", "probe", "subject"), [(1, None, "no_match"), (0, None, "unproven"), (0, "none@x.io", "unproven")])
def test_nobody_is_believed_of_the_credential_that_said_so(tmp_path, many, sees, probe, subject):
    """The token that listed people dies just then, and the one that says "nobody" came for it: it is asked whether it sees any."""

    class Dying(Acme):
        def _said(self, path: str) -> Response:
            if path == "/me" and self.token == "t0":
                self.good = "t1"
            elif path == "/me":
                self.people = sees
            return super()._said(path)

    asked = Asked(tmp_path, Dying(), probe=None if probe is None else {"email": probe})

    async def scenario():
        return await asked.account(many=many).fetch(asked.order("none2@x.io", 0))

    report = run(scenario())
    assert report.outcome is Subject(subject)
    assert asked.credentials.count == 1


def test_an_endpoint_that_refuses_a_living_credential_uses_up_one_refresh_for_all(tmp_path):
    """Not one a person: a vendor ends refresh tokens that are used too often. The other endpoints are whole."""
    acme = Acme(refusing="/secrets")
    asked = Asked(tmp_path, acme)

    async def scenario():
        account = asked.account()
        return [await account.fetch(asked.order(one, 0)) for one in PEOPLE]

    reports = run(scenario())
    assert asked.credentials.count == 1
    for one in reports:
        assert (one.endpoints["notes"].outcome, one.endpoints["secrets"].outcome) == (Outcome.COMPLETE, Outcome.FAILED)
        assert one.endpoints["secrets"].reason == ONLY_THIS


def test_a_dead_connection_ends_all_and_is_asked_no_more(tmp_path):
    """Everybody is told what mends it; after the first nothing is sent."""
    acme = Acme(good="never")
    asked = Asked(tmp_path, acme, NotRenewed("the vendor has ended this connection: habeas connect acme", dead=True))

    async def scenario():
        account = asked.account()
        reports = await asked.side_by_side(account, *PEOPLE)
        return reports, account.end

    reports, end = run(scenario())
    assert {one.exit_code for one in reports} == {Exit.NOT_CONNECTED}
    assert end is not None
    assert "habeas connect acme" in end
    assert (len(acme.log), asked.credentials.count) == (1, 1)


def test_no_more_people_are_let_in_than_fit(tmp_path):
    """Forty wait, sixteen at most are under way; whoever is cancelled while they wait takes no place."""
    acme = Acme()
    asked = Asked(tmp_path, acme)
    seen = []

    async def scenario():
        account = asked.account()
        inside = 0

        async def one(number: int) -> None:
            nonlocal inside
            async with account.place():
                inside += 1
                seen.append(inside)
                await passing(1)
                inside -= 1

        tasks = [asyncio.ensure_future(one(number)) for number in range(40)]
        await passing(0.5)
        for task in tasks[20:25]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scenario())
    assert max(seen) == SIDE_BY_SIDE
    assert len(seen) == 35


def test_a_run_that_is_cancelled_while_the_account_is_asked_costs_the_others_nothing(tmp_path):
    """What it had begun to find out is found out anew by the next."""
    acme = Acme()
    asked = Asked(tmp_path, acme)

    async def scenario():
        account = asked.account()
        first = asyncio.ensure_future(account.fetch(asked.order("ada0@x.io", 0)))
        await passing(0.02)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await asked.side_by_side(account, *PEOPLE[1:])

    assert {one.exit_code for one in run(scenario())} == {Exit.COMPLETE}
    assert acme.count("/me") == 2
