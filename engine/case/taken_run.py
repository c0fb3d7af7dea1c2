"""A finished run as its manifest tells it: what of that decides whether a case may take it in, and what the run did not obtain.

Nothing here looks into a case: what stands in one is held against a run where it is taken in (`take`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from engine.case.acts import FILES, Gap
from engine.connection.digest_key import PersonDigest
from engine.core.ledger import WITHOUT_PERSON, Outcome, Subject
from engine.decoding import converted
from engine.errors import UsageError
from engine.run_head import SpecName, not_ended
from engine.sink import MANIFEST

MISSING = tuple(str(one) for one in Outcome if not one.whole)
LEFT_OUT, NARROWED, PERIOD, NOT_DOWNLOADED = "left out by order", "narrowed by order", "period", "not downloaded"
LONGEST_REASON = 1_000


class TakenRun(msgspec.Struct, frozen=True):
    """What of a run's manifest decides whether it may be taken in; names in it become names of folders, and stand in the log."""

    vendor: SpecName
    simulated: bool
    finished: str | None
    reference: str | None
    subject: dict[str, Any]
    endpoints: dict[SpecName, dict[str, Any]]
    written: dict[str, dict[str, Any]]
    sha256: str
    excluded: list[SpecName] = []
    fields: dict[SpecName, Any] = {}
    narrowed: dict[str, Any] | None = None
    lookup: dict[str, Any] | None = None
    started: str | None = None
    title: str | None = None

    @property
    def digest(self) -> PersonDigest | None:
        """Whom the run asked for, as keyed digests; None in a manifest that has none."""
        told, key_id = self.subject.get("digest"), self.subject.get("key_id")
        return (
            PersonDigest(key_id, {kind: (one,) for kind, one in told.items()})
            if isinstance(told, dict) and isinstance(key_id, str)
            else None
        )

    @property
    def unasked(self) -> tuple[str, ...]:
        """The endpoints that were never asked, because nobody could be shown to be known: the look-up alone is the gap."""
        unproven = f"{WITHOUT_PERSON} {Subject.UNPROVEN}"
        if self.subject.get("outcome") != Subject.UNPROVEN:
            return ()
        return tuple(name for name, one in self.endpoints.items() if str(one.get("reason")).startswith(unproven))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not obtained: endpoints, proof that nobody is known, and what the run was told to leave out."""
        subject = [Gap("lookup", Subject.UNPROVEN)] if self.subject.get("outcome") == Subject.UNPROVEN else []
        ordered = {**dict.fromkeys(self.fields, NARROWED), **dict.fromkeys(self.excluded, LEFT_OUT)}
        asked = {name: one for name, one in self.endpoints.items() if name not in self.unasked}
        missing = {name: str(one.get("outcome")) for name, one in asked.items() if one.get("outcome") in MISSING}
        period = [Gap(PERIOD, NARROWED)] if self.narrowed else []
        files = [Gap(f"{name}{FILES}", NOT_DOWNLOADED) for name, one in self.endpoints.items() if _files_left(one, is_gap=name in missing)]
        why = {name: told for name in missing if (told := _reason(asked[name])) is not None}
        return (*subject, *(Gap(name, outcome, why.get(name)) for name, outcome in {**ordered, **missing}.items()), *files, *period)


def _reason(told: Mapping[str, Any]) -> str | None:
    """Give the reason of an outcome, for the log: a manifest made elsewhere may say anything there, also what must stand in no log."""
    reason = told.get("reason")
    return reason if isinstance(reason, str) and 0 < len(reason) <= LONGEST_REASON and reason.isprintable() and "@" not in reason else None


def _files_left(told: Mapping[str, Any], *, is_gap: bool) -> bool:
    """Whether files were found and not downloaded; those that failed make their endpoint a gap already."""
    counts = told.get("files")
    if not isinstance(counts, dict):
        return False
    found, downloaded, failed = (one if isinstance(one := counts.get(name), int) else 0 for name in ("found", "downloaded", "failed"))
    return found > downloaded + (failed if is_gap else 0)


def read_run(folder: Path) -> TakenRun:
    """Read the manifest of a run's folder. Raises UsageError where it is not that of a finished run."""
    try:
        raw = (folder / MANIFEST).read_bytes()
        body = msgspec.json.decode(raw)
        run = converted({**body, "sha256": hashlib.sha256(raw).hexdigest()}, TakenRun)
    except FileNotFoundError:
        message = f"{folder} holds no {MANIFEST}: no run that came to its end lies there, and a folder without one proves nothing"
        raise UsageError(message) from None
    except OSError as error:
        message = f"{folder / MANIFEST} cannot be read ({error.strerror})"
        raise UsageError(message) from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, TypeError, RecursionError):
        message = f"{folder / MANIFEST} is no manifest of this version of Habeas, or it is damaged"
        raise UsageError(message) from None
    if run.finished is None:
        raise not_ended(folder)
    return run
