"""What is done to connections that exist, beside runs, other changes, and writers that were killed."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import threading

import pytest

from engine.connection import private_files
from engine.connection.manage import remove
from engine.connection.private_files import create_once, locked, prepare
from engine.connection.stored import Name, StoreError
from engine.connection.uninterrupted import THREAD
from engine.errors import DiskError, NotConnected, OutputError, UsageError
from tests.connection.vendor import NAME, Acme, files, keep, vault

RECORD = Acme().record()
EMEA = Name("acme", "emea")
APAC = Name("acme", "apac")


async def turns():
    """Let every task go on to where it waits."""
    for _ in range(9):
        await asyncio.sleep(0)
        while any(thread.name == THREAD for thread in threading.enumerate()):
            await asyncio.sleep(0)


async def test_a_new_name_keeps_the_connection_and_what_has_it_already(tmp_path):
    """Renaming onto another connection is refused; what an earlier one of that name left says nothing about this one."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    (store.folder / "acme.emea.new").write_bytes(b"")
    (store.folder / "acme.emea.new").chmod(0o600)
    await files(store).rename(NAME, EMEA)
    assert store.names() == [EMEA]
    assert store.read(EMEA) == RECORD
    assert store.recover(EMEA) is False
    store.write(NAME, RECORD)
    with pytest.raises(UsageError, match="there is a connection acme/emea already"):
        await files(store).rename(NAME, EMEA)
    with pytest.raises(NotConnected, match="no connection acme/apac: habeas connect acme --connection apac"):
        await files(store).rename(APAC, EMEA)
    assert store.names() == [NAME, EMEA]


async def test_a_new_name_that_was_broken_off_leaves_one_connection_that_says_what_to_do(tmp_path, monkeypatch):
    """Two files with one refresh token would use up each other's."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_place", killed)
    with pytest.raises(KeyboardInterrupt):
        await files(store).rename(NAME, EMEA)
    assert store.names() == [NAME]
    with pytest.raises(StoreError, match=r"holds the connection acme/emea: name it acme\.emea\.json"):
        store.read(NAME)
    store.path(NAME).rename(store.path(EMEA))
    assert store.read(EMEA) == RECORD


async def test_a_new_name_during_a_change_of_the_key_waits_for_its_end(tmp_path):
    """Else the connection would be left behind under a key that is forgotten."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    store.write(EMEA, RECORD)
    async with store.lock(NAME):
        changing = asyncio.create_task(files(store).reseal())
        await turns()
        renaming = asyncio.create_task(files(store).rename(EMEA, Name("acme", "zzz")))
        removing = asyncio.create_task(remove(files(store), NAME, revoke=False))
        writing = asyncio.create_task(files(store).ready())
        await turns()
        assert store.names() == [NAME, EMEA]
        assert not writing.done()
    assert await changing == (2, 0)
    await asyncio.gather(renaming, removing, writing)
    assert store.names() == [Name("acme", "zzz")]
    assert vault(tmp_path).read(Name("acme", "zzz")) == RECORD


