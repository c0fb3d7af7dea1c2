"""The ledger: from how each chain ended to one outcome and reason per endpoint, and from those to the exit code.

An endpoint that is not read whole never passes in silence: `denied`, `partial` and `failed` each carry a reason in plain
words, which stands in the manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from engine.errors import Exit
from engine.replaced import replace


class Outcome(StrEnum):
    """How an endpoint ended. With the last three something is missing."""

    COMPLETE = "complete"
    EMPTY = "empty"
    ABSENT = "absent"
    UNLICENSED = "unlicensed"
    EXCLUDED = "excluded"
    DENIED = "denied"
    PARTIAL = "partial"
    FAILED = "failed"

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, or only what was left out by order, or what needs an optional scope that is lacking."""
        return self not in _MISSING


_MISSING = (Outcome.DENIED, Outcome.PARTIAL, Outcome.FAILED)  # made once: it is asked of every list, and a member's name is slow to look up
BY_ORDER = "left out by order"

MEANINGS = {
    "absent": Outcome.ABSENT,
    "empty": Outcome.EMPTY,
    "unlicensed": Outcome.UNLICENSED,
    "denied": Outcome.DENIED,
}


class Subject(StrEnum):
    """Whether the person was found, and is the one that was asked for."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    AMBIGUOUS = "ambiguous"
    MISMATCHED = "mismatched"
    UNPROVEN = "unproven"


WITHOUT_PERSON = "the person is"  # begins the reason of every endpoint that was not asked because nobody was found


class ChainEnd(Struct, frozen=True):
    """How one chain of requests ended.

    `label` names the chain by its `for` values and window; `final`: the endpoint's other chains need not be tried; `again_at`: when
    the vendor's limit lets it go on; `helpless`: no scope of this endpoint would mend the refusal, because the refusal's rule says so, a
    page before it was answered, or it was another request's.
    """

    outcome: Outcome
    reason: str | None = None
    received: int = 0
    label: str = ""
    final: bool = False
    again_at: datetime | None = None
    helpless: bool = False


class Tally(Struct, omit_defaults=True):
    """The counts of one endpoint or of one of its chains, kept by the runner.

    `expected` is the total that the vendor announced, `same_key` records that share their key with another, `others` records of
    other people, `throttled` the seconds waited for the limits, `limited` the retries for which the vendor's limit was the reason.
    `announced` is the total of the first page that told one, `totals` how many pages did; `astray` counts answers that came from an
    address without the person's value, `named` those with a record of `others` that says whose it is; None without others.
    """

    requests: int = 0
    pages: int = 0
    records: int = 0
    expected: int | None = None
    duplicates: int = 0
    same_key: int = 0
    others: int = 0
    retries: int = 0
    limited: int = 0
    throttled: float = 0.0
    announced: int = 0
    totals: int = 0
    astray: int = 0
    named: int | None = None

    def add(self, other: Tally) -> None:
        """Add the counts of another one."""
        for name in self.__struct_fields__:
            more = getattr(other, name)
            if more or (more is not None and getattr(self, name) is None):
                setattr(self, name, (getattr(self, name) or 0) + more)


class Entry(Struct, frozen=True):
    """One endpoint's entry in the manifest. `covered` is the span of time that was read without a hole."""

    name: str
    outcome: Outcome
    reason: str | None = None
    tally: Tally = field(default_factory=Tally)
    covered: tuple[str, str] | None = None
    file: Mapping[str, object] | None = None
    files: Mapping[str, object] | None = None
    again_at: datetime | None = None
    notes: tuple[str, ...] = ()


def latest(ended: Iterable[ChainEnd | Entry]) -> datetime | None:
    """Give when the vendor's limits let all of it go on; None where none is used up, or the vendor did not say."""
    return max((one.again_at for one in ended if one.again_at is not None), default=None)


def outcome_of(ends: Sequence[ChainEnd], unasked: int, received: int) -> tuple[Outcome, str | None]:
    """Give an endpoint's outcome and reason. `ends` are its chains, `unasked` the number of those never sent, `received` of records.

    A chain that is empty, absent or unlicensed does not lower the outcome. A denied or failed one beside received records
    makes it partial.
    """
    bad = [end for end in ends if not end.outcome.whole]
    if not bad and not unasked:
        kinds = {end.outcome for end in ends}
        order = (Outcome.COMPLETE, Outcome.EMPTY, Outcome.UNLICENSED, Outcome.ABSENT)
        outcome = next((one for one in order if one in kinds), Outcome.EMPTY)
        reasons = [end.reason for end in ends if end.reason and end.outcome is outcome]
        return outcome, reasons[0] if reasons and outcome is not Outcome.COMPLETE else None
    reason = _reason(bad, len(ends) + unasked, unasked)
    if received:
        return Outcome.PARTIAL, reason
    denied = bool(bad) and all(end.outcome is Outcome.DENIED for end in bad)
    return (Outcome.DENIED if denied else Outcome.FAILED), reason


