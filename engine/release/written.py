"""Where a value stands in a text, however it is written there: in capitals, with its accents encoded otherwise, a number spaced otherwise.

A value counts where it stands as words of its own: `Anna Li` does not stand in `Hanna Lindqvist`. A German genitive ends with a further s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from engine.release.found_phones import ENDING, SEPARATOR, digits_of

NUMBER = re.compile(rf"(?:\+[ (]{{0,2}}|\()?\d(?:{SEPARATOR}{{0,3}}\d)*{SEPARATOR}{{0,3}}")
FARTHEST = 32
PIECE = 1 << 15
WITHOUT_BLANKS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
WORD = re.compile(r"[^\W_]")
TRUNK = re.compile(r"\(0\)")
LONGEST_NUMBER = 15
TRIED = 3  # digits of a number that are looked for at once


def plain(text: str) -> str:
    """Write a text so that capitals, how an accent is encoded and the width of characters make no difference."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def occurrences(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Give where a value stands in a text, however it is written: `text[start:end]`."""
    wanted = _apart(value)
    if not wanted or not text:
        return
    step = len(text) if text.isascii() else PIECE
    for first in range(0, len(text), step):
        begins = max(0, first - 4)  # what stands before a value tells whether it is a word of its own
        piece = text[begins : first + step + 4 * len(value) + 4]
        if wanted in _apart(piece):
            for start, end in _in_piece(piece, wanted):
                if first <= begins + start < first + step:
                    yield begins + start, begins + end


def _in_piece(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    whole, starts, ends = _mapped(text)
    at = whole.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if stands_alone(whole, at, end):
            yield starts[at], ends[end - 1]
        at = whole.find(wanted, at + 1)


def _apart(text: str) -> str:
    """Write a text plain, with its accents apart: character by character it is then the same."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _mapped(text: str) -> tuple[str, range | list[int], range | list[int]]:
    """Give the plain text, and for each of its characters where the one it comes from begins and ends, with the accents behind it."""
    if text.isascii():
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    parts, begins, ends = list[str](), list[int](), list[int]()
    for at, char in enumerate(text):
        written = _apart(char)
        parts.append(written)
        begins += [at] * len(written)
        ends += [at + 1] * len(written)
    for at in range(len(ends) - 2, -1, -1):
        if unicodedata.combining(text[begins[at + 1]]):
            ends[at] = ends[at + 1]
    return "".join(parts), begins, ends


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is no part of longer words, in a text that is plain."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before and _joined(before, text[start]):
        return False
    if not after or not _joined(text[end - 1], after):
        return True
    return after == "s" and not (text[end + 1 : end + 2] and _joined("s", text[end + 1]))


def _joined(first: str, second: str) -> bool:
    return bool(WORD.match(first) and WORD.match(second)) and not (WITHOUT_BLANKS.match(first) or WITHOUT_BLANKS.match(second))


def number_of(text: str) -> str:
    """Give the digits of what may be a telephone number; empty where it has too few or too many for it."""
    digits = digits_of(TRUNK.sub("", text))
    return digits if ENDING <= len(digits.lstrip("0")) <= LONGEST_NUMBER else ""


def same_number(first: str, second: str) -> bool:
    """Whether digits are of the same telephone number, with its country or without it."""
    if first[-ENDING:] != second[-ENDING:]:
        return False
    return first.endswith(second.lstrip("0")) or second.endswith(first.lstrip("0"))


def numbers_alike(text: str, digits: str) -> Iterator[tuple[int, int]]:
    """Give where a telephone number of these digits stands, whatever is between them."""
    ending, done = digits[-ENDING:], 0
    for found in _beginning_so(ending[:TRIED]).finditer(text):
        if found.start() >= done and found[0] + digits_of(found[1]) == ending:
            done = found.end(1)
            start = _begins(text, found.start(), found[0] + found[1], digits)
            if start is not None:
                yield start, done


def _begins(text: str, at: int, ending: str, digits: str) -> int | None:
    """Give where a number begins that ends with these seven digits, the farthest that is the same number; None where none is."""
    for start in range(max(0, at - FARTHEST), at + 1):
        if start and (WORD.match(text[start - 1]) or text[start - 1] == "+"):
            continue
        if NUMBER.fullmatch(text, start, at) or start == at:
            written = number_of(text[start:at] + ending)
            if written and same_number(written, digits):
                return start
            if text[start] == "+":
                return None  # of another country
    return None


@lru_cache(maxsize=1_000)
def _beginning_so(digits: str) -> re.Pattern[str]:
    """Find seven digits that begin so and end a number, those too that overlap: a pattern for each number would cost more than its use."""
    between = f"{SEPARATOR}{{0,3}}"
    further = "".join(between + digit for digit in digits[1:]) + f"(?:{between}[0-9]){{{ENDING - len(digits)}}}"
    return re.compile(rf"{digits[:1]}(?=({further})(?!(?!x\d)[A-Za-z]|\d))")
