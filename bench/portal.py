"""What looking costs in the portal: `python -m bench.portal`, a case of 100,000 invented calls. Bounded, 127.0.0.1 only.

The portal runs in a process of its own, so that its memory is the engine's alone; Chromium is Debian's (chromium, chromium-driver).
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from bench.findings import make, people
from engine.case.acts import CaseOpened
from engine.case.deciding import look_through
from engine.case.opening import open_new
from engine.case.person import parse_person
from engine.case.take import read_run, take_run
from engine.connection.vault import Vault

REFERENCE = "DSR-17"


def case(home: Path) -> dict[str, float]:
    """Make the case: its records, its log, its findings."""
    run = home / "made" / "zoom"
    run.mkdir(parents=True)
    make(run)
    (run / "lookup.jsonl").write_text(json.dumps({"id": "u1", "email": people()[1][1], "display_name": people()[1][0]}) + "\n")
    written = {}
    for file in sorted(run.glob("*.jsonl")):
        raw = file.read_bytes()
        written[file.name] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    calls = {"title": "Calls", "outcome": "complete", "records": 100_000}
    told = {"format": 1, "vendor": "zoom", "title": "Zoom", "simulated": False, "finished": "2026-11-29T12:00:00Z", "reference": REFERENCE}
    found = {"outcome": "matched", "identified_by": ["EMAIL"]}
    body = {**told, "subject": found, "lookup": {"lines": 1}, "endpoints": {"phone_call_logs": calls}, "written": written}
    (run / "manifest.json").write_text(json.dumps(body))
    now = datetime.now(UTC)
    opened = CaseOpened(reference=REFERENCE, regime="gdpr", language="en", received=date.fromisoformat("2026-11-29"), digests=())
    found_case = open_new(Vault(home), opened, parse_person([f"email: {people()[1][1]}"]), ["zoom"], now)
    take_run(found_case, run, read_run(run), now, same=True)
    with look_through(found_case, home, now).findings as findings:
        return {"findings": findings.totals().findings}


if __name__ == "__main__":
    print(json.dumps(case(Path(sys.argv[1]))))