def _reason(bad: Sequence[ChainEnd], total: int, unasked: int) -> str:
    counted = Counter(end.reason or "unknown reason" for end in bad)
    texts = []
    for reason, count in counted.most_common(MOST_REASONS):
        if total == 1:
            texts.append(reason)
            continue
        labels = [end.label for end in bad if (end.reason or "unknown reason") == reason and end.label]
        where = f"{count} of {total} parts" + (
            f" ({', '.join(labels[:MOST_LABELS])}{', ...' if len(labels) > MOST_LABELS else ''})" if labels else ""
        )
        texts.append(f"{where}: {reason}")
    if len(counted) > MOST_REASONS:
        texts.append(f"{len(counted) - MOST_REASONS} further reasons")
    if unasked:
        texts.append(f"{unasked} of {total} parts were not read")
    return "; ".join(texts)


MOST_REASONS = 3
MOST_LABELS = 3

SUCCEEDED = (Outcome.COMPLETE, Outcome.EMPTY, Outcome.UNLICENSED)
NOT_ASKED = (Outcome.EMPTY, Outcome.ABSENT, Outcome.UNLICENSED, Outcome.EXCLUDED, Outcome.DENIED, Outcome.FAILED)


def replaced(entries: Mapping[str, Entry], successors: Mapping[str, str]) -> dict[str, Entry]:
    """Make a predecessor that failed `absent` where a successor ended well, or a successor's own successor.

    `successors` maps each successor to its predecessor.
    """
    result = dict(entries)
    for predecessor in dict.fromkeys(successors.values()):
        old = entries.get(predecessor)
        well = [name for name in heirs(predecessor, successors) if name in entries and entries[name].outcome in SUCCEEDED]
        if old is not None and not old.outcome.whole and well:
            words = f"replaced by {well[0]}" + (f" ({old.reason})" if old.reason else "")
            result[predecessor] = replace(old, outcome=Outcome.ABSENT, reason=words)
    return result


def heirs(predecessor: str, successors: Mapping[str, str]) -> tuple[str, ...]:
    """Name the successors of an endpoint, the nearest first, and theirs; `successors` maps each successor to its predecessor."""
    found: list[str] = []
    waiting = [predecessor]
    while waiting:
        here = waiting.pop(0)
        nearest = [name for name, old in successors.items() if old == here and name not in (*found, predecessor)]
        found += nearest
        waiting += nearest
    return tuple(found)


def inherited_entry(parent: Entry, name: str) -> Entry | None:
    """Give a child endpoint the outcome of its parent if that has no records to ask about; None if the child is asked."""
    if parent.outcome in NOT_ASKED:
        reason = f"{parent.name} is {parent.outcome}" + (f": {parent.reason}" if parent.reason else "")
        return Entry(name, parent.outcome, reason, again_at=parent.again_at)
    return None


def at_most_partial(parent: Entry, outcome: Outcome, reason: str | None) -> tuple[Outcome, str | None]:
    """Lower a child's outcome to partial where its parent is: the missing records of the parent were never asked about."""
    if parent.outcome is not Outcome.PARTIAL or outcome in (Outcome.DENIED, Outcome.FAILED, Outcome.PARTIAL):
        return outcome, reason
    words = f"{parent.name} is partial, so some of it was never asked for"
    return (Outcome.PARTIAL if outcome is Outcome.COMPLETE else Outcome.FAILED), words


def unclaimed(paths: Sequence[str], tally: Tally, outcome: Outcome, reason: str | None) -> tuple[Outcome, str | None]:
    """Fail an endpoint of which `match` dropped every record because none says whose it is: no record holds one of `paths`."""
    if not outcome.whole or not tally.others or tally.named or tally.records or tally.duplicates:
        return outcome, reason
    holds = " or ".join(f"`{path}`" for path in paths)
    what = f"{holds}, which `match` compares" if holds else "all that `match` compares"
    return Outcome.FAILED, f"no record holds {what}: whose they are cannot be said"


def exit_code(subject: Subject, entries: Iterable[Entry], *, dead: bool, signal: Exit | None) -> Exit:
    """Give the exit code of a run; when several apply: 130 or 143 (`signal`), 5, 4 (`dead`: the credential is refused), 3."""
    if signal is not None:
        return signal
    if subject in (Subject.AMBIGUOUS, Subject.MISMATCHED):
        return Exit.REFUSED
    if dead:
        return Exit.NOT_CONNECTED
    if subject is Subject.UNPROVEN or any(not entry.outcome.whole for entry in entries):
        return Exit.INCOMPLETE
    return Exit.COMPLETE
