"""A credential that one request refuses and another takes costs that endpoint alone; one that nothing takes ends the run."""

from __future__ import annotations

import asyncio

import pytest

from engine.connection.keeper import Fixed
from engine.core.http import HttpRequest, Response
from engine.core.oauth import Renewed
from engine.errors import Exit
from engine.runner.client import Client, SharedCredential
from tests.clock import passing, run
from tests.core.specs import HEAD
from tests.whole.scripted import Scripted, fetched

TWO = "it: {for: {A: [x, y, z]}, get: /bad, params: {a: <A>}, records: items}\nother: {get: /other, records: items}\n"
SOME = {"items": [{"id": 1}, {"id": 2}]}
BAD = {f"/bad?a={one}": [(401, {})] for one in "xyz"}


def test_one_endpoint_that_refuses_the_credential_ends_only_itself(tmp_path):
    """The rest is read to its end, exit 3; it is asked once whether the credential lives, not for each part."""
    done = fetched(TWO, {**BAD, "/other": [SOME]}, tmp_path)
    assert done.report.exit_code is Exit.INCOMPLETE
    assert {one.name: str(one.outcome) for one in done.report.entries} == {"it": "failed", "other": "complete"}
    assert "the vendor refuses the credential for this request, though not for others" in done.entry().reason
    assert done.log.count("/me") <= 2


@pytest.mark.parametrize("said", [(401, {}), (503, {}), (200, b"<html>"), (429, {})])
def test_a_credential_that_nothing_shows_to_live_ends_the_run(said, tmp_path):
    """Refused there too, or no answer that proves anything: not connected."""
    done = fetched(TWO, {**BAD, "/me": [said], "/other": [(401, {})]}, tmp_path)
    assert done.report.exit_code is Exit.NOT_CONNECTED
    assert done.report.cut == "the vendor refuses the credential"


def test_a_refusal_of_verify_for_a_scope_is_a_sign_of_life(tmp_path):
    """A denial is an answer to somebody who is known."""
    done = fetched(TWO, {**BAD, "/me": [(403, {})], "/other": [SOME]}, tmp_path)
    assert done.report.exit_code is Exit.INCOMPLETE


class Changing(Fixed):
    """A credential that can be renewed, or not, and is always said to be due."""

    granted = None
    refused = "refused"

    def __init__(self) -> None:
        self.renewed = 0

    def due(self) -> bool:
        return True

    async def refresh(self) -> Renewed:
        self.renewed += 1
        return Renewed(asked=True)


def test_a_token_that_is_due_at_once_is_renewed_once_for_each_request(tmp_path, monkeypatch):
    """A lifetime shorter than the store is slow never keeps the run from asking."""
    made: list[Changing] = []

    def changing() -> Changing:
        made.append(Changing())
        return made[-1]

    monkeypatch.setattr("tests.whole.scripted.Fixed", changing)
    done = fetched(TWO, {"/bad?a=x": [SOME], "/bad?a=y": [SOME], "/bad?a=z": [SOME], "/other": [SOME]}, tmp_path)
    assert done.report.exit_code is Exit.COMPLETE
    assert made[0].renewed <= len(done.log)


LIFE = 5.0


class Living(Fixed):
    """A token that lives for LIFE seconds, and takes a while to be renewed."""

    granted = None
    refused = "refused"

    def __init__(self) -> None:
        self.until, self.renewed = 0.0, 0

    def due(self) -> bool:
        return asyncio.get_running_loop().time() >= self.until - LIFE / 10

    async def refresh(self) -> Renewed:
        await passing(0.2)
        self.until, self.renewed = asyncio.get_running_loop().time() + LIFE, self.renewed + 1
        return Renewed(asked=True)


def test_a_token_that_ends_while_requests_stand_in_line_is_renewed_before_they_leave(tmp_path, monkeypatch):
    """Forty parts that queue for forty seconds, and a token of five: none is refused, and it is renewed once each time it ends."""
    token = Living()

    async def send(scripted: Scripted, request: HttpRequest) -> Response:
        if asyncio.get_running_loop().time() >= token.until:
            return Response(401, {}, b"{}")
        return await answered(scripted, request)

    answered = Scripted.send
    monkeypatch.setattr(Scripted, "send", send)
    monkeypatch.setattr("tests.whole.scripted.Fixed", lambda: token)
    parts = range(40)
    spec = f"it: {{for: {{A: [{', '.join(f'p{part}' for part in parts)}]}}, get: /it, params: {{a: <A>}}, records: items, bucket: b}}\n"
    head = HEAD.replace("access:", "rate_limits: {b: 1/s}\naccess:")
    done = fetched(spec, {f"/it?a=p{part}": [{"items": [{"id": part}]}] for part in parts}, tmp_path, head=head)
    assert (str(done.entry().outcome), len(done.lines("it"))) == ("complete", len(parts))
    assert done.report.exit_code is Exit.COMPLETE
    span = done.times[-1] - done.times[0]
    assert span > 4 * LIFE
    assert token.renewed <= span / (LIFE * 0.9) + 1
    gaps = [later - before for before, later in zip(done.times[-20:], done.times[-19:], strict=False)]
    assert min(gaps) > 0.2  # who waited for the renewal does not leave as a burst


def test_whoever_has_a_place_in_the_limits_never_waits_for_a_judge_who_needs_one():
    """Between one holder and the next the lock is free for a moment though somebody waits for it: that is told too."""

    async def scenario() -> tuple[bool, int, bool]:
        grant = SharedCredential()
        client = Client(network=None, limiter=None, credentials=Living(), clock=None, patience=None, grant=grant)
        await grant.turn.acquire()

        async def judge() -> None:
            async with grant.alone():
                await passing(1.0)

        judging = asyncio.create_task(judge())
        await asyncio.sleep(0)
        grant.turn.release()
        free, wanted = not grant.turn.locked(), grant.wanted
        fresh = await client._fresh()
        await judging
        return free, wanted, fresh

    assert run(scenario()) == (True, 1, False)
