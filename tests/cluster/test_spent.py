"""What is used of the vendor's limits, from owner to owner: by the database's clock, and counted carefully where an owner just vanished."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.cluster import spent
from engine.cluster.ownership import write_spent
from engine.connection.stored import Name
from engine.core.departures import Departures
from engine.core.pace import pace
from engine.language.model.units import Rate
from engine.net.clock import Clock, wall_clock
from engine.net.handover import Handover
from tests.cluster.lent import some_people

SECOND, DAILY = Rate(count=20, seconds=1.0), Rate(count=6000, seconds=86400.0)
PLACE = [("all", "", (SECOND, DAILY))]


def ahead(seconds: float) -> Clock:
    """Give the clock of a machine that goes wrong."""
    return Clock(lambda: wall_clock().now() + timedelta(seconds=seconds), wall_clock().sleep, wall_clock().dice)


@pytest.mark.parametrize(
    ("known", "orderly", "second", "day"),
    [
        (True, True, "counted", "counted"),
        (True, False, "empty", "counted"),
        (False, True, "empty", "empty"),
        (False, False, "empty", "empty"),
    ],
)
def test_who_comes_after_an_owner_that_vanished_begins_empty_and_keeps_the_days_count(known, orderly, second, day):
    """What left in its last moment may not be written down; a limit of a day counts what is known, or nobody could ask for hours."""
    departures = Departures()
    clock = wall_clock()
    now = int(clock.timestamp() * 1000)
    for seconds in (1.0, 86400.0):
        departures.note("all", "", seconds, now, 3)
    found = Handover(clock, departures, None, known=known, orderly=orderly)
    for rate, expected in ((SECOND, second), (DAILY, day)):
        level, paced = found.level("all", "", rate, pace(rate.count, rate.seconds, 0.75)), pace(rate.count, rate.seconds, 0.75)
        assert level == (paced.capacity if expected == "empty" else pytest.approx(3, abs=2.9)), (rate, level)


async def test_what_was_used_is_told_by_the_databases_clock(bare):
    """A machine an hour ahead and one an hour behind count the same; a connection of the same account counts for both."""
    for name in ("one", "two"):
        bare.sql("insert into connection (name, account) values (%s, 'A')", f"acme/{name}")
    paced = pace(DAILY.count, DAILY.seconds, 0.75)
    for name, clock in (("one", ahead(3600)), ("two", ahead(-3600)), ("one", ahead(0))):
        async with bare.kept.store().turn(Name("acme", name), clock, lambda: None, wait=True) as handover:
            level = handover.level("all", "", DAILY, paced)
            for _ in range(10):
                handover.left(PLACE)
        assert level == pytest.approx({3600: 0, -3600: 10, 0: 20}[round((clock.now() - wall_clock().now()).total_seconds())], abs=2)


async def test_a_worker_hands_on_what_it_used_with_every_connection_of_the_account(team, workers, tmp_path):
    """In the rows of all of them; who vanished stays named there, who gave back does not."""
    team.vendor.spec.write_text(team.vendor.spec.read_text() + "rate_limits: {all: [500/s, 6000/day]}\n")
    team.connect("one", "two", account="A1")
    team.lend(tmp_path / "batch", some_people(4, "one"), share=0.75)
    async with workers():
        await workers.until_done()
    used = team.sql("select spent->'limits' from connection order by name")
    assert used[0] == used[1]
    assert {limit[2]: sum(count for _, count in limit[4]) for limit in used[0][0]}[86400.0] == 4 * 3 + 1


async def test_a_worker_that_could_not_write_down_what_it_used_stays_named(team, workers, tmp_path, monkeypatch):
    """Whoever follows begins with limits that are empty; who could is not named, and its levels are believed."""
    team.connect("one")
    for written in (False, True):
        monkeypatch.setattr(spent, "write_spent", write_spent if written else refused)
        team.lend(tmp_path / str(written), some_people(2, "one"))
        async with workers():
            await workers.until_done()
        assert team.sql("select owner is null, lease_until from connection") == [(written, None)]


async def refused(*_: object) -> bool:
    """Be a row that is another owner's."""
    return False
