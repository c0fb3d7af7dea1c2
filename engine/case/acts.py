"""The acts of a case, which are its log. None holds a value of a record, an identifier or a name of the person: digests stand for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from engine.decoding import converted
from engine.errors import UsageError
from engine.release.reasons import Because, Treatment

START = "0" * 64
Ground = Literal["unverified", "not_entitled", "exempt", "other"]
OTHERS = "identifiers.others"  # what is missing where nobody was found, and the person has identifiers that were not asked by
EARLIER = "person.earlier"  # what is missing where nobody is known, and an earlier run found the person
FILES = ".files"  # behind the name of an endpoint: what is missing are the files of its records


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="did"):
    """What somebody did in a case; each kind of act is a class of its own, its name the word in the log."""


class CaseOpened(Act, frozen=True, tag="opened"):
    """The case was opened: a request arrived on `received`. `again` names earlier cases of the same person."""

    reference: str
    regime: str
    language: str
    received: date
    digests: tuple[str, ...]
    key_id: str | None = None
    again: tuple[str, ...] = ()
    simulated: bool = False
    right: Literal["access", "deletion"] = "access"


class VendorAsked(Act, frozen=True, tag="asked"):
    """A vendor belongs to the case; `by` is the kind of identifier it is asked by, where one was chosen.

    `title`, here and below: what the operator calls a system, where the log did not say it yet: no run will, and a package has to.
    """

    vendor: str
    by_kind: str | None = None
    title: str | None = None


class Named(Act, frozen=True, tag="named"):
    """The person's identifiers, name or address were changed: the kinds that are known now, and the digests."""

    kinds: tuple[str, ...]
    digests: tuple[str, ...]
    key_id: str | None = None
    again: tuple[str, ...] = ()


class IdentifierRefused(Act, frozen=True, tag="refused"):
    """An identifier was refused: its kind and why, never the identifier."""

    kind: str
    reason: str
    vendor: str | None = None


class Identified(Act, frozen=True, tag="identified"):
    """Who asks was shown to be the person; `how` says by which evidence."""

    how: str


class Acknowledged(Act, frozen=True, tag="acknowledged"):
    """The letter that the request arrived was written."""

    letter: str | None = None


class Extended(Act, frozen=True, tag="extended"):
    """The answer takes longer, as the regime allows; the person is told why."""

    why: str
    letter: str | None = None


class Paused(Act, frozen=True, tag="paused"):
    """The clock stands still while the person is asked something, where the regime allows it."""

    why: str


class Resumed(Act, frozen=True, tag="resumed"):
    """The person answered: the clock goes on."""


class Denied(Act, frozen=True, tag="denied"):
    """The request is denied, with the reason that the person reads; `ground` is what it is counted under."""

    why: str
    letter: str | None = None
    ground: Ground = "other"


class Withdrawn(Act, frozen=True, tag="withdrawn"):
    """The person took the request back."""


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a run did not obtain: an endpoint and its outcome (denied, partial or failed), or its files, as `meetings.files`.

    `why`: the reason that stands beside the outcome in the manifest.
    """

    endpoint: str
    outcome: str
    why: str | None = None


class TakenIn(Act, frozen=True, tag="taken"):
    """A finished run, or what a system without a spec gave, was taken in; `proof` is the sha256 of its manifest, or of the file.

    `unasked` are the endpoints that were never asked, because whether the vendor knows the person is unproven: one gap, `lookup`.
    `by_kinds`: by which kinds of identifiers a vendor that found nobody knows people; empty where that is not known, as in older logs.
    `later`: the run that still counts, because it began later than this one and found the person, whom this one did not find.
    """

    vendor: str
    folder: str
    proof: str
    kind: Literal["run", "file"] = "run"
    subject: str | None = None
    gaps: tuple[Gap, ...] = ()
    same_person: bool | None = None
    unasked: tuple[str, ...] = ()
    by_kinds: tuple[str, ...] = ()
    later: str | None = None
    title: str | None = None


def is_outdated(act: Act) -> bool:
    """Whether it takes in a run that does not count: nothing of the answer is another one afterwards, so that no approval falls."""
    return isinstance(act, TakenIn) and act.later is not None


class Excused(Act, frozen=True, tag="excused"):
    """A gap is accepted: `say` is the sentence that the person reads. Without `endpoint` the whole vendor is."""

    vendor: str
    say: str
    endpoint: str | None = None


class MailSending(Act, frozen=True, tag="sending"):
    """A mail is about to be sent; a crash from here on leaves that it may have been sent. `mail` is its file in the case."""

    vendor: str
    message_id: str
    purpose: str
    reminder: bool = False
    mail: str | None = None
    title: str | None = None


class MailSent(Act, frozen=True, tag="sent"):
    """The mail server took the mail, or a file was written to be sent by hand."""

    vendor: str
    message_id: str
    purpose: str = "access"
    by_hand: bool = False


class MailUnsent(Act, frozen=True, tag="unsent"):
    """The mail server did not take the mail: it was not sent."""

    vendor: str
    message_id: str
    purpose: str


class Bounced(Act, frozen=True, tag="bounced"):
    """The mail came back."""

    vendor: str
    message_id: str
    purpose: str = "access"
    proof: str | None = None


class OwnerAnswered(Act, frozen=True, tag="answered"):
    """An owner answered: data, none, text, deleted or declined; of a deletion what was `kept`, and `why`. `proof`: sha256 of the mail."""

    vendor: str
    answer: str
    folder: str | None = None
    purpose: str = "access"
    proof: str | None = None
    kept: str | None = None
    why: str | None = None
    title: str | None = None


class MailNoted(Act, frozen=True, tag="noted"):
    """A mail came that answers nothing: automatic, that another one is delayed, or a stranger's after the answer."""

    vendor: str
    purpose: str
    kind: str
    proof: str
    folder: str | None = None


