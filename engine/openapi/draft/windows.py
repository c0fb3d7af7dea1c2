"""Find the pair of parameters between which an operation's answers lie in time, such as `from` and `to`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.openapi.document.names import norm
from engine.openapi.document.operations import Parameter

ENDS = (("from", "to"), ("start", "end"), ("begin", "end"), ("since", "until"), ("after", "before"), ("oldest", "latest"), ("min", "max"))
FORMS = {"date": ".date", "date-time": ""}  # what a format of JSON Schema is as a form of <FROM> and <TO>
IN_WORDS = re.compile(r"(?i)millisecond|epoch|unix|8601|3339|date-time|yyyy-mm-dd")
STEP, SINCE = "28d", "2015-01-01"


@dataclass(frozen=True)
class DraftWindow:
    """The two parameters with their values, and what must be confirmed of the window."""

    params: dict[str, str]
    todo: tuple[str, ...]

    @property
    def words(self) -> dict[str, str]:
        """`window` as a spec writes it."""
        return {"step": STEP, "since": SINCE}


def window_of(known: Mapping[str, Parameter]) -> tuple[DraftWindow | None, list[str]]:
    """Find a window whose form the document's `format` tells; where only its description does, that is said and no window made."""
    short = {norm(name): parameter for name, parameter in known.items()}
    for first, last in ENDS:
        for name, start in short.items():
            end = short.get(name.replace(first, last)) if first in name else None
            if end is None:
                continue
            form = FORMS.get(start.shape.word("format"))
            if form is not None:
                return DraftWindow({start.name: f"<FROM{form}>", end.name: f"<TO{form}>"}, tuple(_doubts(start, end))), []
            if IN_WORDS.search(start.about[:5_000]):
                return None, [
                    f"{start.name} and {end.name} may limit the answer in time: does all come without them? Else write a `window`"
                ]
    return None, []


def _doubts(start: Parameter, end: Parameter) -> list[str]:
    told = " ".join(dict.fromkeys(one.about.strip() for one in (start, end) if one.about.strip()))
    said = f"The document says: {told[:200]}" if told else "The document does not say"
    doubts = [f"step: how long may a range between {start.name} and {end.name} be? {said}"]
    doubts.append("since: how far back does the vendor keep this? The document does not say")
    if not start.required:
        doubts.append(
            f"{start.name} and {end.name} may be left out: where all comes without them, and nothing lacks a date, drop the window"
        )
    return doubts
