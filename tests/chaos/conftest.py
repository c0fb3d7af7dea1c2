"""What the tests of disturbed batches share: an undisturbed one, how much is disturbed, and a table of it at the end."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.batch.conftest import proof_of
from tests.chaos.crowd import VENDOR, write_people, write_spec
from tests.chaos.vendor_process import VendorProcess
from tests.chaos.verdicts import Result, results_of
from tests.chaos.warm import Habeas
from tests.connection.kept import Kept

EVENTS = int(os.environ.get("EVENTS", "30"))
PEOPLE = 300 if EVENTS > 30 else 64
CONNECTIONS = 12
SEED = int(os.environ.get("KILLS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)


class Undisturbed:
    """A batch that nobody disturbed, at a vendor without limits and faults: its CSV, its results, and how many requests it took."""

    def __init__(self, folder: Path) -> None:
        self.people = write_people(folder, PEOPLE, CONNECTIONS)
        spec, kept = write_spec(folder / "specs", limited=False), Kept(folder)
        with VendorProcess(folder / "vendor", spec, seed=0, limited=False, faulty=False, life=3600.0) as vendor:
            vendor.connect(kept, CONNECTIONS)
            words = ("batch", str(self.people), "--vendor", VENDOR, "--out", str(folder / "out"))
            habeas = Habeas(words, vendor.environ(kept), folder / "log")
            assert habeas.ended(120) == 0, (folder / "log").read_text("utf-8")
        rows = proof_of(folder / "out")["people"]
        self.asked = len({one["path"] for one in vendor.log})
        self.results: dict[str, Result] = results_of(folder / "out", rows)
        assert len(self.results) == PEOPLE
        assert {bool(one.lines) for one in self.results.values()} == {True, False}, "somebody is known, and somebody is not"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the batch that the others are compared with."""
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was disturbed, by whichever worker."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, rows in getattr(report, "user_properties", ()):
            if name == "disturbed":
                terminalreporter.section(report.nodeid.rpartition("::")[2])
                for what, count in rows:
                    terminalreporter.write_line(f"{what:<40}{count:>8}")
