"""A mistake in a spec: where it is, what it is, what was meant. Formats it; finds none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from engine.errors import Exit, HabeasError

LONGEST_LINE_SHOWN = 160


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend (`error`) or to think about (`note`: the exit code stays 0); `detail` is shown below it."""

    message: str
    at: Position
    hint: str | None = None
    level: Literal["error", "note"] = "error"
    file: str = ""
    detail: tuple[str, ...] = ()

    def show(self, lines: Sequence[str]) -> str:
        """Give the message, the place, the line and a caret under the word that is meant."""
        number = str(self.at.line)
        margin = " " * len(number)
        rows = [f"{self.level}: {self.message}", f"{margin}--> {self.file}:{self.at.line}:{self.at.column}"]
        below = [f"{margin}| {printable(one)}" for one in self.detail]
        line = lines[self.at.line - 1] if 0 < self.at.line <= len(lines) else ""
        if not line or len(line) > LONGEST_LINE_SHOWN:
            return "\n".join([*rows, *below, *([f"{margin} = {self.hint}"] if self.hint else [])])
        hint = f" {self.hint}" if self.hint else ""
        caret = " " * (self.at.column - 1) + "^" * max(1, min(self.at.width, len(line) - self.at.column + 1))
        return "\n".join([*rows, f"{number}| {printable(line)}", f"{margin}| {caret}{hint}", *below])


class SpecError(HabeasError):
    """A spec with mistakes, all of them; its text is ready for a terminal."""

    exit_code = Exit.USAGE

    def __init__(self, mistakes: Iterable[Mistake], file: str = "", lines: Sequence[str] = ()) -> None:
        """Take every mistake of one file, in any order."""
        found = sorted(dict.fromkeys(mistakes), key=lambda one: (one.at, one.message))
        self.mistakes = tuple(replace(one, file=file) for one in found)
        self.lines = tuple(lines)
        super().__init__("\n".join(one.show(self.lines) for one in self.mistakes))


def printable(text: str) -> str:
    """Show control characters as `?`, so that a spec cannot move the reader's cursor."""
    return "".join(char if char.isprintable() or char == " " else "?" for char in text)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Name the nearest known word, or all of them where they are few."""
    choices = sorted(set(known))
    near = get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(choices)}" if 0 < len(choices) <= FEW else None


FEW = 16
