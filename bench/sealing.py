"""Seal and verify a package of 250 MB, each in a process of its own; beside them `sha256sum` of the same bytes.

`python -m bench.sealing big` seals one of 5 GB, which is mostly a hole, and lets `unzip` and `7z` judge it; it needs 11 GB of room.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from engine.package.bag import BagInfo, close_bag
from engine.package.bag_names import COMPLETENESS, HEAD, INDEX, INFORMATION, WITHHELD
from engine.package.content import CaseAnswer, RecordKind, Service
from engine.package.records import completeness_of, document_bytes, head_of, information_of, withheld_of
from engine.package.seal import ENDS, seal
from engine.package.verify_bag import verify

BYTES = 250_000_000
PIECE = 1_000_000
ROUNDS = 3
DAY = date(2026, 11, 29)
PASSPHRASE = "ABCDE-FGHJK-LMNPQ-RSTUV"
BUDGETS = {"zip": (2.5, 80), "page": (5.0, 80), "none": (1.5, 80), "verify": (2.5, 80)}


def fill(folder: Path) -> Path:
    """Make a bag of one kind of record, whose bytes no program can compress away."""
    (folder / "DSR-17/data/zoom").mkdir(parents=True)
    data = folder / "DSR-17/data/zoom/calls.json"
    with data.open("wb") as stream:
        stream.write(b"[\n")
        for number in range(BYTES // PIECE):
            lines = [f'{{"id":"{os.urandom(1200).hex()}"}}' for _ in range(PIECE // 2412)]
            stream.write(((",\n" if number else "") + ",\n".join(lines)).encode())
        stream.write(b"\n]\n")
    count = BYTES // PIECE * (PIECE // 2412)
    kind = RecordKind(endpoint="calls", title="Calls", outcome="complete", found=count, given=count)
    told = CaseAnswer(
        reference="DSR-17",
        language="en",
        law="GDPR",
        received=DAY,
        made=datetime(2026, 11, 29, tzinfo=UTC),
        log=(1, "0" * 64),
        engine="0.1.0",
        services=(Service(vendor="zoom", title="Zoom", subject="matched", kinds=(kind,)),),
    )
    documents = {HEAD: head_of, COMPLETENESS: completeness_of, WITHHELD: withheld_of, INFORMATION: information_of}
    for name, make in documents.items():
        (folder / "DSR-17" / name).write_bytes(document_bytes(make(told)))
    (folder / "DSR-17" / INDEX).write_bytes(b"<!doctype html>")
    close_bag(folder / "DSR-17", BagInfo("DSR-17", DAY, "Habeas"))
    return data


def work(kind: str, folder: Path) -> None:
    """Seal or verify once; prints the peak of memory in MB."""
    if kind == "verify":
        assert not verify(folder / "DSR-17").faults
    else:
        out = folder / f"sealed{ENDS[kind]}"
        seal(folder / "DSR-17", out, kind, "en", PASSPHRASE)
        out.unlink()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def spent(words: list[str], rounds: int = ROUNDS) -> tuple[float, str]:
    """CPU seconds of a process, the median of some rounds, and what it printed last."""
    found, told = [], ""
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found), told


def sealing() -> Iterator[tuple[str, str, str, str, str]]:
    """Give the rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        reference, _ = spent(["sha256sum", str(fill(Path(folder)))])
        for kind, (most, room) in BUDGETS.items():
            cpu, told = spent([sys.executable, "-m", "bench.sealing", kind, folder])
            what = f"{'verify' if kind == 'verify' else f'seal as {kind}'}, 250 MB, CPU"
            good = cpu <= most * reference and float(told) <= room
            ratio = f"{cpu / reference:.1f}x, {float(told):.0f} MB"
            beside = f"{reference:.2f} s `sha256sum`"
            yield what, f"{cpu:.2f} s", beside, ratio, f"<= {most}x, <= {room} MB  {'ok' if good else 'OVER'}"


def big() -> None:
    """Beyond 4 GiB a zip needs wider numbers."""
    with tempfile.TemporaryDirectory() as folder:
        bag = fill(Path(folder)).parent.parent.parent
        film = bag / "data/zoom/files/recordings-0001.mp4"
        film.parent.mkdir()
        with film.open("wb") as stream:
            stream.truncate(5_000_000_000)
        close_bag(bag, BagInfo("DSR-17", DAY, "Habeas"))
        reference, _ = spent(["sha256sum", str(film)], 1)
        for kind, judges in {"none": (["unzip", "-qt"], ["7z", "t"]), "zip": (["7z", "t", f"-p{PASSPHRASE}"],)}.items():
            out = Path(folder) / "big.zip"
            before = resource.getrusage(resource.RUSAGE_SELF)
            seal(bag, out, kind, "en", PASSPHRASE)
            after = resource.getrusage(resource.RUSAGE_SELF)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            for judge in judges:
                subprocess.run([*judge, str(out)], check=True, stdout=subprocess.DEVNULL)
            wrong = [fault.text for fault in verify(out).faults if fault.kind != "count"] if kind == "none" else []
            print(f"{kind}: {cpu:.1f} s CPU, {cpu / reference:.1f}x sha256sum, {after.ru_maxrss / 1024:.0f} MB, {wrong}")
            out.unlink()


if __name__ == "__main__":
    if sys.argv[1] == "big":
        big()
    else:
        work(sys.argv[1], Path(sys.argv[2]))
