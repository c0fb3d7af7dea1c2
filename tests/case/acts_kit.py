"""Random acts of a case, and lines of a log made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from engine.case import acts
from engine.case.acts import LogLine

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
OPENED = acts.CaseOpened(reference="DSR-17", regime="gdpr", language="en", received=date(2026, 11, 2), digests=("email:aa",), key_id="k")
VENDORS = st.sampled_from(["zoom", "slack"])
PURPOSES = st.sampled_from(["access", "deletion"])
WORDS = st.text("ab ", max_size=4)
GAPS = st.lists(st.builds(acts.Gap, st.sampled_from(["meetings", "files"]), st.sampled_from(["denied", "partial"])), max_size=2).map(tuple)
TARGETS = st.builds(acts.Target, value=st.sampled_from([None, "aa"]), vendor=VENDORS, endpoint=st.sampled_from([None, "meetings"]))

ACTS: dict[str, st.SearchStrategy[Any]] = {
    "opened": st.just(OPENED),
    "asked": st.builds(acts.VendorAsked, vendor=VENDORS, by_kind=st.sampled_from([None, "email"])),
    "named": st.builds(
        acts.Named, kinds=st.just(("email",)), digests=st.just(("email:bb",)), key_id=st.just("k"), again=st.just(("DSR-3",))
    ),
    "refused": st.builds(acts.IdentifierRefused, kind=st.just("email"), reason=WORDS),
    "identified": st.builds(acts.Identified, how=WORDS),
    "acknowledged": st.builds(acts.Acknowledged),
    "extended": st.builds(acts.Extended, why=WORDS),
    "paused": st.builds(acts.Paused, why=WORDS),
    "resumed": st.builds(acts.Resumed),
    "denied": st.builds(acts.Denied, why=WORDS),
    "withdrawn": st.builds(acts.Withdrawn),
    "taken": st.builds(acts.TakenIn, vendor=VENDORS, folder=WORDS, proof=WORDS, kind=st.sampled_from(["run", "file"]), gaps=GAPS),
    "excused": st.builds(acts.Excused, vendor=VENDORS, say=WORDS, endpoint=st.sampled_from([None, "meetings", "files"])),
    "sending": st.builds(acts.MailSending, vendor=VENDORS, message_id=WORDS, purpose=PURPOSES),
    "sent": st.builds(acts.MailSent, vendor=VENDORS, message_id=WORDS),
    "bounced": st.builds(acts.Bounced, vendor=VENDORS, message_id=WORDS),
    "answered": st.builds(acts.OwnerAnswered, vendor=VENDORS, answer=st.sampled_from(["answered_none", "declined", "reminded"])),
    "unsent": st.builds(acts.MailUnsent, vendor=VENDORS, message_id=WORDS, purpose=PURPOSES),
    "noted": st.builds(acts.MailNoted, vendor=VENDORS, purpose=PURPOSES, kind=WORDS, proof=WORDS),
    "overdue": st.builds(acts.OwnerLate, vendor=VENDORS, purpose=PURPOSES, late=st.sampled_from(["skip", "block"]), say=WORDS),
    "stopped": st.builds(acts.ContactStopped, vendor=VENDORS),
    "decided": st.builds(acts.Decided, operation=st.sampled_from(["give", "mask"]), target=TARGETS, because=st.just("third_party")),
    "undone": st.builds(acts.Undone, act=st.integers(1, 12)),
    "ruled": st.builds(acts.Ruled, vendor=VENDORS, policy=WORDS),
    "approved": st.builds(acts.Approved, package=st.sampled_from(["p1", "p2"])),
    "released": st.builds(acts.Released, package=st.sampled_from(["p1", "p2"]), folder=WORDS),
    "delivered": st.builds(acts.Delivered, how=WORDS),
    "concluded": st.builds(acts.Concluded),
    "closed": st.builds(acts.Closed),
    "purged": st.builds(acts.Purged, what=st.just(("raw",))),
}
ANY_ACT = st.one_of(*ACTS.values())


def lines(done: list[acts.Act], by: str = "anna") -> list[LogLine]:
    """Number acts, a day apart; nobody checks a chain here."""
    return [LogLine(n=n, at=NOW + timedelta(days=n), by=by, act=act, sha256=f"{n:064}") for n, act in enumerate(done, 1)]


def flipped(path: Path) -> None:
    """Change one byte of a file, and not its size."""
    raw = path.read_bytes()
    path.write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
