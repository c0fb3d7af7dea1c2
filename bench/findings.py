"""What finding and listing cost: `python -m bench.findings`, 100,000 invented calls of 59 fields. Bounded, no network.

`make` and `fill` run in processes of their own, so that memory and CPU are those of the engine alone.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.case.findings import Findings, open_findings
from engine.case.findings_fill import Flags, RunToRead, value_digest
from engine.case.in_force import InReview
from engine.case.review import flags_of
from engine.cli.formatting import table
from engine.release.load_policy import load_policy
from engine.release.own import Fact
from engine.spec_files import policy_path

RECORDS = 100_000
PEOPLE = 3_000
KEY = b"bench"
SIDES = ("caller", "callee")
WORDS = ("status", "direction", "site", "department", "device", "codec", "region", "result", "policy", "queue")


def letters(number: int) -> str:
    """Write a number in letters."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def people() -> list[tuple[str, str, str]]:
    """Invent colleagues: name, address, number."""
    dice = random.Random(1)
    first, last = ("Mara", "Jon", "Wen", "Ada", "Tomas", "Ines"), ("Lind", "Okafor", "Tanaka", "Silva", "Novak")
    return [
        (f"{dice.choice(first)} {dice.choice(last)}{letters(number)}", f"person{number}@example.com", f"+1415555{number:04}")
        for number in range(PEOPLE)
    ]


def call(number: int, dice: random.Random, known: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Invent a call of 59 fields, some of them lists and objects, about 2.5 kB."""
    record: dict[str, Any] = {
        "id": f"{dice.getrandbits(64):016x}-{number}",
        "call_id": str(dice.randrange(6 * 10**18, 8 * 10**18)),
        "date_time": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:17Z",
        "duration": dice.randrange(3600),
        "recording_url": f"https://example.com/v2/phone/recording/download/{dice.getrandbits(96):024x}",
        "topic": f"Weekly {number % 400} with the team" if number % 10 else f"1:1 {known[number % PEOPLE][0]}",
        "legs": [{"leg_id": f"{dice.getrandbits(48):012x}", "mos": 4.25, "codec": "opus"} for _ in range(3)],
    }
    for side in SIDES:
        name, mail, phone = dice.choice(known)
        record |= {f"{side}_name": name, f"{side}_email": mail, f"{side}_number": phone, f"{side}_number_type": "international"}
    for at in range(44):
        record[f"{WORDS[at % 10]}_{at}"] = (f"{WORDS[at % 7]} value number {number % 37} of the account", at, None, at % 2 == 0)[
            at % 3 if at % 5 else 0
        ]
    return record | {"account": {"name": "Acme", "plan": "enterprise, billed by the year", "note": "lorem ipsum " * 14}}


def make(folder: Path) -> dict[str, float]:
    """Write the run."""
    dice, known = random.Random(2), people()
    with (folder / "phone_call_logs.jsonl").open("w") as stream:
        for number in range(RECORDS):
            stream.write(json.dumps(call(number, dice, known), separators=(",", ":")) + "\n")  # as most vendors send it
    return {}


def run_in(folder: Path) -> InReview:
    """Give the run with the packaged policy."""
    path = policy_path("zoom")
    return InReview("zoom", folder, "0" * 64, load_policy(path.read_bytes(), str(path))[0], "")


def fill(folder: Path) -> dict[str, float]:
    """Find everything as `review list` does, by the policy and all finders, then list; CPU in seconds, memory in MB."""
    run = RunToRead("zoom", folder, "0" * 64)
    facts = [Fact("email", people()[1][1])]
    begun = time.process_time()
    with open_findings(folder, [run], lambda: flags_of([run_in(folder)], facts), value_digest(KEY)) as found:
        filled = time.process_time() - begun
        totals = found.totals()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": filled, "rss": memory, "findings": totals.findings, "values": totals.values, "rows": totals.rows}


def listing(folder: Path) -> dict[str, float]:
    """Open what was found and give the first page, with the decision of one value and one field new."""
    run = RunToRead("zoom", folder, "0" * 64)
    begun = time.process_time()
    with open_findings(folder, [run], _not_again, value_digest(KEY)) as found:
        found.listed(50)
        found.totals()
        listed = time.process_time() - begun
        return {"list": listed, "decide": _decided(found)}


def _not_again() -> Flags:
    message = "the cache was not used"
    raise AssertionError(message)


class Target:
    """What a decision is about."""

    def __init__(self, **named: str) -> None:
        for name in ("value", "vendor", "endpoint", "field", "record", "pointer", "file"):
            setattr(self, name, named.get(name))


def _decided(found: Findings) -> float:
    begun = time.process_time()
    first = found.listed(1)[0].values[0].digest
    found.settle({1: Target(value=first), 2: Target(vendor="zoom", endpoint="phone_call_logs", field="topic")})
    return time.process_time() - begun


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done: dict[str, float] = {}
        for step in STEPS:
            told = subprocess.run([sys.executable, "-m", "bench.findings", step, name], stdout=subprocess.PIPE, text=True, check=True)
            done |= json.loads(told.stdout)
        size = (folder / "phone_call_logs.jsonl").stat().st_size / 1e6
        cache = (folder / "findings.sqlite").stat().st_size / 1e6
    rows = [
        (f"findings over {RECORDS:,} records, {size:.0f} MB, CPU", f"{done['cpu']:.1f} s", _verdict("<= 8 s", done["cpu"] <= 8)),
        ("the same, memory", f"{done['rss']:.0f} MB", _verdict("<= 120 MB", done["rss"] <= 120)),
        (
            f"list of {done['findings']:,.0f} findings, {done['values']:,.0f} values",
            f"{done['list']:.2f} s",
            _verdict("<= 0.5 s", done["list"] <= 0.5),
        ),
        ("a decision on a value, and one on a field", f"{done['decide']:.2f} s", ""),
        ("the cache", f"{cache:.0f} MB", ""),
    ]
    print(table(("what", "measured", "budget"), rows))
    return 1 if any("OVER" in row[-1] for row in rows) else 0


def _verdict(budget: str, good: object) -> str:
    return f"{budget}  {'ok' if good else 'OVER'}"


STEPS = {"make": make, "fill": fill, "listing": listing}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
