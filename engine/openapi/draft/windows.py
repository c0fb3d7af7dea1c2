"""Pairs of parameters between which an operation's answers lie in time, and how far apart and back they may be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.openapi.document.names import norm
from engine.openapi.document.operations import Parameter

PAIRS: tuple[tuple[str, str], ...] = (
    ("from", "to"),
    ("start", "end"),
    ("since", "until"),
    ("startdate", "enddate"),
    ("starttime", "endtime"),
    ("fromdate", "todate"),
)
PAIRS += (("datefrom", "dateto"), ("startdatetime", "enddatetime"), ("oldest", "latest"), ("after", "before"), ("mindate", "maxdate"))
PAIRS += (
    ("begin", "end"),
    ("startat", "endat"),
    ("createdafter", "createdbefore"),
    ("updatedafter", "updatedbefore"),
    ("fromtime", "totime"),
)
PAIRS += (("timemin", "timemax"), ("timefrom", "timeto"), ("dateafter", "datebefore"), ("sincedate", "untildate"), ("begindate", "enddate"))
SPAN = re.compile(
    r"(?i)\b(?:max\w*|range|within|up to|at most|more than|exceed|longer|last|past|limit\w*)\b[^.]{0,60}?"
    r"\b(\d{1,3}|a|an|one|three|six|twelve)[ -](day|week|month|year)s?\b"
)
NUMBERS = {"a": 1, "an": 1, "one": 1, "three": 3, "six": 6, "twelve": 12}


@dataclass(frozen=True)
class Slicing:
    """A window as a spec writes it: the two parameters with their values, `step` and `since`, and what was guessed."""

    params: dict[str, str]
    window: dict[str, str]
    todo: tuple[str, ...]


def slicing_of(known: dict[str, Parameter]) -> Slicing | None:
    """Recognise a window; None where no two parameters are one, or their form is not told."""
    short = {norm(name): one for name, one in known.items()}
    for first, last in PAIRS:
        if first not in short or last not in short:
            continue
        start, end = short[first], short[last]
        form, sure = _form(start)
        if form is None:
            continue
        about = f"{start.about}\n{end.about}"[:5_000]
        step, told = _step(about)
        todo = [] if sure else [f"{start.name}, {end.name}: their form is told only in words"]
        todo += [] if told else [f"step: the document does not say how long a range between {start.name} and {end.name} may be"]
        todo.append("since: how far back does the vendor keep this? The document does not say")
        if not start.required:
            todo.append(
                f"{start.name} and {end.name} may be left out: where all comes without them, and nothing lacks a date, drop the window"
            )
        suffix = f".{form}" if form else ""
        return Slicing({start.name: f"<FROM{suffix}>", end.name: f"<TO{suffix}>"}, {"step": step, "since": "2015-01-01"}, tuple(todo))
    return None


def _form(parameter: Parameter) -> tuple[str | None, bool]:
    """Say in which form a time is written, `` for RFC 3339, and whether the document's `format` says so."""
    told, about = parameter.shape.word("format"), parameter.about.lower()[:5_000]
    if told == "date":
        return "date", True
    if told == "date-time":
        return "", True
    if "millisecond" in about:
        return "millis", False
    if "epoch" in about or "unix" in about:
        return "epoch", False
    if "8601" in about or "3339" in about or "date-time" in about:
        return "", False
    if "yyyy-mm-dd" in about or "yyyy-mm-dd" in parameter.shape.word("pattern").lower():
        return "date", False
    return None, False


def _step(about: str) -> tuple[str, bool]:
    found = SPAN.search(about)
    if found is None:
        return "28d", False
    number = NUMBERS.get(found[1].lower()) or int(found[1] if found[1].isdigit() else 1) or 1
    days = number * {"day": 1, "week": 7, "month": 28, "year": 365}[found[2].lower()]
    return f"{days}d", True
