"""The state of a case: a pure fold of its acts. It takes any acts in any order; whether an act may be done is asked before (`guards`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from engine.case import acts
from engine.case.acts import Act, Decided, Gap, LogLine
from engine.case.deadlines import Pause
from engine.case.other_identifiers import lacking, lacking_perhaps, with_others
from engine.contact.steps import Contact, ContactEvent, follow
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
    acts.CaseOpened: {},
    acts.VendorAsked: _same("open") | _to("gathering", *BEGUN),
    acts.Named: _same(*RUNNING),
    acts.IdentifierRefused: _same(*RUNNING),
    acts.Identified: _same(*RUNNING),
    acts.Acknowledged: _same(*RUNNING),
    acts.Extended: _same("open", "gathering", "approved"),
    acts.Paused: _same("open", "gathering", "approved"),
    acts.Resumed: _same("open", "gathering", "approved"),
    acts.Denied: _to("denied", *RUNNING),
    acts.Withdrawn: _to("withdrawn", *RUNNING),
    acts.TakenIn: _to("gathering", *RUNNING),
    acts.Excused: _to("gathering", *RUNNING),
    acts.MailSending: _same("approved", "released") | _to("gathering", "open", "gathering"),
    acts.MailSent: _same(*RUNNING),
    acts.MailUnsent: _same(*RUNNING),
    acts.Bounced: _same(*RUNNING),
    acts.OwnerAnswered: _to("gathering", *RUNNING),
    acts.MailNoted: _same(*RUNNING),
    acts.OwnerLate: _same("open", "released") | _to("gathering", "gathering", "approved"),
    acts.ContactStopped: _same(*RUNNING),
    acts.Decided: _to("gathering", *BEGUN),
    acts.Undone: _to("gathering", *BEGUN),
    acts.Ruled: _same("open") | _to("gathering", *BEGUN),
    acts.Approved: _to("approved", "gathering", "approved"),
    acts.Released: _to("released", "approved"),
    acts.Delivered: _same("released"),
    acts.Concluded: _to("closed", "open", "gathering"),
    acts.Closed: _to("closed", "released"),
    acts.Purged: _same(*ENDED),
}


class Excuse(msgspec.Struct, frozen=True):
    """A gap that was accepted: as which outcome, and the sentence that the person reads."""

    outcome: str | None
    say: str


class VendorPart(msgspec.Struct, frozen=True):
    """What a case has of one vendor: the run or files that were taken in, its gaps, and what of them is excused.

    `title`: what the operator calls it. `refused`: what was fetched last may be somebody else's.
    `known`: of how many identifiers not all were asked by, and nobody was found.
    """

    title: str | None = None
    by_kind: str | None = None
    run: acts.TakenIn | None = None
    files: tuple[acts.TakenIn, ...] = ()
    excused: Mapping[str, Excuse] = {}
    left_out: str | None = None
    refused: acts.IdentifierRefused | None = None
    known: int = 0
    contacts: Mapping[str, Contact] = {}
    mails: tuple[acts.MailSending, ...] = ()
    answers: tuple[acts.OwnerAnswered, ...] = ()
    policy: str | None = None
    right: str = "access"

    @property
    def contact(self) -> str | None:
        """Give how far the question is that the case is about; None where none was asked."""
        return self.contacts[self.right].state if self.right in self.contacts else None

    @property
    def here(self) -> bool:
        """Whether something was taken in, answered, or the whole vendor is excused; of a deletion only that it was answered."""
        if self.left_out is not None or self.contact in CLOSES[self.right]:
            return True
        return self.right == "access" and (self.run is not None or bool(self.files))

    @property
    def waits(self) -> tuple[tuple[str, str], ...]:
        """Name the open questions that an answer waits for: an access waits for no deletion, nor for a vendor that is excused."""
        asked = ((purpose, one.state) for purpose, one in self.contacts.items() if purpose in ("access", self.right))
        return tuple((purpose, state) for purpose, state in asked if state in OPEN) if self.left_out is None else ()

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """What the run did not obtain and nobody has excused yet; an excuse for another outcome is none."""
        gaps = self.gaps if self.left_out is None else ()
        return tuple(gap for gap in gaps if gap.endpoint not in self.excused or self.excused[gap.endpoint].outcome != gap.outcome)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the run did not obtain."""
        return with_others(self.run.gaps if self.run is not None else (), self.known)


CLOSES: Mapping[str, tuple[str, ...]] = {"access": ("answered_data", "answered_none"), "deletion": ("answered_deleted", "answered_none")}
OPEN = ("may have been sent", "sent", "reminded", "answered_text", "declined", "bounced", "blocked")
ANSWERS: Mapping[str, ContactEvent] = {
    "answered_data": "data",
    "answered_none": "none",
    "answered_text": "text",
    "answered_deleted": "deleted",
    "declined": "declined",
}


