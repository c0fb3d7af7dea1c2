"""What every store does, in files and in a database alike: nothing above it knows which one it is."""

from __future__ import annotations

import asyncio
import json as jsonlib
import signal
import sys

import pytest
from aiohttp import web

from engine.connection.connect import earlier
from engine.connection.manage import remove
from engine.connection.private_files import Taken
from engine.connection.store import absent, read
from engine.connection.stored import Name
from engine.connection.transfer import export_connection, import_connection
from engine.core.oauth import NotRenewed, Renewed
from engine.core.pace import pace
from engine.errors import InUse, NotConnected, UsageError
from engine.language.model.units import Rate
from engine.replaced import replace
from tests.conftest import ROOT
from tests.connection.commands import redirect
from tests.connection.kept import OTHER, keeping
from tests.connection.vendor import NAME, SPEC, Acme, clock

EMEA, ZOOM = Name("acme", "emea"), Name("zoom")
RUN = ("run", "acme", "--email", "her@acme.example", "--out")
QUICK = SPEC.replace("access:\n", "rate_limits: {all: 1000/s}\naccess:\n", 1)


def nothing() -> None:
    """Say nothing."""


async def test_what_is_stored_is_found_again_by_everybody(kept):
    """By name and by vendor; the number grows with each connection that takes a name, and the earlier one is told."""
    store, record = kept.store(), Acme().record()
    assert (await store.names(), await store.find(NAME)) == ([], None)
    await kept.write(record)
    await kept.write(record, EMEA)
    await kept.write(replace(record, vendor="zoom"), ZOOM)
    assert await store.names() == [NAME, EMEA, ZOOM]
    assert await store.names("acme") == [NAME, EMEA]
    assert await kept.read() == record
    async with store.placing(NAME, plain=False) as place:
        async with place.opened() as save:
            await save(Acme().record())
        assert (place.stored, place.replaced) == (True, record)
    assert (await kept.read()).serial == 2
    found = await store.find(NAME)
    assert (found.name, found.encrypted, found.key, found.current) == (NAME, True, "HABEAS_KEY", True)
    with pytest.raises(NotConnected, match="there is no connection acme/apac: habeas connect acme --connection apac"):
        await read(store, Name("acme", "apac"))
    assert str(absent(NAME)) == "there is no connection acme/default: habeas connect acme"
    assert await earlier(store, Name("acme", "apac"), None) is None


async def test_a_name_is_changed_and_one_that_is_taken_stays(kept):
    """The connection and its number stay the same."""
    store, record = kept.store(), Acme().record()
    await kept.write(record)
    await store.rename(NAME, EMEA)
    assert (await store.names(), await kept.read(EMEA)) == ([EMEA], record)
    await kept.write(replace(record, plan="big"))
    with pytest.raises(UsageError, match="there is a connection acme/emea already: remove it first, or choose another name"):
        await store.rename(NAME, EMEA)
    with pytest.raises(NotConnected, match="there is no connection acme/apac"):
        await store.rename(Name("acme", "apac"), EMEA)
    assert (await kept.read()).plan == "big"


async def test_a_new_key_is_given_to_all(kept):
    """HABEAS_OLD_KEY opens them once more; afterwards only the new one does."""
    record = Acme().record()
    await kept.write(record)
    await kept.write(record, EMEA)
    with pytest.raises(NotConnected, match="another key than the ones at hand"):
        await kept.store(HABEAS_KEY=OTHER).reseal()
    found = await kept.store(HABEAS_KEY=OTHER, HABEAS_OLD_KEY=kept.environ["HABEAS_KEY"]).find(NAME)
    assert (found.key, found.current) == ("HABEAS_OLD_KEY", False)
    assert await kept.store(HABEAS_KEY=OTHER, HABEAS_OLD_KEY=kept.environ["HABEAS_KEY"]).reseal() == (2, 0)
    assert (await read(kept.store(HABEAS_KEY=OTHER), EMEA)).record == record
    with pytest.raises(NotConnected, match="another key than the ones at hand"):
        await kept.read()


async def test_a_connection_is_removed_and_its_token_revoked(kept):
    """It is gone for everybody."""
    async with Acme().up() as acme:
        await kept.write(acme.record())
        assert await remove(kept.store(), NAME, revoke=True) == "revoked"
        assert (acme.log, await kept.store().names()) == (["revoke"], [])
        await kept.write(acme.record())
        assert await remove(kept.store(), NAME, revoke=False) == "not asked"
        assert await kept.store().names() == []


