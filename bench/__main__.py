"""`make bench`: every budget beside its reference, in one run. Bounded, on 127.0.0.1 only."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from bench.ledger import going_on, per_person
from bench.page import rows as page_rows
from bench.sealing import sealing
from engine.cli.formatting import table

PAGES = 100
ROUNDS = 5
LIMIT = 100
SECONDS = 30
MILLION = 3334
LEDGER, GOING_ON = 0.3, 0.3  # milliseconds, seconds
IMPORTS = "from engine.cli import spare_start; spare_start(); import engine.cli.run"  # as main() does
Row = tuple[str, str, str, str, str]


@contextmanager
def vendor() -> Iterator[str]:
    """Serve for as long as the block lasts."""
    command = [sys.executable, "-m", "bench.server", str(PAGES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


def measured(module: str, kind: str, number: int, address: str, times: int = 1) -> list[dict[str, float]]:
    """Measure in a process of its own."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", f"bench.{module}", kind, str(number), address, out, str(times)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def per_record(address: str, kind: str) -> tuple[float, float]:
    """CPU in microseconds per record, ours and by hand, in turns; the median of the rounds."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for module, found in (("habeas", ours), ("by_hand", theirs)):
            warm = measured(module, kind, PAGES, address, ROUNDS + 1)[1:]
            found += [one["cpu"] / one["records"] * 1e6 for one in warm]
    return statistics.median(ours), statistics.median(theirs)


def cpu_rows(address: str) -> Iterator[Row]:
    """Fetch, decode and write, with and without overlap to remember."""
    for kind, words, budget in (
        ("overlap", "overlap remembered", 1.0),
        ("total", "a total, keys remembered", 1.0),
        ("chain", "neither", 0.8),
        ("echo", "a total, `echo` checked", None),
    ):
        ours, theirs = per_record(address, kind)
        ratio = ours / theirs
        limit = f"<= {budget:.1f}x" if budget else "(none)"
        yield (
            f"CPU per record, {words}",
            f"{ours:.2f} us",
            f"{theirs:.2f} us by hand",
            f"{ratio:.2f}x",
            verdict(limit, budget is None or ratio <= budget),
        )


def one_person(address: str) -> Row:
    """Nine endpoints, 50 ms each answer: two steps are the critical path."""
    ours, theirs = [], []
    for _ in range(3):
        ours += [one["wall"] for one in measured("habeas", "slow", 0, address, 7)[1:]]
        theirs += [one["wall"] for one in measured("by_hand", "slow", 0, address, 7)[1:]]
    mine, hand = statistics.median(ours) / 0.1, statistics.median(theirs) / 0.1
    return (
        "one person, 9 endpoints, 50 ms",
        f"{mine * 100:.0f} ms",
        f"{hand * 100:.0f} ms bare aiohttp",
        f"{mine:.2f}x of 100 ms",
        verdict("<= 1.15x", mine <= 1.15),
    )


def limited(address: str) -> Row:
    """Thirty seconds at saturation: arrivals, as the vendor counts them."""
    share = 0.75
    measured("habeas", "limited", int(LIMIT * share * SECONDS) + LIMIT, address)
    with urllib.request.urlopen(f"{address}/v1/arrivals") as answer:
        times = sorted(json.load(answer))
    first = most = 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 1.0:
            first += 1
        most = max(most, last - first + 1)
    used = sum(one < times[0] + SECONDS for one in times) / (LIMIT * share * SECONDS)
    good = most <= LIMIT and used >= 0.95
    return (
        f"a limit of {LIMIT}/s, share 75 %, {SECONDS} s",
        f"{most} at most in a second",
        f"{LIMIT}",
        f"{used:.0%} of N x share",
        verdict(f"<= {LIMIT}, >= 95 %", good),
    )


def memory(address: str) -> Iterator[Row]:
    """Peak memory of the whole process, a million records beside ten thousand."""
    for kind, pages, words, budget in (
        ("chain", MILLION, "one chain", 80),
        ("total", MILLION, "a total", 120),
        ("overlap", MILLION // 2, "overlap remembered", 120),
    ):
        (large,) = measured("habeas", kind, pages, address)
        (small,) = measured("habeas", kind, 34 if kind != "overlap" else 17, address)
        yield (
            f"memory, {large['records'] / 1e6:.0f},000,000 records, {words}",
            f"{large['rss']:.0f} MB",
            f"{small['rss']:.0f} MB for 10,000",
            f"{large['rss'] - small['rss']:+.0f} MB",
            verdict(f"<= {budget} MB", large["rss"] <= budget),
        )


def cpu_of(*words: str) -> float:
    """CPU milliseconds of a process, the median of nine; its modules are compiled already, as they are in an installation."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found = []
    for _ in range(1 + 9):
        pid = os.posix_spawn(
            sys.executable, [sys.executable, *words], environment, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        )
        _, _, usage = os.wait4(pid, 0)
        found.append((usage.ru_utime + usage.ru_stime) * 1000)
    return statistics.median(found[1:])


def starting() -> Iterator[Row]:
    """What it costs to begin."""
    nothing = cpu_of("-c", "pass")
    told, imports = cpu_of("-m", "engine", "--help"), cpu_of("-c", IMPORTS)
    yield "`habeas --help`, CPU", f"{told:.0f} ms", f"{nothing:.0f} ms `python -c pass`", "", verdict("<= 100 ms", told <= 100)
    yield "imports of one run, CPU", f"{imports:.0f} ms", f"{nothing:.0f} ms `python -c pass`", "", verdict("<= 300 ms", imports <= 300)
    checked = cpu_of("-m", "engine", "check")
    yield (
        "`habeas check`, every spec and cassette, CPU",
        f"{checked:.0f} ms",
        f"{imports:.0f} ms imports",
        "",
        verdict("<= 3 s", checked <= 3000),
    )


def distributions() -> Row:
    """What an installation brings along, Habeas included."""
    found, waiting = set(), ["habeas"]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            needs = [Requirement(one) for one in distribution(name).requires or []]
            waiting += [one.name for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})]
    return "distributions installed", str(len(found)), "", "", verdict("<= 40", len(found) <= 40)


def ledger() -> Iterator[Row]:
    """What it costs that a run can go on after a break."""
    ours, whole = per_person()
    yield (
        "ledger of a person of 40 requests",
        f"{ours:.2f} ms",
        f"{whole:.1f} ms the whole person",
        "",
        verdict("<= 0.3 ms", ours <= LEDGER),
    )
    first, cpu = going_on()
    words = f"{cpu * 1000:.0f} ms CPU taking all over"
    yield "resume of 240 pages, to the first request", f"{first * 1000:.0f} ms", words, "", verdict("<= 300 ms", first <= GOING_ON)


def verdict(budget: str, good: object) -> str:
    """Say whether a budget is kept."""
    return f"{budget}  {'ok' if good else 'OVER'}"


def main() -> int:
    """Print the table."""
    rows: list[Row] = []
    os.chdir(Path(__file__).parent.parent)
    with vendor() as address:
        for step in (cpu_rows(address), page_rows(address, PAGES), memory(address), starting(), ledger(), sealing()):
            for row in step:
                rows.append(row)
                print(f"  {row[0]}: {row[1]}", file=sys.stderr, flush=True)
        rows += [one_person(address), limited(address), distributions()]
    print(table(("what", "measured", "beside", "ratio", "budget"), rows))
    return 1 if any("OVER" in row[-1] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
