"""Quoting: how a value is written inside a longer text, such as SOQL or a search string.

Between `'` or `"` a value is escaped as the spec's `quotes` says, so that it cannot end the quotes. Outside quotes only a word passes
(letters, digits, `_ @ . + -`), everything else is `Unsafe`. A value that is the whole text needs no quoting and does not come here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.language.expressions.template import Field, Hole, Template

WORD = re.compile(r"[A-Za-z0-9_@.+-]+")
WORDS = re.compile(rf"{WORD.pattern}(?:,{WORD.pattern})*")
PATTERN = re.compile(r"\b(?:I?LIKE|CONTAINS|MATCHES|REGEXP?|RLIKE)\b[^'\"]*\Z", re.IGNORECASE)
WILDCARDS = "%*"


class Unsafe(ValueError):
    """A value that would leave its place in a text; the message never repeats it."""


def enclosed(template: Template) -> Iterator[tuple[Hole | Field, str]]:
    """Give each value of a text with the quote it stands between, `` where it stands bare."""
    open_, skip = "", False
    for part in template.parts:
        if not isinstance(part, str):
            yield part, open_
            continue
        for char in part:
            if skip:
                skip = False
            elif char == "\\" and open_:
                skip = True
            elif open_:
                open_ = "" if char == open_ else open_
            elif char in "'\"":
                open_ = char


def patterned(template: Template) -> bool:
    """Whether a value stands in a pattern, in which `%`, `*` or `_` of an address would stand for anything."""
    before = ""
    for index, part in enumerate(template.parts):
        if isinstance(part, str):
            before = part
            continue
        after = template.parts[index + 1] if index + 1 < len(template.parts) else ""
        if before.endswith(tuple(WILDCARDS)) or (isinstance(after, str) and after.startswith(tuple(WILDCARDS))):
            return True
        if PATTERN.search(before.rstrip("'\"")):
            return True
    return False


def written(value: str, quote: str, quotes: str | None, *, words: bool = False) -> str:
    """Write a value bare (`quote` is empty) or between quotes; `words`: several, parted by commas, may stand bare. Raises Unsafe."""
    if not quote:
        if (WORDS if words else WORD).fullmatch(value):
            return value
        message = "holds a character that could end its place in the query"
        raise Unsafe(message)
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" for char in value):
        message = "holds a control character"
        raise Unsafe(message)
    if quotes == "backslash":
        return value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    if quotes == "double":
        return value.replace(quote, quote * 2)
    if quote in value or "\\" in value:
        message = "holds a quote or a backslash, for which the vendor's query has no way of writing"
        raise Unsafe(message)
    return value
