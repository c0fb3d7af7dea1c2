"""What runs use of the vendor's limits is handed on: in a private file, from process to process, killed ones too."""

from __future__ import annotations

import json
import os
import signal
import stat
from asyncio import get_running_loop
from datetime import UTC, datetime, timedelta

import pytest

from engine.connection.credential import token_record
from engine.connection.departure_file import handover_of, turn_of_unstored, unstored_place
from engine.connection.private_files import locked
from engine.connection.stored import Name
from engine.core.departures import departures_of
from engine.core.pace import pace
from engine.language.model.units import Rate
from engine.net.clock import Clock
from engine.net.limiter import Limiter
from tests.clock import passing, run
from tests.connection.commands import Command
from tests.connection.vendor import NAME, SPEC, Acme, spec, vault
from tests.net.pacing import departures, most_in_a_window

LIMITED = SPEC.replace("access:\n", "rate_limits: {all: 160/h}\naccess:\n", 1)
RUN = ("run", "acme", "--email", "her@acme.example", "--out")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
RATE = Rate(160, 3600.0)
IGNORED = "Note: what earlier runs used of the vendor's limits is ignored, so each limit begins with nothing that may leave at once"


def level_of(path) -> float:
    """Give how many requests the file counts, as they left."""
    raw = path.read_bytes()
    now = json.loads(raw)["limits"][0][4][-1][0]
    return departures_of(raw, now).level("all", "", 3600.0, 0.0, now)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_lies_beside_the_connection_and_is_its_owners_alone(tmp_path):
    """Each run adds what it sent; nothing of the person or the credential stands in it."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        habeas, path = Command(tmp_path, acme, LIMITED), store.folder / "acme.default.departures"
        for number in (1, 2):
            done = await habeas(*RUN, str(tmp_path / f"out{number}"))
            assert (done.code, done.err.count("Note")) == (0, 0)
            assert level_of(path) == len([line for line in acme.log if line != "token"])
        assert mode(path) == 0o600
        assert b"acme.example" not in path.read_bytes()
        assert path.stat().st_size < 1000
        assert not list(store.folder.glob("*.next"))


async def test_a_connection_takes_it_along_when_it_is_renamed_and_leaves_none_behind(tmp_path):
    """The account stays the same; what was removed is removed."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        habeas = Command(tmp_path, acme, LIMITED)
        assert (await habeas(*RUN, str(tmp_path / "out"))).code == 0
        assert (await habeas("connections", "rename", "acme", "acme/emea")).code == 0
        assert [path.name for path in store.folder.glob("*.departures")] == ["acme.emea.departures"]
        assert (await habeas("connections", "remove", "acme/emea", "--no-revoke")).code == 0
        assert not list(store.folder.glob("acme*"))


async def test_runs_with_a_token_of_the_environment_hand_on_too(tmp_path):
    """By a digest of the token under a key: neither the token nor what it could be guessed by stands in a name or a file."""
    async with Acme().up() as acme:
        token = acme.record().tokens.access
        habeas, folder = Command(tmp_path, acme, LIMITED), tmp_path / "state" / "environment"
        for number in (1, 2):
            assert (await habeas(*RUN, str(tmp_path / f"out{number}"), HABEAS_ACME_TOKEN=token)).code == 0
        (path,) = folder.glob("*.departures")
        assert level_of(path) == len(acme.log)
        assert {mode(one) for one in folder.iterdir()} == {0o600}
        assert mode(folder) == 0o700
        kept = "".join(f"{one} {one.read_bytes().decode('latin-1')}" for one in folder.iterdir())
        assert token not in kept
        other = acme.record().tokens.access
        assert (await habeas(*RUN, str(tmp_path / "out3"), HABEAS_ACME_TOKEN=other)).code == 0
        assert len(list(folder.glob("*.departures"))) == 2


