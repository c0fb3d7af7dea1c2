"""JMESPath expressions: `parse_select` compiles one when the spec is loaded, `Select.search` evaluates it.

A plain dotted path (`a.b.c`) is split into its steps too, which is faster to follow. Values such as <EMAIL> never stand in an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, UnknownFunctionError
from jmespath.functions import Functions
from msgspec import Struct

from engine.discreet import Alike, Discreet
from engine.language.text.mistakes import Misfit, did_you_mean

DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
COLUMN = re.compile(rf"({DOTTED.pattern}|)\[\*?\]\.({DOTTED.pattern})")


FUNCTIONS = sorted(Functions.FUNCTION_TABLE)
STUMBLES = (
    (".", "a name stands on both sides of a `.`"),
    ("-", "a name with a `-` in it stands in double quotes: '\"a-b\"'"),
    ("=", "two things are compared by `==`"),
    (tuple("0123456789"), "an element of a list is written a[0], a number to compare with stands between backticks"),
    (("'", '"', "`"), "the quote is not closed"),
)


class Select(Alike, Discreet, Struct, frozen=True):
    """One expression. `steps` is set for `a.b.c` and is () for `@`; `column` for `a.b[].c.d`, `a.b[*].c.d` and `[].c`."""

    HIDDEN = UNCOMPARED = ("compiled",)

    text: str
    steps: tuple[str, ...] | None
    column: tuple[tuple[str, ...], tuple[str, ...]] | None
    compiled: Any

    def search(self, value: Any) -> Any:
        """Evaluate on a decoded value; an expression that does not fit its type finds nothing."""
        if self.steps is not None:
            return walk(value, self.steps)
        try:
            return self.compiled.search(value)
        except (JMESPathError, ValueError, ArithmeticError, TypeError):
            return None


def walk(value: Any, steps: tuple[str, ...]) -> Any:
    """Follow a dotted path; None where it leads nowhere."""
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def nothing_at(value: Any, steps: tuple[str, ...]) -> bool:
    """Whether a dotted path leads to a member that holds nothing, or through it, which is not the same as one that is missing."""
    for step in steps:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
        if _holds_nothing(value):
            return True
    return False


def _holds_nothing(value: Any) -> bool:
    return value in (None, "", {}) or (isinstance(value, list) and all(map(_holds_nothing, value)))


class SelectError(Misfit):
    """An expression that is not valid JMESPath; `offset` is the character where parsing stopped."""

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        """Keep the place inside the expression."""
        super().__init__(message, hint, offset=offset, formal=False)


def _try_out(text: str, compiled: Any) -> None:
    """Find what shows only when an expression is used: functions that do not exist, slices with a step of 0."""
    try:
        compiled.search(None)
        compiled.search([])
    except UnknownFunctionError as error:
        name = str(error).partition("(")[0].rpartition(" ")[2]
        message = f"`{text}` names a function that JMESPath does not have"
        raise SelectError(message, max(0, text.find(name)), did_you_mean(name, FUNCTIONS)) from None
    except (JMESPathError, ArithmeticError, TypeError):
        return
    except ValueError:
        message = f"`{text}` cannot be evaluated"
        raise SelectError(message, 0, "a step of 0 leads nowhere") from None


def _why(rest: str) -> str:
    """Say what may be wrong, by what stands where the expression cannot be read on."""
    if not rest:
        return "it ends too early: a bracket is not closed, or a name is missing"
    return next((hint for start, hint in STUMBLES if rest.startswith(start)), "the parts of a path are written a.b, a[0] or a[].b")


def parse_select(text: str) -> Select:
    """Compile an expression; SelectError says where it is wrong."""
    if re.search(r"<[A-Za-z_][\w.]*>", text):
        message = f"`{text}`: no value stands in a JMESPath expression"
        raise SelectError(message, text.index("<"), "compare with a value by `match` or `echo`")
    try:
        compiled = jmespath.compile(text)
    except (JMESPathError, RecursionError, ValueError) as error:
        found = getattr(error, "lex_position", None)
        offset = int(found) if isinstance(found, int) else 0
        message = f"`{text}` is no JMESPath expression"
        raise SelectError(message, min(offset, max(0, len(text) - 1)), _why(text[offset:])) from None
    _try_out(text, compiled)
    steps = () if text == "@" else tuple(text.split(".")) if DOTTED.fullmatch(text) else None
    column = COLUMN.fullmatch(text)
    pair = (tuple(filter(None, column[1].split("."))), tuple(column[2].split("."))) if column else None
    return Select(text, steps, pair, compiled)


Steps = tuple[str, ...]
IN_TURN = ("subexpression", "pipe", "index_expression", "projection")


def reads(*selects: Select) -> frozenset[Steps]:
    """Give the paths that expressions read, each within what the one before it found."""
    starts: set[Steps] = {()}
    found: set[Steps] = set()
    for select in selects:
        if select.steps is not None:
            starts = {(*start, *select.steps) for start in starts}
            found |= starts
            continue
        try:
            starts = _reach(select.compiled.parsed, starts, found)
        except RecursionError:
            break
    return frozenset(found)


def _reach(node: Any, starts: set[Steps], found: set[Steps]) -> set[Steps]:
    """Give the paths at which a node's value lies, and note what is read on the way."""
    kind, parts = node["type"], [one for one in node["children"] if isinstance(one, dict)]
    if kind == "literal":
        return set()
    if kind == "field":
        starts = {(*start, node["value"]) for start in starts}
        found |= starts
        return starts
    if kind == "value_projection":
        _reach(parts[0], starts, found)
        return set()
    if kind == "filter_projection":
        elements, result, condition = parts
        starts = _reach(elements, starts, found)
        _reach(condition, starts, found)
        return _reach(result, starts, found)
    if kind in IN_TURN:
        for part in parts:
            starts = _reach(part, starts, found)
        return starts
    return _side_by_side(parts, starts, found)


def _side_by_side(parts: list[Any], starts: set[Steps], found: set[Steps]) -> set[Steps]:
    """Arguments and alternatives read the same value; an expression after `&` reads what the arguments gave."""
    direct = [_reach(part, starts, found) for part in parts if part["type"] != "expref"]
    reached = set[Steps]().union(*direct) if direct else set(starts)
    for part in parts:
        if part["type"] == "expref":
            reached |= _reach(part["children"][0], reached, found)
    return reached


def stands(fields: Iterable[Select]) -> frozenset[Steps]:
    """Give the paths at which chosen fields stand in the record that is kept."""
    places: set[Steps] = set()
    for select in fields:
        if select.steps is not None:
            places.add(select.steps)
        elif select.compiled.parsed["type"] == "multi_select_dict":
            places |= {(pair["value"],) for pair in select.compiled.parsed["children"]}
        else:
            places.add((select.text,))
    return frozenset(places)


def left_out(paths: Iterable[Steps], kept: Iterable[Steps]) -> list[Steps]:
    """Give the paths of which nothing is kept, neither below nor around them; of several on one way the first."""
    kept, missing = tuple(kept), list[Steps]()
    for path in sorted(paths):
        told = any(path[: len(one)] == one for one in missing)
        if not told and not any(path[: len(one)] == one[: len(path)] for one in kept):
            missing.append(path)
    return missing
