"""Waiting for the lock of a connection: said, fair, and not for ever; the turn of a run waits for a run of any length."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time

import pytest

from engine.connection.keeper import PATIENCE
from engine.connection.keys import SECONDS
from engine.connection.lock_queue import END, SILENT
from engine.connection.manage import remove
from engine.connection.private_files import POLL, SLOWEST_POLL, Taken, locked
from engine.connection.stored import Name
from engine.connection.vault import LONGEST_CHANGE, LONGEST_HOLD, SAID_AFTER
from engine.core.oauth import NotRenewed, Renewed
from engine.errors import Exit, InUse
from engine.net.transport import Limits
from tests.connection.commands import Command
from tests.connection.vendor import NAME, Acme, files, keeper, vault

EMEA = Name("acme", "emea")


class Wait:
    """Waits that take no time, and what was said at which second."""

    def __init__(self, store) -> None:
        self.seconds, self.said = 0.0, []
        store.sleep, store.busy = self.sleep, lambda: self.said.append(self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


async def test_a_renewal_that_waits_says_so_and_ends_after_the_longest_patience(tmp_path):
    """A process that hangs holds the lock: the run ends incomplete, and nobody is sent to connect again."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        wait = Wait(store)
        async with vault(tmp_path).lock(NAME):
            found = await keeper(store, acme)[0].refresh()
        words = "another process has been renewing or changing acme/default for 30 minutes: it may hang: run again later"
        assert found == NotRenewed(words, dead=False)
        assert len(wait.said) == 1
        assert SAID_AFTER <= wait.said[0] < SAID_AFTER + 1
        assert LONGEST_HOLD <= wait.seconds < LONGEST_HOLD + 2
        assert acme.log == []
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)


def test_the_longest_patience_is_that_of_a_renewal():
    """Every try as long as an answer may take, the waits between them, and a keyring that waits for a person."""
    assert PATIENCE.total + PATIENCE.attempts * Limits().total + SECONDS <= LONGEST_HOLD


async def test_a_short_wait_is_not_spoken_of(tmp_path):
    """Another process renews, as it does every hour."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        wait = Wait(store)
        async with vault(tmp_path).lock(NAME):
            going_on = asyncio.create_task(keeper(store, acme)[0].refresh())
            for _ in range(5):
                await asyncio.sleep(0)
        assert await going_on == Renewed(asked=True)
        assert wait.said == []


async def test_whoever_changes_a_connection_does_not_wait_for_ever_either(tmp_path):
    """Exit 3, with the reason."""
    store = vault(tmp_path)
    store.write(NAME, Acme().record())
    wait = Wait(store)
    async with vault(tmp_path).lock(NAME):
        with pytest.raises(InUse, match="acme/default for 30 minutes"):
            await files(store).rename(NAME, EMEA)
    assert len(wait.said) == 1
    assert store.names() == [NAME]


async def _made(store) -> None:
    async with files(store).placing(EMEA, plain=False) as place, place.opened():
        pass


CHANGES = {
    "a first key": lambda store: files(store).ready(),
    "a rename": lambda store: files(store).rename(NAME, EMEA),
    "a removal": lambda store: remove(files(store), NAME, revoke=False),
    "a new key": lambda store: files(store).reseal(),
    "a new connection": _made,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_the_lock_of_the_whole_store_is_not_waited_for_for_ever(change, tmp_path):
    """A process that hangs while it changes names or keys: said after two seconds, then exit 3; nothing was changed."""
    store = vault(tmp_path)
    store.write(NAME, Acme().record())
    before, wait = store.path(NAME).read_bytes(), Wait(store)
    async with vault(tmp_path).whole():
        with pytest.raises(InUse, match=" for 60 minutes: it may hang: run again later"):
            await change(store)
    assert len(wait.said) == 1
    assert SAID_AFTER <= wait.said[0] < SAID_AFTER + 1
    assert LONGEST_CHANGE <= wait.seconds < LONGEST_CHANGE + 2
    assert (store.names(), store.path(NAME).read_bytes()) == ([NAME], before)
    assert InUse.exit_code is Exit.INCOMPLETE


async def test_no_wait_covers_the_renewal_of_another_process(tmp_path):
    """The token is due and cannot be renewed now: the run ends incomplete, at once."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record())
        acme.provider.access.clear()
        words = ("run", "acme", "--email", "her@acme.example", "--no-wait", "--out")
        async with store.lock(NAME):
            done = await habeas(*words, str(tmp_path / "out"))
        assert done.code == 3, done
        assert "another process has been renewing or changing acme/default: run again later, or without --no-wait" in done.out
        assert "Another process renews" not in done.err
        assert (await habeas(*words, str(tmp_path / "again"))).code == 0


