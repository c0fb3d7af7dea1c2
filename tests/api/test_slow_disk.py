"""The end of a run on a disk that takes its time."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import engine
from engine.sink import MANIFEST_ROOM

BOUND = 10.0


async def until(told: Callable[[], object]) -> None:
    """Let others go on until it is so. Raises TimeoutError."""
    async with asyncio.timeout(BOUND):
        while not told():
            await asyncio.sleep(0)


class SlowDisk:
    """A disk that takes no manifest before it is let go; the room for one it takes at once, and notes that."""

    def __init__(self) -> None:
        self.asked, self.let_go, self.rooms = threading.Event(), threading.Event(), 0

    def fsync(self, file: int) -> None:
        """Wait."""
        if Path(f"/proc/self/fd/{file}").readlink().name != "manifest.json.part":
            return
        if os.fstat(file).st_size == MANIFEST_ROOM:
            self.rooms += 1
            return
        self.asked.set()
        assert self.let_go.wait(BOUND), "nobody else went on"

    async def reached(self) -> None:
        """Wait until a run has come so far."""
        await until(self.asked.is_set)


@pytest.fixture
def disk(monkeypatch) -> SlowDisk:
    """Results lie on it."""
    slow = SlowDisk()
    monkeypatch.setattr(os, "fsync", slow.fsync)
    return slow


async def test_others_go_on_while_the_disk_takes_a_manifest(served, acme, disk, tmp_path):
    """Of many people side by side nobody waits for another one's disk; and before it is there the manifest does not have its name."""
    address, go, _ = served
    go.set()
    task = asyncio.create_task(engine.run(acme, email="ada@x.io", token="t0", at=address, out="run"))
    await disk.reached()
    assert json.loads((tmp_path / "run" / "acme" / "manifest.json").read_text())["finished"] is None
    disk.let_go.set()
    report = await task
    told = json.loads((tmp_path / "run" / "acme" / "manifest.json").read_text())["finished"]
    assert (told, told is None) == (report.manifest["finished"], False)


async def test_a_cancellation_while_the_disk_takes_a_manifest_waits_for_it(served, acme, disk, tmp_path):
    """However often one cancels: all was fetched, and the proof of it gets its name before the cancellation comes out."""
    address, go, _ = served
    go.set()
    task = asyncio.create_task(engine.run(acme, email="ada@x.io", token="t0", at=address, out="run"))
    await disk.reached()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    disk.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    manifest = json.loads((tmp_path / "run" / "acme" / "manifest.json").read_text())
    assert (manifest["finished"] is None, manifest["interrupted"]) == (False, False)
    assert [path.name for path in (tmp_path / "run" / "acme").glob("*.part")] == []


async def test_the_room_of_a_manifest_is_on_the_disk_before_the_last_answer(served, acme, disk, tmp_path):
    """A run by itself has nothing else to do then; of many over one account nobody would wait for it, and it is left out."""
    address, go, asked = served
    disk.let_go.set()
    task = asyncio.create_task(engine.run(acme, email="ada@x.io", token="t0", at=address, out="run"))
    while await asked.get() != "/v1/people/u1/files":
        pass
    await until(lambda: disk.rooms)
    go.set()
    assert (await task).exit_code == engine.Exit.COMPLETE
    async with engine.account(acme, token="t0", at=address) as account:
        await account.run(email="ada@x.io", out="another")
    assert disk.rooms == 1
