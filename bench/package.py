"""What giving records and checking them costs: `python -m bench.package`, 100,000 invented calls of 59 fields. Bounded, no network.

Each step runs in a process of its own, so that memory and CPU are its own. The two sides of every call are withheld, one by a number.
"""

from __future__ import annotations

import html
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.findings import RECORDS, make, people
from engine.case.findings_fill import lines_of, read_record
from engine.cli.formatting import table
from engine.package.csv_table import CsvTable
from engine.release.after_check import AfterCheck
from engine.release.aliases import Aliases
from engine.release.apply import PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.finders import Finders
from engine.release.given import Giving
from engine.release.given_record import GivenRecord
from engine.release.load_policy import load_policy
from engine.release.own import Fact, Own
from engine.release.searched_bytes import FileKind
from engine.release.vocabulary import Vocabulary
from engine.release.withheld import WithheldText, WithheldTexts

POLICY = b"""
policy: 1
vendor: zoom
others:
  - {in: phone_call_logs, who: caller_*, but: "*_type", do: alias}
  - {in: phone_call_logs, who: callee_*, but: "*_type", do: mask}
find: {known_people: mask}
"""
NAME, RAW = "phone_call_logs", "phone_call_logs.jsonl"
CHUNK = 1 << 16


def spent() -> float:
    """Give the CPU seconds of this process."""
    return time.process_time()


def records(folder: Path) -> Iterator[tuple[bytes, Any]]:
    """Read the run."""
    for _, _, line in lines_of(folder / RAW):
        yield line, read_record(line, RAW)


def rule(folder: Path) -> dict[str, float]:
    """Read and rule only: what a reviewer's list costs too."""
    in_force, begun = _in_force(Finders(Vocabulary(part for person in people() for part in person))), spent()
    count = sum(len(in_force.rulings(NAME, record)) for _, record in records(folder))
    return {"ruled": spent() - begun, "rulings": count}


def give(folder: Path) -> dict[str, float]:
    """Read, rule, give, write JSON; what was withheld is kept for the check."""
    look = Finders(Vocabulary(part for person in people() for part in person))
    texts = WithheldTexts()
    in_force, giving, begun = _in_force(look), Giving("zoom", "en", Aliases(), look, texts), spent()
    with (folder / f"{NAME}.json").open("wb") as out:
        between = b"[\n"
        for line, record in records(folder):
            given = giving.give_ruled(NAME, line, record, in_force.ruled(NAME, record))
            if not isinstance(given, GivenRecord):
                raise AssertionError(given)
            out.write(between + given.line)
            between = b",\n"
        out.write(b"\n]\n")
    done = spent() - begun
    (folder / "withheld.json").write_bytes(msgspec.json.encode(list(texts.found.values())))
    return {"given": done, "given_rss": _memory(), "withheld": len(texts.found)}


def tabulate(folder: Path) -> dict[str, float]:
    """Write the table, and a plain page beside it, which is not counted."""
    begun = spent()
    with (folder / "waiting").open("w+b") as waiting, (folder / f"{NAME}.csv").open("wb") as out:
        made = CsvTable(waiting)
        for line in _given(folder):
            made.add(read_record(line, NAME))
        made.finish(out)
    done = spent() - begun
    with (folder / f"{NAME}.html").open("w") as page:
        for line in _given(folder):
            cells = (f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>\n" for name, value in json.loads(line).items())
            page.write(f"<dl>{''.join(cells)}</dl>\n")
    return {"csv": done, "csv_rss": _memory()}


def check(folder: Path) -> dict[str, float]:
    """Search the three files."""
    texts = WithheldTexts()
    for told in msgspec.json.decode((folder / "withheld.json").read_bytes(), type=list[WithheldText]):
        texts.found[told.text] = told
    begun = spent()
    search, found = AfterCheck(texts), 0
    kinds: tuple[FileKind, ...] = ("json", "csv", "html")
    parts = dict[str, float]()
    for kind in kinds:
        before = spent()
        found += len(search.check(NAME, kind, _chunks(folder / f"{NAME}.{kind}")))
        parts[kind] = spent() - before
    return {"checked": spent() - begun, "checked_rss": _memory(), "leaks": found, **{f"in_{kind}": one for kind, one in parts.items()}}


def _in_force(look: Finders) -> PolicyOnParts:
    policy, _ = load_policy(POLICY, "bench")
    decided = Decisions([Decision(act=1, operation="give", because="known_to_them", endpoint=NAME, record="none", pointer="/none")])
    return PolicyOnParts(policy, Own([Fact("email", "x@example.com")]), finder=look, decisions=decided)


def _given(folder: Path) -> Iterator[bytes]:
    return (line.rstrip(b",") for _, _, line in lines_of(folder / f"{NAME}.json") if line.startswith(b"{"))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        done: dict[str, float] = {}
        for step in STEPS:
            told = subprocess.run([sys.executable, "-m", "bench.package", step, name], stdout=subprocess.PIPE, text=True, check=True)
            done |= json.loads(told.stdout)
        size = {path.suffix: path.stat().st_size / 1e6 for path in Path(name).glob(f"{NAME}.*")}
    memory = max(done["given_rss"], done["csv_rss"], done["checked_rss"])
    given = done["given"] - done["ruled"]
    whole = given + done["csv"] + done["checked"]
    rows = [
        (f"{RECORDS:,} records, {size['.jsonl']:.0f} MB: read and ruled, CPU", f"{done['ruled']:.1f} s", ""),
        (f"given and written as JSON besides, {done['withheld']:,.0f} values withheld", f"{given:.1f} s", ""),
        (f"as a table, {size['.csv']:.0f} MB", f"{done['csv']:.1f} s", ""),
        (f"after-check of JSON, table and {size['.html']:.0f} MB of pages", f"{done['checked']:.1f} s", _verdict("<= 4 s", done["checked"] <= 4)),
        ("  of it JSON, table, pages", " ".join(f"{done[f'in_{kind}']:.1f}" for kind in ("json", "csv", "html")), ""),
        ("what it found", f"{done['leaks']:.0f}", _verdict("0", done["leaks"] == 0)),
        ("all of it but reading and ruling", f"{whole:.1f} s", _verdict("<= 12 s", whole <= 12)),
        ("memory", f"{memory:.0f} MB", _verdict("<= 120 MB", memory <= 120)),
    ]  # fmt: skip
    print(table(("what", "measured", "budget"), rows))
    return 1 if any("OVER" in row[-1] for row in rows) else 0


def _verdict(budget: str, good: object) -> str:
    return f"{budget}  {'ok' if good else 'OVER'}"


STEPS = {"make": make, "rule": rule, "give": give, "tabulate": tabulate, "check": check}

if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
