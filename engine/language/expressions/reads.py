"""Which fields of a record a JMESPath expression reads, found by walking its syntax tree; nothing is evaluated.

Used to tell that `files` reads a field which `fields` leaves out. Where the tree does not tell, nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.language.expressions.select import Select

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