async def test_runs_with_one_token_of_the_environment_take_turns(tmp_path):
    """As runs of one connection do; another token's do not wait."""
    async with Acme().up() as acme:
        token, other = (acme.record().tokens.access for _ in range(2))
        habeas = Command(tmp_path, acme, LIMITED)
        lock = turn_of_unstored(vault(tmp_path), token_record(spec(LIMITED), token, {}, acme.address))
        async with locked(lock):
            done = await habeas(*RUN, str(tmp_path / "a"), "--no-wait", HABEAS_ACME_TOKEN=token)
            assert (done.code, "another run uses this connection" in done.err) == (3, True)
            assert (await habeas(*RUN, str(tmp_path / "b"), "--no-wait", HABEAS_ACME_TOKEN=other)).code == 0
        assert (await habeas(*RUN, str(tmp_path / "c"), "--no-wait", HABEAS_ACME_TOKEN=token)).code == 0


@pytest.mark.parametrize("content", [b"", b'{"habeas":"departures","for', b'{"habeas":"connection"}'])
async def test_a_broken_file_is_ignored_with_a_word(content, tmp_path):
    """The run begins with empty buckets, and leaves a sound file."""
    async with Acme().up() as acme:
        store, quick = vault(tmp_path), SPEC.replace("access:\n", "rate_limits: {all: 1000/s}\naccess:\n", 1)
        store.write(NAME, acme.record())
        path = store.folder / "acme.default.departures"
        path.write_bytes(content)
        path.chmod(0o600)
        done = await Command(tmp_path, acme, quick)(*RUN, str(tmp_path / "out"))
        assert (done.code, done.err.splitlines()[0]) == (0, f"{IGNORED}: {path} is broken")
        departures_of(path.read_bytes(), 0)


async def test_a_file_that_others_can_read_is_ignored_and_made_private(tmp_path):
    """What others could have written is not believed."""
    async with Acme().up() as acme:
        store, quick = vault(tmp_path), SPEC.replace("access:\n", "rate_limits: {all: 1000/s}\naccess:\n", 1)
        store.write(NAME, acme.record())
        path = store.folder / "acme.default.departures"
        path.write_bytes(b'{"habeas":"departures","format":1,"limits":[]}')
        path.chmod(0o644)
        done = await Command(tmp_path, acme, quick)(*RUN, str(tmp_path / "out"))
        assert (done.code, done.err.splitlines()[0]) == (0, f"{IGNORED}: {path} can be read by others: chmod 600 {path}")
        assert mode(path) == 0o600


async def test_where_nothing_can_be_written_a_run_says_so(tmp_path):
    """A token of the environment needs no state folder; the run begins with empty buckets and waits for nobody."""
    async with Acme().up() as acme:
        quick = SPEC.replace("access:\n", "rate_limits: {all: 1000/s}\naccess:\n", 1)
        (tmp_path / "file").write_text("in the way")
        where = str(tmp_path / "file" / "state")
        done = await Command(tmp_path, acme, quick)(
            *RUN, str(tmp_path / "out"), HABEAS_ACME_TOKEN=acme.record().tokens.access, HABEAS_HOME=where
        )
        assert done.code == 0
        assert done.err.startswith(
            "Note: what runs use of the vendor's limits cannot be handed on, so each limit begins with nothing that may leave at once: "
            f"{where} cannot be written (Not a directory)"
        )


async def test_a_killed_run_has_written_what_it_sent(tmp_path):
    """Killed by the vendor's own answer: the file counts at least what the vendor saw, and is whole."""
    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        killed, answered = [], acme.provider.scopes_of

        def scopes_of(header: str):
            if acme.log[-1].endswith("notes"):
                os.kill(killed[0].pid, signal.SIGKILL)
            return answered(header)

        acme.provider.scopes_of = scopes_of
        killed.append(await Command(tmp_path, acme, LIMITED).start(*RUN, str(tmp_path / "out")))
        await killed[0].communicate()
        assert killed[0].returncode == -signal.SIGKILL
        path = store.folder / "acme.default.departures"
        raw = path.read_bytes()
        now = json.loads(raw)["limits"][0][4][-1][0]
        seen = len([line for line in acme.log if line != "token"])
        assert seen <= departures_of(raw, now).level("all", "", 3600.0, 0.0, now) <= seen + RATE.count // 16 + 1


