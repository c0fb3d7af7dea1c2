"""What a case tells people: how long is left, what blocks its release and what to do next. Pure sentences; today is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal

import msgspec

from engine.case.acts import EARLIER, FILES, OTHERS, Act, Gap
from engine.case.deadlines import Deadlines, Regime, days_left
from engine.case.fold import ENDED, Case, VendorPart
from engine.contact.steps import Contact
from engine.language.text.mistakes import counted

Called = Callable[[str, str | None], str]  # what a vendor is called, or a kind of record of it
GAPS = {
    "lookup": "whether the vendor knows the person is unproven",
    "period": "only what is newer than a day was asked for",
    EARLIER: "the person is not known there now, and was when it was asked before: what it gave then is not in the answer",
}
CANNOT: dict[str, Callable[[Any], str]] = {  # what an act does, said where it cannot be done, by the word of the log
    "opened": lambda _: "the case cannot be opened",
    "asked": lambda act: f"{act.vendor} cannot be added",
    "named": lambda _: "what is known of the person cannot be changed",
    "refused": lambda _: "a refused identifier cannot be recorded",
    "identified": lambda _: "it cannot be recorded that the person is identified",
    "acknowledged": lambda _: "it cannot be acknowledged that the request arrived",
    "extended": lambda _: "the time to answer cannot be extended",
    "paused": lambda _: "the clock cannot be stopped",
    "resumed": lambda _: "the clock cannot be resumed",
    "denied": lambda _: "the request cannot be denied",
    "withdrawn": lambda _: "the request cannot be withdrawn",
    "taken": lambda act: f"nothing of {act.vendor} can be taken in",
    "excused": lambda act: f"nothing of {act.vendor} can be excused",
    "sending": lambda act: f"the owner of {act.vendor} cannot be written to",
    "sent": lambda act: f"a mail to the owner of {act.vendor} cannot be recorded",
    "unsent": lambda act: f"that a mail to the owner of {act.vendor} did not leave cannot be recorded",
    "noted": lambda act: f"a mail about {act.vendor} cannot be recorded",
    "overdue": lambda act: f"that the owner of {act.vendor} is late cannot be recorded",
    "bounced": lambda act: f"a returned mail to the owner of {act.vendor} cannot be recorded",
    "answered": lambda act: f"an answer of the owner of {act.vendor} cannot be recorded",
    "stopped": lambda act: f"asking the owner of {act.vendor} cannot be stopped",
    "decided": lambda _: "nothing can be decided",
    "undone": lambda _: "this cannot be taken back",
    "ruled": lambda act: f"no policy for {act.vendor} can be put in force",
    "approved": lambda _: "no package can be approved",
    "released": lambda _: "no package can be released",
    "delivered": lambda _: "the package cannot be delivered",
    "concluded": lambda _: "the case cannot be concluded",
    "closed": lambda _: "the case cannot be closed",
    "purged": lambda _: "nothing can be deleted",
}
OVER = ("released", *ENDED)


def unblocked(case: Case, reference: str) -> str:
    """Say what comes next where nothing is left to wait for."""
    if case.opened is not None and case.opened.right == "deletion":
        return f"Every owner has answered:\n  habeas case conclude {reference}"
    command = "release" if case.phase == "approved" else "build"
    return f"Nothing blocks the release:\n  habeas package {command} {reference}"


def by_name(vendor: str, endpoint: str | None = None) -> str:
    """Call a vendor, or a kind of record of it, by the name that commands and specs know it by."""
    return vendor if endpoint is None else endpoint


class Blocked(msgspec.Struct, frozen=True):
    """What stands between a case and its release: a sentence, the command that mends it, the part of the work, the vendor it is about.

    `why`: what the vendor, or the run, said of it.
    """

    what: str
    mend: str
    part: Literal["identity", "fetch", "files", "owner", "unasked", "gaps", "declined", "identifier", "unseen", "values"] = "fetch"
    vendor: str | None = None
    why: str | None = None


def blocks(case: Case, reference: str, undecided: int | None, called: Called = by_name) -> Iterator[Blocked]:
    """Say what blocks the release of a case; `undecided` values wait for a reviewer (None: nobody has looked for them yet)."""
    if case.state in OVER:
        return
    if case.identified is None:
        yield Blocked("who asks is not shown to be the person", f'habeas case identified {reference} --how "..."', "identity")
    if not case.vendors:
        yield Blocked("no vendor belongs to the case", f"habeas case run {reference} --vendor VENDOR")
    for vendor, part in case.vendors.items():
        yield from _of_part(vendor, part, reference, called)
    if case.opened is not None and case.opened.right == "deletion":
        return
    if undecided is None and any(part.run is not None or part.files for part in case.vendors.values()):
        yield Blocked("nobody has looked at what was found", f"habeas review list {reference}", "unseen")
    if undecided:
        waits = "1 value or file waits" if undecided == 1 else f"{undecided:,} values or files wait"
        yield Blocked(f"{waits} for a decision", f"habeas review list {reference}", "values")


ASKED = {
    "may have been sent": "may have been asked by mail: the answer of the mail server is not known",
    "sent": "asked by mail, no answer yet",
    "reminded": "asked by mail and reminded, no answer yet",
    "answered_text": "answered by mail, to be read",
    "declined": "declined to answer",
    "bounced": "could not be reached by mail",
    "blocked": "asked by mail, and did not answer in time",
}
BY_HAND = {  # nobody knows whether a mail that was written was sent
    "sent": "a mail to be sent by hand was written, no answer yet",
    "reminded": "a mail and a reminder to be sent by hand were written, no answer yet",
    "blocked": "a mail to be sent by hand was written, and its owner did not answer in time",
}
WRITTEN = {"sent": "written, to be sent by hand", "reminded": "reminder written, to be sent by hand"}


def state_words(contact: Contact) -> str:
    """Say how far a question is; of a mail that a person sends themselves nobody knows that it was sent."""
    by_hand = WRITTEN.get(contact.state) if contact.by_hand else None
    return by_hand or contact.state.replace("_", ": ")


def _of_part(vendor: str, part: VendorPart, reference: str, called: Called) -> Iterator[Blocked]:
    title = called(vendor, None)
    for purpose, state in part.waits:
        by_hand = BY_HAND.get(state) if part.contacts[purpose].by_hand else None
        what = f"{title}: {by_hand or ASKED[state]} ({purpose})"
        if state == "declined" and not part.here:
            yield Blocked(what, f'habeas case excuse {reference} {vendor} --say "..."', "declined", vendor)
        else:
            yield Blocked(what, f"habeas contact show {reference} {vendor}", "owner", vendor)
    if not part.here and not part.waits:
        if part.right == "deletion":
            yield Blocked(f"{title}: nobody was asked to delete", f"habeas contact send {reference} {vendor} deletion", "unasked", vendor)
        elif part.refused is not None:
            kind = part.by_kind or part.refused.kind.partition(",")[0]
            what = f"{title}: nothing taken in, since what it was asked by was refused"
            mend = f"habeas case name {reference} && habeas case name {reference} --ask {vendor}={kind}"
            yield Blocked(what, mend, "identifier", vendor, part.refused.reason)
        else:
            yield Blocked(f"{title}: nothing taken in", f"habeas case run {reference} --vendor {vendor}", "fetch", vendor)
    if part.right != "deletion":
        yield from (_of_gap(vendor, gap, reference, called) for gap in part.open_gaps)


def _of_gap(vendor: str, gap: Gap, reference: str, called: Called) -> Blocked:
    title, kind = called(vendor, None), called(vendor, gap.endpoint.removesuffix(FILES))
    if gap.endpoint.endswith(FILES):
        mend = f"habeas case run {reference} --vendor {vendor} --files"
        return Blocked(f"{title}: files of {kind} were not downloaded", mend, "files", vendor)
    if gap.endpoint == OTHERS:
        what = f"{title}: the person is not known there by what was asked, and is known by more"
        mend = f"habeas case name {reference} --ask {vendor}=KIND && habeas case run {reference} --vendor {vendor}"
        return Blocked(what, mend, "identifier", vendor, gap.outcome)
    what = GAPS.get(gap.endpoint, f"{kind} {'' if gap.outcome == 'failed' else 'is '}{gap.outcome}")
    return Blocked(f"{title}: {what}", f'habeas case excuse {reference} {vendor}/{gap.endpoint} --say "..."', "gaps", vendor, gap.why)


def cannot(act: Act) -> str:
    """Say that an act cannot be done."""
    return CANNOT[str(act.__struct_config__.tag)](act)


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


def too_late(law: Regime, told: Deadlines, today: date, words: Callable[[date], str | None] = str) -> str | None:
    """Say why an answer cannot take longer any more: the law knows no such thing, or the person had to be told before; None if it can.

    `words` writes a day.
    """
    if law.extension is None:
        return f"{law.title} allows no longer time"
    if told.extend_by is not None and told.extend_by < today:
        return f"that the answer takes longer had to be said by {words(told.extend_by)}"
    return None


def late(case: Case, told: Deadlines, today: date) -> bool:
    """Whether an answer, or the letter that the request arrived, is overdue."""
    if case.state in OVER:
        return False
    unacknowledged = told.acknowledge is not None and case.acknowledged is None and told.acknowledge < today
    return unacknowledged or (told.answer is not None and told.answer < today)
