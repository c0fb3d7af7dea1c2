"""Run folders made by hand, as a run writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.core.window import rfc3339

BEGUN = datetime(2026, 11, 24, 12, tzinfo=UTC)


def stamp(seconds: float) -> str:
    return rfc3339(BEGUN + timedelta(seconds=seconds), "milliseconds")


def answer(sent: float, seconds: float = 0.1, **more: Any) -> dict[str, Any]:
    return {
        "request": "GET /users/<USER_ID>/meetings",
        "page": 1,
        "status": 200,
        "first_line": 1,
        "lines": 2,
        "sent_at": stamp(sent),
        "waited": 0.0,
        "seconds": seconds,
        "sha256": "0" * 64,
        **more,
    }


def folder(out: Path, lists: dict[str, list[dict[str, Any]]], vendor: str = "acme", **more: Any) -> Path:
    """Write a run of these answers per endpoint; gives `<out>/<vendor>`."""
    run = out / vendor
    run.mkdir(parents=True)
    entry = {"outcome": "complete", "reason": None, "requests": 1, "records": 2, "retries": 0}
    manifest = {
        "format": 1,
        "vendor": vendor,
        "engine": "0.1.0",
        "started": stamp(0),
        "finished": stamp(9),
        "simulated": False,
        "lookup": {"requests": 1, "retries": 0},
        "endpoints": {name: entry for name in lists if name != "lookup"},
        **more,
    }
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    for name, lines in lists.items():
        (run / f"{name}.pages.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    return run
