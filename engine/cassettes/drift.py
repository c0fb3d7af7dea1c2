"""Compare new recordings with earlier ones: fields that a vendor's answers have gained or lost. Names of fields only, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.cassettes.cassette import Finding
from engine.cassettes.replay import Replayed
from engine.core.http import Response
from engine.language.expressions import lossless_json
from engine.language.text.mistakes import Mistake, Position, counted

FIELD = re.compile(r"[A-Za-z_$@][\w$@.:-]{0,63}")
MOST_SHOWN = 30


def drift(earlier: Sequence[Replayed], later: Sequence[Replayed], folder: Path) -> Iterator[Finding]:
    """Compare the answers of each endpoint then and now. An endpoint that was asked on one side only is left out."""
    before, after = fields_by_endpoint(earlier), fields_by_endpoint(later)
    for name in after:
        if name not in before:
            continue
        fresh, gone = sorted(after[name] - before[name]), sorted(before[name] - after[name])
        if fresh:
            yield _note(f"`{name}` answers with what no earlier recording has: {counted(len(fresh), 'field')}", folder, "+", fresh)
        if gone:
            yield _note(f"`{name}` answers without what earlier recordings have: {counted(len(gone), 'field')}", folder, "-", gone)


def _note(message: str, folder: Path, sign: str, names: Sequence[str]) -> Finding:
    detail = [f"{sign} {name}" for name in names[:MOST_SHOWN]]
    detail += [f"  and {len(names) - MOST_SHOWN} more"] if len(names) > MOST_SHOWN else []
    return Finding(Mistake(message, Position(1, 1), None, "note", str(folder), tuple(detail)))


def fields_by_endpoint(replays: Iterable[Replayed]) -> dict[str, set[str]]:
    """Give the dotted paths of all fields in successful answers, by the name of the request."""
    found: dict[str, set[str]] = {}
    for replayed in replays:
        for heard in replayed.heard:
            if isinstance(heard.answer, Response) and 200 <= heard.answer.status < 300:
                with suppress(ValueError, RecursionError):  # no JSON, or nested beyond reason: it has no fields to compare
                    found.setdefault(heard.request.endpoint.name, set()).update(paths(lossless_json.loads(heard.answer.body)))
    return found


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Give the dotted path of every field; a list is `[]`, and a key that looks like data, not like a name, is `*`."""
    if isinstance(value, dict):
        for key, item in value.items():
            name = key if FIELD.fullmatch(key) else "*"
            inner = f"{path}.{name}" if path else name
            yield inner
            yield from paths(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{path}[]")
