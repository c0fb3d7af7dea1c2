"""Mistakes of layout, found in the lines themselves: indentation, missing blanks, stray dashes, typographic quotes.

A parser reports where it gave up, which is often a line below the one to mend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.language.text.mistakes import Mistake, Position

DOUBLE, SINGLE, BLANKS = "\u201c\u201d\u201e\u201f\u00ab\u00bb", "\u2018\u2019\u201a\u201b", "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"
QUOTES = set(DOUBLE + SINGLE)
GLUE = "a blank is missing behind the `:`"
WORD = r"[A-Za-z_][A-Za-z0-9_]*"
GLUED = re.compile(rf"\s*(?:- +)*({WORD}):(?!//)(?=[^\s:])")
LONE = "a blank is missing behind the `-`"
DASHED = re.compile(r"\s*-(?=[A-Za-z<{\"'])")
BARE = re.compile(rf"\s*(?:- +)*{WORD}:\s*(?:#.*)?")
ITEM = re.compile(r"\s*- ")
QUOTED_KEY = "a key with `[` or `]` in it wants quotes"
KEY = re.compile(r"([^:,{}]*): ")
ENTRY = re.compile(rf"(\s*(?:- +)*{WORD}: +)\S")
OPENED = re.compile(r"""(?:^\s*(?:- +)*|: +|[\[{,]\s*)(["'])""")
STRANGE = re.compile(rf"^ *(?:- +)*(?:{WORD}:)?[{BLANKS}]")


def layout(at: Position, begun: Position, lines: Sequence[str], *, block: bool) -> Mistake | None:
    """Find what in the lines made a parser stumble at a place; None: nothing of this kind.

    `begun`: where what it was reading began; `block`: whether it looked for a line of a map or list, so that the indentation counts.
    """
    found = _strange(at, lines) or _quote(at, lines) or _glued(at, begun, lines)
    return found or ((_dash(at, lines) or _indented(at, lines)) if block else None)


def lookalike(text: str, at: Position) -> tuple[str, Mistake] | None:
    """Find a character in a plain text that was meant as another: quotes around it, blanks at its ends. Give what was meant, too."""
    if text[0] in BLANKS or text[-1] in BLANKS:
        return text.strip(), _named(text[0] if text[0] in BLANKS else text[-1], at)
    quoted = len(text) > 2 and text[0] in QUOTES and text[-1] in QUOTES and not set(text[1:-1]) & QUOTES
    return (text[1:-1], _named(text[0], at)) if quoted else None


def glued(text: str) -> str | None:
    """Give `word: value` for `word:value`."""
    found = GLUED.match(text)
    return f"{text[: found.end(1)].strip()}: {text[found.end() :].strip()}" if found else None


def without_value(word: str, end: Position, lines: Sequence[str], *, flow: bool) -> str:
    """Say what to do about a word without a value that ends at a place; `flow`: it stands between brackets."""
    line = _line(end.line - 1, lines)
    before = line[: end.column - 1]
    if flow and line[end.column - 1 : end.column] == "[" and (key := KEY.match(line, end.column - 1)):
        return f'{QUOTED_KEY}: write `"{word}{key[1]}": ...`'
    if flow and glued(word):
        return f"{GLUE}: write `{glued(word)}`"
    if flow and before.endswith("{" + word):
        return "`{...}` is a map to YAML: put a text that begins with `{` in quotes; a value is written <NAME>"
    if flow:
        return "a comma in `{...}` begins the next word: put a text with a comma in quotes"
    if line[end.column - 1 :].lstrip().startswith("#"):
        return "`#` begins a comment: put a text that begins with it in quotes"
    return "write a value, or leave it out"


def quotes_wanted(mistake: Mistake) -> bool:
    """Whether a mistake says that the key of its line wants quotes: what a parser says of that line follows from it."""
    return (mistake.hint or "").startswith(QUOTED_KEY)


def stand_in(lines: Sequence[str], fault: Mistake) -> str | None:
    """Give a line whose value is no YAML with another value, so that the lines below can be read; None where that is not sure to help."""
    found = ENTRY.match(_line(fault.at.line - 1, lines))
    return f"{found[1]}x" if found and fault.hint and "quotes" in fault.hint else None


def runs_on(lines: Sequence[str], first: int, last: int) -> Mistake | None:
    """Find an item of a list that is indented so far that it goes on with the text above it. The lines count from 0, both within."""
    for number in range(first + 1, min(last + 1, len(lines))):
        if ITEM.match(lines[number]) and ITEM.match(lines[first]):
            return _depth(number, _indent(lines[number]), _indent(lines[first]))
    return None


def _named(char: str, at: Position) -> Mistake:
    if char in QUOTES:
        hint = f"write `{chr(34) if char in DOUBLE else chr(39)}`"
        return Mistake(f"a typographic quote (U+{ord(char):04X}), which is a letter like others to YAML", at, hint)
    name = "a non-breaking space" if char == "\u00a0" else "a wide blank"
    return Mistake(f"{name} (U+{ord(char):04X}), which is a letter like others to YAML", at, "type a blank in its place")


def _strange(at: Position, lines: Sequence[str]) -> Mistake | None:
    for number in range(min(at.line, len(lines)), 0, -1):
        found = STRANGE.search(lines[number - 1])
        if found:
            return _named(found[0][-1], Position(number, found.end()))
    return None


def _quote(at: Position, lines: Sequence[str]) -> Mistake | None:
    """Find a quote that ends where the next one begins, lines below."""
    opened: tuple[Position, str] | None = None
    for number, line in enumerate(lines[: at.line], 1):
        column = 0
        while True:
            if opened is None:
                found = None if line.lstrip().startswith("#") else OPENED.search(line, column)
                if found is None:
                    break
                opened, column = (Position(number, found.end()), found[1]), found.end()
            end = line.find(opened[1], column)
            if end < 0:
                break
            if number == at.line and opened[0].line < number and at.column > end:
                return Mistake("this quote is not closed", opened[0], f"close it with `{opened[1]}`: now it ends in line {number}")
            opened, column = None, end + 1
    return None


def dashed(text: str) -> str | None:
    """Give `- item` for `-item`."""
    found = DASHED.match(text)
    return f"- {text[found.end() :].strip()}" if found else None


def _glued(at: Position, begun: Position, lines: Sequence[str]) -> Mistake | None:
    above = _above(at.line - 1, lines)
    for number in sorted({begun.line - 1, at.line - 1, *([above] if above is not None else [])}):
        found = GLUED.match(lines[number]) if number < len(lines) else None
        if found:
            return Mistake(GLUE, Position(number + 1, found.end(1) + 1), f"write `{glued(lines[number])}`")
        if item := dashed(_line(number, lines)):
            return Mistake(LONE, Position(number + 1, _indent(lines[number]) + 1), f"write `{item}`")
    return None


def _dash(at: Position, lines: Sequence[str]) -> Mistake | None:
    line = _line(at.line - 1, lines)
    words, items = _levels(at.line - 1, lines)
    if ITEM.match(line) and _indent(line) in words and _indent(line) not in items:
        rest = line.strip().removeprefix("- ").strip()
        return Mistake("no `-` belongs here: the words beside it have none", Position(at.line, _indent(line) + 1), f"write `{rest}`")
    return None


def _indented(at: Position, lines: Sequence[str]) -> Mistake | None:
    number = at.line - 1
    line, above = _line(number, lines), _above(number, lines)
    if above is None:
        return None
    before = _above(above, lines)
    if before is not None and BARE.fullmatch(lines[before]) and _indent(lines[before]) == _indent(lines[above]) < _indent(line):
        return _depth(above, _indent(lines[above]), _indent(line))
    words, items = _levels(number, lines)
    levels = items or words if ITEM.match(line) else words
    below = next((_indent(one) for one in lines[number + 1 :] if one.strip()), 0)
    if BARE.fullmatch(line) and below > _indent(line):
        levels = {one for one in levels if one < below}
    has = _indent(line)
    first = BARE.fullmatch(lines[above]) and has > _indent(lines[above])  # of what stands below a word: it may stand anywhere
    near = sorted((one for one in levels if has - 2 < one <= has + 2), key=lambda one: (abs(one - has), -one))
    if first or has in levels or not near:
        return None
    alone = before is not None and BARE.fullmatch(lines[before]) and _indent(lines[above]) == near[0] and below == has
    return _depth(above, near[0], has) if alone else _depth(number, has, near[0])


def _depth(number: int, has: int, should: int) -> Mistake:
    words = f"this line is indented by {has}, its neighbours by {should}"
    return Mistake(words, Position(number + 1, has + 1), f"begin it with {should} blanks" if should else "begin it with no blank")


def _levels(number: int, lines: Sequence[str]) -> tuple[set[int], set[int]]:
    """Give how far the words, and the items, are indented that a line could stand beside."""
    words, items, lowest = set[int](), set[int](), 1000
    for line in reversed(lines[:number]):
        if not line.strip() or line.lstrip().startswith("#") or _indent(line) > lowest:
            continue
        lowest = _indent(line)
        if ITEM.match(line):
            items.add(lowest)
            rest = line.lstrip().removeprefix("- ")
            words |= {len(line) - len(rest.lstrip())} if re.match(rf"\s*{WORD}:", rest) else set()
        else:
            words.add(lowest)
    return words, items


def _above(number: int, lines: Sequence[str]) -> int | None:
    """Give the line before one that is not empty and no comment."""
    above = (one for one in range(min(number, len(lines)) - 1, -1, -1) if lines[one].strip() and not lines[one].lstrip().startswith("#"))
    return next(above, None)


def _line(number: int, lines: Sequence[str]) -> str:
    return lines[number] if number < len(lines) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