class Case(msgspec.Struct, frozen=True):
    """A case as its acts left it; `n` is the number of the last one, `state` the word that people read."""

    n: int = 0
    opened: acts.CaseOpened | None = None
    phase: Phase = "open"
    vendors: Mapping[str, VendorPart] = {}
    digests: tuple[str, ...] = ()
    key_id: str | None = None
    again: tuple[str, ...] = ()
    refused: tuple[acts.IdentifierRefused, ...] = ()
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
    def still(self) -> bool:
        """Whether the clock stands still."""
        return bool(self.pauses) and self.pauses[-1].end is None

    @property
    def state(self) -> str:
        """Give the state: open, collecting, reviewing, approved, released, closed, denied or withdrawn."""
        if self.phase != "gathering":
            return self.phase
        return "reviewing" if all(part.here for part in self.vendors.values()) else "collecting"


def fold(lines: Iterable[LogLine]) -> Case:
    """Give the case that acts lead to. Never raises, whatever their order: what came is kept."""
    case = Case()
    for line in lines:
        case = step(case, line)
    return case


def step(case: Case, line: LogLine) -> Case:
    """Add one act; a run that does not count moves nothing."""
    phase = case.phase if acts.is_outdated(line.act) else NEXT[type(line.act)].get(case.phase, case.phase)
    moved = replace(case, n=line.n, phase=phase)
    if phase == "gathering":
        moved = replace(moved, approved=None, approved_by=None)
    take = TAKES.get(type(line.act))
    return take(moved, line.act, line) if take is not None else moved


Take = Callable[[Case, Any, LogLine], Case]


def _opened(case: Case, act: acts.CaseOpened, _: LogLine) -> Case:
    if case.opened is not None:
        return case
    return replace(case, opened=act, digests=act.digests, key_id=act.key_id, again=act.again)


def _named(case: Case, act: acts.Named, _: LogLine) -> Case:
    vendors = {name: replace(one, known=lacking(one.run, act.digests, case.digests) or one.known) for name, one in case.vendors.items()}
    return replace(case, digests=act.digests, key_id=act.key_id, again=tuple(dict.fromkeys((*case.again, *act.again))), vendors=vendors)


def _paused(case: Case, _: acts.Paused, line: LogLine) -> Case:
    return case if case.still else replace(case, pauses=(*case.pauses, Pause(line.at.date())))


def _resumed(case: Case, _: acts.Resumed, line: LogLine) -> Case:
    if not case.still:
        return case
    start = case.pauses[-1].start
    return replace(case, pauses=(*case.pauses[:-1], Pause(start, max(start, line.at.date()))))


def _decided(case: Case, act: Decided, line: LogLine) -> Case:
    return replace(case, decisions={**case.decisions, line.n: act}, deciders=case.deciders | {line.by})


def _undone(case: Case, act: acts.Undone, line: LogLine) -> Case:
    left = {n: one for n, one in case.decisions.items() if n != act.act}
    return replace(case, decisions=left, deciders=case.deciders | {line.by})


def _approved(case: Case, act: acts.Approved, line: LogLine) -> Case:
    if case.phase != "approved":
        return case
    return replace(case, approved=act.package, approved_by=line.by, deciders=frozenset())


def _part(case: Case, act: Any) -> VendorPart:
    """Give what a case has of the vendor that an act is about, with what the act calls it."""
    part = case.vendors.get(act.vendor) or VendorPart(right=case.opened.right if case.opened is not None else "access")
    title: str | None = getattr(act, "title", None)
    return part if title is None else replace(part, title=title)


def _in_part(change: Callable[[VendorPart, Any], VendorPart]) -> Take:
    """Make an act about one vendor change that vendor's part."""

    def take(case: Case, act: Any, _: LogLine) -> Case:
        return replace(case, vendors={**case.vendors, act.vendor: change(_part(case, act), act)})

    return take


def _taken(case: Case, act: acts.TakenIn, _: LogLine) -> Case:
    part = replace(_part(case, act), left_out=None)
    told: dict[str, Any] = {"files": (*part.files, act)}
    if act.kind == "run":
        told = {"run": act, "refused": None, "known": lacking_perhaps(act, case.digests)}
    return case if acts.is_outdated(act) else replace(case, vendors={**case.vendors, act.vendor: replace(part, **told)})


def _refused(case: Case, act: acts.IdentifierRefused, _: LogLine) -> Case:
    case = replace(case, refused=(*case.refused, act))
    part = case.vendors.get(act.vendor or "")
    return case if part is None or act.vendor is None else replace(case, vendors={**case.vendors, act.vendor: replace(part, refused=act)})


