"""The content of `manifest.json`, the proof of a run: what was asked, found, missing, and why. Holds nothing personal and no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from msgspec import Struct

import engine
from engine.core.ledger import Entry
from engine.core.subject import LookupResult
from engine.core.window import rfc3339
from engine.errors import DiskError
from engine.language.effective import Vendor
from engine.run_head import LOG
from engine.runner.interface import RunOptions, Session

FORMAT = 1
SUBJECT = ("outcome", "reason", "identified_by", "proof", "digest", "key_id")
NO_REFERENCE = "no reference was given (--ref): only the digest tells whose run this is, and only where it was made"


class ConnectionFacts(Struct, frozen=True):
    """What the connection's own check said, and when `verify`, the probe and `discover` were asked: maybe before the run, for others."""

    verified: str
    verified_at: datetime | None = None
    probed_at: datetime | None = None
    discovered_at: datetime | None = None

    def told(self) -> dict[str, object]:
        """Give it for the manifest."""
        moments = {"verified_at": self.verified_at, "probed_at": self.probed_at, "discovered_at": self.discovered_at}
        return {"verified": self.verified, **{name: moment and rfc3339(moment) for name, moment in moments.items()}}


class RunEnd(Struct, frozen=True):
    """When and how a run ended."""

    finished: datetime
    connection: ConnectionFacts
    interrupted: bool
    stopped: DiskError | None
    defect: str | None


class AskedPerson(Struct, frozen=True):
    """How the person was found, and what the look-up cost."""

    found: LookupResult
    lookup: Mapping[str, object]


def manifest_head(
    session: Session, options: RunOptions, started: datetime, kinds: Sequence[str], resumed: Sequence[str]
) -> dict[str, object]:
    """Put together what is known before anything is sent: it is written at once, and says that the run has not ended.

    Plan and share are read from the limiter, `simulated` from the network, the connection's name from the credentials: from
    the objects that act.
    """
    vendor, limiter = session.vendor, session.limiter
    return {
        "format": FORMAT,
        "log": LOG,
        "vendor": vendor.name,
        "title": vendor.title,
        "spec": _spec(vendor),
        "engine": engine.__version__,
        "reference": None if options.reference is None else readable(options.reference),
        "notes": [*([] if options.reference else [NO_REFERENCE]), *([options.undigested] if options.undigested else [])],
        "started": rfc3339(started),
        "resumed": list(resumed),
        "finished": None,
        "simulated": session.network.simulated,
        "connection": {"name": session.credentials.label, "plan": limiter.plan, "share": limiter.share},
        "subject": {"identified_by": kinds, "digest": options.digest, "key_id": options.key_id},
        "gaps": None if vendor.gaps is None else list(vendor.gaps),
        "excluded": sorted(options.selection.excluded),
        "narrowed": {"since": rfc3339(options.narrow)} if options.narrow else None,
        "fields": _fields(options),
        "options": {"files": options.files, "largest_file": options.largest_file},
    }


def manifest(
    head: Mapping[str, Any], vendor: Vendor, ended: RunEnd, person: AskedPerson, entries: Mapping[str, Entry], written: Mapping[str, object]
) -> dict[str, object]:
    """Put together what `manifest.json` holds at the end; `written` describes the other files."""
    found = person.found
    return {
        **head,
        "finished": rfc3339(ended.finished),
        "connection": {**head["connection"], **ended.connection.told()},
        "subject": {
            **dict.fromkeys(SUBJECT),  # in this order
            **head["subject"],
            "outcome": str(found.subject),
            "reason": found.reason,
            "proof": found.proof,
        },
        "interrupted": ended.interrupted,
        "stopped": str(ended.stopped) if ended.stopped else ended.defect,
        "lookup": person.lookup,
        "endpoints": {name: {"title": vendor.endpoints[name].title, **_described(entry)} for name, entry in entries.items()},
        "written": written,
    }


def readable(text: str) -> str:
    r"""Make a text of the command line valid UTF-8; other bytes become escapes such as `\xff`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _spec(vendor: Vendor) -> dict[str, object]:
    told = {"file": readable(_without_folder(vendor.file)), "sha256": vendor.sha256, "api_version": vendor.version}
    return {**told, "endpoints": vendor.definitions}


def _without_folder(file: str) -> str:
    """Give a spec's path as it was typed; of an absolute one the name, because its folders tell of the machine and who uses it."""
    return PurePath(file).name if PurePath(file).is_absolute() else file


def _fields(options: RunOptions) -> dict[str, object]:
    """Give the fields chosen with `--only` or left out with `--without`, by endpoint."""
    chosen: dict[str, object] = {}
    for name, keep in options.selection.keeps.items():
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
        "again_at": rfc3339(entry.again_at) if entry.again_at else None,
        "notes": list(entry.notes),
    }
    described.update(entry.file or {"file": None, "bytes": 0, "sha256": None})
    described.pop("lines", None)
    if entry.files is not None:
        described["files"] = dict(entry.files)
    return described
