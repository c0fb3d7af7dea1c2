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
SLICES = few(range(0, 400, 20), 120)


def told_of(what: str, machine, first: int) -> list[dict]:
    """Give what came of a command that was killed at each of some steps; those after its end are left out."""
    numbers = [str(one) for one in range(first or 1, first + 20, 4)]
    words = ("-m", "tests.cluster.killed", what, str(machine.vendor.spec), str(machine.folder), machine.address, *numbers)
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
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.parametrize("first", SLICES)
def test_a_batch_that_was_being_lent_is_lent_by_the_same_command(first, machine):
    """The database knows all of its people or none in between; workers' results come home afterwards."""
    found = told_of("lend", machine, first)
    for one in found:
        assert one["between"] in ({}, {name: ["queued"] for name in EVERYBODY}), one
        assert one["again"][0] == 0, one
        assert one["rows"] == {name: ["queued"] for name in EVERYBODY}, one
        assert one["back"][0] == 0, one
        assert (one["after"], one["home"]) == ({}, dict.fromkeys(EVERYBODY, "done")), one


@pytest.mark.parametrize("first", SLICES)
def test_a_batch_that_was_being_taken_back_comes_back_by_the_same_command(first, machine):
    """Whatever workers did is in the database, in the folder, or in both."""
    for one in told_of("resume", machine, first):
        assert one["between"] in ({}, {name: ["done"] for name in EVERYBODY}), one
        assert one["again"][0] == 0, one
        assert (one["rows"], one["home"]) == ({}, dict.fromkeys(EVERYBODY, "done")), one
