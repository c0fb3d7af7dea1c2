"""Workers that are killed, stopped and woken, told to end, or lose their database: nobody is lost, nobody has two results."""

from __future__ import annotations

import signal

import pytest

from engine.errors import Exit
from tests.cluster.lent import some_people
from tests.cluster.test_workers import results_of

pytestmark = pytest.mark.waits


def done(count: int) -> dict[str, tuple[str, int | None]]:
    """Give what everybody should have come to."""
    return dict.fromkeys((f"R{number:03}" for number in range(count)), ("done", 0))


def test_what_a_killed_worker_had_under_way_others_ask_again(team, tmp_path):
    """When its lease is over, and the job that it left is mended."""
    team.connect("one", "two")
    team.lend(tmp_path / "batch", some_people(20, "one", "two"))
    team.vendor.hold = "p6@x.io"
    first = team.work()
    assert team.vendor.arrived.wait(60)
    first.kill()
    token = team.token()
    second = team.work()
    team.until(lambda: team.sql("select 1 from person where request = 'R006' and state = 'running' and token > %s", token))
    team.vendor.release()
    team.until_done()
    assert team.end(second)[0] == 143
    assert results_of(team, tmp_path / "batch") == done(20)
    assert not list((tmp_path / "batch" / "work").iterdir())


def test_a_worker_that_was_stopped_beyond_its_lease_sends_nothing_when_it_is_woken(team, tmp_path):
    """Its people were asked for by another, to whom its turn was given; it finds that out, and works on as a new owner would."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(20, "one"))
    team.vendor.hold = "@x.io"
    first = team.work()
    assert team.vendor.arrived.wait(60)
    team.until(lambda: team.states().get("running", 0) >= 8)
    first.send_signal(signal.SIGSTOP)
    token = team.token()
    second = team.work()
    team.until(lambda: team.sql("select 1 from person where state = 'running' and token > %s", token))
    team.vendor.release()
    team.until_done()
    asked = team.vendor.asked.copy()
    first.send_signal(signal.SIGCONT)
    code, said = team.end(first)
    assert (code, "acme/one: given back" in said, "done" in said) == (143, True, False), said
    assert team.end(second)[0] == 143
    assert team.vendor.asked == asked
    assert results_of(team, tmp_path / "batch") == done(20)
    assert not list((tmp_path / "batch" / "work").iterdir())


def test_a_worker_that_is_told_to_end_gives_back_and_another_goes_on_inside_the_runs(team, tmp_path):
    """On another machine too. What was under way has a manifest; lists that were read are not asked again."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(4, "one"))
    team.vendor.hold = "/files"
    first = team.work(lease=30.0)
    team.until(
        lambda: (
            sum(team.vendor.asked[f"/people/p{number}/notes"] + team.vendor.asked[f"/people/p{number}/files"] for number in range(4)) == 8
        )
    )
    code, said = team.end(first)
    assert (code, "acme/one: given back: 4 queued." in said) == (143, True), said
    kept = [place for (place,) in team.sql("select kept from person where state = 'queued' and attempts = 0")]
    assert len(kept) == 4
    assert all((tmp_path / "batch" / place / "acme" / "manifest.json").is_file() for place in kept)
    team.vendor.release()
    second = team.work(lease=30.0, HABEAS_HOME=str(tmp_path / "another machine"))
    team.until_done()
    team.end(second)
    assert results_of(team, tmp_path / "batch") == done(4)
    assert {team.vendor.asked[f"/people/p{number}/notes"] for number in range(4)} == {1}
    assert {team.vendor.asked[f"/people/p{number}/files"] for number in range(4)} == {2}


def test_a_worker_that_is_told_twice_ends_at_once(team, tmp_path):
    """However much is under way; it is as if it had been killed."""
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(4, "one"))
    team.vendor.hold = "/me"
    first = team.work()
    assert team.vendor.arrived.wait(60)
    first.send_signal(signal.SIGTERM)
    assert first.stdout is not None
    while "Stopping" not in (line := first.stdout.readline()):
        assert line
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == -signal.SIGTERM
    assert set(team.states()) <= {"queued", "running"}


@pytest.mark.parametrize("away", ["for a moment", "beyond the lease"])
async def test_a_database_that_goes_away_is_waited_for(away, team, workers, postgres, tmp_path):
    """Its sessions end, it takes no new ones; by the deadline nothing is sent any more, and all goes on when it is back."""
    team.connect("one", "two")
    team.lend(tmp_path / "batch", some_people(40, "one", "two"))
    team.vendor.hold = "p7@x.io"
    async with workers(lease=2.0) as here:
        await workers.until(team.vendor.arrived.is_set)
        postgres.sql("alter database habeas allow_connections false")
        postgres.end_sessions()
        try:
            if away == "beyond the lease":
                await workers.until(lambda: all(drain.over for drain in here.worker.drains.values()))
        finally:
            postgres.sql("alter database habeas allow_connections true")
        team.vendor.release()
        await workers.until_done()
    assert results_of(team, tmp_path / "batch") == done(40)
    assert not here.worker.drains


def test_a_worker_that_nobody_listens_to_any_more_works_on_and_gives_back(team, tmp_path):
    """What it cannot say, as to a `tee` that was ended, costs no connection its worker and no worker its orderly end."""
    team.connect("one")
    worker = team.work()
    team.workers.remove(worker)  # what it says can be read by nobody
    try:
        worker.stdout.readline()
        worker.stdout.close()
        team.lend(tmp_path / "batch", some_people(3, "one"))
        team.until_done()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == Exit.TERMINATED
    finally:
        worker.kill()
        worker.wait()
    assert team.sql("select owner, lease_until from connection") == [(None, None)]
