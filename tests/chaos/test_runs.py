"""A run with files, `discover`, parents, windows and `for` that is killed at random, and goes on, ends as one that was left alone."""

from __future__ import annotations

import os
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.acme import EMAIL, Acme
from tests.chaos.killed import counts, digests, ended, files, killed, lists, size_of
from tests.conftest import ROOT, Simulator
from tests.process import environment
from tests.whole.commands import FULL
from tests.whole.resumed import multisets, told

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("KILLS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)


class Vendor:
    """A vendor that is asked, how, and what a run that is left alone gets of it."""

    def __init__(self, spec: Path, address: str, email: str, environ: dict[str, str], folder: Path) -> None:
        self.email, self.at = email, ["--at", address]
        since = (datetime.now(UTC) - timedelta(days=150)).date().isoformat()  # the same for all, as a span would not be
        self.asking = ["run", str(spec), "--email", email, "--files", "--share", "100", "--since", since, *self.at]
        self.resuming = ["--email", email, "--spec", str(spec), *self.at]
        self.environ = environment(folder / "state", **environ)
        done = ended([*self.asking, "--out", str(folder / "whole")], self.environ)
        assert done.returncode == 0, done.stdout + done.stderr
        (self.whole,) = (folder / "whole").iterdir()
        self.size = size_of(self.whole)


@pytest.fixture(scope="module")
def zoom(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Serve the simulated Zoom without limits, asked by a spec without limits."""
    folder, up = tmp_path_factory.mktemp("zoom"), Simulator(scopes="all")
    text = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")
    spec = folder / "zoom.yaml"
    spec.write_text(re.sub(r"\b\d+/s", "2000/s", re.sub(r"\b\d+/day", "900000/day", text)), "utf-8")
    yield Vendor(spec, up.address, FULL, {"HABEAS_ZOOM_TOKEN": up.token}, folder)
    up.end()


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    """Serve a vendor with parents."""
    folder = tmp_path_factory.mktemp("acme")
    up = Acme(folder)
    return Vendor(up.spec, up.address, EMAIL, up.environ, folder)


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_that_was_killed_and_goes_on_ends_as_one_that_was_left_alone(number, zoom, acme, tmp_path):
    """SIGKILL at random, every fourth resume too; the same lines, files, counts and outcomes, and nothing that was whole is asked again."""
    dice = random.Random(SEED + number)
    vendor = acme if number % 2 else zoom
    out = tmp_path / "out"
    folder = out / vendor.whole.name
    killed([*vendor.asking, "--out", str(out)], vendor.environ, folder, vendor.size * dice.random())
    if number % 4 == 3:
        killed(["resume", str(out), *vendor.resuming], vendor.environ, folder, vendor.size * dice.uniform(0.3, 1.0))
    before, arrived = lists(folder), files(folder)
    done = ended(["resume", str(out), *vendor.resuming], vendor.environ)
    words = f"seed {SEED}, kill {number}: {done.stdout}{done.stderr}"
    assert done.returncode == 0 or "nothing is left to ask" in done.stderr, words
    assert multisets(folder) == multisets(vendor.whole), words
    assert counts(told(folder)) == counts(told(vendor.whole)), words
    assert digests(folder) == digests(vendor.whole), words
    after = lists(folder)
    again = [name for name, (asked, leant) in before.items() if not leant and after[name][0] != asked]
    assert [name for name in again if not name.startswith("notes.")] == [], words  # notes: only chosen fields of them are in the file
    assert arrived <= files(folder), words
