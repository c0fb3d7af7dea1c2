"""Several processes on one connection, and processes that are killed in the middle of a refresh."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from engine.connection.keeper import LOST
from engine.replaced import replace
from tests.conftest import ROOT
from tests.connection.vendor import NAME, Acme, vault
from tests.forked import TRUE, Forked, made_by

PROCESSES = 4
STEPS = 60
MOST_LOST = 6  # sending, reading, opening the file that lies ready: then one write, and it is safe


async def process(*words: str) -> str:
    """Run a Python module; gives what it printed."""
    pipe = asyncio.subprocess.PIPE
    with made_by(Forked):
        made = await asyncio.create_subprocess_exec(sys.executable, "-m", *words, cwd=ROOT, stdout=pipe, stderr=pipe)
    out, err = await made.communicate()
    assert made.returncode == 0, err.decode()
    return out.decode()


async def test_two_hundred_tasks_in_four_processes_refresh_once(tmp_path):
    """All meet an expired token; exactly one request goes out, and nobody fails."""
    async with Acme().up() as acme:
        store, record = vault(tmp_path), acme.record()
        acme.provider.access[record.tokens.access] = (acme.provider.access[record.tokens.access][0], 0.0)
        store.write(NAME, record)
        said = await asyncio.gather(*(process("tests.connection.crowd", str(tmp_path), acme.address) for _ in range(PROCESSES)))
        assert [one.strip() for one in said] == ["[]"] * PROCESSES
        assert subprocess.Popen is TRUE
        assert acme.log.count("token") == 1
        assert store.read(NAME).serial == 2


@pytest.mark.waits
async def test_a_process_killed_at_any_step_of_a_refresh_loses_nothing_it_could_have_kept(tmp_path):
    """Afterwards the connection works, or the answer was lost before the disk had it and the end says exactly so."""
    async with Acme().up() as acme:
        homes = [tmp_path / str(number) for number in range(1, STEPS + 1)]
        for home in homes:
            record = acme.record()
            tokens = record.tokens
            vault(home).write(
                NAME,
                replace(record, tokens=type(tokens)(tokens.access, tokens.issued_at, tokens.refresh, 1.0, tokens.scope)),
            )
        lines = (await process("tests.connection.killed", acme.address, *map(str, homes))).splitlines()
        found = [json.loads(line) for line in lines]
    assert len(found) == STEPS
    assert not found[-1]["killed"], "more steps than are tried"
    ends = [one for one in found if one["first"] != "renewed"]
    for process_end in ends:
        assert process_end["killed"]
        assert LOST in process_end["first"]
        assert process_end["first"].endswith("habeas connect acme")
    works = [one for one in found if one["killed"] and one["first"] == "renewed"]
    assert [one["second"] for one in works] == ["renewed"] * len(works)
    assert any(one["serial"] == 3 for one in works), "no token was found on the disk"
    first_lost = found.index(ends[0])
    assert first_lost > 0
    assert all(one["first"] == "renewed" for one in found[first_lost + len(ends) :]), "what was written whole is taken over"
    assert len(ends) <= MOST_LOST
