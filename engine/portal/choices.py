"""What a form of the portal offers to decide, and what of it goes together; what is chosen is done as the shell does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from engine.case.act_sentences import REASON_WORDS
from engine.case.acts import LogLine, Target
from engine.case.deciding import WantedDecision, decide, look_through, undo
from engine.case.folder import OpenCase
from engine.case.review import Review
from engine.case.ruled import all_in_force
from engine.errors import UsageError
from engine.portal.asked import AskedPage
from engine.release.reasons import CODES, GIVING, Because

OFFERED = ("give", "alias", "mask", "drop")  # to hold is for records and files
WHOLE = ("give", "hold")
REASONS = list(REASON_WORDS.items())
SHORT_REASONS = dict(REASONS)
FITTING: dict[bool, Because] = {True: "known_to_them", False: "third_party"}
UNCHOSEN = " or ".join(SHORT_REASONS[FITTING[giving]] for giving in (False, True))  # which of the two, what is done decides
REASONS_OR_NONE = [("", UNCHOSEN), *REASONS]
LAST = "last"  # in place of numbers: the form bears the number of the last act, so that it means the same there and here


def chosen_operation(operation: str, offered: Iterable[str]) -> str:
    """Give what was chosen in a form. Raises UsageError where it is nothing that the page offers."""
    if operation not in offered:
        message = f"{operation} is none of {', '.join(offered)}; nothing was written"
        raise UsageError(message)
    return operation


def reason_for(operation: str, because: str) -> str:
    """Give the reason for what was chosen; without one, that which mostly fits. Raises UsageError where it does not go with it."""
    because = because or FITTING[operation == "give"]
    if because in CODES and (operation == "give") != (because in GIVING):
        fitting = ", ".join(words for code, words in REASONS if (code in GIVING) == (operation == "give"))
        message = f"“{SHORT_REASONS[because]}” is no reason to {operation}; these are: {fitting}. All that you chose is still here"
        raise UsageError(message)
    return because


def chosen_for_all(asked: AskedPage, offered: Iterable[str]) -> tuple[str, str] | None:
    """Give what was chosen for all that wait, and the reason; None where nothing was. Raises UsageError as `reason_for`."""
    operation = asked.said("all")
    return (operation, reason_for(chosen_operation(operation, offered), asked.said("r-all"))) if operation else None


def decide_wanted(asked: AskedPage, case: OpenCase, chosen: Callable[[Review], list[WantedDecision]]) -> None:
    """Decide what was chosen: all of it, or nothing. Raises UsageError, Stale, SpecError, DiskError, OutputError."""
    if not all_in_force(case):
        message = "a policy was changed meanwhile: look through the runs by it first; nothing was written"
        raise UsageError(message)
    found = look_through(case, asked.home, asked.now)
    with found.findings:
        wanted = chosen(found)
        if not wanted:
            message = "no decision was chosen: choose one in a row, then save; nothing was written"
            raise UsageError(message)
        after, _, _ = decide(case, found, wanted, asked.now)
    with after.findings:
        return


def saved_last(case: OpenCase) -> list[int]:
    """Give the decisions that hold and were saved together last, by their acts: all of one moment, of one person, side by side."""
    found = list[LogLine]()
    for line in reversed(case.lines):
        if found and (line.at, line.by) != (found[0].at, found[0].by):
            break
        if line.n in case.case.decisions:
            found.append(line)
    return [line.n for line in reversed(found)]


def count_saved_last(case: OpenCase, is_here: Callable[[Target], bool]) -> int:
    """Count the decisions that were saved together last; none where one of them is about something that is not decided on this page."""
    numbers = saved_last(case)
    return len(numbers) if all(is_here(case.case.decisions[number].target) for number in numbers) else 0


def undo_named(case: OpenCase, numbers: str, now: datetime) -> None:
    """Take decisions back by their acts, or all that was saved together last. Raises UsageError, Stale, DiskError, OutputError."""
    undo(case, saved_last(case) if numbers == LAST else numbers_of(numbers), now)


def numbers_of(text: str) -> list[int]:
    """Read the numbers of acts that a form names. Raises UsageError."""
    if not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in text.split()):
        message = "the form names no acts: open the page again; nothing was written"
        raise UsageError(message)
    return [int(one) for one in text.split()]
