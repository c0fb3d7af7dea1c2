"""Runs one after the other are one client to the vendor: over any sequence of them no window holds more than the limit. In virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.departures import Departures, departures_of
from engine.core.pace import pace
from engine.language.model.units import Rate
from engine.net.clock import Clock, clock_from
from engine.net.handover import Handover
from engine.net.limiter import Limiter
from tests.clock import passing, run
from tests.net.pacing import departures, most_in_a_window

START = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class OneRun:
    """After a pause, so many requests at a share of the limit; `killed` writes nothing at its end."""

    pause: float
    count: int
    share: float
    killed: bool


@dataclass
class Disk:
    """What was written last, and how often it was."""

    content: bytes | None = None
    writes: int = 0
    syncs: int = 0

    def write(self, content: bytes, sync: bool) -> None:
        self.content = content
        self.writes += 1
        self.syncs += sync


@dataclass
class Account:
    """One account that runs use one after the other; `times` is when each request left."""

    limits: dict[str, tuple[Rate, ...]]
    clock: Clock
    disk: Disk = field(default_factory=Disk)
    times: list[float] = field(default_factory=list)
    known: bool = True

    def handover(self) -> Handover:
        now = int(self.clock.timestamp() * 1000)
        found = Departures() if self.disk.content is None else departures_of(self.disk.content, now)
        return Handover(self.clock, found, self.disk.write if self.known else None, known=self.known)

    async def run(self, one: OneRun, bucket: str | None = "b") -> None:
        await passing(one.pause)
        handover = self.handover()
        self.times += await departures(Limiter(self.limits, one.share, None, handover), one.count, bucket)
        if not one.killed:
            handover.close()


def account(*rates: Rate, known: bool = True) -> Account:
    return Account({"b": rates}, clock_from(START, passing), known=known)


SHARES = st.sampled_from([0.05, 0.5, 0.75, 1.0]) | st.floats(0.02, 1.0)
RUNS = st.lists(st.builds(OneRun, st.floats(0, 15), st.integers(0, 60), SHARES, st.booleans()), min_size=2, max_size=6)
RATES = st.lists(st.builds(Rate, st.integers(1, 40), st.sampled_from([1.0, 10.0, 20.0])), min_size=1, max_size=3).map(tuple)


@given(RATES, RUNS)
def test_no_window_holds_more_than_the_limit_over_any_sequence_of_runs(rates, runs):
    """Whatever share each uses, however long they pause, and whether they end or are killed."""

    async def scenario() -> list[float]:
        one = account(*rates)
        for part in runs:
            await one.run(part)
        return one.times

    times = run(scenario())
    assert len(times) == sum(part.count for part in runs)
    for rate in rates:
        assert most_in_a_window(times, rate.seconds) <= rate.count


@given(RATES, st.lists(st.builds(OneRun, st.floats(0, 15), st.integers(0, 60), st.just(0.75), st.booleans()), min_size=2, max_size=5))
def test_where_nothing_is_known_runs_of_one_share_keep_to_the_limit_too(rates, runs):
    """Each begins with empty buckets: nothing leaves at once."""

    async def scenario() -> list[float]:
        one = account(*rates, known=False)
        for part in runs:
            await one.run(part)
        return one.times

    times = run(scenario())
    for rate in rates:
        assert most_in_a_window(times, rate.seconds) <= rate.count


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_run_does_not_begin_anew(killed):
    """Forty in twenty seconds: two runs of thirty send no more together than one of sixty would."""

    async def scenario(*counts: int) -> list[float]:
        one = account(Rate(40, 20.0))
        for count in counts:
            await one.run(OneRun(0, count, 0.75, killed))
        return [moment - one.times[0] for moment in one.times]

    two, whole = run(scenario(30, 30)), run(scenario(60))
    assert most_in_a_window(two, 20.0) <= 40
    assert two[-1] - whole[-1] <= 20 * (40 // 16 + 2) / 30


def test_the_counts_of_the_day_are_handed_on():
    """A day's limit that the first run used up at once is used up for the second, an hour later; the third, a day later, is free."""

    async def scenario() -> list[float]:
        one, loop, spans = account(Rate(5, 1.0), Rate(80, 86400.0)), asyncio.get_running_loop(), []
        for pause in (0, 3600, 86400):
            await passing(pause)
            begun = loop.time()
            await one.run(OneRun(0, 20, 0.75, killed=False))
            spans.append(loop.time() - begun)
        assert most_in_a_window(one.times, 86400.0) <= 80
        return spans

    first, second, third = run(scenario())
    assert first < 10
    assert second > 6 * 3600
    assert third < 3600


