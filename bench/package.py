"""What building a package costs: `python -m bench.package`, `package build` over a case of 100,000 invented calls of 59 fields. No network.

It is the command itself, in a process of its own, so that memory and CPU are its own; beside it, each of its steps. The two sides of every
call are withheld, one by a number.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.case import REFERENCE, make_case
from bench.findings import RECORDS
from engine.case.ruled import put_in_force
from engine.cli import spare_start
from engine.cli.formatting import table
from engine.cli.package import build_command
from engine.connection.private_files import prepare, write_private

POLICY = b"""
policy: 1
vendor: zoom
others:
  - {in: phone_call_logs, who: caller_*, but: "*_type", do: alias}
  - {in: phone_call_logs, who: callee_*, but: "*_type", do: mask}
find: {known_people: mask}
"""
PERSON = "x@example.com"
PARTS = (  # of the command, and where it does them
    ("learned", "engine.case.build", "Learned"),
    ("met", "engine.case.given_data", "GivenData._meet"),
    ("given", "engine.case.given_data", "GivenData._kind"),
    ("pages", "engine.package.write", "write_pages"),
    ("sums", "engine.package.write", "close_bag"),
    ("checked", "engine.case.build", "find_leaks"),
)
IN_PAGES = (("table", "engine.package.csv_table", "CsvTable.add_all"), ("table", "engine.package.csv_table", "CsvTable.finish"))


def make(home: Path) -> dict[str, float]:
    """Make the case, and put its policy in force."""
    case = make_case(home, PERSON, "Mara")
    prepare(case.folder / "policies")
    write_private(case.folder / "policies" / "zoom.yaml", POLICY)
    put_in_force(case, datetime.now(UTC))
    return {}


def build(home: Path) -> dict[str, float]:
    """Build the package; CPU in seconds, from the first instruction of the process, memory in MB, files in MB by their ending."""
    spare_start()
    spent = Counter[str]()
    for part, module, name in (*PARTS, *IN_PAGES):
        _measure(importlib.import_module(module), name, part, spent)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        build_command(REFERENCE, as_json=True)
    done = {**spent, "whole": time.process_time(), "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    told, sizes = json.loads(said.getvalue()), Counter[str]()
    for file in Path(told["folder"]).rglob("*.*"):
        sizes[file.suffix] += file.stat().st_size / 1e6
    return {**done, **sizes, "withheld": told["withheld"], "elsewhere": len(told["elsewhere"])}


def _measure(owner: Any, name: str, part: str, spent: Counter[str]) -> None:
    """Add the CPU of each call of a function to what is spent."""
    for step in name.split(".")[:-1]:
        owner = getattr(owner, step)
    wrapped: Callable[..., Any] = getattr(owner, name.rpartition(".")[2])

    def measured(*args: Any, **named: Any) -> Any:
        begun = time.process_time()
        try:
            return wrapped(*args, **named)
        finally:
            spent[part] += time.process_time() - begun  # type: ignore[assignment]  # a Counter of seconds

    setattr(owner, name.rpartition(".")[2], measured)


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        done: dict[str, float] = {}
        for step in STEPS:
            command = [sys.executable, "-m", "bench.package", step, name]
            told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "HABEAS_HOME": name})
            done |= json.loads(told.stdout)
        read = (Path(name) / "made" / "zoom" / "phone_call_logs.jsonl").stat().st_size / 1e6
    whole, memory = done["whole"], done["rss"]
    rows = [
        (f"package build of {RECORDS:,} records, {read:.0f} MB: all of it, CPU", f"{whole:.1f} s", _verdict("<= 12 s", whole <= 12)),
        ("  started", f"{whole - sum(done[part] for part, *_ in PARTS):.1f} s", ""),
        ("  learned who is met, and met again with numbers", f"{done['learned'] + done['met']:.1f} s", ""),
        (f"  read, ruled and given, {done['withheld']:,.0f} places withheld, as {done['.json']:.0f} MB of JSON", f"{done['given']:.1f} s", ""),
        (f"  as {done['.csv']:.0f} MB of table", f"{done['table']:.1f} s", ""),
        (f"  as {done['.html']:.0f} MB of pages, records decoded for both", f"{done['pages'] - done['table']:.1f} s", ""),
        ("  sums of all files", f"{done['sums']:.1f} s", ""),
        ("  after-check of all files", f"{done['checked']:.1f} s", ""),
        ("what the after-check found", f"{done['elsewhere']:.0f}", _verdict("0", done["elsewhere"] == 0)),
        ("memory", f"{memory:.0f} MB", _verdict("<= 120 MB", memory <= 120)),
    ]  # fmt: skip
    print(table(("what", "measured", "budget"), rows))
    return 1 if any("OVER" in row[-1] for row in rows) else 0


def _verdict(budget: str, good: object) -> str:
    return f"{budget}  {'ok' if good else 'OVER'}"


STEPS = {"make": make, "build": build}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
