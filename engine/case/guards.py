"""Whether an act can be done in a case as it is now, and if not, why: asked before anything is written. Pure, as the fold is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.case import acts
from engine.case.acts import Act
from engine.case.fold import NEXT, Case


def refusal(case: Case, act: Act) -> str | None:
    """Say why an act cannot be done now; None if it can."""
    if isinstance(act, acts.CaseOpened):
        return "the case is open already" if case.opened is not None else None
    if case.opened is None:
        return "the log does not begin with `opened`"
    if case.phase not in NEXT[type(act)]:
        return f"the case is {case.state}"
    guard = GUARDS.get(type(act))
    return guard(case, act) if guard is not None else None


Guard = Callable[[Case, Any], str | None]


def _wants(lacks: Callable[[Case, Any], bool], words: Callable[[Case, Any], str]) -> Guard:
    return lambda case, act: words(case, act) if lacks(case, act) else None


CONCLUDES = "ends in a letter that says what was deleted"


def _all_answered(case: Case) -> bool:
    return bool(case.vendors) and all(part.here and not part.waits for part in case.vendors.values())


def _is_deletion(case: Case) -> bool:
    return case.opened is not None and case.opened.right == "deletion"


# What an act needs besides a phase in which it can be done.
GUARDS: Mapping[type[Act], Guard] = {
    acts.Undone: _wants(lambda case, act: act.act not in case.decisions, lambda _, act: f"act {act.act} is no decision that holds"),
    acts.Extended: _wants(lambda case, _: case.extended is not None, lambda case, _: f"it was extended on {case.extended}"),
    acts.Paused: _wants(lambda case, _: case.still, lambda case, _: f"the clock stands still since {case.pauses[-1].start}"),
    acts.Resumed: _wants(lambda case, _: not case.still, lambda *_: "the clock is running"),
    acts.Approved: _wants(
        lambda case, _: case.state == "collecting" or _is_deletion(case),
        lambda case, _: f"it is a request for deletion, which {CONCLUDES}" if _is_deletion(case) else "something is outstanding",
    ),
    acts.Concluded: _wants(
        lambda case, _: not _is_deletion(case) or case.identified is None or not _all_answered(case),
        lambda case, _: "something is outstanding" if _is_deletion(case) else f"only a request for deletion {CONCLUDES}",
    ),
    acts.Excused: _wants(lambda case, act: act.vendor not in case.vendors, lambda _, act: f"{act.vendor} is no part of the case"),
    acts.Released: _wants(lambda case, act: act.package != case.approved, lambda *_: "another package was approved"),
}
