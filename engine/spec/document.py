"""YAML text to plain values with positions. Every scalar stays text: the model decides its type.

Refuses what makes a spec ambiguous: tags, anchors, merge keys, a second document, duplicate keys, empty values.
Built on the parser's events, not on recursion, so neither an alias bomb nor deep nesting can hurt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from engine.spec.mistake import Mistake, Position, SpecError

MOST_BYTES = 256 * 1024
DEEPEST = 40

Value = str | list[Any] | dict[str, Any]
Path = tuple[str | int, ...]

KEY, RATE, TOLD = "[key]", "[rate]", "[told]"  # steps that a validator puts into the place of an error

NULLS = ("null", "Null", "NULL", "~")  # an editor reads them so; outside a body a spec has no such value

LOOKS_LIKE_JMESPATH = re.compile(r"\[[\]\d*?-]|\|\||\]\s*,|[@`*%|&]|'.*'")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Quoted(str):
    """A scalar that is written between quotes, or as a block: a text, whatever it looks like."""

    __slots__ = ()


@dataclass
class Document:
    """What a file holds: the values, where each key and value stands, and the mistakes of form."""

    value: Value = ""
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    dropped: set[Path] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)
    lines: tuple[str, ...] = ()

    def place(self, loc: Iterable[int | str]) -> Path:
        """Give the path of a validator's error as it is written: a single value may stand where a list is meant."""
        path: Path = ()
        for step in loc:
            if step not in (KEY, RATE, TOLD) and (isinstance(step, str) or (*path, step) in self.values):
                path = (*path, step)
        return path

    def at(self, path: Path, *, key: bool = False) -> Position:
        """Find the nearest place for a path: its key or value, else its parent's."""
        path = self.place(path)
        for end in range(len(path), 0, -1):
            here = path[:end]
            first, second = (self.keys, self.values) if key or end < len(path) else (self.values, self.keys)
            found = first.get(here) or second.get(here)
            if found:
                return found
        return Position(1, 1)

    def inside(self, at: Position, offset: int, width: int = 1) -> Position:
        """Narrow the place of a value to some characters of its text; a quote before it is none of them."""
        line = self.lines[at.line - 1]
        quoted = line[at.column - 1 : at.column] in ("'", '"')
        return replace(at, column=at.column + offset + quoted, width=width)