def _excused(part: VendorPart, act: acts.Excused) -> VendorPart:
    if act.endpoint is None:
        return replace(part, left_out=act.say)
    outcome = next((gap.outcome for gap in part.gaps if gap.endpoint == act.endpoint), None)
    return replace(part, excused={**part.excused, act.endpoint: Excuse(outcome, act.say)})


def _asked(*events: ContactEvent) -> Take:
    """Make an act about one question change it: by the events of the act, or by those of its answer where none are named.

    That a vendor is left out holds no longer where its owner answers, is asked anew, or turns out not to have been reached.
    """

    def take(case: Case, act: Any, line: LogLine) -> Case:
        part = _part(case, act)
        before = contact = part.contacts.get(act.purpose, Contact())
        for event in events or _of_answer(act):
            contact, _ = follow(contact, event, line.at)
        anew = isinstance(act, acts.OwnerAnswered) or (isinstance(act, acts.MailSending) and not act.reminder)
        anew = anew or (before.state == "skipped" and contact.state == "bounced")
        told = None if anew and act.purpose == part.right else part.left_out
        part = replace(part, contacts={**part.contacts, act.purpose: contact}, left_out=told)
        return replace(case, vendors={**case.vendors, act.vendor: KEEPS[type(act)](part, act) if type(act) in KEEPS else part})

    return take


def _of_answer(act: Any) -> tuple[ContactEvent, ...]:
    if isinstance(act, acts.OwnerLate):
        return (act.late,)
    if isinstance(act, acts.MailSending):
        return ("remind", "lost") if act.reminder else ("again", "lost")
    return (ANSWERS[act.answer],) if act.answer in ANSWERS else ()


def _sent(part: VendorPart, act: acts.MailSent) -> VendorPart:
    contact = replace(part.contacts[act.purpose], by_hand=act.by_hand)
    return replace(part, contacts={**part.contacts, act.purpose: contact})


def _late(part: VendorPart, act: acts.OwnerLate) -> VendorPart:
    told = act.late == "skip" and act.purpose == part.right and not part.here and part.run is None
    return replace(part, left_out=act.say) if told and part.contact == "skipped" else part


def _stopped(case: Case, act: acts.ContactStopped, line: LogLine) -> Case:
    part = _part(case, act)
    which = [act.purpose] if act.purpose is not None else [*part.contacts] or [part.right]
    stopped = {purpose: follow(part.contacts.get(purpose, Contact()), "stop", line.at)[0] for purpose in which}
    return replace(case, vendors={**case.vendors, act.vendor: replace(part, contacts={**part.contacts, **stopped})})


# What an act about a question leaves in the vendor's part besides how far the question is.
KEEPS: Mapping[type[Act], Callable[[VendorPart, Any], VendorPart]] = {
    acts.MailSending: lambda part, act: replace(part, mails=(*part.mails, act)),
    acts.MailSent: _sent,
    acts.OwnerLate: _late,
    acts.OwnerAnswered: lambda part, act: replace(part, answers=(*part.answers, act)),
}

# What each act adds to a case; what has no entry only moves its phase.
TAKES: Mapping[type[Act], Take] = {
    acts.CaseOpened: _opened,
    acts.Named: _named,
    acts.IdentifierRefused: _refused,
    acts.Identified: lambda case, act, _: replace(case, identified=act.how),
    acts.Acknowledged: lambda case, _, line: replace(case, acknowledged=case.acknowledged or line.at.date()),
    acts.Extended: lambda case, _, line: replace(case, extended=case.extended or line.at.date()),
    acts.Paused: _paused,
    acts.Resumed: _resumed,
    acts.Decided: _decided,
    acts.Undone: _undone,
    acts.Approved: _approved,
    acts.Released: lambda case, act, _: replace(case, releases=(*case.releases, act)),
    acts.Delivered: lambda case, act, _: replace(case, delivered=act.how),
    acts.Purged: lambda case, act, _: replace(case, purged=case.purged | set(act.what)),
    acts.VendorAsked: _in_part(lambda part, act: replace(part, by_kind=act.by_kind or part.by_kind, refused=None)),
    acts.TakenIn: _taken,
    acts.Excused: _in_part(_excused),
    acts.MailSending: _asked(),
    acts.MailSent: _asked("took"),
    acts.MailUnsent: _asked("not_taken"),
    acts.MailNoted: _in_part(lambda part, _: part),
    acts.Bounced: _asked("bounced"),
    acts.ContactStopped: _stopped,
    acts.OwnerAnswered: _asked(),
    acts.OwnerLate: _asked(),
    acts.Ruled: _in_part(lambda part, act: replace(part, policy=act.policy)),
}
