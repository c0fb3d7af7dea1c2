"""Room and locks of a new connection: nothing is left to fail between the vendor's answer and the disk."""

from __future__ import annotations

import asyncio
import errno

import pytest
from aiohttp import web

from engine.connection import lock_queue, reservation
from engine.connection.private_files import Taken, locked
from engine.connection.stored import RegisteredClient, seal
from engine.connection.vault import ROOM
from engine.core.oauth import MOST_SCOPE, Tokens
from engine.errors import DiskError
from engine.replaced import replace
from tests.connection.commands import Command, consented, prompted, waiting
from tests.connection.vendor import NAME, Acme, files, vault


async def test_the_room_is_on_the_disk_while_a_person_consents_and_becomes_the_connection(tmp_path):
    """A disk that fills up meanwhile cannot cost the consent: what is stored stands where room was taken before."""
    async with Acme().up() as acme:
        store, habeas = vault(tmp_path), Command(tmp_path, acme)
        process, url = await prompted(habeas)
        (room,) = store.folder.glob(".acme.default.*.room")
        assert room.stat().st_blocks * 512 >= ROOM
        assert room.stat().st_mode & 0o077 == 0
        number = room.stat().st_ino
        back = await asyncio.to_thread(consented, url)
        _, err = await asyncio.wait_for(process.communicate(f"{back}\n".encode()), 60)
        assert process.returncode == 0, err
        assert store.path(NAME).stat().st_ino == number
        assert not list(store.folder.glob("*.room"))
        assert b" " not in store.path(NAME).read_bytes()


async def test_the_locks_are_held_while_the_vendor_is_asked_and_not_while_a_person_is(tmp_path):
    """A consent may take ten minutes, and the earlier connection is renewed meanwhile; the code is exchanged by one alone."""
    free: list[bool] = []

    async def take() -> bool:
        try:
            async with locked(store.folder / ".lock", wait=False), locked(store.folder / "acme.default.lock", wait=False):
                return True
        except Taken:
            return False

    async def watched(request: web.Request) -> web.StreamResponse:
        free.append(await take())
        return await acme.provider.token(request)

    async with Acme().up() as acme:
        store = vault(tmp_path)
        acme.says.append(watched)
        process, url = await prompted(Command(tmp_path, acme))
        free.append(await take())
        back = await asyncio.to_thread(consented, url)
        await asyncio.wait_for(process.communicate(f"{back}\n".encode()), 60)
        assert (process.returncode, free) == (0, [True, False])


async def test_a_room_that_a_killed_connect_left_is_swept_and_one_in_use_is_not(tmp_path):
    """Nobody holds what a killed process leaves."""
    store = vault(tmp_path)
    store.prepare()
    left, other = store.folder / ".acme.default.1.room", store.folder / ".acme.emea.1.room"
    for path in (left, other):
        path.write_bytes(b"")
    async with Acme().up() as acme:
        process = await Command(tmp_path, acme).start("connect", "acme", "--no-browser")
        await waiting(process)
        (room,) = store.folder.glob(".acme.default.*.room")
        assert (room.name != left.name, other.exists()) == (True, True)
        async with files(store).placing(NAME, plain=False):
            assert room.exists()
        process.kill()
        await process.communicate()
        async with files(store).placing(NAME, plain=False):
            assert not room.exists()
        async with store.whole():
            store.sweep()
        assert (room.exists(), other.exists()) == (False, False), "whatever connection it was for"


async def test_a_room_that_is_swept_before_it_is_held_is_made_again(tmp_path, monkeypatch):
    """Between making it and locking it another process may take it for one that was left."""
    store = vault(tmp_path)
    store.prepare()
    real, swept = lock_queue.fcntl.flock, []

    def flock(file: int, how: int) -> None:
        if not swept:
            swept.append(next(store.folder.glob("*.room")))
            swept[0].unlink()
        real(file, how)

    monkeypatch.setattr(lock_queue.fcntl, "flock", flock)
    async with files(store).placing(NAME, plain=False):
        assert swept[0].exists()
        store.sweep()
        assert swept[0].exists()
    assert not swept[0].exists()


async def test_a_disk_that_fails_after_the_answer_does_not_say_that_nothing_changed(tmp_path, monkeypatch):
    """A vendor may end the earlier connection with the new consent: the sentence says to connect again."""

    def fails(*_) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async with Acme().up() as acme:
        store = vault(tmp_path)
        store.write(NAME, acme.record())
        async with files(store).placing(NAME, plain=False) as ready, ready.opened() as put:
            monkeypatch.setattr(reservation, "write_new", fails)
            with pytest.raises(DiskError, match="connect again, because the vendor may have ended an earlier connection"):
                await put(acme.record())
        assert (ready.stored, store.read(NAME).serial) == (False, 1)


async def test_the_room_takes_the_largest_record(tmp_path):
    """Tokens, scope and secrets at their bounds, in characters that JSON writes as two."""
    async with Acme().up() as acme:
        token, secret = '"' * 16384, '"' * 8192
        tokens = Tokens(token, 1.8e9, token, 1.8e9, "x" * MOST_SCOPE)
        store = vault(tmp_path)
        store.prepare()
        key = store.keys.current()
        made = replace(acme.record(), tokens=tokens, client=RegisteredClient(secret, secret), asks_for="x" * 8192)
        assert len(seal(made, key, "x" * 63)) < ROOM