class OwnerLate(Act, frozen=True, tag="overdue"):
    """Nobody answered in time: the release waits (`block`), or goes on (`skip`), and `say` is what the person reads."""

    vendor: str
    purpose: str
    late: Literal["skip", "block"]
    say: str


class ContactStopped(Act, frozen=True, tag="stopped"):
    """An owner is not asked any more; without `purpose` about nothing."""

    vendor: str
    why: str | None = None
    purpose: str | None = None


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a decision is about: a `value` by its keyed digest; else an endpoint, a field of it, a record, a place in one, or a file.

    `record` is the sha256 of the record's line and `pointer` a JSON pointer (RFC 6901), so that a decision survives another run
    that fetches the same record.
    """

    value: str | None = None
    vendor: str | None = None
    endpoint: str | None = None
    field: str | None = None
    record: str | None = None
    pointer: str | None = None
    file: str | None = None


class Decided(Act, frozen=True, tag="decided"):
    """A reviewer decided what becomes of something."""

    operation: Treatment
    target: Target
    because: Because
    note: str | None = None


class Undone(Act, frozen=True, tag="undone"):
    """A decision no longer holds: the number of its act."""

    act: int


class Ruled(Act, frozen=True, tag="ruled"):
    """A policy is in force for a vendor: the sha256 of the file as it is kept in the case."""

    vendor: str
    policy: str


class Approved(Act, frozen=True, tag="approved"):
    """A package was approved, by its sha256; `also_given` values that are withheld at one place were confirmed to be given at another."""

    package: str
    also_given: int = 0


class Released(Act, frozen=True, tag="released"):
    """The approved package was made to leave."""

    package: str
    folder: str


class Delivered(Act, frozen=True, tag="delivered"):
    """The person has the package; `how` says by which way."""

    how: str
    letter: str | None = None


class Concluded(Act, frozen=True, tag="concluded"):
    """A request for deletion is answered: the letter says what was deleted, kept and why."""

    letter: str | None = None


class Closed(Act, frozen=True, tag="closed"):
    """Nothing is left to do."""


class Purged(Act, frozen=True, tag="purged"):
    """Files of a class were deleted, so many of so many bytes: raw, received, release or person."""

    what: tuple[str, ...]
    files: int = 0
    size: int = 0


KINDS: dict[str, type[Act]] = {str(one.__struct_config__.tag): one for one in Act.__subclasses__()}


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log: act number `n`, at `at` (UTC), `by` whom; `sha256` is that of the line, to which the next one is chained."""

    n: int
    at: datetime
    by: str
    act: Act
    sha256: str


def written(line_number: int, at: datetime, by: str, act: Act, before: str) -> bytes:
    """Write a line of the log, without its end. Raises UsageError."""
    body: dict[str, Any] = msgspec.to_builtins(act)
    try:
        return msgspec.json.encode({"n": line_number, "at": at, "by": by, **body, "prev": before})
    except UnicodeEncodeError:
        message = "half a character stands in what was typed, and the log cannot hold it: decide on the whole record; nothing was written"
        raise UsageError(message) from None


def act_of(raw: dict[str, Any]) -> Act:
    """Read the act of a line's JSON object. Raises msgspec.ValidationError if it is none that this version knows."""
    body = {name: value for name, value in raw.items() if name not in ("n", "at", "by", "prev")}
    kind = KINDS.get(str(body.get("did")))
    if kind is None:
        message = "an act that this version does not know"
        raise msgspec.ValidationError(message)
    return converted(body, kind)
