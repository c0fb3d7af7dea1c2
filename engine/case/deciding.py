"""Decide about what was found in a case, and take it back, from the shell and from the portal alike: several things at once, or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import msgspec

from engine.case.acts import Decided, LogLine, Target, Undone
from engine.case.findings import ListedValue
from engine.case.folder import OpenCase
from engine.case.person import read_person
from engine.case.review import WAITING, Review, review, reviewed_again, target_of
from engine.connection.digest_key import digest_key
from engine.connection.vault import Vault
from engine.errors import UsageError
from engine.language.text.mistakes import did_you_mean
from engine.release.field_path import FieldSteps, parse_steps, reaches
from engine.release.reasons import CODES, GIVING, Because, Treatment

REVIEWED = ("raw", "received", "person")  # what a look needs, of what `purge` deletes
FOR_FILES = ("hold", "give")
BY_NUMBER = ("number", "cards", "ibans", "national_ids")


class WantedDecision(msgspec.Struct, frozen=True):
    """What somebody wants: the operation, what it is about as it is typed (`value:3f9a`, `zoom/meetings.topic`), and why.

    `targets` are those that were chosen where they were shown, so that nothing has to be found by its name.
    """

    operation: str
    words: tuple[str, ...]
    because: str
    note: str | None = None
    targets: tuple[Target, ...] = ()


def look_through(case: OpenCase, home: Path, now: datetime) -> Review:
    """Look through the runs of a case. Raises as `review`, NotConnected, UsageError where they were deleted after their time."""
    gone = sorted(case.case.purged & set(REVIEWED))
    if gone:
        message = f"{case.reference} has ended, and its time is over (deleted: {', '.join(gone)}): nothing can be reviewed any more"
        raise UsageError(message)
    return review(case, read_person(Vault(home).keys, case.folder), digest_key(home), now)


def decide(case: OpenCase, found: Review, wanted: Iterable[WantedDecision], now: datetime) -> tuple[Review, list[Target], list[LogLine]]:
    """Decide about all that is wanted; gives what was looked through as it is now, what it is about, and the acts.

    Raises UsageError where one is not there or does not fit.
    """
    decided = [act for one in wanted for act in _decided(case, found, one)]
    lines = case.acts(decided, now)
    return reviewed_again(case, found), [one.target for one in decided], lines


def _decided(case: OpenCase, found: Review, wanted: WantedDecision) -> list[Decided]:
    operation, because = wanted.operation, wanted.because
    _check_reason(operation, because)
    targets = list(dict.fromkeys((*wanted.targets, *(target for word in wanted.words for target in target_of(case, found, word)))))
    if WAITING in wanted.words and operation not in FOR_FILES:
        targets = [one for one in targets if not one.file]
    _check_fits(operation, targets)
    treatment, reason = cast("Treatment", operation), cast("Because", because)
    return [Decided(operation=treatment, target=one, because=reason, note=wanted.note) for one in targets]


def undo(case: OpenCase, numbers: Sequence[int], now: datetime) -> list[LogLine]:
    """Take decisions back. Raises UsageError where one of them does not hold."""
    return case.acts([Undone(act=number) for number in numbers], now)


def _check_fits(operation: str, targets: list[Target]) -> None:
    """Refuse what would mean nothing: a person's alias for a record or a file, other words in a file's place. Raises UsageError."""
    if any(one.file for one in targets) and operation not in FOR_FILES:
        message = f"a file is held or given: it cannot be made to {operation}"
        raise UsageError(message)
    if operation == "alias" and any(one.value is None and one.pointer is None and one.field is None for one in targets):
        message = "an alias stands for one person: name a value, a field or a place in a record"
        raise UsageError(message)


def _check_reason(operation: str, because: str) -> None:
    if because not in CODES:
        hint = did_you_mean(because, CODES)
        message = f"--because {because} is none of the reasons; {hint}"
        raise UsageError(message)
    if (operation == "give") != (because in GIVING):
        fitting = ", ".join(one for one in CODES if (one in GIVING) == (operation == "give"))
        message = f"--because {because} is no reason to {operation}: {fitting}"
        raise UsageError(message)


def decided_at(case: OpenCase, place: Target, steps: FieldSteps, values: Collection[str]) -> dict[int, Decided]:
    """Give the decisions that are about a place of a record, by the numbers of their acts: on the values in it, itself, and what holds it.

    `place` names the record, and the pointer into it; without one the whole record is meant.
    """
    return {number: act for number, act in case.case.decisions.items() if _is_at(act.target, place, steps, values)}


def _is_at(target: Target, place: Target, steps: FieldSteps, values: Collection[str]) -> bool:
    if target.value is not None:
        return target.value in values
    if (target.vendor, target.endpoint) != (place.vendor, place.endpoint) or target.file is not None:
        return False
    if target.record is not None:
        return target.record == place.record and target.pointer in (None, place.pointer)
    return target.field is None or (bool(steps) and reaches(parse_steps(target.field), steps))


def decided_words(case: OpenCase, value: ListedValue) -> str:
    """Say what was decided about a value, and by which act."""
    if value.decision is not None and value.decision in case.case.decisions:
        decided = case.case.decisions[value.decision]
        law = ", but for what the law forbids" if decided.operation == "give" and any(one.kind in BY_NUMBER for one in value.stands) else ""
        return f"{decided.operation} (act {value.decision}){law}"
    return f"{value.undecided:,} to decide" if value.undecided else "by policy or place"
