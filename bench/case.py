"""Make a case of 100,000 invented calls, for what is measured over one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

from bench.findings import RECORDS, make
from engine.case.acts import CaseOpened, VendorAsked
from engine.case.folder import OpenCase
from engine.case.opening import open_new
from engine.case.person import parse_person
from engine.case.take import take_run
from engine.case.taken_run import read_run
from engine.connection.vault import Vault

REFERENCE = "DSR-17"


def make_case(home: Path, address: str, name: str) -> OpenCase:
    """Make the case of a person: its records and its log."""
    run = home / "made" / "zoom"
    run.mkdir(parents=True)
    make(run)
    (run / "lookup.jsonl").write_text(json.dumps({"id": "u1", "email": address, "display_name": name}) + "\n")
    written = {}
    for file in sorted(run.glob("*.jsonl")):
        raw = file.read_bytes()
        written[file.name] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    calls = {"title": "Calls", "outcome": "complete", "records": RECORDS}
    told = {"format": 1, "vendor": "zoom", "title": "Zoom", "simulated": False, "finished": "2026-11-29T12:00:00Z", "reference": REFERENCE}
    found = {"outcome": "matched", "identified_by": ["EMAIL"]}
    body = {**told, "subject": found, "lookup": {"lines": 1}, "endpoints": {"phone_call_logs": calls}, "written": written}
    (run / "manifest.json").write_text(json.dumps(body))
    now = datetime.now(UTC)
    opened = CaseOpened(reference=REFERENCE, regime="gdpr", language="en", received=date.fromisoformat("2026-11-29"), digests=())
    made = open_new(Vault(home), opened, parse_person([f"email: {address}"]), [VendorAsked(vendor="zoom")], now)
    take_run(made, run, read_run(run), now, same=True)
    return made
