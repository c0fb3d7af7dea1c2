"""A package whose making is killed at any moment: no half one has its final name, no act is lost, and the next call goes on."""

from __future__ import annotations

import json
import sys

import pytest

from tests.case.package_kit import approved, bag_of, built
from tests.case.test_commands import home_of, state
from tests.forked import run
from tests.moments import few
from tests.process import environment

# Ends itself with SIGKILL at the n-th time that a name below `releases` or the log is opened for writing, made, renamed or removed.
KILLED = """
import os, signal, sys
left = int(sys.argv.pop(1))
def hook(event, args):
    global left
    if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link") or (event == "open" and args[2] & os.O_WRONLY | args[2] & os.O_RDWR):
        if any(part in str(args[0]) for part in ("releases", "log.")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from engine.cli import main
main()
"""
SPREAD = (1, 2, 3, 5, 8, 20, 40, 70, 100, 130, 150, 170)
STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)


def killed_at(habeas, number: int, *words: str) -> int:
    """Run a command that is killed at its n-th change on the disk; gives its exit code, -9 where it did not come to its end."""
    process = [sys.executable, "-c", KILLED, str(number), *words]
    return run(process, env=environment(home_of(habeas)), check=False, capture_output=True).returncode


def whole_or_nothing(habeas) -> None:
    """See that whatever has a final name is a whole package."""
    bag = bag_of(habeas)
    if bag.parent.exists():
        assert habeas("package", "verify", str(bag), "--json").returncode in (0, 3)
        assert json.loads(habeas("package", "verify", str(bag), "--json").stdout)["faults"] == []


@pytest.mark.parametrize("moments", few([SPREAD[::3], SPREAD], SPREAD[::3]), ids=["some", "all"])
def test_a_build_that_is_killed_leaves_nothing_half_and_the_next_one_goes_on(decided, moments):
    """At each moment of building anew over a package that is there: it stays, or the next one is whole."""
    first = built(decided)
    codes = set()
    for number in moments:
        codes.add(killed_at(decided, number, "package", "build", "DSR-17"))
        whole_or_nothing(decided)
        assert decided("case", "check-log", "DSR-17").returncode == 0
    assert -9 in codes
    assert built(decided) == first
    assert sorted(one.name for one in bag_of(decided).parent.parent.iterdir()) == [".lock", "1"]


@pytest.mark.parametrize("moments", few([STEPS[::4], STEPS], STEPS[::4]), ids=["some", "all"])
@pytest.mark.parametrize("seal", ["page", "none"])
def test_a_release_that_is_killed_is_done_by_the_next_call(decided, seal, moments):
    """Killed while it signs, seals, puts in place or records: the case says released only where the sealed file has its name."""
    sha256 = approved(decided)
    for number in moments:
        code = killed_at(decided, number, "package", "release", "DSR-17", "--seal", seal)
        told = state(decided)
        assert told["state"] in ("approved", "released")
        whole_or_nothing(decided)
        sealed = [*bag_of(decided).parent.glob("DSR-17.*")]
        assert not [one for one in sealed if one.suffix == ".part"]
        if told["state"] == "released":
            assert sealed
        if code == 0:
            break
    done = decided("package", "release", "DSR-17", "--seal", seal)
    assert done.returncode == 0, done.stderr
    assert [one["package"] for one in state(decided)["acts"] if one["did"] == "released"] == [sha256]
