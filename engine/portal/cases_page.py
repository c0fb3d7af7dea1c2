"""`/` and `/due`: every case with its law, its days and what is in the way; every last day that has not passed without an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

import msgspec

from engine.case.deadlines import days_left
from engine.case.fold import ENDED
from engine.case.folder import OpenCase
from engine.case.regimes import due, regime_of
from engine.case.review import waiting
from engine.case.words import OVER, Blocked, blocks, late
from engine.errors import HabeasError
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.open_cases import open_cases
from engine.portal.titles import system_titles
from engine.portal.ways import NextPlace, described, next_way

SOON = 7
STATES = ("open", "collecting", "reviewing", "approved")
GROUPS = (
    "Late",
    f"Due within {('no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven')[SOON]} days",
    "Later",
    "The clock stands still",
)


class CaseRow(msgspec.Struct, frozen=True):
    """A case in the list of all: its last day and the days until then, negative when it is late; None while the clock stands still."""

    reference: str
    law: str
    state: str
    day: date | None
    days: int | None
    is_late: bool
    blocked: tuple[Blocked, ...] = ()
    way: NextPlace | None = None
    fault: str | None = None

    @property
    def group(self) -> str:
        """Say under which head it stands."""
        if self.is_late:
            return GROUPS[0]
        if self.days is None:
            return GROUPS[3]
        return GROUPS[1] if self.days <= SOON else GROUPS[2]

    @property
    def shown_day(self) -> str:
        """Write the last day."""
        return short_day(self.day, LANGUAGE) if self.day is not None else ""


class DueDay(msgspec.Struct, frozen=True):
    """One last day of a case: until when, and what has to be done."""

    reference: str
    law: str
    what: str
    day: date
    days: int

    @property
    def shown_day(self) -> str:
        """Write the day."""
        return short_day(self.day, LANGUAGE)


def days_words(days: int | None) -> str:
    """Say how many days are left."""
    if days is None:
        return "none, it stands still"
    return "today" if days == 0 else str(days) if days > 0 else f"{-days} late"


def law_words(case: OpenCase) -> str:
    """Name the law of a request, and what it asks for where that is not a copy of the data."""
    title = regime_of(case.opened.regime).title
    return title if case.opened.right == "access" else f"{title}, {case.opened.right}"


def show_cases(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the cases that wait for an answer, by their last day; with `?show=ended` the others."""
    found, broken = open_cases(asked)
    ended = [case for case in found if case.case.state in OVER]
    specs = described()
    running = (case for case in found if case.case.state not in OVER)
    rows = sorted((_row(asked, case, specs) for case in running), key=lambda row: (row.day is None, str(row.day)))
    groups = [(name, told) for name in GROUPS if (told := [row for row in rows if row.group == name])]
    over = [(case.reference, law_words(case), case.case.state, next_way(case, (), specs)) for case in ended]
    return portray(
        "cases.html",
        asked,
        error,
        here="/",
        groups=groups,
        rows=rows,
        over=over,
        unfinished=sum(way is not None for *_, way in over),
        broken=broken,
        ended=asked.query.get("show") == "ended",
        days=days_words,
    )


def show_due(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show what is due, the next first."""
    found, broken = open_cases(asked)
    rows = sorted((row for case in found for row in _days(asked, case)), key=lambda row: (row.day, row.reference))
    return portray("due.html", asked, error, here="/due", rows=rows, broken=broken, days=days_words)


def _row(asked: AskedPage, case: OpenCase, specs: Collection[str]) -> CaseRow:
    told = due(case.case, asked.home)
    undecided, fault = _undecided(asked, case)
    blocked = tuple(blocks(case.case, case.reference, undecided, system_titles(asked.home, case)))
    return CaseRow(
        reference=case.reference,
        law=law_words(case),
        state=case.case.state,
        day=told.answer,
        days=days_left(told.answer, asked.today),
        is_late=late(case.case, told, asked.today),
        blocked=blocked,
        way=next_way(case, blocked, specs, may_approve=asked.may_approve),
        fault=fault,
    )


def _undecided(asked: AskedPage, case: OpenCase) -> tuple[int | None, str | None]:
    """Count what waits; what cannot be counted is said, and hides no other case."""
    try:
        return waiting(case, asked.home, asked.now), None
    except HabeasError as error:
        return None, str(error)


def _days(asked: AskedPage, case: OpenCase) -> Iterator[DueDay]:
    """Give the last days of a case that are still to be met."""
    told, state = due(case.case, asked.home), case.case
    days = {
        "say that it arrived": told.acknowledge if state.acknowledged is None else None,
        "answer": told.answer,
        "say that it takes longer, if it does": told.extend_by if told.extend_by is not None and told.extend_by >= asked.today else None,
    }
    for what, day in days.items():
        if day is not None and state.phase != "released" and state.phase not in ENDED:
            left = days_left(day, asked.today)
            yield DueDay(case.reference, law_words(case), what, day, left or 0)
