"""A policy made ready for the records of one endpoint: a tree of their fields, grown as they are met, that says which rules hold where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, compress, groupby
from operator import itemgetter
from typing import Any, Literal

import msgspec

from engine.release.decision import Decision
from engine.release.field_path import FieldSteps, matches
from engine.release.never import is_protected_number, is_secret_field
from engine.release.policy import NeverRule, Policy, Pronouncement
from engine.release.reasons import Because
from engine.release.record_values import escaped
from engine.release.telling import Stirring, Telling

Sort = Literal["leave_out", "secrets", "protected_numbers", "no secrets", "no protected_numbers", "who", "decided"]
ORDINARY = re.compile(r"(?!(?:\D*\d){7})[A-Za-z0-9_$@-]{1,64}", re.ASCII)
MOST_FORMS = 64
MOST_NEW = 1_000  # values of a field that were not met before
LOOKS = {"secrets": is_secret_field, "protected_numbers": is_protected_number}


class Rule(msgspec.Struct, frozen=True):
    """What a rule does where it holds; `name` is its place in the policy, such as `others[0]`."""

    name: str
    do: Pronouncement
    because: Because

    @property
    def withholds(self) -> bool:
        """Whether the value is not given."""
        return self.do not in ("ask", "give")


class Mark(msgspec.Struct, frozen=True, order=True):
    """A rule that holds for a field and all below it: the number of the rule, and of the path in it."""

    sort: Sort
    index: int = 0
    path: int = 0


class WatchedPath(msgspec.Struct, frozen=True):
    """A path that a rule names, as far as it is not yet reached; `alike`: its last name stands for several fields of one person."""

    mark: Mark
    steps: FieldSteps
    alike: bool = False


class Node(msgspec.Struct, eq=False):
    """A field, and what holds for it."""

    watches: tuple[WatchedPath, ...]
    marks: frozenset[Mark] = frozenset()
    left_out: Rule | None = None
    never: Rule | None = None
    side: Mark | None = None
    begins: Literal["", "alike", "whole"] = ""
    decision: Decision | None = None
    children: dict[str, Node] = msgspec.field(default_factory=dict)
    forms: dict[tuple[str, ...], Form] = msgspec.field(default_factory=dict)
    step: str = ""
    plain: bool = True  # no rule names it, so that only its text can matter
    ordinary: bool = True  # its name is a word of a program, in which nothing is looked for
    only_text: bool = True  # both, and it is not left out
    people: bool = False  # others may stand in it, or below it


class FormSide(msgspec.Struct, frozen=True, eq=False):
    """The fields of a form that stand on one side, one behind another: where each holds a plain value, they are read together."""

    mark: Mark
    fields: tuple[tuple[str, Node], ...]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]

    def told(self, record: dict[str, Any], pointer: str = "") -> SideValues:
        """Give what a record that stands at a pointer tells of the side."""
        values = self.values(record)
        return self, pointer, values, tuple(map(type, values))


SideValues = tuple[FormSide, str, tuple[Any, ...], tuple[type, ...]]  # the fields, where their record stands, their values and types
FormStep = tuple[str, Node] | FormSide


class Form(msgspec.Struct, eq=False):
    """The fields of records that have the same names in the same order, and those of them in which others may stand, or below which.

    `texts` says of each field whether its text alone matters: one that was seen to hold fields or items is no such field any more. `steps`
    are the others. `usual` are those texts of which most come again, and are looked at together; `fresh` has names and places of the rest.
    """

    fields: tuple[tuple[str, Node], ...]
    texts: list[bool]
    people: tuple[FormStep, ...] = ()
    steps: tuple[FormStep, ...] = ()
    more: dict[tuple[int, ...], tuple[FormStep, ...]] = msgspec.field(default_factory=dict)
    sides: dict[Mark, FormSide] = msgspec.field(default_factory=dict)
    usual: list[bool] = msgspec.field(default_factory=list)
    fresh: dict[str, int] = msgspec.field(default_factory=dict)
    new: Counter[int] = msgspec.field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._arrange()

    def to_read(self, record: dict[str, Any], stirring: Telling | Stirring) -> tuple[FormStep, ...]:
        """Give what of a record must be read: the steps, and fields of which the text alone matters where it tells something."""
        while True:
            try:
                usual = stirring.silent.issuperset(compress(record.values(), self.usual))
                if usual and not (self.fresh and any(map(stirring.tells, [record[name] for name in self.fresh]))):
                    return self.steps
                told = self._told(record, stirring)
            except TypeError:
                if not self._holding(record):
                    raise
            else:
                return self.more.get(told) or self._with(told)

    def silent(self, records: Sequence[Any], stirring: Telling | Stirring) -> bool:
        """Whether records, of which the first has this form, all have it and nothing in them must be read. False where that is not sure."""
        names = tuple(records[0])
        if self.steps or not all(type(record) is dict and tuple(record) == names for record in records):
            return False
        try:
            usual = stirring.silent.issuperset(chain.from_iterable(compress(record.values(), self.usual) for record in records))
            return usual and not (self.fresh and any(map(stirring.tells, [record[name] for record in records for name in self.fresh])))
        except TypeError:
            return False

    def telling(self, columns: Sequence[Sequence[Any]], stirring: Telling | Stirring) -> dict[int, list[int]]:
        """Give for each record in which texts tell something, or may, the places of these, by the values of each field in all of them.

        The same is a text as for `to_read`, which says it of one record. Raises TypeError where one holds fields or items.
        """
        told, silent = dict[int, list[int]](), stirring.silent
        for at, (column, usual) in enumerate(zip(columns, self.usual, strict=True)):
            if usual and not silent.issuperset(column):
                for record, value in enumerate(column):
                    if value not in silent:
                        told.setdefault(record, []).append(at)
        for at in self.fresh.values():
            for record in compress(range(len(columns[at])), map(stirring.tells, columns[at])):
                told.setdefault(record, []).append(at)
        return told

    def _told(self, record: dict[str, Any], stirring: Telling | Stirring) -> tuple[int, ...]:
        """Give the places of texts that tell something, and note what does not: a field of which too much is new is looked at by itself."""
        silent = stirring.silent
        told: list[int] = []
        for at, (value, is_text) in enumerate(zip(record.values(), self.texts, strict=True)):
            if not is_text or value in silent:
                continue
            if stirring[value]:
                told.append(at)
            elif self.usual[at]:
                stirring.keep_silent(value)
                self.new[at] += 1
        if told or max(self.new.values(), default=0) > MOST_NEW:
            self._part_fresh()
        return tuple(told)

    def _part_fresh(self) -> None:
        for at, count in self.new.items():
            if count > MOST_NEW and self.usual[at]:
                self.usual[at] = False
                self.fresh[self.fields[at][0]] = at

    def _with(self, told: tuple[int, ...]) -> tuple[FormStep, ...]:
        """Give the steps with those of fields that tell something between them."""
        if len(self.more) >= MOST_FORMS:
            self.more.clear()
        read = [field for at, field in enumerate(self.fields) if not self.texts[at] or at in told]
        found = self.more[told] = tuple(self._together(read))
        return found

    def _holding(self, record: dict[str, Any]) -> bool:
        """Note which fields hold fields or items; whether there is a new one."""
        holding = [at for at, value in enumerate(record.values()) if self.texts[at] and (type(value) is dict or type(value) is list)]
        for at in holding:
            self.texts[at] = False
        self._arrange()
        return bool(holding)

    def _arrange(self) -> None:
        self.more.clear()
        self.usual, self.fresh = list(self.texts), {}
        self.new.clear()
        self.steps = tuple(self._together([field for field, text in zip(self.fields, self.texts, strict=True) if not text]))
        self.people = tuple(self._together([field for field in self.fields if field[1].people]))

    def _together(self, fields: Sequence[tuple[str, Node]]) -> Iterator[FormStep]:
        """Join the fields of a side, where all of them stand one behind another and nothing else is said of them."""
        runs = [(mark, tuple(run)) for mark, run in groupby(fields, lambda field: field[1].side if field[1].begins == "alike" else None)]
        times = Counter(mark for mark, _ in runs)
        for mark, run in runs:
            if mark is None or times[mark] > 1 or len(run) < 2 or not all(node.ordinary and node.left_out is None for _, node in run):
                yield from run
            else:
                yield self.sides.setdefault(mark, FormSide(mark, run, itemgetter(*(name for name, _ in run))))


class Repeated(msgspec.Struct, frozen=True):
    """That an endpoint stands in `once[index]`, at which place, by what it is known there, and what of it is given all the same."""

    index: int
    place: int
    by: FieldSteps
    but: tuple[FieldSteps, ...]


class Compiled:
    """A policy, and the decisions on fields, for one endpoint."""

    def __init__(self, policy: Policy, endpoint: str, decisions: Sequence[Decision] = ()) -> None:
        """Take the rules that name the endpoint; `decisions` are those on fields of it."""
        self.policy = policy
        self.decisions = decisions
        self.held: Rule | None = None
        self.nevers = {sort: Rule(f"never.{sort}", one.do, one.reason(usual)) for sort, one, usual in nevers(policy) if one.do != "give"}
        self.others = [Rule(f"others[{index}]", one.do, one.reason("third_party")) for index, one in enumerate(policy.others)]
        for index, rule in enumerate(policy.leave_out):
            if self.held is None and any(not place.steps and matches(place.endpoint, endpoint) for place in rule.what):
                self.held = Rule(f"leave_out[{index}]", "hold", rule.because)
        self.repeated = [
            Repeated(index, rule.in_.index(endpoint), rule.by, tuple(one.steps for one in rule.but if one.endpoint == endpoint))
            for index, rule in enumerate(policy.once)
            if endpoint in rule.in_
        ]
        self.root = Node(tuple(self._watches(endpoint)))
        self.names_people = any(one.mark.sort == "who" for one in self.root.watches)

    def _watches(self, endpoint: str) -> Iterator[WatchedPath]:
        for index, rule in enumerate(self.policy.leave_out):
            for place in rule.what:
                if place.steps and matches(place.endpoint, endpoint):
                    yield WatchedPath(Mark("leave_out", index), place.steps)
        for sort, never, _ in nevers(self.policy):
            spared = Mark("no secrets" if sort == "secrets" else "no protected_numbers")
            for paths, mark in ((never.fields, Mark(sort)), (never.but, spared)):
                yield from (WatchedPath(mark, path.steps) for path in paths if matches(path.endpoint, endpoint))
        for index, other in enumerate(self.policy.others):
            if any(matches(pattern, endpoint) for pattern in other.in_):
                for number, steps in enumerate(other.who):
                    yield WatchedPath(Mark("who", index, number), steps, "*" in steps[-1])
        for index, decision in enumerate(self.decisions):
            yield WatchedPath(Mark("decided", index), decision.steps)

    def child(self, parent: Node, name: str) -> Node:
        """Give a field of what holds it; it is added where it is met for the first time."""
        found = parent.children.get(name)
        return found if found is not None else self._grow(parent, name)

    def form(self, parent: Node, record: dict[str, Any]) -> Form:
        """Give all fields of what holds them; records of one form are many, forms are few."""
        names = tuple(record)
        found = parent.forms.get(names)
        if found is None:
            if len(parent.forms) >= MOST_FORMS:
                parent.forms.clear()
            fields = tuple((name, self.child(parent, name)) for name in names)
            found = parent.forms[names] = Form(fields, [field.only_text for _, field in fields])
        return found

    def _grow(self, parent: Node, name: str) -> Node:
        reached = [one for one in parent.watches if matches(one.steps[0], name)]
        arrived = [one for one in reached if len(one.steps) == 1]
        watches = tuple(WatchedPath(one.mark, one.steps[1:], one.alike) for one in reached if len(one.steps) > 1)
        node = Node(watches, parent.marks | {one.mark for one in arrived})
        node.left_out = self._left_out(node.marks)
        node.never = self._never(node.marks, name) or (parent.never if not _spared(node.marks) else None)
        node.side = self._side(node.marks, parent, name)
        begun = next((one for one in arrived if one.mark == node.side), None)
        if begun is not None:
            node.begins = "alike" if begun.alike else "whole"
        decided = [one.index for one in node.marks if one.sort == "decided"]
        node.decision = self.decisions[max(decided)] if decided else None
        node.step, node.ordinary = f"/{escaped(name)}", ORDINARY.fullmatch(name) is not None
        node.plain = node.never is None and node.side is None and node.decision is None
        node.only_text = node.plain and node.ordinary and node.left_out is None
        node.people = bool(node.watches) or node.side is not None
        parent.children[name] = node
        return node

    def _left_out(self, marks: frozenset[Mark]) -> Rule | None:
        first = min((one.index for one in marks if one.sort == "leave_out"), default=None)
        return None if first is None else Rule(f"leave_out[{first}]", "drop", self.policy.leave_out[first].because)

    def _never(self, marks: frozenset[Mark], name: str) -> Rule | None:
        sorts = {one.sort for one in marks}
        for sort, looks in LOOKS.items():
            if sort in self.nevers and (sort in sorts or (f"no {sort}" not in sorts and looks(name))):
                return self.nevers[sort]
        return None

    def _side(self, marks: frozenset[Mark], parent: Node, name: str) -> Mark | None:
        """The first rule that names a field holds for it; what it excepts by name is nobody's."""
        side = min((one for one in marks if one.sort == "who"), default=None)
        if side is None or (parent.side is None and side in parent.marks):  # excepted above
            return None
        return None if any(matches(one, name) for one in self.policy.others[side.index].but) else side


def _spared(marks: frozenset[Mark]) -> bool:
    return any(one.sort.startswith("no ") for one in marks)


def nevers(policy: Policy) -> Iterator[tuple[Literal["secrets", "protected_numbers"], NeverRule, Because]]:
    """Give the rules on what is never given, with their usual reasons."""
    yield "secrets", policy.never.secrets, "security"
    yield "protected_numbers", policy.never.protected_numbers, "never_disclose"
