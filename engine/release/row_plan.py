"""Records of one form as rows, of which most tell nothing but who stands on their sides. Pure.

A row is what `row_type` decodes a line to: its values in the order of the form's fields. Objects and lists of objects in which all is of
one form, and in which no rule names anything, are rows in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from typing import Any

import msgspec
from msgspec.structs import astuple

from engine.release.compiled import Compiled, Form, FormSide, FormStep, Node, SideValues
from engine.release.reading import WholeSide
from engine.release.row_type import MOST_FIELDS, row_type
from engine.release.telling import Stirring, Telling

MOST_INSIDE = 8  # rows inside of a row, however deep: more cost more than they spare, and memory must not grow
MOST_OTHERS = 8  # fields that are read singly: more cost more than is spared
MOST_ITEMS = 64  # of a list that are looked at together
HOLDING = frozenset((dict, list))
Columns = Sequence[tuple[Any, ...]]  # the values of each field in some rows


class RowSide(msgspec.Struct, frozen=True, eq=False):
    """The fields of a side, and where they stand in a row."""

    side: FormSide
    places: tuple[int, ...]

    def told(self, columns: Columns) -> Iterator[SideValues]:
        """Give what each row tells of the side, as `FormSide.told`."""
        mine = [columns[at] for at in self.places]
        types = zip(*(map(type, column) for column in mine), strict=True)
        return zip(repeat(self.side), repeat(""), zip(*mine, strict=True), types, strict=False)


class RowInside(msgspec.Struct, frozen=True, eq=False):
    """A field in which a row stands, or a list of rows."""

    at: int
    plan: RowPlan
    listed: bool

    def telling(self, column: Sequence[Any], stirring: Telling | Stirring) -> Iterable[int]:
        """Give the places of those in which something tells, or may: long lists are not looked at."""
        if not self.listed:
            return self.plan.telling_rows(column, stirring)
        long = {place for place, listed in enumerate(column) if len(listed) > MOST_ITEMS}
        short = [() if place in long else listed for place, listed in enumerate(column)] if long else column
        told = self.plan.telling_rows([*chain.from_iterable(short)], stirring)
        owners = [place for place, listed in enumerate(short) for _ in listed] if told else []
        return long.union(owners[at] for at in told)


class RowPlan(msgspec.Struct, frozen=True, eq=False):
    """What is read of rows of one form: `steps` were the form's when this was made. `others` are the places of fields to be read singly."""

    form: Form
    steps: tuple[FormStep, ...]
    row: type[msgspec.Struct]
    fields: Mapping[str, str]
    sides: tuple[RowSide, ...]
    inside: tuple[RowInside, ...]
    others: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether no field of these records was seen to hold fields or items since."""
        return self.form.steps is self.steps and all(inner.plan.holds for inner in self.inside)

    def read_before(self, columns: Columns, sides: Mapping[SideValues, WholeSide | None]) -> Iterator[tuple[WholeSide | None, ...]]:
        """Give what was read together of the sides of each row, when it is asked for; None for one that was not, or that holds fields."""
        holds = any(not HOLDING.isdisjoint(map(type, columns[at])) for side in self.sides for at in side.places)
        read = partial(_read, sides) if holds else sides.get
        return zip(*(map(read, side.told(columns)) for side in self.sides), strict=True) if self.sides else repeat(())

    def telling(self, columns: Columns, stirring: Telling | Stirring) -> tuple[dict[int, list[int]], set[int]]:
        """Give for each row the places of texts that tell something, or may; and the rows inside of which one does.

        Fields that are read singly are not looked at. Raises TypeError where a text holds fields or items, or did since this was planned:
        it is none of the form's texts then, and nobody would look at it.
        """
        if not self.holds:
            raise TypeError
        told = self.form.telling(columns, stirring)
        return told, {row for inner in self.inside for row in inner.telling(columns[inner.at], stirring)}

    def telling_rows(self, rows: Sequence[Any], stirring: Telling | Stirring) -> set[int]:
        """Give the places of rows in which something tells, or may."""
        if not rows:
            return set()
        texts, inside = self.telling([*zip(*map(astuple, rows), strict=True)], stirring)
        return inside.union(texts)


def _read(sides: Mapping[SideValues, WholeSide | None], told: SideValues) -> WholeSide | None:
    try:
        return sides.get(told)
    except TypeError:  # fields or items in one of them
        return None


def row_plan_of(rules: Compiled, record: dict[str, Any]) -> RowPlan | None:
    """Say what is read of records that are of one form with this one; None where each of them must be read as it is."""
    return _Planning(rules).of(rules.root, record)


def people_plan(rules: Compiled, record: dict[str, Any]) -> RowPlan | None:
    """Say where others stand in records that are of one form with this one; None where it is not on sides that are read together."""
    form, places = rules.form(rules.root, record), {name: at for at, name in enumerate(record)}
    sides = [_side(step, places) for step in form.people if isinstance(step, FormSide)]
    return _plan(form, record, {}, sides, (), ()) if len(sides) == len(form.people) else None


class _Planning:
    """Plans a form and those inside of it, but not more of them than are worth it; the others are read singly."""

    def __init__(self, rules: Compiled) -> None:
        self._rules = rules
        self._left = MOST_INSIDE

    def of(self, node: Node, record: dict[str, Any]) -> RowPlan | None:
        form = self._rules.form(node, record)
        places = {name: at for at, name in enumerate(record)}
        sides, inside, others = list[RowSide](), list[RowInside](), list[int]()
        kinds: dict[str, Any] = {}
        for step in form.steps if len(places) <= MOST_FIELDS else ():
            if isinstance(step, FormSide):
                sides.append(_side(step, places))
                continue
            name, child = step
            if child.left_out is not None:
                return None  # quicker: what is left out is ruled about in each of them
            if type(record[name]) is list and len(record[name]) > MOST_ITEMS:
                return None  # to look through it costs more than all else
            within = self._inside(child, record[name], places[name]) if child.ordinary else None
            if within is None:
                others.append(places[name])
            else:
                inside.append(within)
                kinds[name] = list[within.plan.row] if within.listed else within.plan.row  # type: ignore[name-defined]
            if len(others) > MOST_OTHERS:
                return None
        return _plan(form, record, kinds, sides, inside, others)

    def _inside(self, node: Node, value: Any, at: int) -> RowInside | None:
        """Say what is read of a field that holds an object or a list of them; None where something in it is to be read singly."""
        first = value[0] if type(value) is list and value else value
        if type(first) is not dict or not first or self._left <= 0:
            return None
        self._left -= 1
        plan = self.of(node, first)
        return None if plan is None or plan.sides or plan.others else RowInside(at, plan, first is not value)


def _plan(
    form: Form,
    record: dict[str, Any],
    kinds: Mapping[str, Any],
    sides: Sequence[RowSide],
    inside: Sequence[RowInside],
    others: Sequence[int],
) -> RowPlan | None:
    """Give the plan of a form for which a type can be made."""
    row = row_type(tuple(record), kinds)
    if row is None:
        return None
    fields = dict(zip(row.__struct_encode_fields__, row.__struct_fields__, strict=True))
    return RowPlan(form, form.steps, row, fields, tuple(sides), tuple(inside), tuple(others))


def _side(step: FormSide, places: Mapping[str, int]) -> RowSide:
    return RowSide(step, tuple(places[name] for name, _ in step.fields))
