"""Every case that can be read, and why the others cannot: no page of many cases hides one behind another's fault."""

from __future__ import annotations

from engine.case.folder import OpenCase, open_case, references
from engine.case.regimes import due
from engine.errors import HabeasError
from engine.portal.asked import AskedPage


def open_cases(asked: AskedPage) -> tuple[list[OpenCase], list[tuple[str, str]]]:
    """Give the cases, and of each that cannot be read its reference and the reason."""
    found, broken = [], []
    for reference in references(asked.home):
        try:
            case = open_case(asked.home, reference)
            due(case.case, asked.home)
            found.append(case)
        except HabeasError as error:
            broken.append((reference, str(error)))
    return found, broken