async def test_a_token_is_renewed_once_and_taken_over_by_the_others(kept):
    """Each with a store of its own, as if it were a process: one asks, the others read."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        keepers = [await keeping(kept.store(), acme) for _ in range(8)]
        found = await asyncio.gather(*(keeper.refresh() for keeper, _ in keepers))
        assert acme.log == ["token"]
        assert sorted(one.asked for one in found) == [False] * 7 + [True]
        stored = await kept.read()
        assert stored.serial == 2
        assert {transport.credential.headers for _, transport in keepers} == {(("Authorization", f"Bearer {stored.tokens.access}"),)}


async def test_what_fails_in_passing_leaves_no_mark_and_what_was_lost_does(kept):
    """A vendor that is down was not asked for nothing; an answer without tokens may have spent the old one."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        acme.says += [web.json_response({}, status=503) for _ in range(5)]
        keeper, _ = await keeping(kept.store(), acme)
        assert "no new token could be had (HTTP 503)" in (await keeper.refresh()).words
        async with kept.store().renewing(NAME) as held:
            await held.read()
            assert held.lost is False
        acme.says.append(web.Response(text="<html>", status=200))
        await (await keeping(kept.store(), acme))[0].refresh()
        async with kept.store().renewing(NAME) as held:
            await held.read()
            assert held.lost is True
        acme.provider.refreshes.clear()
        found = await (await keeping(kept.store(), acme))[0].refresh()
        assert (found.dead, "was lost before it could be stored" in found.words) == (True, True)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancelled_refresh_stores_what_the_vendor_answers(times, kept):
    """However often it is cancelled; the next one goes on with it."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        arrived, go_on = acme.slowly()
        task = asyncio.create_task((await keeping(kept.store(), acme))[0].refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await kept.read()).serial == 2
        assert await (await keeping(kept.store(), acme))[0].refresh() == Renewed(asked=True)


async def test_a_copy_that_was_put_back_is_noticed_by_a_run(kept):
    """Its number is lower than that of the token in use: the vendor is not asked with what it may have spent."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        before = await kept.read()
        keeper, _ = await keeping(kept.store(), acme)
        assert await keeper.refresh() == Renewed(asked=True)
        await remove(kept.store(), NAME, revoke=False)
        await kept.write(before)
        found = await keeper.refresh()
        assert (found.dead, found.words.partition(":")[0]) == (
            False,
            "what is stored of acme/default is older than what this run uses (number 1, not 2)",
        )
        assert acme.log == ["token"]


async def test_a_run_never_goes_on_with_another_account_whatever_the_store(kept):
    """Somebody connects anew under the same name meanwhile."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        keeper, _ = await keeping(kept.store(), acme)
        await kept.write(acme.record())
        assert await keeper.refresh() == NotRenewed("the connection was made anew during this run: run again", dead=False)


async def test_a_connection_that_is_held_is_waited_for_or_not(kept):
    """Without patience it ends at once, and says so."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        keeper, store = (await keeping(kept.store(), acme))[0], kept.store()
        store.waits(patient=False)
        hasty, _ = await keeping(store, acme)
        async with kept.store().renewing(NAME):
            words = "another process has been renewing or changing acme/default: run again later, or without --no-wait"
            assert await hasty.refresh() == NotRenewed(words, dead=False)
            with pytest.raises(InUse):
                async with store.renewing(NAME):
                    pass
            waiting = asyncio.create_task(keeper.refresh())
            await asyncio.sleep(0)
        assert await waiting == Renewed(asked=True)


async def test_runs_take_turns_in_the_order_in_which_they_came(kept):
    """Who does not want to wait hears so; each who waits says so once."""
    await kept.write(Acme().record())
    order, told, events = [], [], [asyncio.Event() for _ in range(3)]

    async def run(number: int) -> None:
        def says() -> None:
            told.append(number)
            events[number].set()

        async with kept.store().turn(NAME, clock(sleep=a_moment), says, wait=True):
            order.append(number)

    async with kept.store().turn(NAME, clock(), nothing, wait=True):
        tasks = []
        for number in range(3):
            tasks.append(asyncio.create_task(run(number)))
            await asyncio.wait_for(events[number].wait(), 60)
        with pytest.raises(Taken):
            async with kept.store().turn(NAME, clock(), nothing, wait=False):
                pass
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    assert (order, told) == ([0, 1, 2], [0, 1, 2])


async def a_moment(_: float) -> None:
    await asyncio.sleep(0)


