"""What the author of a spec knows better than the vendor's document: a comment says why, and the difference is listed with that reason.

    records: items   # unlike the document: it calls them data, and the vendor answers with items (2026-11)

The comment stands in the line that it is about, or in the line above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from engine.language.text.mistakes import Mistake, Position
from engine.replaced import replace

WORDS = "unlike the document:"
REASON = re.compile(rf"(?:^|\s)#\s*{WORDS}\s*(\S.*?)\s*$")


def unlike(lines: Sequence[str], found: Iterable[Mistake]) -> Iterator[Mistake]:
    """Make a note, with the reason, of each difference that the spec gives one for; note a reason without a difference."""
    reasons = dict(_reasons(lines))
    used: set[int] = set()
    for mistake in found:
        reason = reasons.get(mistake.at.line)
        if reason is None:
            yield mistake
            continue
        used.add(mistake.at.line)
        yield replace(mistake, level="note", hint=f"the spec knows better: {reason[0]}")
    for line, (_, at) in reasons.items():
        if line not in used:
            yield Mistake("nothing is unlike the document here", at, "leave the comment out", "note")


def _reasons(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, Position]]]:
    """Give the line that each reason is about, the reason, and where it stands."""
    for number, line in enumerate(lines, 1):
        told = REASON.search(line)
        if told is None:
            continue
        rest = (below for below in range(number, len(lines)) if lines[below].strip() and not lines[below].lstrip().startswith("#"))
        about = next(rest, number - 1) + 1 if line.lstrip().startswith("#") else number
        yield about, (told[1], Position(number, told.start(1) + 1, len(told[1])))
