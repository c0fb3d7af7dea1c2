"""Find further mistakes in a spec that does not validate: its wrong values are replaced or taken out, and the rest is linted.

A mistake that may follow from what was taken out is not reported, so that one mistake stays one message.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Set as AbstractSet
from typing import Any

from pydantic import ValidationError

from engine.language.effective import effective
from engine.language.model.spec import LookupSpec, Spec
from engine.language.rules.lint import lint
from engine.language.text.document import Document, Path
from engine.language.text.mistakes import Mistake

STAND_INS = ("x", "X", "/x", "1/s", "https://x.example/x", "1d", "1", "404", "absent", "authorization_code", ["x"], {"x": "1"})
MOST_ROUNDS = 12
GIVERS = (("settings",), ("discover",), ("auth", "oauth2", "capture"))
LOOKUP = ("access", "lookup")
GIVES_NOTHING = frozenset(LookupSpec.model_fields) - {"capture"}
GIVEN = re.compile(r"unknown name|two sources|discovers nothing|names no endpoint|captured by one")
ALONE = re.compile(r"^unknown name|would be sent as these letters")  # whatever else is wrong with a request
AREAS = {("rate_limits",): "bucket", ("hosts",): "host", ("base_url",): "host", ("version",): "name"}


def salvaged(document: Document, wrong: list[tuple[int | str, ...]]) -> list[Mistake]:
    """Replace or take out the wrong values, lint the rest, and give the mistakes that are found. `wrong`: the paths of the wrong values."""
    value = copy.deepcopy(document.value)
    touched: set[Path] = set(document.dropped)
    places: list[Path] = [document.place(path) for path in wrong]
    for _ in range(MOST_ROUNDS):
        for path in places:
            touched.add(path)
            _mend(document, value, path)
        try:
            spec = Spec.model_validate(value)
        except ValidationError as error:
            places = [document.place(one["loc"]) for one in error.errors()]
            continue
        return [one for one in lint(effective(spec), spec, document) if one.level == "error" and independent(one, document, touched)]
    return []


def _mend(document: Document, value: Any, path: Path) -> None:
    """Put something valid in the place of a wrong value, or take it out."""
    holder, steps = value, list(path)
    while len(steps) > 1 and isinstance(inner := holder.get(str(steps[0])), (dict, list)):
        listed = inner[steps[1]] if isinstance(inner, list) and isinstance(steps[1], int) and len(steps) > 2 else None
        if isinstance(inner, list) and not isinstance(listed, dict):
            break
        holder, steps = (inner, steps[1:]) if listed is None else (listed, steps[2:])
    name = str(steps[0]) if steps else ""
    before = _errors_at(document, value, path)
    holder.pop(name, None)
    if _errors_at(document, value, path) < before:
        return
    for stand_in in STAND_INS:
        holder[name] = copy.deepcopy(stand_in)
        if not _errors_at(document, value, path):
            return
    holder.pop(name)


def _errors_at(document: Document, value: Any, path: Path) -> int:
    try:
        Spec.model_validate(value)
    except ValidationError as error:
        places = [document.place(one["loc"]) for one in error.errors()]
        return sum(one[: len(path)] == path or one == path[: len(one)] for one in places)
    return 0


def independent(mistake: Mistake, document: Document, touched: AbstractSet[Path]) -> bool:
    """Whether a mistake has another cause than the values at these paths, which were taken out or had no value."""
    return not any(_follows(mistake, document, path) for path in touched)


def _follows(mistake: Mistake, document: Document, path: Path) -> bool:
    for area, word in AREAS.items():
        if path[: len(area)] == area and word in mistake.message:
            return True
    if _gives(tuple(step for step in path if isinstance(step, str))) and GIVEN.search(mistake.message):
        return True
    if path[:2] != ("access", "endpoints") or len(path) < 3:
        return False
    if len(path) == 3:
        return "endpoint" in mistake.message
    if not _inside(mistake, document, path[:3]):
        return False
    return path[3] in ("for", "window") or not ALONE.search(mistake.message)


def _gives(path: tuple[str, ...]) -> bool:
    """Whether a value at this path gives a <NAME> to requests (settings, discover, captures)."""
    if path[:2] == LOOKUP[: len(path)]:
        return not GIVES_NOTHING & set(path[2:3])
    return any(path[: len(one)] == one[: len(path)] for one in GIVERS)


def _inside(mistake: Mistake, document: Document, place: Path) -> bool:
    """Whether a mistake stands in the lines of an endpoint."""
    first = document.at(place, key=True).line
    last = max(one.line for path, one in document.values.items() if path[: len(place)] == place)
    return first <= mistake.at.line <= last
