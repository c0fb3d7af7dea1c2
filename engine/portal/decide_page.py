"""`/case/X/decide`: decide about anything by its name, as a terminal does: a field, a record, a place in it, a file, or all that waits."""

from __future__ import annotations

from collections.abc import Sequence

from engine.case.act_sentences import sentence
from engine.case.deciding import WantedDecision, decide, look_through, undo
from engine.case.fold import ENDED
from engine.case.folder import OpenCase
from engine.errors import HabeasError, UsageError
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.choices import REASONS
from engine.portal.seen import shown_values
from engine.portal.titles import system_titles
from engine.release.reasons import TREATMENTS

ON_A_PAGE = 200
OPERATIONS = list(TREATMENTS.items())


def show_decide(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the form, and the decisions that hold, the newest first."""
    case = asked.case
    called = system_titles(asked.home, case)
    held = [(line.n, sentence(line, called), line.by) for line in reversed(case.lines) if line.n in case.case.decisions]
    return portray(
        "decide.html",
        asked,
        error,
        **case_head(asked, case, "decide"),
        operations=OPERATIONS,
        reasons=REASONS,
        held=held[:ON_A_PAGE],
        values=_values(asked, case, [number for number, _, _ in held[:ON_A_PAGE]]),
        more=max(0, len(held) - ON_A_PAGE),
        begun=case.case.phase in ("gathering", "approved", "released"),
        over=case.case.phase in ENDED,
    )


def _values(asked: AskedPage, case: OpenCase, acts: Sequence[int]) -> dict[int, str]:
    """Give the values that decisions are about, by the numbers of their acts: the log names them by their digest alone."""
    about = {number: value for number in acts if (value := case.case.decisions[number].target.value) is not None}
    shown = shown_values(asked, case, set(about.values()))
    return {number: shown[value] for number, value in about.items() if value in shown}


def do_decide(asked: AskedPage) -> str:
    """Decide, or take decisions back. Raises Stale, UsageError, SpecError, DiskError, OutputError."""
    case = asked.seen_case()
    if numbers := asked.said("undo"):
        undo(case, _numbers(numbers), asked.now)
    else:
        _decide(asked, case)
    return f"/case/{case.reference}/decide"


def _decide(asked: AskedPage, case: OpenCase) -> None:
    wanted = WantedDecision(
        operation=asked.wanted("operation", "what becomes of it"),
        words=tuple(asked.wanted("target", "what it is about").split()),
        because=asked.wanted("because", "the reason"),
        note=asked.said("note") or None,
    )
    if wanted.operation not in dict(OPERATIONS):
        message = f"{wanted.operation} is none of {', '.join(dict(OPERATIONS))}; nothing was written"
        raise UsageError(message)
    found = look_through(case, asked.home, asked.now)
    with found.findings:
        after, _, _ = decide(case, found, [wanted], asked.now)
    with after.findings:
        return


def _numbers(text: str) -> list[int]:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        message = "the form names no act: open the page again; nothing was written"
        raise UsageError(message)
    return [int(text)]
