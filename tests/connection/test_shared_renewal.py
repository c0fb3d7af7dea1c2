"""A renewal over a shared store: one at a time, whose session may end, whose database may go away, and which may be killed."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.connection import postgres_held, postgres_store
from engine.connection.keeper import LOST
from engine.connection.postgres_session import lock_key
from engine.connection.store import NotStored, StoreAway
from engine.connection.stored import Name
from engine.connection.unsent import Unsent
from engine.core.oauth import Renewed
from engine.errors import DiskError, InUse
from engine.replaced import replace
from tests.connection.kept import Kept, keeping
from tests.connection.test_processes import MOST_LOST, process
from tests.connection.vendor import NAME, Acme, clock, no_wait

EMEA = Name("acme", "emea")


async def test_a_renewal_whose_database_is_away_does_not_ask_the_vendor(shared, postgres):
    """The run ends incomplete; nobody is sent to connect again; the next one renews."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        keeper, _ = await keeping(shared.store(), acme)
        postgres.sql("alter database habeas connection limit 0")
        found = await keeper.refresh()
        assert (found.dead, "cannot be used now" in found.words, acme.log) == (False, True, [])
        postgres.sql("alter database habeas connection limit -1")
        assert await (await keeping(shared.store(), acme))[0].refresh() == Renewed(asked=True)


async def test_a_vendor_is_not_asked_where_its_answer_would_have_no_place_on_this_machine(shared):
    """Should the database go away meanwhile; a folder that others can enter takes no secret, and the old token is not spent."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        keeper, _ = await keeping(shared.store(), acme)
        (shared.folder / "state").mkdir(exist_ok=True)
        (shared.folder / "state").chmod(0o755)
        found = await keeper.refresh()
        assert ("can be read by others: chmod 700" in found.words, acme.log) == (True, []), found
        (shared.folder / "state").chmod(0o700)
        assert await (await keeping(shared.store(), acme))[0].refresh() == Renewed(asked=True)


def no_room(*_: object) -> None:
    """Be a full disk."""
    message = "the disk is full"
    raise DiskError(message)


async def renewed_while_away(shared, postgres, acme) -> Kept:
    """Renew while the database goes away with the vendor's answer under way."""
    await shared.write(acme.record(life=-1))
    store = shared.store()
    store.sleep = no_wait
    keeper, transport = await keeping(store, acme)
    arrived, go_on = acme.slowly()
    task = asyncio.create_task(keeper.refresh())
    await asyncio.wait_for(arrived.wait(), 60)
    postgres.sql("alter database habeas connection limit 0")
    postgres.end_sessions()
    go_on.set()
    assert await task == Renewed(asked=True)
    assert acme.provider.scopes_of(transport.credential.headers[0][1]) is not None, "the run goes on with it"
    postgres.sql("alter database habeas connection limit -1")
    return shared


async def test_an_answer_that_cannot_be_stored_waits_sealed_on_this_machine(shared, postgres):
    """The vendor has spent the old token: whatever uses the connection here next stores the new one first."""
    async with Acme().up() as acme:
        await renewed_while_away(shared, postgres, acme)
        (file,) = (shared.folder / "state" / "unsent").iterdir()
        assert (file.stat().st_mode & 0o077, b'"cipher":"AES-256-GCM"' in file.read_bytes()) == (0, True)
        assert postgres.sql("select serial from habeas.credential", database="habeas") == [(1,)]
        assert (await shared.read()).serial == 2
        assert not file.exists()
        assert postgres.sql("select serial, asking_since from habeas.credential", database="habeas") == [(2, None)]
        assert await (await keeping(shared.store(), acme))[0].refresh() == Renewed(asked=True)
        assert acme.log == ["token", "token"]


async def waited_for(store, shared, acme):
    """Renew at another machine, while a store here sends the answer that waits."""
    elsewhere = Kept(shared.folder / "elsewhere", shared.address).store()

    async def sent(_seconds: float) -> None:
        await store.send_unsent()

    elsewhere.sleep = sent
    assert await (await keeping(elsewhere, acme))[0].refresh() == Renewed(asked=False)


async def test_an_answer_that_waits_here_is_sent_while_somebody_elsewhere_waits_for_it(shared, postgres):
    """Who took over holds the connection and waits, because an answer may be under way: it needs no lock to come, and nothing is spent twice."""
    async with Acme().up() as acme:
        await renewed_while_away(shared, postgres, acme)
        await waited_for(shared.store(), shared, acme)
        assert acme.log == ["token"]
        assert not list((shared.folder / "state" / "unsent").iterdir())
        await shared.store().send_unsent()


@pytest.mark.parametrize("meanwhile", ["connected anew", "removed", "newer"])
async def test_an_answer_that_waited_too_long_takes_no_newer_ones_place(meanwhile, shared, postgres):
    """Somebody connected anew, or removed it: what waited is dropped."""
    async with Acme().up() as acme:
        await renewed_while_away(shared, postgres, acme)
        elsewhere = Kept(shared.folder / "elsewhere", shared.address)
        store = elsewhere.store()
        if meanwhile == "removed":
            async with store.changing(NAME) as held:
                await held.remove()
            assert await shared.store().find(NAME) is None
        else:
            record = await elsewhere.read()
            newest = replace(acme.record(), plan="big") if meanwhile == "connected anew" else replace(record, plan="big")
            await elsewhere.write(newest)
            assert (await shared.read()).plan == "big"
        assert not list((shared.folder / "state" / "unsent").iterdir())


