"""What was done in a case, as a sentence for a colleague who reads no log: each act by what it means. Nothing personal.

What a system, or a kind of record, is called may be in the singular or the plural: it is the subject of no verb that would tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.case import acts
from engine.case.act_words import SHOWN_DIGITS
from engine.case.acts import Act, LogLine, Target
from engine.case.person import KIND_OF
from engine.case.words import Called, by_name
from engine.core.identity import NAMES
from engine.language.text.mistakes import counted
from engine.release.reasons import CODES, IN_SHORT
from engine.replaced import replace

RIGHTS = {"access": "a copy of the data", "deletion": "a deletion"}
REASON_WORDS = {code: IN_SHORT[code]["en"].replace("you", "them") for code in CODES}
DECISIONS = {"hold": "hold {} back", "drop": "leave {} out", "mask": "mask {}", "alias": "replace {} by a number", "give": "give {}"}
FOUND = {
    "matched": "the person was found",
    "no_match": "the person is not known there",
    "unproven": "whether the person is known is unproven",
}
ANSWERED = {
    "answered_data": "gave data",
    "answered_none": "answered that nothing is held",
    "answered_text": "answered, to be read",
    "answered_deleted": "answered that it is deleted",
    "declined": "declined to answer",
}
NO_KIND = {  # gaps that are no kind of record
    acts.OTHERS: "at {vendor} the person was not asked for by all that they are known by",
    acts.EARLIER: "what {vendor} gave when the person was still known there is not in the answer",
}
NOTED = {
    "automatic": "an automatic reply about {} came, which answers nothing",
    "delayed": "a mail server says that the mail about {} is delayed",
    "stranger": "a mail about {} came from somebody who was not asked",
}


def sentence(line: LogLine, called: Called = by_name) -> str:
    """Say what was done; vendors and their kinds of record are called by `called`, but for what a decision is about."""
    told = SENTENCES[type(line.act)](_named(line.act, called))
    return told[:1].upper() + told[1:]


def _named(act: Act, called: Called) -> Act:
    """Give the act with what its vendor and kinds of record are called, in place of their names."""
    vendor: str | None = getattr(act, "vendor", None)
    if vendor is None:
        return act

    def kind(endpoint: str) -> str:
        name = endpoint.removesuffix(acts.FILES)
        return endpoint if endpoint in NO_KIND else called(vendor, name) + endpoint[len(name) :]

    match act:
        case acts.TakenIn():
            return replace(act, vendor=called(vendor, None), gaps=tuple(replace(gap, endpoint=kind(gap.endpoint)) for gap in act.gaps))
        case acts.Excused(endpoint=str() as endpoint):
            return replace(act, vendor=called(vendor, None), endpoint=kind(endpoint))
        case _:
            return replace(act, vendor=called(vendor, None))


def _opened(act: acts.CaseOpened) -> str:
    again = f"; the same person asked before: {', '.join(act.again)}" if act.again else ""
    return f"the case was opened: {RIGHTS[act.right]} is asked for{', to practise' if act.simulated else ''}{again}"


def _asked(act: acts.VendorAsked) -> str:
    if act.by_kind:
        return f"at {act.vendor} the person is asked for by the {kind_name(act.by_kind)} that was chosen"
    return f"added to the case: {act.vendor}"


def kind_name(word: str) -> str:
    """Name a kind of identifier; a word that is none of them is said as it stands."""
    return NAMES[KIND_OF[word]] if word in KIND_OF else word


def _taken(act: acts.TakenIn) -> str:
    if act.kind == "file":
        return f"what came from {act.vendor} was taken in"
    if act.later is not None:
        return f"what was fetched at {act.vendor} earlier was taken in, and does not count: the person was found there later"
    missing = f"missing: {', '.join(map(gap_words, act.gaps))}" if act.gaps else "nothing is missing"
    return f"what was fetched at {act.vendor} was taken in: {found_words(act.subject)}; {missing}"


def gap_words(gap: acts.Gap, titled: Callable[[str], str] = str) -> str:
    """Name what is missing, a kind of record as it is `titled`."""
    if gap.endpoint in NO_KIND:
        return gap.outcome
    name = titled(gap.endpoint.removesuffix(acts.FILES))
    return f"files of {name}" if gap.endpoint.endswith(acts.FILES) else name


def found_words(subject: str | None) -> str:
    """Say whether the person was found."""
    return FOUND.get(subject or "", subject or "whether the person was found is not told")


def _excused(act: acts.Excused) -> str:
    if act.endpoint is None:
        return f"it was accepted that nothing is had of {act.vendor}: {act.say}"
    if act.endpoint in NO_KIND:
        return f"it was accepted that {NO_KIND[act.endpoint].format(vendor=act.vendor)}: {act.say}"
    name = act.endpoint.removesuffix(acts.FILES)
    what = f"the files of {name}" if act.endpoint.endswith(acts.FILES) else name
    return f"it was accepted to go without what is missing of {what} at {act.vendor}: {act.say}"


def _sending(act: acts.MailSending) -> str:
    return f"{'a reminder' if act.reminder else 'a letter'} {_about(act)} was written"


def _sent(act: acts.MailSent) -> str:
    return f"the letter {_about(act)} {'was written, to be sent by hand' if act.by_hand else 'was sent'}"


def _about(act: Any) -> str:
    return f"to the owner of {act.vendor} about {act.purpose}"


def _answered(act: acts.OwnerAnswered) -> str:
    kept = f"; kept is {act.kept.rstrip('.')}, because: {act.why}" if act.kept else ""
    return f"the owner of {act.vendor}, asked about {act.purpose}, {ANSWERED.get(act.answer, act.answer)}{kept}"


def _noted(act: acts.MailNoted) -> str:
    return NOTED.get(act.kind, "a mail about {} came").format(f"{act.vendor} ({act.purpose})")


def _late(act: acts.OwnerLate) -> str:
    then = "the release goes on without it" if act.late == "skip" else "the release waits"
    return f"the owner of {act.vendor} did not answer about {act.purpose} in time: {then}"


def _stopped(act: acts.ContactStopped) -> str:
    what = f"about {act.purpose} " if act.purpose else ""
    return f"the owner of {act.vendor} is not asked {what}any more" + (f": {act.why}" if act.why else "")


def _decided(act: acts.Decided) -> str:
    note = f" ({act.note})" if act.note else ""
    return f"decided to {DECISIONS[act.operation].format(target_words(act.target))}, since: {REASON_WORDS[act.because]}{note}"


def target_words(target: Target) -> str:
    """Say what a decision is about; a value by its digest, and a record too, since its line may be another one in the next run."""
    if target.value is not None:
        return f"every place of the value {target.value[:SHOWN_DIGITS]}"
    if target.file is not None:
        return f"the file {target.vendor}/{target.file}"
    kind = f"{target.vendor}/{target.endpoint}"
    if target.record is not None:
        place = f"{target.pointer} of " if target.pointer else ""
        return f"{place}the record {target.record[:SHOWN_DIGITS]} of {kind}"
    return f"the field {kind}.{target.field} in all records" if target.field else f"all records of {kind}"


def _approved(act: acts.Approved) -> str:
    also = counted(act.also_given, "place")
    meant = f", and that {also} may give what is withheld elsewhere" if act.also_given else ""
    return f"the package {act.package[:SHOWN_DIGITS]} was approved{meant}"


SENTENCES: Mapping[type[Act], Callable[[Any], str]] = {
    acts.CaseOpened: _opened,
    acts.VendorAsked: _asked,
    acts.Named: lambda act: f"what is known of the person was changed; known now: {', '.join(map(kind_name, act.kinds)) or 'nothing'}",
    acts.IdentifierRefused: lambda act: f"an identifier was refused ({act.kind}{f', {act.vendor}' if act.vendor else ''}): {act.reason}",
    acts.Identified: lambda act: f"who asks was shown to be the person: {act.how}",
    acts.Acknowledged: lambda _: "the letter that the request arrived was written",
    acts.Extended: lambda act: f"the answer takes longer, and the letter that says so was written: {act.why}",
    acts.Paused: lambda act: f"the clock was stopped: {act.why}",
    acts.Resumed: lambda _: "the clock goes on",
    acts.Denied: lambda act: f"the request was denied, and the letter that says so was written: {act.why}",
    acts.Withdrawn: lambda _: "the person took the request back",
    acts.TakenIn: _taken,
    acts.Excused: _excused,
    acts.MailSending: _sending,
    acts.MailSent: _sent,
    acts.MailUnsent: lambda act: f"the mail server did not take the letter {_about(act)}: it was not sent",
    acts.Bounced: lambda act: f"the letter {_about(act)} came back",
    acts.OwnerAnswered: _answered,
    acts.MailNoted: _noted,
    acts.OwnerLate: _late,
    acts.ContactStopped: _stopped,
    acts.Decided: _decided,
    acts.Undone: lambda act: f"decision {act.act} was taken back",
    acts.Ruled: lambda act: f"the policy for {act.vendor} was put in force",
    acts.Approved: _approved,
    acts.Released: lambda act: f"the package {act.package[:SHOWN_DIGITS]} was released",
    acts.Delivered: lambda act: f"the letter that the package is on its way was written: {act.how}",
    acts.Concluded: lambda _: "the letter that says what was deleted was written, and the case is closed",
    acts.Closed: lambda _: "the case was closed",
    acts.Purged: lambda act: f"{', '.join(act.what)} was deleted after its time: {counted(act.files, 'file')}",
}
