"""Read one record under the rules for its endpoint: the values that something may be said about, and whose side each stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from engine.language.expressions.lossless_json import Number
from engine.release.compiled import Compiled, Node
from engine.release.field_path import FieldSteps, matches
from engine.release.reasons import BY_LAW
from engine.release.record_values import ENOUGH_FOR_A_NUMBER, text_of
from engine.release.ruling import Ruling

NUMBERS = (int, float, Number)
NOTHING = (type(None), bool)
WORDS = {"True": "true", "False": "false", "None": "null"}
SideKey = tuple[int, int, str]  # the rule, the path in it, and where in the record the side begins


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """A value that something may be said about."""

    pointer: str
    name: str
    text: str
    node: Node
    side: SideKey | None


def _never(*_: object) -> bool:
    return False


class RecordReading:
    """One record as it is read.

    `telling` says whether a text holds what is looked for. `matters` says of a field on which
    no rule holds whether something was decided, `lifted` of one that a rule leaves out whether it was decided to give
    it: (pointer, field, value).
    """

    def __init__(
        self,
        rules: Compiled,
        telling: Callable[[str], object],
        matters: Callable[[str, Any], object] | None = None,
        lifted: Callable[[str, Node, Any], bool] = _never,
    ) -> None:
        """Begin with nothing read."""
        self._rules = rules
        self._telling = telling
        self._matters = matters
        self._lifted = lifted
        self.said: list[Ruling] = []
        self.leaves: list[Leaf] = []
        self.named: list[Leaf] = []
        self.sides: dict[SideKey, list[tuple[str, str]]] = {}

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
            self._walk_fields(value, node, pointer, side)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                here = f"{pointer}/{index}"
                self.walk(inner, node, here, _side(node, side, pointer, here) if node.begins == "whole" else side, name)
        else:
            self._value(value, node, pointer, side, name)

    def _walk_fields(self, record: dict[str, Any], node: Node, pointer: str, side: SideKey | None) -> None:
        telling, decided = self._telling, self._matters is not None
        for (key, inner), child in zip(record.items(), self._rules.form(node, record).fields, strict=True):
            sort = type(inner)
            if (
                child.only_text
                and not decided
                and (not telling(inner) if sort is str else sort in NOTHING or (sort in NUMBERS and inner <= ENOUGH_FOR_A_NUMBER))
            ):
                continue
            here = pointer + child.step
            if child.left_out is not None and self._is_left_out(child, here, inner):
                continue
            if not child.ordinary and telling(key):
                self.named.append(Leaf(here, key, "", child, None))
            stands = None if child.side is None else _side(child, side, pointer, here)
            if sort is dict or sort is list:
                if inner:
                    self.walk(inner, child, here, stands, key)
            elif child.plain:
                self._value(inner, child, here, stands, key)
            else:
                self._leaf(inner, child, here, stands, key)

    def _value(self, value: Any, node: Node, pointer: str, side: SideKey | None, name: str) -> None:
        """Keep a value that a rule names, or whose text tells something, or about which something was decided."""
        searched = type(value) is str or (type(value) in NUMBERS and value > ENOUGH_FOR_A_NUMBER)
        if not node.plain or (searched and self._telling(text_of(value))):
            self._leaf(value, node, pointer, side, name)
        elif self._matters is not None and self._matters(pointer, value):
            self._leaf(value, node, pointer, side, name, decided=True)

    def people(self, value: Any, node: Node, pointer: str = "", side: SideKey | None = None, name: str = "") -> None:
        """Read who stands on which side, and nothing else."""
        if isinstance(value, dict):
            for key, child in self._rules.form(node, value).people:
                here = pointer + child.step
                self.people(value[key], child, here, _side(child, side, pointer, here), key)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                here = f"{pointer}/{index}"
                self.people(inner, node, here, _side(node, side, pointer, here) if node.begins == "whole" else side, name)
        elif side is not None:
            self._leaf(value, node, pointer, side, name)

    def _is_left_out(self, node: Node, pointer: str, value: Any) -> bool:
        rule = node.left_out
        if rule is None or (rule.because not in BY_LAW and self._lifted(pointer, node, value)):
            return False
        self.said.append(Ruling(pointer, rule.do, rule.because, rule.name, "left_out"))
        return True

    def _leaf(self, value: Any, node: Node, pointer: str, side: SideKey | None, name: str, *, decided: bool = False) -> None:
        """Keep a value; true, false and null only where something was decided about them."""
        text = text_of(value)
        if text and side is not None:
            self.sides.setdefault(side, []).append((name, text))
        text = text or (WORDS.get(repr(value), "") if decided or node.decision is not None else "")
        if text:
            self.leaves.append(Leaf(pointer, name, text, node, side))


def _side(node: Node, side: SideKey | None, holder: str, here: str) -> SideKey | None:
    """Say on which side a field stands: with those beside it that begin alike, on one of its own, or on that of what holds it."""
    if node.side is None:
        return None
    if not node.begins:
        return side
    return node.side.index, node.side.path, holder if node.begins == "alike" else here