def test_a_bucket_beside_all_and_lines_of_their_own_are_handed_on_apart():
    """What one bucket, or one request line, has used is not taken from another; what `all` has, from everyone."""

    async def scenario() -> list[int]:
        limits = {"each": (Rate(4, 60.0, each=True),), "b": (Rate(4, 60.0),), "all": (Rate(100, 60.0),)}
        disk, clock, loop, waits = Disk(), clock_from(START, passing), asyncio.get_running_loop(), []
        for bucket, line in (("each", "x"), ("each", "x"), ("each", "y"), ("b", "x")):
            now = int(clock.timestamp() * 1000)
            found = Departures() if disk.content is None else departures_of(disk.content, now)
            limiter, begun = Limiter(limits, 0.25, None, Handover(clock, found, disk.write)), loop.time()
            for _ in range(3):
                async with limiter.slot(bucket, line):
                    pass
            waits.append(round(loop.time() - begun))
        return waits

    first, again, other_line, other_bucket = run(scenario())
    assert (first, other_line, other_bucket) == (0, 0, 0)
    assert again > 100


def test_a_killed_run_leaves_a_sixteenth_of_its_smallest_limit_ahead():
    """A day's limit beside a fast one does not make the next run wait as if a sixteenth of the day had left at once."""

    async def scenario() -> float:
        one = account(Rate(16, 1.0), Rate(16_000, 86400.0))
        await one.run(OneRun(0, 1, 0.75, killed=True))
        handover, rate = one.handover(), Rate(16, 1.0)
        return handover.level("b", "", rate, pace(16, 1.0, 0.75))

    assert run(scenario()) == pytest.approx(2, abs=0.1)


def test_a_fast_limit_is_written_about_once_in_a_sixteenth_of_it():
    """A thousand requests at 160/s are no thousand writes; a clean end is synced to the disk."""

    async def scenario() -> Disk:
        one = account(Rate(160, 1.0))
        await one.run(OneRun(0, 1000, 0.75, killed=False))
        return one.disk

    disk = run(scenario())
    assert disk.writes <= 1000 / 11 + 2
    assert disk.syncs == 1
    assert len(disk.content or b"") < 2000


def test_a_disk_that_refuses_a_write_in_the_middle_costs_a_word_and_no_request():
    """The run goes on."""

    def full(content: bytes, sync: bool) -> None:
        raise OSError(28, "No space left on device")

    async def scenario() -> Handover:
        handover = Handover(clock_from(START, passing), Departures(), full)
        assert len(await departures(Limiter({"b": (Rate(10, 1.0),)}, 0.75, None, handover), 5)) == 5
        handover.close()
        return handover

    assert run(scenario()).words == "what was used of the vendor's limits could not be written (No space left on device)"


@pytest.mark.parametrize("killed", [False, True])
def test_a_told_wait_binds_the_next_run(killed):
    """What is left of it, for the bucket and the line that were told to wait; those that ended are forgotten."""

    async def scenario() -> list[float]:
        limits = {"each": (Rate(100, 60.0, each=True),), "b": (Rate(100, 60.0),)}
        disk, clock, loop = Disk(), clock_from(START, passing), asyncio.get_running_loop()
        first = Handover(clock, Departures(), disk.write)
        limiter = Limiter(limits, 0.75, None, first)
        for line in ("x", "y"):
            async with limiter.slot("each", line):
                pass
        limiter.hold("each", loop.time() + 60, "x")
        if not killed:
            first.close()
        await passing(20)
        waits = []
        for bucket, line in (("each", "y"), ("b", "x"), ("each", "x"), ("each", "x")):
            now = int(clock.timestamp() * 1000)
            next_one = Limiter(limits, 0.75, None, Handover(clock, departures_of(disk.content or b"", now), disk.write))
            async with next_one.slot(bucket, line) as waited:
                waits.append((round(waited.held), round(waited.paced)))
        return waits

    assert run(scenario()) == [(0, 0), (0, 0), (40, 0), (0, 0)]


def test_a_wait_that_every_answer_tells_is_not_written_each_time():
    """A limit that is used up until the same second is told with each of a hundred answers."""

    async def scenario() -> int:
        one, loop = account(Rate(1000, 1.0)), asyncio.get_running_loop()
        handover = one.handover()
        limiter = Limiter(one.limits, 0.75, None, handover)
        async with limiter.slot("b", "x"):
            pass
        begun, before = loop.time(), one.disk.writes
        for number in range(100):
            limiter.hold("b", begun + 30 + number / 1000)
        return one.disk.writes - before

    assert run(scenario()) <= 2


def test_a_free_plans_six_thousand_a_day_are_kept_over_three_processes():
    """Two of them killed, and with more to send than a day allows: no day holds more."""

    async def scenario() -> list[float]:
        one = account(Rate(4, 1.0), Rate(6000, 86400.0))
        for killed in (True, True, False):
            await one.run(OneRun(0, 2200, 0.75, killed=killed))
        return one.times

    times = run(scenario())
    assert len(times) == 6600
    assert most_in_a_window(times, 86400.0) <= 6000
