"""Read one record under the rules for its endpoint: the values that something may be said about, and whose side each stands on."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

import msgspec

from engine.release.compiled import Compiled, FormSide, FormStep, Node, SideValues
from engine.release.field_path import FieldSteps, matches
from engine.release.own import Sameness
from engine.release.reasons import BY_LAW
from engine.release.record_values import text_of
from engine.release.ruling import Ruling
from engine.release.telling import Stirring, Telling

PLAIN = frozenset((str, int, bool, type(None)))  # equal ones of the same type are written alike
WORDS = {"True": "true", "False": "false", "None": "null"}
SideKey = tuple[int, int, str]  # the rule, the path in it, and where in the record the side begins


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """A value that something may be said about."""

    pointer: str
    name: str
    text: str
    node: Node
    side: SideKey | None

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Say where it stands, and its text."""
        return ((self.pointer, self.text),)


class SideFound(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """Who stands on a side: whether it is the person who asks, who it is otherwise, and the number of the side in its record."""

    same: Sameness
    person: str
    group: int


class WholeSide(msgspec.Struct, eq=False, gc=False):
    """All that stands on one side in a record, read together: `facts` tell who it is.

    What followed last is kept beside it: who it is, with the number of its side in the record, and what happens to it then.
    """

    side: SideKey
    facts: tuple[tuple[str, str], ...]
    leaves: tuple[Leaf, ...]
    number: int = -1
    found: SideFound | None = None
    ruled: tuple[Ruling, ...] = ()

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Say where they stand, and their texts."""
        return tuple((leaf.pointer, leaf.text) for leaf in self.leaves)


def _never(*_: object) -> bool:
    return False


class RecordReading:
    """One record as it is read.

    `telling` says whether a text or a number holds what is looked for, `together` gives all of a side. `stirring` says whether a value, in
    whichever field, tells something or was decided about; without it every field is looked at. `matters` says of a field on which no rule
    holds whether something was decided, `lifted` of one that a rule leaves out whether it was decided to give it: (pointer, field, value).
    """

    def __init__(
        self,
        rules: Compiled,
        telling: Callable[[Any], object],
        together: Callable[[SideValues], WholeSide | None] | None = None,
        stirring: Telling | Stirring | None = None,
        matters: Callable[[str, Any], object] | None = None,
        lifted: Callable[[str, Node, Any], bool] = _never,
    ) -> None:
        """Begin with nothing read."""
        self._rules = rules
        self._telling = telling
        self._together = together
        self._stirring = stirring
        self._matters = matters
        self._lifted = lifted
        self.only_people = False  # whether all in which nobody can stand is passed over
        self.said: list[Ruling] = []
        self.leaves: list[Leaf | WholeSide] = []
        self.named: list[Leaf] = []
        self.sides: dict[SideKey, list[tuple[str, str]] | WholeSide] = {}

    def without(self, record: dict[str, Any], rule: str, kept: tuple[FieldSteps, ...]) -> dict[str, Any]:
        """Leave out of a record that is told before all but what is given still."""
        left: dict[str, Any] = {}
        for name, value in record.items():
            node = self._rules.child(self._rules.root, name)
            if any(matches(steps[0], name) for steps in kept) or self._lifted(node.step, node, value):
                left[name] = value
            else:
                self.said.append(Ruling(node.step, "drop", "duplicate", rule, "repeated"))
        return left

    def walk(self, value: Any, node: Node, pointer: str = "", side: SideKey | None = None, name: str = "") -> None:
        """Read a value and all below it."""
        if isinstance(value, dict):
            self._walk_steps(value, self._steps(value, node), pointer, side)
        elif isinstance(value, list):
            for index, inner in enumerate(value if not self._silent(value, node) else ()):
                steps = self._steps(inner, node) if isinstance(inner, dict) else None
                if steps == ():
                    continue
                here = f"{pointer}/{index}"
                stands = _side(node, side, pointer, here) if node.begins == "whole" else side
                if steps is None:
                    self.walk(inner, node, here, stands, name)
                else:
                    self._walk_steps(inner, steps, here, stands)
        else:
            self._value(value, node, pointer, side, name)

    def read(self, value: Any, node: Node, name: str) -> None:
        """Read a field of the record itself."""
        self._field(value, node, "", None, name)

    def _silent(self, items: list[Any], node: Node) -> bool:
        """Whether the items are records of one form in which nothing tells anything, as most are."""
        if self._stirring is None or not items or type(items[0]) is not dict:
            return False
        return self._rules.form(node, items[0]).silent(items, self._stirring)

    def _steps(self, record: dict[str, Any], node: Node) -> tuple[FormStep, ...]:
        form = node.forms.get(tuple(record)) or self._rules.form(node, record)
        if self.only_people:
            return form.people
        return form.fields if self._stirring is None else form.to_read(record, self._stirring)

    def _walk_steps(self, record: dict[str, Any], steps: tuple[FormStep, ...], pointer: str, side: SideKey | None) -> None:
        for step in steps:
            if not isinstance(step, FormSide):
                key, child = step
                self._field(record[key], child, pointer, side, key)
            elif not self._whole(step, record, pointer):
                for key, child in step.fields:
                    self._field(record[key], child, pointer, side, key)

    def _whole(self, together: FormSide, record: dict[str, Any], pointer: str) -> bool:
        """Read all that stands on a side, where that can be done together."""
        if self._together is None:
            return False
        try:
            found = self._together(together.told(record, pointer))
        except TypeError:  # fields or items in one of them
            return False
        if found is not None:
            if found.facts:
                self.sides[found.side] = found
            self.leaves.append(found)
        return found is not None

    def _field(self, value: Any, node: Node, pointer: str, side: SideKey | None, name: str) -> None:
        here = pointer + node.step
        if node.left_out is not None and self._is_left_out(node, here, value):
            return
        if not node.ordinary and self._telling(name):
            self.named.append(Leaf(here, name, "", node, None))
        stands = None if node.side is None else _side(node, side, pointer, here)
        if type(value) is dict or type(value) is list:
            if value:
                self.walk(value, node, here, stands, name)
        else:
            self._value(value, node, here, stands, name)

    def _value(self, value: Any, node: Node, pointer: str, side: SideKey | None, name: str) -> None:
        """Keep a value that a rule names, or whose text tells something, or about which something was decided."""
        if not node.plain or self._telling(value):
            self._leaf(value, node, pointer, side, name)
        elif self._matters is not None and self._matters(pointer, value):
            self._leaf(value, node, pointer, side, name, decided=True)

    def people(self, value: Any, node: Node, pointer: str = "", side: SideKey | None = None, name: str = "") -> None:
        """Read who stands on which side, and nothing else."""
        if isinstance(value, dict):
            for step in self._rules.form(node, value).people:
                if not isinstance(step, FormSide):
                    self._people_in(value, (step,), pointer, side)
                elif not self._whole(step, value, pointer):
                    self._people_in(value, step.fields, pointer, side)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                here = f"{pointer}/{index}"
                self.people(inner, node, here, _side(node, side, pointer, here) if node.begins == "whole" else side, name)
        elif side is not None:
            self._leaf(value, node, pointer, side, name)

    def _people_in(self, record: dict[str, Any], fields: Iterable[tuple[str, Node]], pointer: str, side: SideKey | None) -> None:
        for key, child in fields:
            here = pointer + child.step
            self.people(record[key], child, here, _side(child, side, pointer, here), key)

    def _is_left_out(self, node: Node, pointer: str, value: Any) -> bool:
        rule = node.left_out
        if rule is None or (rule.because not in BY_LAW and self._lifted(pointer, node, value)):
            return False
        self.said.append(Ruling(pointer, rule.do, rule.because, rule.name, "left_out"))
        return True

    def _leaf(self, value: Any, node: Node, pointer: str, side: SideKey | None, name: str, *, decided: bool = False) -> None:
        text = text_of(value)
        if text and side is not None:
            told = self.sides.setdefault(side, [])
            if isinstance(told, list):  # one that was read together stands nowhere else
                told.append((name, text))
        leaf = _leaf_of(value, node, pointer, side, name, decided=decided)
        if leaf is not None:
            self.leaves.append(leaf)


def whole_side(told: SideValues) -> WholeSide | None:
    """Read a side; None where one of its values is no plain one, so that what stands in it must be read field by field."""
    together, pointer, values, types = told
    if not PLAIN.issuperset(types):
        return None
    side = together.mark.index, together.mark.path, pointer
    read = [(name, node, value) for (name, node), value in zip(together.fields, values, strict=True)]
    facts = tuple((name, text_of(value)) for name, _, value in read if text_of(value))
    leaves = (_leaf_of(value, node, pointer + node.step, side, name) for name, node, value in read)
    return WholeSide(side, facts, tuple(leaf for leaf in leaves if leaf is not None))


def all_said(rules: Compiled, record: Any, sides: Mapping[SideValues, WholeSide | None], said: Container[Leaf | WholeSide]) -> bool:
    """Whether all people of a record stand on sides that were read together, and said, before."""
    if type(record) is not dict:
        return False
    try:
        form = rules.root.forms.get(tuple(record)) or rules.form(rules.root, record)
        for step in form.people:
            if type(step) is not FormSide or sides.get(step.told(record)) not in said:
                return False
    except TypeError:  # fields or items in one of them
        return False
    return True


def _leaf_of(value: Any, node: Node, pointer: str, side: SideKey | None, name: str, *, decided: bool = False) -> Leaf | None:
    """Give a value that is kept; true, false and null only where something was decided about them."""
    text = text_of(value) or (WORDS.get(repr(value), "") if decided or node.decision is not None else "")
    return Leaf(pointer, name, text, node, side) if text else None


def _side(node: Node, side: SideKey | None, holder: str, here: str) -> SideKey | None:
    """Say on which side a field stands: with those beside it that begin alike, on one of its own, or on that of what holds it."""
    if node.side is None:
        return None
    if not node.begins:
        return side
    return node.side.index, node.side.path, holder if node.begins == "alike" else here
