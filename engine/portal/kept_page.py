"""`/kept`: what of ended cases is kept although its time is over, and to delete it, as `habeas purge` does; nothing brings it back."""

from __future__ import annotations

import msgspec

from engine.case.folder import OpenCase, open_case
from engine.case.purge import over, purge
from engine.case.regimes import office, retention
from engine.case.retention import purged_words, wanted_retention
from engine.errors import HabeasError, UsageError
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.open_cases import open_cases


class KeptRow(msgspec.Struct, frozen=True):
    """What of a case would be deleted; `n` is the number of its last act, of which the form is."""

    reference: str
    state: str
    n: int
    what: str


def show_kept(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show what is due to be deleted; nobody deletes what nobody said how long it is kept."""
    rows, broken, why, is_said = list[KeptRow](), list[tuple[str, str]](), None, True
    try:
        is_said = bool(retention(office(asked.home)))
        kept = wanted_retention(asked.home, None, None) if is_said else {}
        found, broken = open_cases(asked)
        told = ((case, over(case, kept, asked.now)) for case in found)
        rows = [KeptRow(case.reference, case.case.state, case.case.n, purged_words(due)) for case, due in told if due]
    except UsageError as fault:
        why = str(fault)
    return portray(
        "kept.html", asked, error, here="/kept", rows=rows, broken=broken, why=why, is_said=is_said, chosen=asked.form.get("case", ())
    )


def do_kept(asked: AskedPage) -> str:
    """Delete what was chosen, of cases that are as the form saw them. Raises UsageError, Stale, InUse, DiskError, OutputError."""
    if asked.said("do") != "delete":
        message = "the form names no act: open the page again; nothing was deleted"
        raise UsageError(message)
    if asked.said("sure") != "yes":
        message = "say that you know that nothing brings it back; nothing was deleted"
        raise UsageError(message)
    kept = wanted_retention(asked.home, None, None)
    for case in [_seen(asked, told) for told in asked.form.get("case", ())]:
        purge(case, kept, asked.now)
    return "/kept"


def _seen(asked: AskedPage, told: str) -> OpenCase:
    """Give a case as it was when the form was made. Raises UsageError where somebody acted in it since."""
    reference, _, number = told.rpartition("/")
    case = open_case(asked.home, reference, asked.by)
    if str(case.case.n) != number:
        message = f"{reference} was changed meanwhile: look at it again; nothing was deleted"
        raise UsageError(message)
    return case