async def test_who_waits_longest_is_next(tmp_path):
    """Those who poll often, and those who come when the lock is free, do not go first."""
    path, order = tmp_path / "lock", []

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    async def seldom(_: float) -> None:
        for _ in range(7):
            await asyncio.sleep(0)

    async def hold(number: int, slowly) -> None:
        async with locked(path, slowly):
            order.append(number)
            await asyncio.sleep(0)

    async with locked(path):
        tasks = []
        for number in range(9):
            tasks.append(asyncio.create_task(hold(number, seldom if number % 2 else sleep)))
            await asyncio.sleep(0)
    with pytest.raises(Taken):
        async with locked(path, wait=False):
            pass
    await asyncio.gather(*tasks)
    assert order == list(range(9))
    assert [one.name for one in tmp_path.iterdir()] == ["lock"]


async def test_a_queue_that_moves_is_looked_at_more_often_the_nearer_one_is_to_its_front(tmp_path):
    """Who waited for long looks once a second; when those before go, sooner and sooner: none of many waits a second for each of them."""
    path, slept = tmp_path / "lock", []
    before = [tmp_path / f"lock.{number:020d}.00000000{END}" for number in range(3)]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) % 40 == 0 and tickets:
            tickets.pop(0).close()
        if len(slept) == 160:
            holder.close()
        await asyncio.sleep(0)

    with contextlib.ExitStack() as stack:
        tickets = [stack.enter_context(one.open("w")) for one in before]
        holder = stack.enter_context(path.open("w"))
        for file in (*tickets, holder):
            fcntl.flock(file, fcntl.LOCK_EX)
        async with locked(path, sleep):
            pass
    assert [slept[at] for at in (0, 40, 80, 120)] == [POLL * 4, POLL * 3, POLL * 2, POLL]
    assert [slept[at] for at in (39, 79, 119, 159)] == [SLOWEST_POLL] * 4
    assert len(slept) == 160


async def test_who_was_stopped_while_waiting_holds_up_nobody(tmp_path):
    """It keeps its place for when it goes on; one that looks is waited for."""
    path, slept = tmp_path / "lock", []
    before = tmp_path / f"lock.{0:020d}.00000000{END}"

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 50:
            os.utime(before, (0, time.time() - SILENT))
        await asyncio.sleep(0)

    with before.open("w") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        async with locked(path, sleep):
            pass
        assert (len(slept), before.exists()) == (50, True)


async def test_whoever_waits_says_so_at_each_look(tmp_path):
    """By the time of its ticket: without it those behind would pass it over."""
    path, looked = tmp_path / "lock", []

    async def sleep(_: float) -> None:
        (mine,) = tmp_path.glob(f"*{END}")
        looked.append(mine.stat().st_mtime)
        os.utime(mine, (0, 0))
        if len(looked) == 3:
            holder.close()

    with path.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        async with locked(path, sleep):
            pass
    assert len(looked) == 3
    assert min(looked) > time.time() - SILENT


async def test_who_was_killed_while_waiting_is_passed_over(tmp_path):
    """Nobody holds a lock on its ticket, which is deleted; so is one of somebody who gave up."""
    path = tmp_path / "lock"
    left = tmp_path / f"lock.{0:020d}.00000000{END}"
    left.touch()

    async def given_up() -> None:
        async with locked(path):
            pass

    async with locked(path, wait=False):
        assert not left.exists()
        task = asyncio.create_task(given_up())
        await asyncio.sleep(0)
        assert len(list(tmp_path.glob(f"*{END}"))) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with locked(path, wait=False):
        assert [one.name for one in tmp_path.iterdir()] == ["lock"]


async def test_a_turn_waits_for_a_run_of_any_length(tmp_path):
    """A month of it: that is what runs are."""
    path, seconds = tmp_path / "turn", [0.0]
    release = asyncio.Event()

    async def sleep(pause: float) -> None:
        seconds[0] += pause * 10_000
        if seconds[0] > 30 * 86400:
            release.set()
        await asyncio.sleep(0)

    async def hold() -> None:
        async with locked(path):
            await release.wait()

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0)
    async with locked(path, sleep):
        assert holder.done() or release.is_set()
    await holder
