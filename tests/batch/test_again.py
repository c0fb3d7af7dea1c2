"""Who is asked again by itself: where the vendor could not be reached, or a limit was used up; and that the others wait meanwhile."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.batch import states
from engine.core.http import NoAnswer
from engine.core.ledger import Outcome
from engine.errors import Exit
from engine.open_account import SIDE_BY_SIDE, OpenAccount
from engine.replaced import replace
from tests.batch.conftest import states_of
from tests.batch.test_killed_batch import Watched

SILENT = NoAnswer("refused", "no connection could be made")


@pytest.fixture
def failing(monkeypatch):
    """Let so many tries of each request end incomplete; gives what happened, in order."""
    tries, real = Counter[str](), OpenAccount.carry_out

    def begin(many: int, *, again_in: float | None = None, lasting: float = 1e9) -> Counter[str]:
        began: list[float] = []

        async def carry_out(self, order, *, heard, **more):
            report = await real(self, order, **more, heard=heard)
            reference = order.options.reference
            tries[reference] += 1
            began.append(time.monotonic())
            if tries[reference] > many or began[-1] > began[0] + lasting:
                return report
            if again_in is None:
                heard(None, SILENT)
            until = datetime.now(UTC) + timedelta(seconds=again_in) if again_in is not None else None
            entries = {name: replace(one, outcome=Outcome.PARTIAL, reason="so", again_at=until) for name, one in report.endpoints.items()}
            return replace(report, exit_code=Exit.INCOMPLETE, endpoints=entries)

        monkeypatch.setattr(OpenAccount, "carry_out", carry_out)
        monkeypatch.setattr(states, "AGAIN", (1.6 if lasting < 2 else 0.1, 0.1, 0.1))
        return tries

    return begin


@pytest.mark.parametrize("again_in", [None, 0.2], ids=["out of reach", "a limit used up"])
def test_what_may_pass_is_tried_again_three_times(again_in, failing, batch):
    """And is whole then; the earlier tries are kept beside it."""
    tries = failing(3, again_in=again_in)
    done = batch("A,ada@x.io")
    assert done.code == 0, done.err
    assert (tries["A"], states_of(batch.out)) == (4, {"A": "done"})
    assert len(list((batch.out / "people" / "A").iterdir())) == 4


def test_a_fourth_time_is_a_failure(failing, batch):
    """Then a person decides."""
    tries = failing(4)
    assert batch("A,ada@x.io").code == 3
    assert (tries["A"], states_of(batch.out)) == (4, {"A": "failed"})
    assert "failed" in batch.habeas("status", str(batch.out)).stdout


def test_nobody_else_is_asked_while_the_vendor_is_out_of_reach(failing, batch):
    """Else all of them would use up their tries at once: of forty only those who were under way have."""
    tries = failing(1, lasting=1.5)
    lines = [f"R{number},p{number}@x.io" for number in range(40)]
    assert batch(*lines).code == 0
    assert set(states_of(batch.out).values()) == {"done"}
    assert 1 <= sum(tries.values()) - 40 <= SIDE_BY_SIDE


def test_the_status_says_when_it_goes_on(failing, batch, monkeypatch):
    """A row that waits is queued, with the reason."""
    failing(1)
    batch("A,ada@x.io")
    later = datetime(2999, 1, 1, tzinfo=UTC).timestamp()
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set state='queued', not_before=?, reason='the vendor cannot be reached: so'", (later,))
        database.execute("update connection set not_before=?", (later,))
    database.close()
    told = batch.habeas("status", str(batch.out)).stdout
    assert "acme/environment goes on at 2999-01-01 00:00:00 UTC" in told
    assert json.loads(batch.habeas("status", str(batch.out), "--json").stdout)["connections"]["acme/environment"]["goes_on"].startswith(
        "2999"
    )


@pytest.mark.parametrize("place", ["@x.io", "/notes"], ids=["the look-up", "an endpoint"])
def test_a_limit_that_is_used_up_is_waited_for_wherever_it_is_met(place, batch, vendor):
    """Nobody fails for it, and nobody else is asked until the moment that the vendor told."""
    used_up = "{status: 429, means: exhausted}"
    spec = vendor.spec.read_text().replace("means: absent}]", f"means: absent}}, {used_up}]")
    vendor.spec.write_text(spec.replace("/notes, records: items", f"/notes, records: items, refusals: {{rules: [{used_up}]}}"))
    vendor.used_up, vendor.again_in = place, "1"

    def on(path: str) -> None:
        if path.endswith(place) and vendor.asked[path] == 2:
            vendor.used_up = ""

    vendor.asked = Watched(vendor.asked, on)
    done = batch("A,ada@x.io")
    assert (done.code, states_of(batch.out)) == (0, {"A": "done"}), done.err
    first = json.loads((batch.out / "people" / "A" / "acme.try-1" / "manifest.json").read_text())
    assert first["endpoints"]["notes"]["again_at"] is not None
    assert "it can go on at" in first["endpoints"]["notes"]["reason"]


def test_whoever_waits_for_what_the_account_told_waits_once_and_can_be_stopped(batch, monkeypatch):
    """The run takes it from there: asked for by the run, nothing could end it while the vendor is silent."""
    real, asked = OpenAccount.learnt, list[OpenAccount]()

    async def learnt(self):
        asked.append(self)
        return await real(self)

    monkeypatch.setattr(OpenAccount, "learnt", learnt)
    assert batch("A,ada@x.io", "B,bert@x.io").code == 0
    assert len(asked) == 2


def test_somebody_whom_the_vendor_alone_does_not_answer_holds_nobody_up(batch, monkeypatch):
    """Of forty people one gets no answer: the others are not asked later for that."""
    real, ended, enough = OpenAccount.carry_out, list[str](), asyncio.Event()

    async def carry_out(self, order, *, heard, **more):
        who = order.options.reference
        silent = who == "R0" and "R0" not in ended
        if silent:
            heard(None, SILENT)
        report = await real(self, order, **more, heard=(lambda *_: None) if silent else heard)
        if silent:
            await enough.wait()
        ended.append(who)
        if len(ended) >= 3:
            enough.set()
        entries = {name: replace(one, outcome=Outcome.PARTIAL, reason="so") for name, one in report.endpoints.items()}
        return replace(report, exit_code=Exit.INCOMPLETE, endpoints=entries) if silent else report

    monkeypatch.setattr(OpenAccount, "carry_out", carry_out)
    monkeypatch.setattr(states, "AGAIN", (1.0, 0.1, 0.1))
    assert batch(*(f"R{number},p{number}@x.io" for number in range(40))).code == 0
    assert (len(ended), ended[-1]) == (41, "R0")
    assert set(states_of(batch.out).values()) == {"done"}


def test_a_run_says_when_the_person_can_be_looked_up_again(batch, vendor, tmp_path):
    """Where the limit was used up before anybody was found, too."""
    vendor.used_up = "@x.io"
    done = batch.habeas("run", str(vendor.spec), "--email", "ada@x.io", "--out", str(tmp_path / "run"))
    told = json.loads((tmp_path / "run" / "acme" / "manifest.json").read_text())
    again = datetime.fromisoformat(told["endpoints"]["notes"]["again_at"])
    assert done.returncode == 3
    assert f"The vendor's limit is used up; run again after {again:%Y-%m-%d %H:%M} UTC." in " ".join(done.stdout.split())
    assert f"the look-up failed: the vendor's limit is used up; it can go on at {again:%Y-%m-%d %H:%M:%S} UTC" in told["subject"]["reason"]
