"""The state of a case: a pure fold of its acts. It takes any acts in any order; whether an act may be done is asked before (`refusal`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Literal

import msgspec

from engine.case import acts
from engine.case.acts import Act, Decided, Gap, Line
from engine.case.deadlines import Pause
from engine.replaced import replace

Phase = Literal["open", "gathering", "approved", "released", "closed", "denied", "withdrawn"]
PHASES: tuple[Phase, ...] = ("open", "gathering", "approved", "released", "closed", "denied", "withdrawn")
RUNNING: tuple[Phase, ...] = ("open", "gathering", "approved", "released")
BEGUN: tuple[Phase, ...] = ("gathering", "approved", "released")
ENDED: tuple[Phase, ...] = ("closed", "denied", "withdrawn")


def _same(*phases: Phase) -> dict[Phase, Phase]:
    return {one: one for one in phases}


def _to(phase: Phase, *phases: Phase) -> dict[Phase, Phase]:
    return dict.fromkeys(phases, phase)


# What each act does to the phase that a case is in; where it has no entry for a phase, it cannot be done then. `gathering` is shown as
# `collecting` while something is outstanding, else as `reviewing`.
NEXT: Mapping[type[Act], Mapping[Phase, Phase]] = {
    acts.Opened: {},
    acts.Asked: _same("open") | _to("gathering", *BEGUN),
    acts.Named: _same(*RUNNING),
    acts.Unfit: _same(*RUNNING),
    acts.Identified: _same(*RUNNING),
    acts.Acknowledged: _same(*RUNNING),
    acts.Extended: _same("open", "gathering", "approved"),
    acts.Paused: _same("open", "gathering", "approved"),
    acts.Resumed: _same("open", "gathering", "approved"),
    acts.Denied: _to("denied", *RUNNING),
    acts.Withdrawn: _to("withdrawn", *RUNNING),
    acts.Taken: _to("gathering", *RUNNING),
    acts.Excused: _to("gathering", *RUNNING),
    acts.Sending: _same("approved", "released") | _to("gathering", "open", "gathering"),
    acts.Sent: _same(*RUNNING),
    acts.Bounced: _same(*RUNNING),
    acts.Answered: _to("gathering", *RUNNING),
    acts.Stopped: _same(*RUNNING),
    acts.Decided: _to("gathering", *BEGUN),
    acts.Undone: _to("gathering", *BEGUN),
    acts.Ruled: _same("open") | _to("gathering", *BEGUN),
    acts.Approved: _to("approved", "gathering", "approved"),
    acts.Released: _to("released", "approved"),
    acts.Delivered: _same("released"),
    acts.Closed: _to("closed", "released"),
    acts.Purged: _same("released", *ENDED),
}


class Excuse(msgspec.Struct, frozen=True):
    """A gap that was accepted: as which outcome, and the sentence that the person reads."""

    outcome: str | None
    say: str


class Part(msgspec.Struct, frozen=True):
    """What a case has of one vendor: the run or files that were taken in, its gaps, and what of them is excused."""

    by_kind: str | None = None
    run: acts.Taken | None = None
    files: tuple[acts.Taken, ...] = ()
    excused: Mapping[str, Excuse] = {}
    left_out: str | None = None
    contact: str | None = None
    policy: str | None = None

    @property
    def here(self) -> bool:
        """Whether something was taken in, answered, or the whole vendor is excused."""
        return self.run is not None or bool(self.files) or self.left_out is not None or self.contact in ANSWERED

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """What the run did not obtain and nobody has excused yet; an excuse for another outcome is none."""
        gaps = self.gaps if self.left_out is None else ()
        return tuple(gap for gap in gaps if gap.endpoint not in self.excused or self.excused[gap.endpoint].outcome != gap.outcome)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the run did not obtain."""
        return self.run.gaps if self.run is not None else ()


ANSWERED = ("answered_data", "answered_none", "answered_text", "answered_deleted", "declined")


class Case(msgspec.Struct, frozen=True):
    """A case as its acts left it; `n` is the number of the last one, `state` the word that people read."""

    n: int = 0
    opened: acts.Opened | None = None
    phase: Phase = "open"
    vendors: Mapping[str, Part] = {}
    digests: tuple[str, ...] = ()
    key_id: str | None = None
    again: tuple[str, ...] = ()
    refused: tuple[acts.Unfit, ...] = ()
    identified: str | None = None
    acknowledged: date | None = None
    extended: date | None = None
    pauses: tuple[Pause, ...] = ()
    decisions: Mapping[int, Decided] = {}
    approved: str | None = None
    approved_by: str | None = None
    deciders: frozenset[str] = frozenset()
    releases: tuple[acts.Released, ...] = ()
    delivered: str | None = None
    purged: frozenset[str] = frozenset()

    @property
    def state(self) -> str:
        """Give the state: open, collecting, reviewing, approved, released, closed, denied or withdrawn."""
        if self.phase != "gathering":
            return self.phase
        return "reviewing" if all(part.here for part in self.vendors.values()) else "collecting"


