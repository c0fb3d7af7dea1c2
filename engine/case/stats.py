"""Count the requests of a year by what became of them (11 CCR 7102): a pure fold of the logs, so that nothing personal is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Literal

import msgspec

from engine.case.acts import Closed, Concluded, Delivered, Denied, LogLine
from engine.case.fold import Case, fold

Became = Literal["answered", "denied", "withdrawn", "open"]
GROUNDS = {
    "unverified": "who asked could not be verified",
    "not_entitled": "who asked is not entitled to it",
    "exempt": "the law exempts what was asked for",
    "other": "other grounds",
}


class CaseEnd(msgspec.Struct, frozen=True):
    """What became of a request, why it was denied, and how many days after it arrived it was answered; None where it was not."""

    regime: str
    right: str
    became: Became
    ground: str | None = None
    days: int | None = None


class YearRow(msgspec.Struct, frozen=True):
    """The requests of one law and right."""

    regime: str
    right: str
    received: int
    answered: int
    denied: int
    withdrawn: int
    open: int
    median_days: float | None
    denied_because: dict[str, int]


def end_of(lines: Sequence[LogLine]) -> CaseEnd | None:
    """Say what became of a case; None of one to practise with, or of none."""
    case = fold(lines)
    if case.opened is None or case.opened.simulated:
        return None
    told = CaseEnd(case.opened.regime, case.opened.right, _became(case))
    if told.became not in ("answered", "denied"):
        return told
    act = next(line for line in lines if isinstance(line.act, (Delivered, Closed, Concluded, Denied)))
    denied = next((line.act.ground for line in lines if isinstance(line.act, Denied)), "other")
    days = max(0, (act.at.date() - case.opened.received).days)
    return msgspec.structs.replace(told, days=days, ground=denied if told.became == "denied" else None)


def _became(case: Case) -> Became:
    """Say it in one word. Where nothing was deleted, and every owner keeps or did not answer, a deletion was denied, letter or not."""
    if case.phase == "denied":
        return "denied"
    if case.phase == "withdrawn":
        return "withdrawn"
    if case.phase != "closed":
        return "answered" if case.phase == "released" and case.delivered is not None else "open"
    deletion = case.opened is not None and case.opened.right == "deletion"
    return "denied" if deletion and all(part.left_out is not None for part in case.vendors.values()) else "answered"


def rows(ends: Iterable[CaseEnd]) -> list[YearRow]:
    """Count, a row for each law and right."""
    found = list(ends)
    return [
        _row(which, [one for one in found if (one.regime, one.right) == which])
        for which in sorted({(one.regime, one.right) for one in found})
    ]


def _row(which: tuple[str, str], ends: Sequence[CaseEnd]) -> YearRow:
    became = Counter(one.became for one in ends)
    days = [one.days for one in ends if one.days is not None]
    return YearRow(
        regime=which[0],
        right=which[1],
        received=len(ends),
        answered=became["answered"],
        denied=became["denied"],
        withdrawn=became["withdrawn"],
        open=became["open"],
        median_days=median(days) if days else None,
        denied_because=dict(sorted(Counter(one.ground for one in ends if one.ground is not None).items())),
    )
