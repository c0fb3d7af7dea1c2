"""What was found and what was not: chains to endpoints, endpoints to the run. Pure; reasons are plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from engine.errors import Exit


class Outcome(StrEnum):
    """How an endpoint ended. The last three leave something out."""

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
        """Whether nothing is left out, or only what was ordered to be."""
        return self not in (Outcome.DENIED, Outcome.PARTIAL, Outcome.FAILED)


MEANINGS = {
    "absent": Outcome.ABSENT,
    "empty": Outcome.EMPTY,
    "unlicensed": Outcome.UNLICENSED,
    "denied": Outcome.DENIED,
}


class Subject(StrEnum):
    """Whether the person was found."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    AMBIGUOUS = "ambiguous"
    MISMATCHED = "mismatched"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """How one chain of requests ended."""

    outcome: Outcome
    reason: str | None = None
    received: int = 0
    label: str = ""
    final: bool = False
    again_at: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What an endpoint's requests added up to; the runner counts, nothing here decides."""

    requests: int = 0
    pages: int = 0
    records: int = 0
    expected: int | None = None
    duplicates: int = 0
    same_key: int = 0
    others: int = 0
    retries: int = 0
    throttled: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One endpoint's line in the manifest."""

    name: str
    outcome: Outcome
    reason: str | None = None
    tally: Tally = field(default_factory=Tally)
    covered: tuple[str, str] | None = None
    file: Mapping[str, object] | None = None
    files: Mapping[str, object] | None = None
    again_at: datetime | None = None
    notes: tuple[str, ...] = ()


def outcome_of(ends: Sequence[ChainEnd], unasked: int, received: int) -> tuple[Outcome, str | None]:
    """Decide an endpoint's outcome from its chains; `unasked` chains were never sent.

    Empty, absent and unlicensed chains lower nothing; a bad chain beside received records makes it partial.
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
NOT_ASKED = (Outcome.EMPTY, Outcome.ABSENT, Outcome.UNLICENSED, Outcome.DENIED, Outcome.FAILED)


def replaced(entries: Mapping[str, Entry], successors: Mapping[str, str]) -> dict[str, Entry]:
    """Let a successor that ended well excuse its predecessor. `successors`: successor -> predecessor."""
    result = dict(entries)
    for successor, predecessor in successors.items():
        old, new = entries.get(predecessor), entries.get(successor)
        if old is not None and new is not None and not old.outcome.whole and new.outcome in SUCCEEDED:
            words = f"replaced by {successor}" + (f" ({old.reason})" if old.reason else "")
            result[predecessor] = replace(old, outcome=Outcome.ABSENT, reason=words)
    return result


def inherited_entry(parent: Entry, name: str) -> Entry | None:
    """Give a child's entry where its parent has nothing to ask about; None where the child is asked."""
    if parent.outcome in NOT_ASKED:
        reason = f"{parent.name} is {parent.outcome}" + (f": {parent.reason}" if parent.reason else "")
        return Entry(name, parent.outcome, reason)
    return None


def at_most_partial(parent: Entry, outcome: Outcome, reason: str | None) -> tuple[Outcome, str | None]:
    """A child of a partial list is at most partial: some of its questions were never known."""
    if parent.outcome is not Outcome.PARTIAL or outcome in (Outcome.DENIED, Outcome.FAILED, Outcome.PARTIAL):
        return outcome, reason
    words = f"{parent.name} is partial, so some of it was never asked for"
    return (Outcome.PARTIAL if outcome is Outcome.COMPLETE else Outcome.FAILED), words


def exit_code(subject: Subject, entries: Iterable[Entry], *, dead: bool, signal: Exit | None) -> Exit:
    """Say how the run ended; when several apply: 130, 5, 4, 3."""
    if signal is not None:
        return signal
    if subject in (Subject.AMBIGUOUS, Subject.MISMATCHED):
        return Exit.REFUSED
    if dead:
        return Exit.NOT_CONNECTED
    if subject is Subject.UNPROVEN or any(not entry.outcome.whole for entry in entries):
        return Exit.INCOMPLETE
    return Exit.COMPLETE