def fold(lines: Iterable[Line]) -> Case:
    """Give the case that acts lead to. Never raises, whatever their order: what came is kept."""
    case = Case()
    for line in lines:
        case = step(case, line)
    return case


def step(case: Case, line: Line) -> Case:
    """Add one act."""
    phase = NEXT[type(line.act)].get(case.phase, case.phase)
    moved = replace(case, n=line.n, phase=phase)
    if phase == "gathering":
        moved = replace(moved, approved=None, approved_by=None)
    kept = _of_person(moved, line) or _of_vendor(moved, line.act) or _of_review(moved, line)
    return kept if kept is not None else moved


def _of_person(case: Case, line: Line) -> Case | None:
    """Take in an act about the request itself: who asks, and until when."""
    day = line.at.date()
    match line.act:
        case acts.Opened() as opened:
            first = case.opened is None
            return replace(case, opened=opened, digests=opened.digests, key_id=opened.key_id, again=opened.again) if first else case
        case acts.Named(digests=digests, key_id=key_id, again=again):
            return replace(case, digests=digests, key_id=key_id, again=tuple(dict.fromkeys((*case.again, *again))))
        case acts.Unfit() as refused:
            return replace(case, refused=(*case.refused, refused))
        case acts.Identified(how=how):
            return replace(case, identified=how)
        case acts.Acknowledged():
            return replace(case, acknowledged=case.acknowledged or day)
        case acts.Extended():
            return replace(case, extended=case.extended or day)
        case acts.Paused() if not _still(case):
            return replace(case, pauses=(*case.pauses, Pause(day)))
        case acts.Resumed() if _still(case):
            return replace(case, pauses=(*case.pauses[:-1], Pause(case.pauses[-1].start, max(day, case.pauses[-1].start))))
    return None


def _still(case: Case) -> bool:
    return bool(case.pauses) and case.pauses[-1].end is None


def _of_vendor(case: Case, act: Act) -> Case | None:
    """Take in an act about one vendor's part."""
    vendor = getattr(act, "vendor", None)
    if vendor is None:
        return None
    part = case.vendors.get(vendor, Part())
    match act:
        case acts.Asked(by_kind=kind):
            part = replace(part, by_kind=kind)
        case acts.Taken(kind="run"):
            part = replace(part, run=act, left_out=None)
        case acts.Taken():
            part = replace(part, files=(*part.files, act), left_out=None)
        case acts.Excused(endpoint=None, say=say):
            part = replace(part, left_out=say)
        case acts.Excused(endpoint=str(endpoint), say=say):
            outcome = next((gap.outcome for gap in part.gaps if gap.endpoint == endpoint), None)
            part = replace(part, excused={**part.excused, endpoint: Excuse(outcome, say)})
        case acts.Sending():
            part = replace(part, contact="may have been sent")
        case acts.Sent() | acts.Bounced() | acts.Stopped():
            part = replace(part, contact=str(act.__struct_config__.tag))
        case acts.Answered(answer=answer):
            part = replace(part, contact=answer)
        case acts.Ruled(policy=policy):
            part = replace(part, policy=policy)
        case _:
            return None
    return replace(case, vendors={**case.vendors, vendor: part})


def _of_review(case: Case, line: Line) -> Case | None:
    """Take in a decision, an approval or what follows from it."""
    match line.act:
        case Decided() as decided:
            return replace(case, decisions={**case.decisions, line.n: decided}, deciders=case.deciders | {line.by})
        case acts.Undone(act=number):
            left = {n: one for n, one in case.decisions.items() if n != number}
            return replace(case, decisions=left, deciders=case.deciders | {line.by})
        case acts.Approved(package=package) if case.phase == "approved":
            return replace(case, approved=package, approved_by=line.by, deciders=frozenset())
        case acts.Released() as released:
            return replace(case, releases=(*case.releases, released))
        case acts.Delivered(how=how):
            return replace(case, delivered=how)
        case acts.Purged(what=what):
            return replace(case, purged=case.purged | set(what))
    return None


def refusal(case: Case, act: Act) -> str | None:
    """Say why an act cannot be done now; None if it can."""
    if isinstance(act, acts.Opened):
        return "the case is open already" if case.opened is not None else None
    if case.opened is None:
        return "the log does not begin with `opened`"
    if case.phase not in NEXT[type(act)]:
        return f"the case is {case.state}"
    match act:
        case acts.Undone(act=number) if number not in case.decisions:
            return f"act {number} is no decision that holds"
        case acts.Extended() if case.extended is not None:
            return f"it was extended on {case.extended}"
        case acts.Paused() if _still(case):
            return f"the clock stands still since {case.pauses[-1].start}"
        case acts.Resumed() if not _still(case):
            return "the clock is running"
        case acts.Approved() if case.state == "collecting":
            return "something is outstanding"
        case acts.Excused(vendor=vendor) if vendor not in case.vendors:
            return f"{vendor} is no part of the case"
        case acts.Released(package=package) if package != case.approved:
            return "another package was approved"
    return None


def days_left(answer: date | None, today: date) -> int | None:
    """Give the days until the answer is due, negative when it is late; None while the clock stands still."""
    return None if answer is None else (answer - today) // timedelta(days=1)
