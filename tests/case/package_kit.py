"""A case that is decided, quickly: what waits is given or withheld by acts, and who asks is identified."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from engine.case.acts import Excused, Identified
from engine.case.folder import OpenCase, open_case
from tests.case.acts_kit import NOW
from tests.case.test_commands import home_of

CALLER = "phone_call_history"


def open_here(habeas, reference: str = "DSR-17") -> OpenCase:
    """Open the case."""
    return open_case(home_of(habeas), reference)


def bag_of(habeas, number: int = 1, reference: str = "DSR-17") -> Path:
    """Give the folder of a package."""
    return home_of(habeas) / "cases" / reference / "releases" / str(number) / reference


def names_of_others(habeas) -> list[str]:
    """Give the callers that the run met: who is not the person."""
    run = home_of(habeas) / "cases" / "DSR-17" / "runs" / "zoom" / f"{CALLER}.jsonl"
    told = [json.loads(line) for line in run.read_text().splitlines()]
    return sorted({one["caller_name"] for one in told if " " in one.get("caller_name", "") and "Lindqvist" not in one["caller_name"]})


def give_all(habeas, now: datetime = NOW) -> None:
    """Give everything that waits, accept what was not obtained, and identify who asks; a package says that it was made then."""
    if habeas("review", "list", "DSR-17").returncode:
        done = habeas("review", "give", "DSR-17", "undecided")
        assert done.returncode == 0, done.stderr
    case = open_here(habeas)
    for vendor, part in case.case.vendors.items():
        if part.open_gaps:
            case.act(Excused(vendor=vendor, say="We did not fetch these."), now)
    case.act(Identified(how="passport seen at the desk"), now)


def withhold_value(habeas, shown: str, operation: str = "alias") -> None:
    """Withhold a value that was found, and all that share its row."""
    rows = json.loads(habeas("review", "list", "DSR-17", "--most", "1000", "--json").stdout)["rows"]
    digest = next(value["value"] for row in rows for value in row["values"] if value["shown"] == shown)
    done = habeas("review", operation, "DSR-17", f"value:{digest}")
    assert done.returncode == 0, done.stderr


def built(habeas) -> str:
    """Build; gives the sha256 of the package."""
    done = habeas("package", "build", "DSR-17", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["package"]


def approved(habeas) -> str:
    """Build and approve; gives the sha256 of the package."""
    sha256 = built(habeas)
    approve(habeas)
    return sha256


def approve(habeas) -> None:
    """Approve the package that was built."""
    done = habeas("package", "approve", "DSR-17")
    assert done.returncode == 0, done.stdout + done.stderr
