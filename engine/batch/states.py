"""How a person's part of a batch ends: done, failed, or queued again, and when. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from engine.core.ledger import Entry, Outcome, Subject, latest
from engine.errors import Exit
from engine.runner import Report

AGAIN = (60.0, 600.0, 3600.0)


class Ending(Struct, frozen=True):
    """Where a row stands after a run. `again`: when it is asked again by itself; `spent`: whether that was one of its tries.

    `pause`: until when nobody else is asked at this connection either.
    """

    state: str
    code: Exit | None = None
    reason: str | None = None
    again: float | None = None
    spent: bool = True
    pause: float | None = None


def ending(report: Report, attempts: int, now: float, *, unreachable: bool, others: bool = False) -> Ending:
    """Say where a row stands after a run that was its try number `attempts`. `unreachable`: the vendor did not answer at last.

    `others`: it answered others meanwhile, who then need not wait.

    Somebody whose run was interrupted is asked again. Where the vendor cannot be reached, or a limit is used up, that happens by
    itself, three times at most; everything else that lacks something waits for `habeas retry`.
    """
    code = report.exit_code
    if code in (Exit.INTERRUPTED, Exit.TERMINATED):
        return Ending("queued", spent=False)
    reason = reason_of(report)
    enough = code is Exit.COMPLETE or (code is Exit.INCOMPLETE and only_denied(report.entries) and report.outcome is Subject.MATCHED)
    if enough and report.finished:
        return Ending("done", code, reason)
    until = latest(report.entries)
    if code is Exit.INCOMPLETE and attempts <= len(AGAIN):
        if until is not None:
            return Ending("queued", code, f"{reason}; goes on at {_moment(until)}", until.timestamp(), pause=until.timestamp())
        if unreachable:
            later = now + AGAIN[attempts - 1]
            words = "the vendor does not answer, though it answers others" if others else "the vendor cannot be reached"
            return Ending("queued", code, f"{words}: {reason}", later, pause=None if others else later)
    return Ending("failed", code, reason) if report.finished else _unfinished(report, reason, attempts, now)


def _unfinished(report: Report, reason: str | None, attempts: int, now: float) -> Ending:
    """Say where a row stands that was to go on after a break, and could not: what it had is kept for three more tries."""
    code, reason = report.exit_code, reason or f"{report.outcome}: {report.subject.reason}"
    if code is Exit.NOT_CONNECTED:
        return Ending("queued", code, reason, now + AGAIN[0], spent=False)
    if attempts > len(AGAIN):
        return Ending("failed", code, f"{reason}; what was fetched before a break is given up: habeas retry asks from the start")
    return Ending("queued", code, f"{reason}; what was fetched before a break is kept", now + AGAIN[attempts - 1])


def only_denied(entries: Iterable[Entry]) -> bool:
    """Whether everything that is missing is missing because the vendor denied it: asking again would bring nothing."""
    return all(one.outcome.whole or one.outcome is Outcome.DENIED for one in entries)


def reason_of(report: Report) -> str | None:
    """Say in a few words what is missing; None where nothing is."""
    if report.defect is not None:
        return report.defect
    if report.exit_code is Exit.NOT_CONNECTED:
        return report.cut or "the vendor refuses the credential"
    if report.outcome is not Subject.MATCHED:
        return None if report.outcome is Subject.NO_MATCH else f"{report.outcome}: {report.subject.reason}"
    missing = [f"{one.name} {one.outcome}" for one in report.entries if not one.outcome.whole]
    return ", ".join(missing) + (f"; {report.error}" if report.error else "") if missing or report.error else None


def _moment(until: datetime) -> str:
    return f"{until:%Y-%m-%d %H:%M} UTC"