async def test_an_answer_that_can_be_put_nowhere_says_so(shared, postgres):
    """Neither the database nor the disk: the run ends incomplete, and the sentence says what happened."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        keeper, _ = await keeping(shared.store(), acme)
        arrived, go_on = acme.slowly()
        task = asyncio.create_task(keeper.refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        (shared.folder / "state" / "unsent").rmdir()
        (shared.folder / "state" / "unsent").write_text("in the way")
        postgres.sql("alter database habeas connection limit 0")
        postgres.end_sessions()
        go_on.set()
        found = await task
        postgres.sql("alter database habeas connection limit -1")
        assert (found.dead, found.words.startswith("the vendor's answer could not be stored (the store ")) == (False, True), found


async def test_an_answer_for_which_the_disk_has_no_room_is_stored_when_the_database_is_back_in_a_moment(shared, postgres, monkeypatch):
    """A full disk ended the connection, though the database had only begun anew."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        store = shared.store()
        store.sleep = no_wait
        keeper, _ = await keeping(store, acme)
        arrived, go_on = acme.slowly()
        task = asyncio.create_task(keeper.refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        monkeypatch.setattr(Unsent, "write", no_room)
        postgres.end_sessions()
        go_on.set()
        assert await task == Renewed(asked=True)
        assert postgres.sql("select serial, asking_since from habeas.credential", database="habeas") == [(2, None)]


async def test_an_answer_that_is_nowhere_leaves_a_mark_for_whoever_comes_later(shared, postgres, monkeypatch):
    """It is then known why the vendor refuses the old token; nobody waits for an answer that does not come."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        store = shared.store()
        store.sleep = no_wait
        monkeypatch.setattr(Unsent, "write", no_room)
        frozen = "create trigger full_disk before update of sealed on habeas.credential for each row execute function habeas.refuse()"
        refuse = "create function habeas.refuse() returns trigger language plpgsql as $$ begin raise disk_full; end $$"
        postgres.sql(refuse, frozen, database="habeas")
        found = await (await keeping(store, acme))[0].refresh()
        assert (found.dead, "nor put into a file" in found.words) == (False, True), found
        postgres.sql("drop function habeas.refuse cascade", database="habeas")
        assert postgres.sql("select serial, asking_since = 'epoch' from habeas.credential", database="habeas") == [(1, True)]


async def test_a_restart_in_the_middle_of_a_refresh_is_ridden_through(shared, postgres):
    """The session is gone when the answer comes; it is stored over another one, and nothing waits on this machine."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        store = shared.store()
        store.sleep = no_wait
        keeper, _ = await keeping(store, acme)
        arrived, go_on = acme.slowly()
        task = asyncio.create_task(keeper.refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        postgres.end_sessions()
        go_on.set()
        assert await task == Renewed(asked=True)
        assert postgres.sql("select serial, asking_since from habeas.credential", database="habeas") == [(2, None)]
        assert not list((shared.folder / "state" / "unsent").iterdir())


async def test_who_may_still_be_asking_is_waited_for(shared, postgres):
    """Its session ended, not the process: what it stores within a minute is taken, and the vendor is asked once."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        store, said = shared.store(), []
        keeper, _ = await keeping(store, acme)
        arrived, go_on = acme.slowly()
        first = asyncio.create_task(keeper.refresh())
        await asyncio.wait_for(arrived.wait(), 60)
        postgres.end_sessions()
        other = shared.store()
        other.waits(busy=lambda: said.append("waiting"))

        async def sleep(_: float) -> None:
            go_on.set()
            await asyncio.wait([first])

        other.sleep = sleep
        assert await (await keeping(other, acme))[0].refresh() == Renewed(asked=False)
        assert await first == Renewed(asked=True)
        assert (acme.log, said) == (["token"], ["waiting"])


async def test_whoever_has_an_answer_has_a_moment_to_send_it_after_a_long_absence_of_the_database(shared, postgres):
    """However long ago the vendor was asked: the old token is not spent while the new one is on its way."""
    async with Acme().up() as acme:
        await renewed_while_away(shared, postgres, acme)
        postgres.sql("update habeas.credential set asking_since = now() - interval '2 hours'", database="habeas")
        await waited_for(shared.store(), shared, acme)
        assert acme.log == ["token"]


async def test_who_does_not_come_back_is_waited_for_a_minute(shared, postgres):
    """Then the old token is tried, and where the vendor ends the connection the reason says why."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        postgres.sql("update habeas.credential set asking_since = now()", database="habeas")
        store, seconds = shared.store(), []

        async def sleep(pause: float) -> None:
            seconds.append(pause)

        store.sleep = sleep
        assert await (await keeping(store, acme))[0].refresh() == Renewed(asked=True)
        assert postgres_held.GRACE <= sum(seconds) < postgres_held.GRACE + 2
        postgres.sql("update habeas.credential set asking_since = now() - interval '1 hour'", database="habeas")
        acme.provider.refreshes.clear()
        seconds.clear()
        found = await (await keeping(store, acme))[0].refresh()
        assert sum(seconds) == postgres_held.SETTLE
        assert (found.dead, "was lost before it could be stored" in found.words) == (True, True)


async def test_a_row_that_changed_under_the_lock_is_not_overwritten(shared, postgres):
    """Whoever lost the session, and the lock with it, cannot put an older answer over a newer one."""
    async with Acme().up() as acme:
        await shared.write(acme.record(life=-1))
        async with shared.store().renewing(NAME) as held:
            record = await held.read()
            await held.intend()
            postgres.sql("update habeas.credential set serial = 7", database="habeas")
            with pytest.raises(NotStored, match="was changed by another process while the vendor was asked"):
                await held.keep(replace(record, serial=2))
            with pytest.raises(StoreAway, match="so the vendor was not asked"):
                await held.intend()
        assert postgres.sql("select serial from habeas.credential", database="habeas") == [(7,)]


async def test_a_run_whose_database_goes_away_ends_whole_and_says_so(shared, postgres):
    """The records are there; what was used of the limits is not handed on."""
    async with Acme().up() as acme:
        await shared.write(acme.record())
        store = shared.store()
        async with store.turn(NAME, clock(), lambda: None, wait=True) as handover:
            postgres.end_sessions()
        assert handover.words is not None
        assert handover.words.startswith("the database did not answer at the run's end")
        postgres.sql("update habeas.connection set spent = '{}'", database="habeas")
        async with store.turn(NAME, clock(), lambda: None, wait=True) as handover:
            assert "its column is broken" in (handover.words or "")


async def test_a_process_that_hangs_is_waited_for_with_a_word_and_an_end(shared, monkeypatch):
    """The lock of the database has a time limit; the numbers of locks differ by name and by what they are for."""
    await shared.write(Acme().record())
    said = []
    for name, value in (("SAID_AFTER", 0.01), ("LONGEST_HOLD", 0.02)):
        monkeypatch.setattr(postgres_store, name, value)
    store = shared.store()
    store.waits(busy=lambda: said.append("busy"))
    async with shared.store().renewing(NAME):
        with pytest.raises(InUse, match="it may hang: run again later"):
            async with store.renewing(NAME):
                pass
        async with store.renewing(EMEA), store.turn(NAME, clock(), lambda: None, wait=False):
            pass
    assert said == ["busy"]
    assert len({lock_key(kind, name) for kind in ("turn", "change") for name in (NAME, EMEA)}) == 4


TASKS, PROCESSES = 17, 3


async def test_fifty_expiries_in_several_processes_are_one_refresh(shared):
    """All meet the dead token at once; one asks the vendor, and nobody fails."""
    async with Acme().up() as acme:
        record = acme.record()
        acme.provider.access[record.tokens.access] = (acme.provider.access[record.tokens.access][0], 0.0)
        await shared.write(record)
        words = ("tests.connection.crowd", str(shared.folder), acme.address, shared.address, str(TASKS))
        said = await asyncio.gather(*(process(*words) for _ in range(PROCESSES)))
        assert [one.strip() for one in said] == ["[]"] * PROCESSES
        assert acme.log.count("token") == 1
        assert (await shared.read()).serial == 2


STEPS_TRIED = 80


async def killed_at(shared: Kept, numbers: list[int]) -> list[dict]:
    """Kill a refresh at each of some steps; give what those who came later found."""
    async with Acme().up() as acme:
        for number in numbers:
            await shared.write(acme.record(life=-1), Name("acme", f"n{number}"))
        words = ("tests.connection.killed_shared", acme.address, str(shared.folder), shared.address)
        found = [json.loads(line) for line in (await process(*words, *map(str, numbers))).splitlines()]
    assert [one["number"] for one in found] == numbers
    for end in found:
        if end["first"] != "renewed":  # sent, and killed before the row had the answer
            assert (end["killed"], LOST in end["first"], "habeas connect acme" in end["first"]) == (True, True, True), end
        elif end["killed"]:
            assert end["second"] == "renewed", end
    return found


@pytest.mark.long
async def test_a_process_killed_at_any_step_of_a_refresh_loses_nothing_that_the_database_had(shared):
    """Afterwards the connection works, or the answer was lost on its way and the end says exactly so."""
    found = await killed_at(shared, list(range(1, STEPS_TRIED + 1)))
    assert not found[-1]["killed"], "more steps than are tried"
    lost = [one["number"] for one in found if one["first"] != "renewed"]
    assert 0 < len(lost) <= MOST_LOST
    assert lost == list(range(lost[0], lost[-1] + 1)), "all of them between the request and the row"


async def test_a_process_killed_early_or_late_in_a_refresh_loses_nothing(shared):
    """Before the vendor was asked, and when the row has the answer."""
    found = await killed_at(shared, [10, STEPS_TRIED])
    assert [(one["killed"], one["first"]) for one in found] == [(True, "renewed"), (False, "renewed")]
