"""`case run` that was killed goes on inside what it left, as a batch does; what asks for something else is begun anew."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
from collections import Counter

import pytest

from tests.batch.test_under_way import ENDED, FIRST, SECOND, Long, rewrite
from tests.command_line import run_here
from tests.process import HABEAS, environment
from tests.whole.resumed import ends, multisets

BROKEN_OFF = Counter({f"second {page}": 1 for page in range(1, 5)})


class CaseRun:
    """A case at a vendor with two long lists, killed in the middle of the second one."""

    def __init__(self, vendor, folder) -> None:
        self.vendor, self.home = vendor, folder / "state"
        (folder / "specs").mkdir()
        shutil.copy(vendor.spec, folder / "specs")
        self.environ = environment(self.home, HABEAS_SPECS=str(folder / "specs"), **vendor.given)
        self.open("DSR-1")

    def open(self, reference: str) -> None:
        done = run_here(("case", "new", reference, "--vendor", "acme", "--simulated"), self.environ, "email: ada@x.io\n")
        assert done.returncode == 0, done.stderr

    def runs(self, reference: str = "DSR-1"):
        return self.home / "cases" / reference / "runs"

    @property
    def left(self):
        return self.runs() / ".run-acme" / "acme"

    def kill(self, *more: str) -> None:
        """Kill it once every list but the second long one has ended."""
        self.vendor.held = True
        words = [*HABEAS, "case", "run", "DSR-1", *more]
        process = subprocess.Popen(words, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert self.vendor.arrived.wait(60)
        while {name: len(found) for name, found in ends(self.left).items() if found} != ENDED:
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        self.vendor.held = False
        self.vendor.release()

    def run(self, reference: str = "DSR-1", *more: str):
        return run_here(("case", "run", reference, *more), self.environ, None)


@pytest.fixture
def case_run(tmp_path):
    """Serve the vendor and open the case."""
    vendor = Long(tmp_path)
    yield CaseRun(vendor, tmp_path)
    vendor.end()


def test_a_killed_case_run_goes_on_and_asks_nothing_again_that_was_whole(case_run):
    """The first list is asked once, the second from its start; what is taken in is what a fetch gives that nothing disturbed."""
    case_run.kill()
    assert case_run.vendor.lists == FIRST + BROKEN_OFF
    done = case_run.run()
    assert (done.returncode, "goes on with a run that broke off" in done.stderr) == (0, True), done.stderr
    assert case_run.vendor.lists == FIRST + BROKEN_OFF + SECOND
    assert [case_run.vendor.asked[f"/people/{one}"] for one in ("ada@x.io", "ada/notes", "ada/files")] == [2, 1, 1]
    assert sorted(one.name for one in case_run.runs().iterdir()) == [".lock", "acme"]
    assert len(json.loads((case_run.runs() / "acme/manifest.json").read_bytes())["resumed"]) == 1
    case_run.open("DSR-2")
    assert case_run.run("DSR-2").returncode == 0
    assert multisets(case_run.runs() / "acme") == multisets(case_run.runs("DSR-2") / "acme")


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (lambda folder: rewrite(folder, reference="DSR-7"), ()),
        (
            lambda folder: rewrite(folder, subject={"identified_by": ["EMAIL"], "digest": {"email": "0" * 32}, "key_id": "0" * 16}),
            (),
        ),
        (lambda folder: rewrite(folder, simulated=False), ()),
        (lambda folder: rewrite(folder, resumed=["2026-11-29T10:00:00Z"] * 3), ()),
        (lambda folder: (folder / "manifest.json").unlink(), ()),
        (lambda _: None, ("--files",)),
    ],
    ids=["request", "person", "simulated", "three goes", "no head", "files too"],
)
def test_what_is_not_the_run_that_the_case_asks_for_is_asked_from_the_start(change, more, case_run):
    """Nothing of it comes into the case; nor does somebody's folder keep it from being answered for ever."""
    case_run.kill()
    change(case_run.left)
    done = case_run.run("DSR-1", *more)
    assert done.returncode == 0, done.stderr
    assert case_run.vendor.lists == FIRST + BROKEN_OFF + FIRST + SECOND
    assert sorted(one.name for one in case_run.runs().iterdir()) == [".lock", "acme"]
    assert json.loads((case_run.runs() / "acme/manifest.json").read_bytes())["resumed"] == []


def test_what_cannot_be_ended_now_is_kept_and_not_taken_in(case_run):
    """The look-up is refused: nothing is taken in, what was whole stays, and the next run ends it."""
    case_run.kill()
    case_run.vendor.lists.clear()
    case_run.vendor.refusals = 1
    done = case_run.run()
    assert done.returncode == 3
    assert "what broke off before could not be ended, and is kept: the look-up ended unproven now" in " ".join(done.stdout.split())
    assert sorted(one.name for one in case_run.runs().iterdir()) == [".lock", ".run-acme"]
    assert (+case_run.vendor.lists, case_run.run().returncode) == (Counter(), 0)
    assert case_run.vendor.lists == SECOND
    assert sorted(one.name for one in case_run.runs().iterdir()) == [".lock", "acme"]
