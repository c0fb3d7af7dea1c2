"""The manifest: what proves what was and what was not obtained. Holds no identifier, no secret, no record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import engine
from engine.core.ledger import Entry
from engine.core.subject import Found

if TYPE_CHECKING:
    from engine.runner.run import Run

FORMAT = 1


def manifest(run: Run, found: Found, entries: Mapping[str, Entry], finished: datetime) -> dict[str, object]:
    """Put together what `manifest.json` holds."""
    vendor, options = run.vendor, run.options
    entry_of_lookup = run.lookup_store.described()
    return {
        "format": FORMAT,
        "vendor": vendor.name,
        "spec": {"file": vendor.file, "sha256": vendor.sha256, "api_version": vendor.version},
        "engine": engine.__version__,
        "reference": options.reference,
        "started": instant(run.started),
        "finished": instant(finished),
        "simulated": options.simulated,
        "connection": {"name": options.connection, "plan": options.plan, "share": options.share, "verified": run.search.verified},
        "subject": {"outcome": str(found.subject), "reason": found.reason, "identified_by": sorted(run.person)},
        "interrupted": run.signal is not None,
        "stopped": str(run.error) if run.error else None,
        "gaps": list(vendor.gaps),
        "excluded": sorted(options.choice.excluded),
        "narrowed": {"since": instant(options.narrow)} if options.narrow else None,
        "fields": _fields(run),
        "lookup": {"requests": run.search.tally.requests, "retries": run.search.tally.retries, **(entry_of_lookup or {})},
        "endpoints": {name: _described(entry) for name, entry in entries.items()},
    }


def instant(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _fields(run: Run) -> dict[str, object]:
    """Say which fields were chosen or left out by order."""
    chosen: dict[str, object] = {}
    for name, keep in run.options.choice.keeps.items():
        only, without = (sorted(".".join(path) for path in paths) for paths in (keep.only, keep.without))
        if only or without:
            chosen[name] = {"only": only, "without": without}
    return chosen


def _described(entry: Entry) -> dict[str, object]:
    tally = entry.tally
    described: dict[str, object] = {
        "outcome": str(entry.outcome),
        "reason": entry.reason,
        "requests": tally.requests,
        "pages": tally.pages,
        "records": tally.records,
        "expected": tally.expected,
        "duplicates": tally.duplicates,
        "same_key": tally.same_key,
        "others": tally.others,
        "covered": {"from": entry.covered[0], "to": entry.covered[1]} if entry.covered else None,
        "retries": tally.retries,
        "seconds_throttled": round(tally.throttled, 3),
        "again_at": instant(entry.again_at) if entry.again_at else None,
        "notes": list(entry.notes),
    }
    described.update(entry.file or {"file": None, "bytes": 0, "sha256": None})
    described.pop("lines", None)
    if entry.files is not None:
        described["files"] = dict(entry.files)
    return described