HOLDER = """
import asyncio, sys
from pathlib import Path
from tests.connection.kept import Kept
from tests.connection.vendor import NAME, clock
async def main():
    kept = Kept(Path(sys.argv[1]), sys.argv[2] or None)
    async with kept.store().turn(NAME, clock(), lambda: None, wait=True), kept.store().renewing(NAME):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_what_a_killed_process_held_is_free_at_once(kept):
    """Its turn and its hold on the connection end with it."""
    await kept.write(Acme().record())
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(kept.folder), kept.address or "", cwd=ROOT, stdout=pipe
    )
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"held\n"
    store = kept.store()
    store.waits(patient=False)
    with pytest.raises(Taken):
        async with store.turn(NAME, clock(), nothing, wait=False):
            pass
    with pytest.raises(InUse):
        async with store.renewing(NAME):
            pass
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with asyncio.timeout(60), kept.store().turn(NAME, clock(sleep=a_moment), nothing, wait=True), kept.store().renewing(NAME):
        pass


async def test_what_a_run_used_of_the_limits_is_handed_on(kept):
    """The next turn, of another process, begins with it; a connection that takes a new name takes it along."""
    await kept.write(Acme().record())
    rate = Rate(40, 20.0)
    found = pace(40, 20.0, 0.75)
    async with kept.store().turn(NAME, clock(), nothing, wait=True) as handover:
        assert (handover.words, handover.level("b", "", rate, found)) == (None, 0.0)
        for _ in range(5):
            handover.left([("b", "", (rate,))])
            await asyncio.sleep(0)
    await kept.store().rename(NAME, EMEA)
    async with kept.store().turn(EMEA, clock(), nothing, wait=True) as handover:
        assert (handover.words, 4.0 < handover.level("b", "", rate, found) <= 5.0) == (None, True)


async def test_a_connection_is_moved_to_another_machine_and_back(kept, tmp_path):
    """What was exported is not used here, until it is imported again."""
    async with Acme().up() as acme:
        await kept.write(acme.record(life=-1))
        file, words = tmp_path / "moved", "correct horse battery"
        await export_connection(kept.store(), NAME, words, file, clock())
        with pytest.raises(NotConnected, match="acme/default was exported and is used elsewhere"):
            await keeping(kept.store(), acme)
        assert await import_connection(kept.store(), file, words) == NAME
        assert await (await keeping(kept.store(), acme))[0].refresh() == Renewed(asked=True)
        with pytest.raises(NotConnected, match="there is a connection acme/default already"):
            await import_connection(kept.store(), file, words)


async def test_every_command_works_over_it(kept):
    """Connect, verify, run, check, list, show, rename, new key, remove: with the same words, whichever store."""
    async with Acme().up() as acme:
        habeas = kept.command(acme)
        done = await habeas("connect", "acme", "--redirect-uri", redirect(), HABEAS_ACME_PROBE="")
        assert (done.code, "encrypted; the key is in HABEAS_KEY" in done.err) == (0, True), done
        assert (await habeas("verify", "acme")).code == 0
        assert (await habeas(*RUN, str(kept.folder / "out"))).code == 0
        case = await habeas("case", "new", "DSR-1", "--vendor", "acme", "--simulated", stdin="email: her@acme.example\n")
        assert (case.code, (await habeas("case", "run", "DSR-1")).code) == (0, 0), case
        acme.provider.access.clear()
        done = await habeas(*RUN, str(kept.folder / "again"), "--no-wait")
        assert (done.code, (await kept.read()).serial) == (0, 2), done
        assert (await habeas("connections", "check", "--all")).code == 0
        told = jsonlib.loads((await habeas("connections", "list", "--json")).out)
        assert ([one["connection"] for one in told["connections"]], told["key"]) == (["acme/default"], "HABEAS_KEY")
        listed = await habeas("connections", "list")
        assert f"Stored in {told['store']}." in listed.out
        assert "renews itself" in (await habeas("connections", "show", "acme")).out
        assert (await habeas("connections", "rename", "acme", "emea")).out == "acme/default is acme/emea now.\n"
        new = {"HABEAS_KEY": OTHER, "HABEAS_OLD_KEY": kept.environ["HABEAS_KEY"]}
        assert (await habeas("connections", "rekey", **new)).out.startswith(
            "1 connection and 1 document of cases encrypted with a new key."
        )
        done = await habeas("verify", "acme")
        assert (done.code, "HABEAS_KEY" in done.err) == (4, True), done
        done = await habeas("connections", "remove", "acme/emea", HABEAS_KEY=OTHER)
        assert (done.code, done.out) == (0, "acme/emea: revoked at the vendor, and removed.\n"), done


async def test_ctrl_c_ends_the_wait_for_a_turn(kept):
    """At once, whatever it is that is waited for; nothing was fetched."""
    async with Acme().up() as acme:
        await kept.write(acme.record())
        async with kept.store().turn(NAME, clock(), nothing, wait=True):
            process = await kept.command(acme).start(*RUN, str(kept.folder / "out"))
            said = await asyncio.wait_for(process.stderr.readline(), 60)
            assert said == b"Another run uses this connection: this one waits for its turn.\n"
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, acme.log) == (130, [])
