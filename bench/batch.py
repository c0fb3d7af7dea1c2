"""What many people cost: `python -m bench.batch`, beside a shell loop of `habeas run`. Bounded, on 127.0.0.1 only.

The vendor is a process of its own, so its CPU is not counted; each batch is one too, measured when it has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.batch_vendor import SECONDS
from bench.growth import draw
from engine.batch.database import Database
from engine.cli.formatting import table

HEAD = """
spec: 1
vendor: bench
title: Bench
base_url: https://vendor.example/v1
hosts: [vendor.example]
auth: {headers: {Authorization: "Bearer <SECRET>"}}
verify: {get: /me, records: people}
%s
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
  endpoints:
"""
LIMIT, SHARE = 100, 0.75
SIZES = (100, 250, 500, 1000, 1500, 2000)
HABEAS = (sys.executable, "-m", "engine")
Row = tuple[str, str, str, str]


@contextmanager
def vendor(limit: int = 0) -> Iterator[SimpleNamespace]:
    """Serve; `counted` holds what came when the block has ended."""
    command = [sys.executable, "-m", "bench.batch_vendor", str(limit)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        up = SimpleNamespace(address=process.stdout.readline().strip(), counted={})
        yield up
        process.stdin.close()
        up.counted = json.loads(process.stdout.readline())


def write_spec(folder: Path, requests: int, *, limited: bool = False) -> Path:
    """Write a spec by which a person takes so many requests, the look-up among them."""
    head = HEAD % (f"rate_limits: {{n: {LIMIT}/s}}" if limited else "")
    head = head.replace("capture: {USER_ID: id}}", "capture: {USER_ID: id}, bucket: n}") if limited else head
    bucket = ", bucket: n" if limited else ""
    lines = (f"    e{number}: {{get: /people/<USER_ID>/e{number}, records: items{bucket}}}\n" for number in range(requests - 1))
    path = folder / "bench.yaml"
    path.write_text(head + "".join(lines))
    return path


def write_people(folder: Path, count: int) -> Path:
    """Write a CSV of so many."""
    path = folder / "people.csv"
    path.write_text("request,email\n" + "".join(f"R{number},p{number}@example.com\n" for number in range(count)))
    return path


def measured(words: list[str], address: str, folder: Path, stop_after: float | None = None) -> dict[str, float]:
    """Run a command to its end, or stop it; gives CPU, wall and peak memory."""
    given = {**os.environ, "HABEAS_HOME": str(folder / "home"), "HABEAS_BENCH_AT": address, "HABEAS_BENCH_SECRET": "t0"}
    began = time.perf_counter()
    process = subprocess.Popen([*HABEAS, *words], env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if stop_after is not None:
        time.sleep(stop_after)
        process.send_signal(signal.SIGINT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == (0 if stop_after is None else 130), process.returncode
    return {"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - began, "rss": used.ru_maxrss / 1024}


def batch(count: int, requests: int, address: str, *, limited: bool = False, stop_after: float | None = None) -> dict[str, float]:
    """Measure a batch."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec, people = write_spec(folder, requests, limited=limited), write_people(folder, count)
        return measured(["batch", str(people), "--vendor", str(spec), "--out", str(folder / "out")], address, folder, stop_after)


