"""Refreshes that are broken off, by cancellation and by signals, and what a run takes over from the store meanwhile."""

from __future__ import annotations

import asyncio
import signal

import pytest
from aiohttp import web

from engine.core.oauth import NotRenewed, Renewed
from engine.replaced import replace
from tests.connection.commands import Command
from tests.connection.vendor import NAME, Acme, keeper, vault

json = web.json_response
RUN = ("run", "acme", "--email", "her@acme.example", "--out")


@pytest.mark.parametrize("times", [1, 3])
async def test_who_is_cancelled_in_the_middle_of_a_refresh_ends_after_it(times, tmp_path):
    """The vendor has spent the old token: its answer is stored before the cancellation goes on, however often it came."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        arrived, go_on = acme.slowly()
        task = asyncio.create_task(keeper(store, acme)[0].refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert store.read(NAME).serial == 2
        assert not list(store.folder.glob("*.new"))
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)


async def test_who_is_cancelled_between_two_tries_leaves_no_trace(tmp_path):
    """While it waits to ask again nothing is under way: it ends at once, and no answer was lost."""
    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        acme.says.append(json({}, status=503))
        kept, _ = keeper(store, acme, sleep=sleep)
        task = asyncio.create_task(kept.refresh())
        await asyncio.wait_for(asleep.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not list(store.folder.glob("*.new"))
        assert await keeper(store, acme)[0].refresh() == Renewed(asked=True)


async def test_a_run_never_goes_on_with_another_account(tmp_path):
    """Somebody connects anew under the same name meanwhile: that may be another tenant, so the run ends incomplete."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record(life=-1))
        kept, transport = keeper(store, acme)
        before = transport.credential
        store.write(NAME, replace(acme.record(), serial=2))
        found = await kept.refresh()
        assert found == NotRenewed("the connection was made anew during this run: run again", dead=False)
        assert (transport.credential, acme.log) == (before, [])
        assert not kept.due()


async def test_scopes_are_those_of_the_token_in_use(tmp_path):
    """The stored answer lacked one; the one that the run is renewed with lists it: nothing is denied unasked."""
    async with Acme().up() as acme:
        record = acme.record(life=-1)
        vault(tmp_path).write(NAME, replace(record, tokens=replace(record.tokens, scope="people.read files.read me.read")))
        done = await Command(tmp_path, acme)(*RUN, str(tmp_path / "out"))
        assert (done.code, "/v1/people/7/notes" in acme.log) == (0, True), done


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["verify", "run"])
async def test_a_signal_in_the_middle_of_a_refresh_costs_no_connection(command, number, code, tmp_path):
    """The process ends when the answer is stored, and the next command goes on with it."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        store.write(NAME, acme.record(life=-1))
        arrived, go_on = acme.slowly()
        words = ("verify", "acme") if command == "verify" else (*RUN, str(tmp_path / "out"))
        process = await habeas.start(*words)
        await asyncio.wait_for(arrived.wait(), 60)
        process.send_signal(number)
        process.send_signal(number)
        go_on.set()
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, (out, err)
        assert store.read(NAME).serial == 2
        acme.provider.access.clear()
        assert (await habeas("verify", "acme")).code == 0
