"""Runs of the command line against a simulated Zoom, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path

from tests.whole.runs import data

FULL = data().FULL


SECRETS = ("mara", "lindqvist")


def ask(habeas, up, out: Path, *words: str, **environment: str):
    return habeas(
        "run", "zoom", "--at", up.address, "--out", str(out), "--since", "30d", *words, **{"HABEAS_ZOOM_TOKEN": up.token, **environment}
    )


def manifest(out: Path) -> dict:
    return json.loads((out / "zoom" / "manifest.json").read_text("utf-8"))
