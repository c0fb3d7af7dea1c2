"""A folder that answers late, or for some not at all: what it said counts for whose results lay there, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.batch import results
from engine.cluster import ends, lent_batches, people
from engine.cluster.ends import LeasedEnds
from engine.errors import DiskError
from tests.cluster.lent import some_people

LATE, WITHIN = 0.15, 0.1


def asked_counts(team) -> set[int]:
    """Give how often people were asked for at the vendor."""
    return {count for path, count in team.vendor.asked.items() if path.startswith("/people/")}


async def test_whoever_waited_for_a_folder_that_always_answers_late_is_written_down(team, workers, tmp_path, monkeypatch):
    """The late answer was thrown away and the folder asked anew, again and again: nobody was ever written down."""
    synced = list[Path]()

    def late(folder: Path) -> None:
        synced.append(folder)
        time.sleep(LATE)  # SLEEPS: in a thread, longer than a folder is waited for

    monkeypatch.setattr(results, "synced", late)
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", WITHIN)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(3, "one"))
    async with workers() as here:
        await workers.until_done()
        await workers.until(lambda: "acme/one: given back: 3 done." in here.said)
    assert asked_counts(team) == {1}
    assert len(synced) <= 3


def writer(told: list[str]) -> LeasedEnds:
    """Give one that knows a folder for each batch; `told` hears which batches are left to others."""
    batches = SimpleNamespace(folders={"b": Path("/b")}, leave=lambda batch, _, words: told.append(f"{batch}: {words}"))
    return LeasedEnds(None, batches, None, print, lambda: False)


async def asked_until(write: LeasedEnds, places: set[Path]) -> tuple[set[Path], dict[Path, str]]:
    """Ask for a folder until it has answered."""
    for _ in range(1000):
        safe, refused = await write._asked({Path("/b"): places})
        if safe or refused:
            return safe, refused
        await asyncio.sleep(0.01)  # SLEEPS: between two looks at what a thread has answered
    raise AssertionError


async def test_a_late_answer_is_about_those_alone_who_waited_when_it_was_asked_for(monkeypatch):
    """Whose results came after the folder was asked are on the disk no sooner than it is asked for them."""
    answers, asked = threading.Event(), list[Path]()
    monkeypatch.setattr(results, "synced", lambda folder: asked.append(folder) or answers.wait(60))
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", 0.01)
    write = writer([])
    first, second = Path("/b/people/A/acme+1"), Path("/b/people/B/acme+1")
    assert await write._asked({Path("/b"): {first}}) == (set(), {})
    assert await write._asked({Path("/b"): {first, second}}) == (set(), {})
    assert len(asked) == 1
    answers.set()
    assert await asked_until(write, {first, second}) == ({first}, {})
    assert await asked_until(write, {second}) == ({second}, {})
    assert len(asked) == 2


async def test_a_late_refusal_is_no_answer_that_may_be_asked_for_again(team, workers, tmp_path, monkeypatch):
    """A disk says once that it has lost something, and takes the next write: what was lost was written down as done."""
    answers, asked = threading.Event(), list[Path]()

    def lost_once(folder: Path) -> None:
        asked.append(folder)
        if len(asked) == 1:
            answers.wait(60)
            message = "the disk has lost it"
            raise DiskError(message)

    monkeypatch.setattr(results, "synced", lost_once)
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", WITHIN)
    monkeypatch.setattr(lent_batches, "TRY_AGAIN", 0.5)
    team.connect("one")
    team.lend(tmp_path / "batch", some_people(1, "one"))
    async with workers() as here:
        await workers.until(lambda: f"acme/one: left to other workers: {tmp_path / 'batch'} does not answer here" in here.said)
        answers.set()
        await workers.until_done()
    assert "acme/one: left to other workers: the disk has lost it" in here.said
    assert team.states() == {"done": 1}
    assert asked_counts(team) == {2}


async def test_a_folder_that_stays_silent_does_not_keep_an_account_from_its_other_batches(team, workers, tmp_path, monkeypatch):
    """The account was held for ever: its lease was renewed, nobody else could take it, and here nobody was asked for."""
    answers, silent = threading.Event(), tmp_path / "silent"
    monkeypatch.setattr(results, "synced", lambda folder: answers.wait(60) if folder == silent else None)
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", WITHIN)
    team.connect("one")
    team.lend(silent, some_people(2, "one"))
    async with workers(lease=1.5) as here:
        await workers.until(lambda: f"acme/one: left to other workers: {silent} does not answer here" in here.said)
        team.lend(tmp_path / "sound", {"S": ("sound@x.io", "one")})
        await workers.until(lambda: team.sql("select state from person where request = 'S'") == [("done",)])
        await workers.until(lambda: team.sql("select distinct state from person where request <> 'S'") == [("queued",)])
        monkeypatch.setattr(lent_batches, "TRY_AGAIN", 0.5)
        answers.set()
        here.worker._left.clear()
        here.worker._batches._left.clear()
        await workers.until_done()
    assert team.states() == {"done": 3}
    assert [one.name for one in sorted(silent.glob("people/*/*"))] == [folder.rpartition("/")[2] for folder in named_in(team)]


def named_in(team) -> list[str]:
    """Give where the rows say that the results of some people lie."""
    return [folder for (folder,) in team.sql("select folder from person where request <> 'S' order by request")]


@pytest.mark.parametrize("writes", [1, 5])
async def test_a_sweep_that_hangs_is_begun_once_and_again_when_it_has_ended(writes, monkeypatch):
    """Each write that found it hanging began a further one, with a thread of its own; what was left meanwhile is swept after it."""
    answers, looked = threading.Event(), list[Path]()

    async def over(_: object, among: list[str]) -> list[str]:
        return among

    async def nothing(*_: object) -> set[str]:
        return set()

    def hanging(folder: Path) -> set[str]:
        looked.append(folder)
        answers.wait(60)
        return set()

    for name, does in (("batches_over", over), ("owned_places", nothing), ("named", nothing)):
        monkeypatch.setattr(people, name, does)
    monkeypatch.setattr(ends, "lying", hanging)
    monkeypatch.setattr(ends, "ANSWERS_WITHIN", 0.05)
    write = writer([])
    for _ in range(writes):
        await write._tidied([], {"b"})
    assert (len(looked), len(write._tidying)) == (1, 1)
    answers.set()
    await asyncio.gather(*write._tidying.values())
    assert (len(looked), write._tidying, write._to_tidy) == (min(2, writes), {}, {})
