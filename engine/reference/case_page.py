"""Write the tables of docs/cases.md from the code: what each act does to a case, and the laws' periods."""

from __future__ import annotations

from engine.case.acts import KINDS
from engine.case.deadlines import Period
from engine.case.fold import NEXT, PHASES
from engine.case.regimes import regimes

SHOWN = {"gathering": "collecting, reviewing"}


def states() -> str:
    """Write one row per act: the state that it leads to from each state, empty where it cannot be done."""
    head = ["act", *(SHOWN.get(phase, phase) for phase in PHASES)]
    rows = [[f"`{word}`", *(_cell(NEXT[kind].get(phase), phase) for phase in PHASES)] for word, kind in KINDS.items() if NEXT[kind]]
    return "\n".join(_row(cells) for cells in (head, ["---"] * len(head), *rows))


def _cell(after: str | None, before: str) -> str:
    if after is None:
        return ""
    return "stays" if after == before else SHOWN.get(after, after)


def laws() -> str:
    """Write one row per law: the time to answer, to acknowledge, and by how much it may be extended."""
    head = ["law", "answer within", "say that it arrived within", "extend by", "an end on a day off", "clock may stand still", "source"]
    rows = [
        [
            f"`{name}`: {law.title}",
            _period(law.answer),
            _period(law.acknowledge),
            _period(law.extension),
            "moves to the next working day" if law.weekends else "stays",
            "yes" if law.pause else "",
            law.source,
        ]
        for name, law in regimes().items()
    ]
    return "\n".join(_row(cells) for cells in (head, ["---"] * len(head), *rows))


def _period(period: Period | None) -> str:
    return "" if period is None else f"{period.number} {period.unit}{'' if period.number == 1 else 's'}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