def test_processes_one_after_the_other_keep_to_the_limit(tmp_path):
    """Through the file itself, by the clock that is passed in: forty in twenty seconds, three runs of thirty."""
    store, times = vault(tmp_path), list[float]()
    store.prepare()

    async def scenario() -> None:
        begun = get_running_loop().time()
        clock = Clock(lambda: NOW + timedelta(seconds=get_running_loop().time() - begun), passing, lambda: 0.5)
        for share in (0.75, 0.2, 0.75):
            handover = handover_of(store, Name("acme"), clock)
            times.extend(await departures(Limiter({"b": (Rate(40, 20.0),)}, share, None, handover), 30))
            handover.close()

    run(scenario())
    assert most_in_a_window(times, 20.0) <= 40


def test_files_of_tokens_that_are_long_gone_are_swept(tmp_path):
    """After forty days; those in use stay."""
    store, clock = vault(tmp_path), Clock(lambda: datetime.now(UTC), passing, lambda: 0.5)
    old, new = (token_record(spec(), token, {}, None) for token in ("old", "new"))
    for record in (old, new):
        turn_of_unstored(store, record).touch()
        handover_of(store, record, clock).close()
    gone = unstored_place(store, old)
    path = gone.with_name(gone.name + ".departures")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 41 * 86400))
    handover_of(store, new, clock).close()
    kept = unstored_place(store, new).name
    assert sorted(one.name for one in path.parent.iterdir()) == sorted(["key", f"{kept}.departures", f"{kept}.run.lock"])


def test_what_is_not_known_counts_as_all_that_may_leave_at_once(tmp_path):
    """A key that is cut short is made anew; the files under the old one are not found again."""
    store, clock, record = vault(tmp_path), Clock(lambda: NOW, passing, lambda: 0.5), token_record(spec(), "x", {}, None)
    first = unstored_place(store, record)
    assert unstored_place(store, record) == first
    (first.parent / "key").write_bytes(b"short")
    assert unstored_place(store, record) != first
    assert len((first.parent / "key").read_bytes()) == 32
    path = first.parent / (unstored_place(store, record).name + ".departures")
    path.mkdir()
    handover, found = handover_of(store, record, clock), pace(160, 3600.0, 0.75)
    assert handover.words is not None
    assert handover.words.endswith(f"{path} cannot be written (Is a directory)")
    assert handover.level("all", "", RATE, found) == found.capacity


def test_a_link_in_the_way_is_not_written_through(tmp_path):
    """Whoever can put a link beside the file must not choose which file a run replaces the content of."""
    store, other = vault(tmp_path), tmp_path / "other"
    store.prepare()
    other.write_text("mine")
    (store.folder / "acme.default.departures.next").symlink_to(other)
    handover = handover_of(store, Name("acme"), Clock(lambda: NOW, passing, lambda: 0.5))
    assert "cannot be handed on" in (handover.words or "")
    assert other.read_text() == "mine"


def test_a_told_wait_is_handed_on_through_the_file(tmp_path):
    """A process that was told to wait and killed has told the next one."""
    store = vault(tmp_path)
    store.prepare()

    async def scenario() -> float:
        clock, limits = Clock(lambda: NOW, passing, lambda: 0.5), {"b": (Rate(40, 20.0),)}
        first = Limiter(limits, 0.75, None, handover_of(store, Name("acme"), clock))
        await departures(first, 1)
        first.hold("b", get_running_loop().time() + 90)
        async with Limiter(limits, 0.75, None, handover_of(store, Name("acme"), clock)).slot("b", "x") as waited:
            return waited.held

    assert run(scenario()) == 90
