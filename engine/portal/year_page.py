"""`/year`: the requests of a year by law and right, and what became of them, as `habeas stats` counts them."""

from __future__ import annotations

from engine.case.regimes import regimes
from engine.case.stats import GROUNDS, CaseEnd, end_of, rows
from engine.errors import HabeasError
from engine.portal.asked import AskedPage, Portrayed, portray
from engine.portal.open_cases import open_cases

FIRST, LAST = 1970, 9999


def show_year(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show the counts of a year; what is no year is this one."""
    number = asked.number("year", asked.today.year)
    year = number if FIRST <= number <= LAST else asked.today.year
    found, broken = open_cases(asked)
    ends = [end for case in found if case.opened.received.year == year and isinstance(end := end_of(case.lines), CaseEnd)]
    laws = {name: law.title for name, law in regimes().items()}
    told = {"year": year, "this_year": asked.today.year, "rows": rows(ends), "laws": laws, "grounds": GROUNDS, "broken": broken}
    return portray("year.html", asked, error, here="/year", **told)
