"""`/case/X/log`: every act of a case, the newest first, as the log holds it."""

from __future__ import annotations

from pathlib import Path

from engine.case.act_sentences import sentence
from engine.case.folder import OpenCase
from engine.errors import HabeasError
from engine.pages.languages import short_day
from engine.portal.asked import LANGUAGE, AskedPage, Portrayed, portray
from engine.portal.case_head import case_head
from engine.portal.titles import system_titles

ON_A_PAGE = 100


def timeline(home: Path, case: OpenCase, most: int | None = None) -> list[tuple[int, str, str, str]]:
    """Give number, time, name and words of every act, or of the last `most`, the newest first."""
    called, lines = system_titles(home, case), list(reversed(case.lines))[:most]
    return [(line.n, f"{short_day(line.at.date(), LANGUAGE)}, {line.at:%H:%M}", line.by, sentence(line, called)) for line in lines]


def show_log(asked: AskedPage, error: HabeasError | None) -> Portrayed:
    """Show a page of the log."""
    case = asked.case
    every = timeline(asked.home, case)
    last = max(1, -(-len(every) // ON_A_PAGE))
    page = min(max(asked.number("p"), 1), last)
    lines = every[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return portray("log.html", asked, error, **case_head(asked, case, "log"), lines=lines, page=page, last=last, head=case.lines[-1].sha256)
