"""YAML syntax errors, explained for somebody who never wrote YAML: what is wrong at which place, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import yaml

from engine.language.text.layout import layout
from engine.language.text.mistakes import Mistake, Position

QUOTE = "put the whole value in quotes"
OF_LINES = ("mapping values", "did not find expected key", "did not find expected '-'", "block sequence entries")


def syntax(error: yaml.YAMLError, lines: Sequence[str]) -> Mistake:
    """Say what a parser stumbled on."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Mistake("a control character", _offset(getattr(error, "position", 0), lines), "leave it out")
    at = Position(mark.line + 1, mark.column + 1)
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Mistake("a tab character: YAML wants blanks", Position(at.line, line.find("\t") + 1), "indent with two blanks")
    begun = getattr(error, "context_mark", None) or mark
    problem = str(getattr(error, "problem", None) or "the text cannot be read")
    began = Position(begun.line + 1, begun.column + 1)
    found = layout(at, began, lines, block=problem.startswith(OF_LINES))
    if found is not None:
        return found
    for start, say in PROBLEMS.items():
        if problem.startswith(start):
            return say(at, began, line)
    return Mistake(f"not YAML: {problem}", at)


def _offset(position: int, lines: Sequence[str]) -> Position:
    """Turn a number of characters into a place."""
    for number, line in enumerate(lines, 1):
        if position <= len(line):
            return Position(number, position + 1)
        position -= len(line) + 1
    return Position(1, 1)


def _first(at: Position, _begun: Position, line: str) -> Mistake:
    return Mistake(f"`{line[at.column - 1 : at.column]}` cannot begin a value", at, QUOTE)


def _colon(at: Position, _begun: Position, line: str) -> Mistake:
    if line.find(":") == at.column - 1:
        return Mistake("this line stands under one that is a value already", at, "a map stands under a word with nothing behind its `:`")
    return Mistake("a second `:` in one line", at, QUOTE)


def _key(at: Position, _begun: Position, line: str) -> Mistake:
    if line[: at.column - 1].strip():
        return Mistake("text behind a value that has ended", at, QUOTE)
    return Mistake("this line does not fit those above it", at, "indent it as the words beside it are")


def _open(at: Position, begun: Position, _line: str) -> Mistake:
    if at.line == begun.line:
        return Mistake("text that cannot stand between brackets", at, QUOTE)
    return Mistake("this bracket is not closed", begun, f"line {at.line} does not belong into it any more")


def _content(at: Position, begun: Position, line: str) -> Mistake:
    char = line[at.column - 1 : at.column]
    if char:
        return Mistake(f"a value is expected here, not `{char}`", at, "if it begins a text, put the text in quotes")
    return Mistake("this line ends where a value is expected", Position(begun.line, begun.column), "close what is open, or write the value")


def _said(message: str, hint: str, *, begun: bool = False) -> Callable[[Position, Position, str], Mistake]:
    return lambda at, start, _line: Mistake(message, start if begun else at, hint)


PROBLEMS: dict[str, Callable[[Position, Position, str], Mistake]] = {
    "found character that cannot start": _first,
    "mapping values are not allowed": _colon,
    "did not find expected key": _key,
    "did not find expected ','": _open,
    "did not find expected node content": _content,
    "found unexpected end of stream": _said("this quote is not closed", "close it with the same character", begun=True),
    "found unknown escape": _said("`\\` begins something else between double quotes", "put the value in single quotes"),
    "block sequence entries": _said("a list cannot begin here", "write `[a, b]`, or each `- item` on a line of its own"),
    "did not find expected '-'": _said(
        "this line is no item of the list above it", "begin it with `- `, or indent it as the list's word is"
    ),
    "could not find expected ':'": _said("a word without a value", "write `word: value`", begun=True),
    "did not find expected <document start>": _said("text behind the end of the document", "one file, one vendor"),
    "found unexpected ':'": _said("a `:` at the end of a value", QUOTE),
    "did not find the expected '>'": _said("`!` begins a tag to YAML", QUOTE, begun=True),
    "found incompatible YAML": _said("another version of YAML", "leave the `%YAML` line out"),
    "nested deeper": _said("nested more deeply than anything in a spec", "close what is open"),
    "a key must be a text": _said("a list or map in the place of a word", "write `word: value`"),
    "did not find expected alphabetic": _said("`*` and `&` mean something to YAML", QUOTE, begun=True),
}
