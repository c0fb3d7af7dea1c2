"""See whether the manifest of a run can be what a run wrote, from what it says alone: outcomes against counts. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.ledger import Outcome
from engine.core.trail import CHANGED, ROSE
from engine.language.text.mistakes import counted

COUNTS = ("records", "duplicates", "others")
READ_WHOLE = (Outcome.COMPLETE, Outcome.EMPTY)


def contradicted(endpoints: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Say the first thing that cannot be so."""
    return next((why for name, told in endpoints.items() if (why := contradiction(name, told)) is not None), None)


def contradiction(name: str, told: Mapping[str, Any], lines: int | None = None) -> str | None:
    """Say what of an endpoint cannot be so; None where nothing is. `lines`: how many its file has.

    `complete` means that no fewer came than the vendor announced, but where a note says why.
    """
    outcome, expected = told.get("outcome"), told.get("expected")
    if outcome not in list(Outcome):
        return f"it gives `{name}` an outcome that no run has"
    numbers = [0 if one is None else one for one in (*map(told.get, COUNTS), expected)]
    if any(type(one) is not int or one < 0 for one in numbers):
        return f"what it counts of `{name}` is no number"
    records, came = numbers[0], sum(numbers[:3])
    notes = told.get("notes")
    explained = isinstance(notes, list) and bool({ROSE, CHANGED} & {one for one in notes if isinstance(one, str)})
    if expected is not None and outcome in READ_WHOLE and came < numbers[3] and not explained:
        return f"it calls `{name}` {outcome}, where {came} of the {counted(numbers[3], 'record')} came that the vendor announced"
    if outcome == Outcome.EMPTY and records:
        return f"it calls `{name}` empty, and counts {counted(records, 'record')}"
    if lines is not None and lines != records:
        return f"it counts {counted(records, 'record')} of `{name}`, and the file beside it holds {lines}"
    return None
