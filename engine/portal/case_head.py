"""The head that all pages of a case have: its reference, its pages, its last day."""

from __future__ import annotations

from typing import Any

from engine.case.folder import OpenCase
from engine.case.regimes import due
from engine.case.words import left
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage
from engine.portal.titles import system_titles

PARTS = {
    "": "Overview",
    "person": "Person",
    "run": "Fetch",
    "contacts": "Letters",
    "values": "Values",
    "records": "Records",
    "files": "Files",
    "search": "Search",
    "package": "Package",
    "log": "Log",
}


def case_head(asked: AskedPage, case: OpenCase, here: str) -> dict[str, Any]:
    """Give what the head says; `here` is the part of the address behind the reference."""
    told = due(case.case, asked.home)
    at = f"/case/{case.reference}"
    return {
        "reference": case.reference,
        "state": case.case.state,
        "system": system_titles(asked.home, case),
        "n": case.case.n,
        "at": at,
        "tabs": [(name, f"{at}/{part}".rstrip("/"), part == here) for part, name in PARTS.items()],
        "due": short_day(told.answer, LANGUAGE) if told.answer is not None else None,
        "left": left(told, asked.today, case.case),
    }
