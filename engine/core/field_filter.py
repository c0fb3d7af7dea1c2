"""Keep only some fields of each record: the spec's `fields`, then the operator's `--only` and `--without`.

The result of a dotted path keeps its place in the record, and the path goes through lists: `items.id` of `{"items": [{"id": 1}]}`
is that record itself. Any other JMESPath expression appears under its own text, `{name: path}` under its names. Strings and
numbers stay as the vendor sent them. What is picked for `--only` keeps the vendor's order, so that two runs have the same digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from engine.discreet import Alike
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select, left_out, stands

Trie = dict[str, "Trie"]
ABSENT = object()


def trie(paths: Iterable[tuple[str, ...]]) -> Trie:
    """Fold dotted paths into a tree: `a.b`, `a.c` become `{a: {b: {}, c: {}}}`. A path that is chosen whole covers all longer ones."""
    root: Trie = {}
    whole: set[int] = set()
    for path in sorted(set(paths), key=len):
        level = root
        for index, step in enumerate(path):
            if id(level.get(step)) in whole:
                break
            level = level.setdefault(step, {})
            if index + 1 == len(path):
                whole.add(id(level))
    return root


class FieldFilter(Alike, Struct, frozen=True):
    """Which fields are kept. `found` collects those that any record had, so that a typo is noticed (`unseen`)."""

    UNCOMPARED = ("found",)

    fields: tuple[Select, ...] = ()
    only: frozenset[tuple[str, ...]] = frozenset()
    without: frozenset[tuple[str, ...]] = frozenset()
    found: set[str] = field(default_factory=set)

    @property
    def everything(self) -> bool:
        """Whether every record is kept as it is."""
        return not (self.fields or self.only or self.without)

    def project(self, record: Any) -> bytes:
        """Give a record as JSON with only the fields that are kept; `{}` if it has none of them."""
        value = lossless_json.loads(bytes(record))
        if self.fields:
            value = self._selected(value)
        for path in (*self.only, *self.without):
            if _has(value, path):
                self.found.add(".".join(path))
        if self.only:
            value = _picked(value, trie(self.only))
        if self.without:
            value = _dropped(value, trie(self.without))
        return lossless_json.dumps({} if value is ABSENT else value)

    def unseen(self) -> tuple[str, ...]:
        """Name the fields that were asked for and no record had, as dotted paths or expressions."""
        asked = [select.text for select in self.fields] + [".".join(path) for path in (*self.only, *self.without)]
        return tuple(sorted(set(asked) - self.found))

    def leaves_out(self, paths: Iterable[tuple[str, ...]]) -> bool:
        """Whether one of these paths is certainly not kept."""
        paths = tuple(paths)
        chosen = [stands(self.fields)] if self.fields else []
        chosen += [self.only] if self.only else []
        return any(left_out(paths, kept) for kept in chosen) or any(path[: len(one)] == one for path in paths for one in self.without)

    def _selected(self, record: Any) -> Any:
        result: dict[str, Any] = {}
        for select in self.fields:
            if select.steps:
                if not _has(record, select.steps):
                    continue
                result = _merged(result, _picked(record, trie([select.steps])))
            else:
                value = select.search(record)
                if value is None:
                    continue
                result.update(value if isinstance(value, dict) and select.text.startswith("{") else {select.text: value})
            self.found.add(select.text)
        return result


def _has(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return any(_has(one, path) for one in value)
    return isinstance(value, dict) and path[0] in value and _has(value[path[0]], path[1:])


def _picked(value: Any, wanted: Trie) -> Any:
    if not wanted:
        return value
    if isinstance(value, list):
        return [one for one in (_picked(item, wanted) for item in value) if one is not ABSENT]
    if not isinstance(value, dict):
        return ABSENT
    picked = {name: _picked(inner, wanted[name]) for name, inner in value.items() if name in wanted}
    return {name: one for name, one in picked.items() if one is not ABSENT}


def _dropped(value: Any, unwanted: Trie) -> Any:
    if isinstance(value, list):
        return [_dropped(one, unwanted) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, inner in value.items():
        if name not in unwanted:
            kept[name] = inner
        elif unwanted[name]:
            kept[name] = _dropped(inner, unwanted[name])
    return kept


def _merged(one: Any, other: Any) -> Any:
    """Merge two selections from the same value; lists of equal length element by element."""
    if isinstance(one, dict) and isinstance(other, dict):
        joined = {name: _merged(one[name], value) if name in one else value for name, value in other.items()}
        return {**one, **joined}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_merged(mine, theirs) for mine, theirs in zip(one, other, strict=True)]
    return other
