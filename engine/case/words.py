"""What a case tells people: how long is left, what blocks its release and what to do next. Pure sentences; today is an argument."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

import msgspec

from engine.case.acts import FILES
from engine.case.deadlines import Deadlines, Regime
from engine.case.fold import ENDED, Case, VendorPart, days_left
from engine.language.text.mistakes import counted

GAPS = {"lookup": "whether the vendor knows the person is unproven", "period": "only what is newer than a day was asked for"}
OVER = ("released", *ENDED)


class Blocked(msgspec.Struct, frozen=True):
    """What stands between a case and its release: a sentence, the command that mends it, and the part of the work it belongs to."""

    what: str
    mend: str
    part: Literal["identity", "fetch", "gaps", "values"] = "fetch"


def blocks(case: Case, reference: str, undecided: int | None) -> Iterator[Blocked]:
    """Say what blocks the release of a case; `undecided` values wait for a reviewer (None: nobody has looked for them yet)."""
    if case.state in OVER:
        return
    if case.identified is None:
        yield Blocked("who asks is not shown to be the person", f'habeas case identified {reference} --how "..."', "identity")
    if not case.vendors:
        yield Blocked("no vendor belongs to the case", f"habeas case run {reference} --vendor VENDOR")
    for vendor, part in case.vendors.items():
        yield from _of_part(vendor, part, reference)
    if undecided is None and any(part.run is not None or part.files for part in case.vendors.values()):
        yield Blocked("nobody has looked at what was found", f"habeas review list {reference}", "values")
    if undecided:
        waits = "1 value or file waits" if undecided == 1 else f"{undecided:,} values or files wait"
        yield Blocked(f"{waits} for a decision", f"habeas review list {reference}", "values")


def unblocked(case: Case, reference: str) -> str:
    """Say what comes next where nothing blocks the release."""
    command = "release" if case.phase == "approved" else "build"
    return f"Nothing blocks the release:\n  habeas package {command} {reference}"


def _of_part(vendor: str, part: VendorPart, reference: str) -> Iterator[Blocked]:
    if not part.here:
        mend = f"habeas case run {reference} --vendor {vendor}"
        what = {"may have been sent": "may have been asked by mail", "sent": "was asked by mail, no answer yet"}.get(
            part.contact or "", "nothing taken in"
        )
        yield Blocked(f"{vendor}: {what}", mend)
    for gap in part.open_gaps:
        if gap.endpoint.endswith(FILES):
            what = f"files of {gap.endpoint.removesuffix(FILES)} were not downloaded"
            yield Blocked(f"{vendor}: {what}", f"habeas case run {reference} --vendor {vendor} --files")
            continue
        what = GAPS.get(gap.endpoint, f"{gap.endpoint} {'' if gap.outcome == 'failed' else 'is '}{gap.outcome}")
        yield Blocked(f"{vendor}: {what}", f'habeas case excuse {reference} {vendor}/{gap.endpoint} --say "..."', "gaps")


def left(told: Deadlines, today: date, case: Case) -> str:
    """Say how long is left: `17 days left`, `due today`, `3 days late`; that the clock stands still; or that it is over."""
    if case.state in OVER:
        return f"{case.state}"
    days = days_left(told.answer, today)
    if days is None:
        return "the clock stands still"
    if days == 0:
        return "due today"
    return f"{counted(days, 'day')} left" if days > 0 else f"{counted(-days, 'day')} late"


def too_late(law: Regime, told: Deadlines, today: date) -> str | None:
    """Say why an answer cannot take longer any more: the law knows no such thing, or the person had to be told before; None if it can."""
    if law.extension is None:
        return f"{law.title} allows no longer time"
    if told.extend_by is not None and told.extend_by < today:
        return f"that the answer takes longer had to be said by {told.extend_by}"
    return None


def late(case: Case, told: Deadlines, today: date) -> bool:
    """Whether an answer, or the letter that the request arrived, is overdue."""
    if case.state in OVER:
        return False
    unacknowledged = told.acknowledge is not None and case.acknowledged is None and told.acknowledge < today
    return unacknowledged or (told.answer is not None and told.answer < today)
