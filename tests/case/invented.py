"""A case of a vendor that nobody described: a run folder with records and files of one's own, taken in as any other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.case.package_kit import bag_of
from tests.case.test_commands import PERSON

CHUNKS = Mapping[str, bytes]
NONE: Mapping[str, Any] = MappingProxyType({})


def sum_of(raw: bytes) -> dict[str, Any]:
    """Say of bytes what a manifest says of a file."""
    return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def run_folder(
    folder: Path, records: CHUNKS, files: CHUNKS = NONE, vendor: str = "acme", listed: Mapping[str, str] = NONE, **manifest: Any
) -> Path:
    """Write a finished run: lines by endpoint, and files by `ENDPOINT/NAME`, each of the record on the first line; `listed`: said of each."""
    written: dict[str, Any] = {}
    endpoints: dict[str, Any] = {}
    for name, lines in records.items():
        mine = {path: raw for path, raw in files.items() if path.startswith(f"{name}/")}
        endpoints[name] = {"title": name.title(), "outcome": "complete", "records": lines.count(b"\n")}
        parts = {f"{name}.jsonl": lines}
        if mine:
            told = [
                {"record_line": 1, "number": at, "file": f"files/{path}", **sum_of(mine[path]), **listed} for at, path in enumerate(mine, 1)
            ]
            parts[f"{name}.files.jsonl"] = b"".join(json.dumps(one).encode() + b"\n" for one in told)
            endpoints[name]["files"] = {"found": len(mine), "downloaded": len(mine), "failed": 0}
        for part, raw in parts.items():
            written[part] = sum_of(raw)
            _put(folder / vendor / part, raw)
    for path, raw in files.items():
        _put(folder / vendor / "files" / path, raw)
    body = {
        "format": 1,
        "vendor": vendor,
        "title": vendor.title(),
        "simulated": True,
        "finished": "2026-11-29T12:00:00Z",
        "reference": "DSR-17",
        "subject": {"outcome": "matched", "identified_by": ["EMAIL"]},
        "endpoints": endpoints,
        "written": written,
    }
    _put(folder / vendor / "manifest.json", json.dumps({**body, **manifest}).encode())
    return folder


def _put(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)


def opened_with(habeas: Any, run: Path) -> None:
    """Open DSR-17 and take a run in."""
    if habeas("case", "show", "DSR-17").returncode:
        done = habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON)
        assert done.returncode == 0, done.stderr
    done = habeas("case", "add", "DSR-17", str(run), "--same-person")
    assert done.returncode == 0, done.stderr
    assert habeas("review", "list", "DSR-17").returncode in (0, 3)


def decided(habeas: Any, operation: str, *targets: str, because: str = "third_party") -> None:
    """Decide by the command line."""
    for target in targets:
        done = habeas("review", operation, "DSR-17", target, "--because", because)
        assert done.returncode == 0, done.stderr


def page(habeas: Any, name: str = "index.html") -> str:
    """Read a page of the package."""
    return (bag_of(habeas) / name).read_text("utf-8")
