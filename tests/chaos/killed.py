"""`habeas run` in a process of its own, killed when so much of its result lies there, and `habeas resume`, killed too or not."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tests.process import HABEAS

POLL, LONGEST = 0.002, 120


def size_of(folder: Path) -> int:
    """Give how many bytes lie in a folder."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.stat().st_size if path.is_file() and "manifest" not in path.name else 0
        except FileNotFoundError:
            continue
    return found


def killed(words: list[str], environ: dict[str, str], folder: Path, size: float) -> bool:
    """Call the command line, and kill it (SIGKILL) once so many bytes lie in the folder; whether that happened before its end."""
    process = subprocess.Popen([*HABEAS, *words], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if (folder / "manifest.json").exists() and size_of(folder) >= size:
            process.kill()
            return process.wait(LONGEST) < 0
        try:
            process.wait(POLL)
        except subprocess.TimeoutExpired:
            continue
    return False


def ended(words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Call the command line to its end."""
    return subprocess.run([*HABEAS, *words], env=environ, capture_output=True, text=True, timeout=LONGEST, check=False)


def lists(folder: Path) -> dict[str, tuple[list[str], bool]]:
    """Give for each list that ended whole, by its digest, when each of its pages was asked for, and whether it leant on a neighbour."""
    found: dict[str, tuple[list[str], bool]] = {}
    for path in folder.glob("*.pages.jsonl"):
        raw = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        lines = [json.loads(line) for line in raw]
        for end in (one for one in lines if one.get("known_by")):
            asked = [one["sent_at"] for one in lines if "end" not in one and one["chain"] == end["chain"]]
            found[f"{path.name} {end['known_by']}"] = (asked, bool(end.get("leans")))
    return found


def files(folder: Path) -> set[tuple[str, str]]:
    """Give which files arrived whole, and when each was begun."""
    lines = [line for path in folder.glob("*.files.jsonl") for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    return {(one["file"], one["began"]) for one in map(json.loads, lines) if one["file"] is not None}


def digests(folder: Path) -> Counter[str]:
    """Give the downloads as a multiset: the records they belong to may have another line after a break."""
    lines = [json.loads(line) for path in folder.glob("*.files.jsonl") for line in path.read_bytes().splitlines()]
    assert sorted(one["file"] for one in lines) == sorted(str(path.relative_to(folder)) for path in folder.glob("files/*/*"))
    return Counter(one["sha256"] for one in lines)


def counts(told: dict[str, Any]) -> dict[str, Any]:
    """Leave out of what a manifest tells what two runs never share."""
    return {name: value for name, value in told.items() if name != "started"}