def shell_loop(count: int, requests: int, address: str) -> float:
    """Measure so many single runs; gives the CPU of one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = write_spec(folder, requests)
        runs = [
            measured(["run", str(spec), "--email", f"p{number}@example.com", "--out", str(folder / str(number))], address, folder)
            for number in range(count)
        ]
        return sum(one["cpu"] for one in runs) / count


def per_person() -> Row:
    """CPU of a person of forty requests, one process, and of a run by itself."""
    with vendor() as up:
        mine, alone = batch(200, 40, up.address)["cpu"] / 200, shell_loop(5, 40, up.address)
    good = mine <= 0.07 and mine <= alone / 5
    return (
        "CPU per person of 40 requests",
        f"{mine * 1000:.0f} ms",
        f"{alone * 1000:.0f} ms in a shell loop",
        verdict("<= 70 ms, <= 1/5", good),
    )


def saturated() -> Row:
    """A minute at the limit: what arrived, and what was refused."""
    people = int(LIMIT * SHARE * SECONDS * 1.15 / 40)
    with vendor(LIMIT) as up:
        batch(people, 40, up.address, limited=True)
    counted = up.counted
    used = counted["in_time"] / (SECONDS * LIMIT * SHARE)
    good = counted["refused"] == 0 and used >= 0.98
    told = f"{used:.1%} of N x share, {counted['refused']} x 429"
    return f"a limit of {LIMIT}/s over {SECONDS} s", told, f"{counted['most']} at most in a second", verdict(">= 98 %, 0 x 429", good)


def memory() -> Row:
    """Ten thousand queued, beside a hundred."""
    with vendor(LIMIT) as up:
        few = batch(100, 4, up.address)["rss"]
        many = batch(10_000, 40, up.address, limited=True, stop_after=25.0)["rss"]
    return "memory, 10,000 people queued", f"{many:.0f} MB", f"{few:.0f} MB with 100", verdict("<= 120 MB", many <= 120)


def growth() -> Iterator[Row]:
    """A hundred to two thousand people of four requests; the picture of it is drawn anew."""
    with vendor() as up:
        sizes = {count: batch(count, 4, up.address) for count in SIZES}
    draw(sizes)
    for what in ("cpu", "wall"):
        first, whole = ((sizes[count][what] - sizes[100][what]) / (count - 100) for count in (1000, 2000))
        told = f"{whole * 1000:.2f} ms a person"
        yield f"growth 100 to 2,000 people, {what}", told, f"{first * 1000:.2f} ms to 1,000", verdict("within 15 %", whole <= first * 1.15)
    few, many = sizes[100]["rss"], sizes[2000]["rss"]
    yield "growth 100 to 2,000 people, memory", f"{many:.0f} MB", f"{few:.0f} MB", verdict("flat", many <= few * 1.15)


def ledger(count: int = 5000) -> Row:
    """What the database costs for a person: taken in, claimed, ended in groups."""
    with tempfile.TemporaryDirectory() as name:
        database = Database(Path(name) / "batch.db", new=True)
        began = time.process_time()
        database.run("insert into connection(name, vendor, word, sha256, simulated) values ('c','v','v','',0)")
        for number in range(count):
            database.run("insert into line values (?,?,1)", f"R{number}", bytes(16))
            database.run("insert into identity values (?,?)", number.to_bytes(16), f"R{number}")
            database.run(
                "insert into person(request, connection, identifiers, content, wish) values (?,'c',?,?,'{}')",
                f"R{number}",
                bytes(80),
                bytes(16),
            )
        database.run("commit")
        for _ in range(count // 16):
            group = [database.claim("c", 0.0) for _ in range(16)]
            ends: list[tuple[Any, ...]] = [("done", None, 0, None, "f", "0" * 64, "2026", 0, one.id) for one in group if one is not None]
            database.end(ends)
        spent = (time.process_time() - began) / count
        database.close()
    return "ledger per person", f"{spent * 1000:.3f} ms CPU", "", verdict("<= 0.3 ms", spent <= 0.0003)


def verdict(limit: str, good: bool) -> str:  # noqa: FBT001  a comparison's result
    """Say whether it holds."""
    return f"{limit}: {'holds' if good else 'MISSED'}"


def main() -> None:
    """Measure everything, and print it as a table."""
    rows = [per_person(), saturated(), memory(), *growth(), ledger()]
    print(table(("what", "measured", "beside", "budget"), rows))
    sys.exit(any("MISSED" in row[-1] for row in rows))


if __name__ == "__main__":
    main()
