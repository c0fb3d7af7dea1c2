"""A mistake in a spec (`Mistake`, `SpecError`): message, position, hint, and how it is shown on a terminal; numbers with their nouns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from textwrap import wrap
from typing import Literal

from msgspec import Struct

from engine.errors import Exit, HabeasError
from engine.replaced import replace

WIDEST = 100
DOTS = "..."


class Position(Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1."""

    line: int
    column: int
    width: int = 1


class Mistake(Struct, frozen=True):
    """One thing to mend (`error`) or to think about (`note`: the exit code stays 0); `detail` is shown below it."""

    message: str
    at: Position
    hint: str | None = None
    level: Literal["error", "note"] = "error"
    file: str = ""
    detail: tuple[str, ...] = ()

    def show(self, lines: Sequence[str], width: int = WIDEST) -> str:
        """Give the message, the place, the line and a caret under the word that is meant, none of it wider than `width` or WIDEST."""
        width = min(width, WIDEST)
        margin = " " * len(str(self.at.line))
        rows = [*_wrapped(f"{self.level}: ", self.message, width), f"{margin}--> {self.file}:{self.at.line}:{self.at.column}"]
        line = lines[self.at.line - 1] if 0 < self.at.line <= len(lines) else ""
        shown, caret = _window(line, self.at, width - len(margin) - 2)
        below = [f"{margin}| {printable(one)}" for one in self.detail]
        if shown:
            rows += [f"{self.at.line}| {printable(shown)}", f"{margin}| {caret}"]
        if shown and self.hint and len(rows[-1]) + 1 + len(self.hint) <= width:
            rows[-1] += f" {self.hint}"
        elif self.hint:
            below += _wrapped(f"{margin} = ", self.hint, width)
        return "\n".join([*rows, *below])


def _wrapped(head: str, text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False, break_on_hyphens=False)


def _window(line: str, at: Position, room: int) -> tuple[str, str]:
    """Give the part of a line around a place, and the carets under it."""
    column = min(at.column - 1, len(line))
    start = max(0, min(column - room // 3, len(line) - room))
    part = line[start : start + room]
    part = DOTS + part[len(DOTS) :] if start else part
    part = part[: -len(DOTS)] + DOTS if start + room < len(line) else part
    return part, " " * (column - start) + "^" * max(1, min(at.width, len(part) - column + start))


class Misfit(ValueError):
    """A value that its word does not take, and what to write instead.

    `part`: what of its text is meant, or `offset`: the character at which it goes wrong; `formal`: whether a pattern could tell,
    so that the schema does too.
    """

    def __init__(
        self, message: str, hint: str | None = None, *, part: str | None = None, offset: int | None = None, formal: bool = True
    ) -> None:
        """Keep what is said, and the place inside the text."""
        super().__init__(message)
        self.hint, self.part, self.offset, self.formal = hint, part, offset, formal


class SpecError(HabeasError):
    """A spec with mistakes, all of them; its text is ready for a terminal."""

    exit_code = Exit.USAGE

    def __init__(self, mistakes: Iterable[Mistake], file: str = "", lines: Sequence[str] = ()) -> None:
        """Take every mistake of one file, in any order."""
        found = sorted(dict.fromkeys(mistakes), key=lambda one: (one.at, one.message))
        self.mistakes = tuple(replace(one, file=file) for one in found)
        self.lines = tuple(lines)
        super().__init__(self.show(WIDEST))

    def show(self, width: int) -> str:
        """Give every mistake, for a terminal of this width."""
        return "\n".join(one.show(self.lines, width) for one in self.mistakes)


def printable(text: str) -> str:
    """Show control characters as `?` and a tab as a blank, so that a spec cannot move the reader's cursor."""
    return "".join(char if char.isprintable() else " " if char == "\t" else "?" for char in text)


def one_of(word: str, values: Iterable[str]) -> str:
    """Name the nearest of some values, or all of them."""
    listed = list(values)
    hint = did_you_mean(word, listed)
    return hint if hint is not None and hint.startswith("did") else f"one of: {', '.join(listed)}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Name the nearest known word, or all of them where they are few."""
    choices = sorted(set(known))
    near = get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(choices)}" if 0 < len(choices) <= FEW else None


FEW = 36


def counted(number: int, noun: str) -> str:
    """Write a number with its noun, which takes an `s` unless the number is 1; thousands are set apart by commas."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
