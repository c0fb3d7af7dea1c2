"""A command that lends a batch, or takes it back, and is killed at any step: nobody is lost or there twice, and the same command mends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.cluster.killed import PEOPLE
from tests.moments import few
from tests.process import ROOT

EVERYBODY = {f"R{one}" for one in range(PEOPLE)}
TRIED = {"lend": (140, 160), "resume": (50, 60)}  # before and after the commit


def moments(what: str, end: int) -> list:
    """Give steps at which a command is killed, some at a time; `end` is one after its end."""
    every = [TRIED[what], *(tuple(range(first, first + 20, 2)) for first in range(1, end, 20))]
    return few(every, TRIED[what])


def told_of(what: str, machine, steps: tuple[int, ...]) -> list[dict]:
    """Give what came of a command that was killed at each of some steps; those after its end are left out."""
    words = ("-m", "tests.cluster.killed", what, str(machine.vendor.spec), str(machine.folder), machine.address, *map(str, steps))
    given = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HABEAS_HOME": str(machine.folder / "state"),
        "HABEAS_STORE": machine.address,
        **machine.key,
    }
    process = subprocess.run(
        [sys.executable, *words],
        env={**given, "HABEAS_ACME_AT": machine.vendor.address},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.parametrize("steps", moments("lend", 200))
def test_a_batch_that_was_being_lent_is_lent_by_the_same_command(steps, machine):
    """The database knows all of its people or none in between; workers' results come home afterwards."""
    found = told_of("lend", machine, steps)
    for one in found:
        assert one["between"] in ({}, {name: ["queued"] for name in EVERYBODY}), one
        assert one["again"][0] == 0, one
        assert one["rows"] == {name: ["queued"] for name in EVERYBODY}, one
        assert one["back"][0] == 0, one
        assert (one["after"], one["home"]) == ({}, dict.fromkeys(EVERYBODY, "done")), one


@pytest.mark.parametrize("steps", moments("resume", 120))
def test_a_batch_that_was_being_taken_back_comes_back_by_the_same_command(steps, machine):
    """Whatever workers did is in the database, in the folder, or in both."""
    for one in told_of("resume", machine, steps):
        assert one["between"] in ({}, {name: ["done"] for name in EVERYBODY}), one
        assert one["again"][0] == 0, one
        assert (one["rows"], one["home"]) == ({}, dict.fromkeys(EVERYBODY, "done")), one
