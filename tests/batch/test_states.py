"""Where a person's row stands after a run, as a table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.batch.states import AGAIN, Ending, ending
from engine.core.ledger import Entry, Outcome, Subject
from engine.core.subject import LookupResult
from engine.errors import Exit, worst
from engine.runner import Report

UNTIL = datetime(2026, 11, 30, tzinfo=UTC)
NOW = 1000.0


def report(
    code: Exit, *outcomes: Outcome, subject: Subject = Subject.MATCHED, again_at: datetime | None = None, **more: str | bool
) -> Report:
    entries = {f"e{number}": Entry(f"e{number}", one, "why", again_at=again_at) for number, one in enumerate(outcomes)}
    return Report(code, LookupResult(subject, "so it is"), entries, {}, Path(), **more)  # type: ignore[arg-type]


INCOMPLETE, PARTIAL = Exit.INCOMPLETE, Outcome.PARTIAL
CASES = {
    "complete": (report(Exit.COMPLETE, Outcome.COMPLETE), 1, False, Ending("done", Exit.COMPLETE)),
    "nobody is known": (report(Exit.COMPLETE, Outcome.ABSENT, subject=Subject.NO_MATCH), 1, False, Ending("done", Exit.COMPLETE)),
    "denied": (report(INCOMPLETE, Outcome.COMPLETE, Outcome.DENIED), 1, False, Ending("done", INCOMPLETE, "e1 denied")),
    "denied and partial": (report(INCOMPLETE, PARTIAL, Outcome.DENIED), 1, False, Ending("failed", INCOMPLETE, "e0 partial, e1 denied")),
    "unproven": (
        report(INCOMPLETE, Outcome.FAILED, subject=Subject.UNPROVEN),
        1,
        False,
        Ending("failed", INCOMPLETE, "unproven: so it is"),
    ),
    "unproven, and no list of the person may be read": (
        report(INCOMPLETE, Outcome.DENIED, subject=Subject.UNPROVEN),
        1,
        False,
        Ending("failed", INCOMPLETE, "unproven: so it is"),
    ),
    "mismatched": (
        report(Exit.REFUSED, Outcome.FAILED, subject=Subject.MISMATCHED),
        1,
        True,
        Ending("failed", Exit.REFUSED, "mismatched: so it is"),
    ),
    "a defect": (report(Exit.DEFECT, PARTIAL, defect="a defect of ours"), 1, True, Ending("failed", Exit.DEFECT, "a defect of ours")),
    "a dead credential": (
        report(Exit.NOT_CONNECTED, PARTIAL, cut="it is dead"),
        1,
        False,
        Ending("failed", Exit.NOT_CONNECTED, "it is dead"),
    ),
    "a break that cannot be gone on from now": (
        report(INCOMPLETE, Outcome.FAILED, subject=Subject.UNPROVEN, finished=False),
        2,
        False,
        Ending("queued", INCOMPLETE, "unproven: so it is; what was fetched before a break is kept", NOW + AGAIN[1]),
    ),
    "the same for the fourth time": (
        report(INCOMPLETE, Outcome.FAILED, subject=Subject.UNPROVEN, finished=False),
        4,
        False,
        Ending(
            "failed",
            INCOMPLETE,
            "unproven: so it is; what was fetched before a break is given up: habeas retry asks from the start",
        ),
    ),
    "a break, and nobody is known any more": (
        report(INCOMPLETE, Outcome.ABSENT, subject=Subject.NO_MATCH, finished=False),
        1,
        False,
        Ending("queued", INCOMPLETE, "no_match: so it is; what was fetched before a break is kept", NOW + AGAIN[0]),
    ),
    "a break, and all that is left is denied": (
        report(INCOMPLETE, Outcome.DENIED, finished=False),
        1,
        False,
        Ending("queued", INCOMPLETE, "e0 denied; what was fetched before a break is kept", NOW + AGAIN[0]),
    ),
    "a break, and the credential is dead": (
        report(Exit.NOT_CONNECTED, PARTIAL, cut="it is dead", finished=False),
        4,
        False,
        Ending("queued", Exit.NOT_CONNECTED, "it is dead", NOW + AGAIN[0], spent=False),
    ),
    "interrupted": (report(Exit.INTERRUPTED, PARTIAL), 1, False, Ending("queued", spent=False)),
    "terminated": (report(Exit.TERMINATED, PARTIAL), 1, True, Ending("queued", spent=False)),
    "a limit that is used up": (
        report(INCOMPLETE, PARTIAL, again_at=UNTIL),
        3,
        False,
        Ending("queued", INCOMPLETE, "e0 partial; goes on at 2026-11-30 00:00 UTC", UNTIL.timestamp(), pause=UNTIL.timestamp()),
    ),
    "a limit that is used up for the fourth time": (
        report(INCOMPLETE, PARTIAL, again_at=UNTIL),
        4,
        False,
        Ending("failed", INCOMPLETE, "e0 partial"),
    ),
    **{
        f"a vendor out of reach, try {tried}": (
            report(INCOMPLETE, PARTIAL),
            tried,
            True,
            Ending("queued", INCOMPLETE, "the vendor cannot be reached: e0 partial", NOW + later, pause=NOW + later),
        )
        for tried, later in enumerate(AGAIN, 1)
    },
    "a vendor out of reach for the fourth time": (report(INCOMPLETE, PARTIAL), 4, True, Ending("failed", INCOMPLETE, "e0 partial")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_decides_where_its_row_stands(case):
    """Done, failed, or queued again and when: three times at most by itself."""
    found, tried, unreachable, then = case
    assert ending(found, tried, NOW, unreachable=unreachable) == then


@pytest.mark.parametrize("tried", [1, 2, 3])
def test_somebody_whom_the_vendor_alone_does_not_answer_keeps_nobody_waiting(tried):
    """Of a vendor that answers others only this row is asked again later."""
    later = NOW + AGAIN[tried - 1]
    words = "the vendor does not answer, though it answers others: e0 partial"
    assert ending(report(INCOMPLETE, PARTIAL), tried, NOW, unreachable=True, others=True) == Ending("queued", INCOMPLETE, words, later)


def test_the_exit_code_of_many_is_the_worst_of_all():
    """In the order of run."""
    order = [Exit.INTERRUPTED, Exit.DEFECT, Exit.REFUSED, Exit.NOT_CONNECTED, Exit.INCOMPLETE, Exit.COMPLETE]
    for index, code in enumerate(order):
        assert worst(reversed(order[index:])) is code
    assert worst([]) is Exit.COMPLETE