def read(raw: bytes, file: str, form: str = "a spec is a map that begins with `spec: 1`") -> Document:
    """Read one spec's bytes, or those of another file that is a map; `form` says what it should look like.

    Raises SpecError where there is nothing to go on with: not UTF-8, too large, not YAML, not a map.
    """
    if len(raw) > MOST_BYTES:
        raise SpecError([Mistake("the file is larger than 256 KiB: this is no spec", Position(1, 1))], file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SpecError([Mistake("not UTF-8 text", Position(line, 1), "save the file as UTF-8")], file) from None
    document = Document(lines=tuple(text.splitlines()))
    try:
        _Builder(document).build(text)
    except yaml.YAMLError as error:
        raise SpecError([*document.mistakes, _syntax(error, document.lines)], file, document.lines) from None
    if not isinstance(document.value, dict):
        mistake = Mistake(form, Position(1, 1))
        raise SpecError([*document.mistakes, mistake], file, document.lines)
    return document


def _syntax(error: yaml.YAMLError, lines: tuple[str, ...]) -> Mistake:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    problem = str(getattr(error, "problem", None) or "the text cannot be read")
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem or "tab character" in problem:
        tab = Position(at.line, line.find("\t") + 1 or at.column)
        return Mistake("a tab character: YAML wants blanks", tab, "indent with two blanks")
    hint = "put it in quotes" if LOOKS_LIKE_JMESPATH.search(line.partition(":")[2]) else None
    return Mistake(f"not YAML: {problem}", at, hint)


@dataclass
class _Open:
    """A map or list that is still being read."""

    path: Path
    value: dict[str, Any] | list[Any]
    key: str | None = None
    skip: bool = False


class _Builder:
    """Follows the events of one document; the stack is explicit."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []
        self.documents = 0

    def build(self, text: str) -> None:
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    self.mistake("a second document: one file, one vendor", event, hint="remove the `---`")
                    return
            elif isinstance(event, yaml.AliasEvent):
                self.mistake("an alias: write the value out where it is used", event)
                self.drop()
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self.close(event)
            elif isinstance(event, yaml.ScalarEvent):
                self.scalar(event)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self.open(event)

    def mistake(self, message: str, event: Any, hint: str | None = None) -> None:
        self.document.mistakes.append(Mistake(message, _position(event), hint))

    def open(self, event: Any) -> None:
        self.plain(event)
        if len(self.stack) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST} levels", problem_mark=event.start_mark)
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise yaml.MarkedYAMLError(problem="a key must be a text", problem_mark=event.start_mark)
        path = self.place()
        self.document.values[path] = _position(event)
        self.stack.append(_Open(path, {} if isinstance(event, yaml.MappingStartEvent) else []))

    def close(self, event: Any) -> None:
        done = self.stack.pop()
        if not done.value and done.path not in self.document.dropped and not self.hollow(done.path):
            self.empty(done.path, event)
            self.drop()
            return
        self.put(done.value)

    def hollow(self, path: Path) -> bool:
        """Whether a map is empty only because everything in it was a mistake already."""
        return any(one[: len(path)] == path for one in self.document.dropped)

    def plain(self, event: Any) -> None:
        if event.anchor:
            self.mistake("an anchor: two places that look independent would not be", event)
        if event.tag:
            self.mistake(f"a tag `{event.tag}`", event, "put the value in quotes")

    def scalar(self, event: Any) -> None:
        holder = self.stack[-1] if self.stack else None
        self.plain(event)
        if holder is not None and isinstance(holder.value, dict) and holder.key is None:
            self.name(holder, event)
            return
        path = self.place()
        self.document.values[path] = _position(event)
        if event.tag or event.anchor:
            self.drop()
        elif event.value.strip() == "":
            self.empty(path, event)
            self.drop()
        elif not event.style and event.value in NULLS and "body" not in path:
            self.mistake(f"`{event.value}` is YAML's word for no value", event, "put it in quotes if the text is meant")
            self.drop()
        else:
            self.put(Quoted(event.value) if event.style else event.value)

    def name(self, holder: _Open, event: Any) -> None:
        """Take a key; a repeated one is a mistake and its value is left out."""
        holder.key, path = event.value, (*holder.path, event.value)
        if event.value == "<<" and not event.style:
            self.mistake("a merge key: write the keys out", event)
            holder.skip = True
        elif path in self.document.keys:
            first = self.document.keys[path].line
            self.mistake(f"`{event.value}` is written twice", event, f"the first is in line {first}")
            holder.skip = True
        else:
            self.document.keys[path] = _position(event)

    def empty(self, path: Path, event: Any) -> None:
        name = f"`{path[-1]}`" if path else "the file"
        hint = "write the value; text with a comma inside `{...}` goes on its own line"
        at = self.document.keys.get(path) or _position(event)
        self.document.mistakes.append(Mistake(f"{name} has no value", at, hint if path else None))

    def place(self) -> Path:
        """Name the place where the next value goes."""
        if not self.stack:
            return ()
        holder = self.stack[-1]
        return (*holder.path, holder.key if isinstance(holder.value, dict) else len(holder.value))  # type: ignore[arg-type]

    def drop(self) -> None:
        """Leave a value out, and remember that it was written: it is not missing."""
        self.document.dropped.add(self.place())
        self.settle()

    def put(self, value: Value) -> None:
        if not self.stack:
            self.document.value = value
            return
        holder = self.stack[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is not None and not holder.skip:
            holder.value[holder.key] = value
        self.settle()

    def settle(self) -> None:
        if self.stack:
            self.stack[-1].key, self.stack[-1].skip = None, False


def _position(event: Any) -> Position:
    mark, end = event.start_mark, event.end_mark
    width = end.column - mark.column if end.line == mark.line else 1
    return Position(mark.line + 1, mark.column + 1, max(1, width))