@pytest.mark.parametrize("end", [".copy of it.json", ".new"])
async def test_a_key_that_a_file_still_names_is_not_forgotten(end, tmp_path):
    """Whoever put it there: the sentence names the file, and all can be read."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    left = store.folder / f"acme.apac{end}"
    left.write_bytes(store.path(NAME).read_bytes())
    left.chmod(0o600)
    with pytest.raises(StoreError, match="still names an older key, so that key is kept") as error:
        await files(store).reseal()
    assert str(left) in str(error.value)
    assert len(json.loads(store.keys.path.read_text())["keys"]) == 2
    assert vault(tmp_path).read(NAME) == RECORD
    left.unlink()
    assert await files(store).reseal() == (1, 0)
    assert len(json.loads(store.keys.path.read_text())["keys"]) == 1


@pytest.mark.parametrize(
    "work", [lambda store: files(store).rename(NAME, EMEA, store.told), lambda store: remove(files(store), NAME, store.told, revoke=False)]
)
async def test_what_takes_a_connection_away_waits_for_the_runs_turn(work, tmp_path):
    """It says so; the lock of the run is not removed under it, and meanwhile others can connect."""
    store, told = vault(tmp_path), []
    store.write(NAME, RECORD)
    store.told = lambda: told.append("waiting")
    async with locked(store.turn(NAME)):
        going_on = asyncio.create_task(work(store))
        await turns()
        assert told == ["waiting"]
        assert store.read(NAME) == RECORD
        assert store.turn(NAME).exists()
        await keep(store, APAC, RECORD, plain=False)
    await going_on
    assert NAME not in store.names()
    assert not list(store.folder.glob("acme.default.*"))


async def test_a_lock_that_its_holder_removes_is_never_held_twice(tmp_path):
    """Who waited for the old file takes the new one, one after the other."""
    path, inside, most = tmp_path / "lock", [], []

    async def hold():
        async with locked(path, lambda _: asyncio.sleep(0)):
            inside.append(1)
            await turns()
            most.append(len(inside))
            path.unlink()
            inside.pop()

    await asyncio.gather(*(hold() for _ in range(9)))
    assert most == [1] * 9


async def test_a_lock_that_was_removed_before_it_was_taken_is_none(tmp_path, monkeypatch):
    """Its holder ended between our opening of the file and our taking of it: the next one counts."""
    path, real = tmp_path / "lock", fcntl.flock

    def late(*words):
        monkeypatch.setattr(fcntl, "flock", real)
        path.unlink()
        return real(*words)

    monkeypatch.setattr(fcntl, "flock", late)
    async with locked(path, lambda _: asyncio.sleep(0)):
        assert path.exists()
        path.unlink()
        path.touch()
    monkeypatch.setattr(fcntl, "flock", lambda *words: (path.rename(tmp_path / "old"), path.touch(), late(*words))[2])
    async with locked(path, lambda _: asyncio.sleep(0)):
        assert path.exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
async def test_a_file_system_without_locks_is_said(number, tmp_path, monkeypatch):
    """Only a lock that somebody holds is waited for."""

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OutputError, match=f"the file system of {tmp_path} has no locks .*: name another folder with HABEAS_HOME"):
        async with locked(tmp_path / "lock", no_turn):
            pass


async def no_turn(_):
    raise AssertionError


def test_two_containers_on_one_store_do_not_write_into_each_others_files(tmp_path, monkeypatch):
    """Both are process 1; one has opened its file when the other writes everything."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    first, second, real = vault(tmp_path), vault(tmp_path), os.write

    def meanwhile(file, data):
        monkeypatch.setattr(os, "write", real)
        first.write(NAME, RECORD)
        return real(file, data)

    first.prepare()
    monkeypatch.setattr(os, "write", meanwhile)
    second.write(EMEA, RECORD)
    assert vault(tmp_path).read(NAME) == vault(tmp_path).read(EMEA) == RECORD
    assert not list(tmp_path.rglob("*.part"))


def test_a_file_that_another_writes_is_neither_taken_nor_deleted(tmp_path, monkeypatch):
    """Even where the name should be the same."""
    monkeypatch.setattr(private_files.secrets, "token_hex", lambda _: "00")
    (tmp_path / "key.json.00.part").write_bytes(b"of another")
    with pytest.raises(OutputError):
        create_once(tmp_path / "key.json", b"ours")
    assert (tmp_path / "key.json.00.part").read_bytes() == b"of another"


WORKS = {
    "rekey": lambda store: files(store).reseal(),
    "remove": lambda store: remove(files(store), EMEA, revoke=False),
    "rename": lambda store: files(store).rename(EMEA, APAC),
    "keep": lambda store: keep(store, NAME, RECORD, plain=False),
}


@pytest.mark.parametrize("work", WORKS.values(), ids=list(WORKS))
async def test_what_a_killed_writer_left_is_deleted(work, tmp_path):
    """A key in it would open every copy of the store, whatever rekey does."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)
    store.write(EMEA, RECORD)
    os.link(store.keys.path, store.home / "key.json.7.part")
    (store.folder / "acme.default.json.7.part").write_bytes(b"half")
    (store.folder / ".7.part").write_bytes(b"")
    await work(store)
    assert not list(tmp_path.rglob("*.part"))
    assert store.read(NAME).tokens == RECORD.tokens


async def test_nothing_is_left_where_the_disk_is_full(tmp_path, monkeypatch):
    """The part that could not be written is gone, the connection is as it was."""
    store = vault(tmp_path)
    store.write(NAME, RECORD)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError):
        store.write(NAME, RECORD)
    assert not list(tmp_path.rglob("*.part"))
    assert store.read(NAME) == RECORD


def test_a_name_counts_when_its_folder_is_on_the_disk(tmp_path, monkeypatch):
    """The loser of two first keys uses the winner's only then; new folders are in theirs for good too."""
    synced = []
    monkeypatch.setattr(private_files, "sync_folder", synced.append)
    prepare(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    create_once(tmp_path / "key", b"first")
    synced.clear()
    create_once(tmp_path / "key", b"second")
    assert synced == [tmp_path]
    assert (tmp_path / "key").read_bytes() == b"first"
