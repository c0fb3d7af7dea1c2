"""YAML text to plain values with positions. Every scalar stays text: the model decides its type.

Refuses what makes a spec ambiguous: tags, anchors, merge keys, a second document, duplicate keys, empty values.
Built on the parser's events, not on recursion, so neither an alias bomb nor deep nesting can hurt.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import yaml
from msgspec import Struct, field

from engine.language.text.layout import lookalike, quotes_wanted, runs_on, stand_in, without_value
from engine.language.text.mistakes import Mistake, Position, SpecError
from engine.language.text.syntax import syntax
from engine.language.text.yaml_events import EventReader, OpenNode
from engine.replaced import replace

MOST_BYTES = 256 * 1024
DEEPEST = 40
MOST_ROUNDS = 20  # of reading on behind a line that is no YAML

Value = str | list[Any] | dict[str, Any]
Path = tuple[str | int, ...]

KEY, RATE, TOLD, LISTED, MAPPED = (
    "[key]",
    "[rate]",
    "[told]",
    "[listed]",
    "[mapped]",
)  # steps that a validator puts into the place of an error

FORM = "a spec is a map that begins with `spec: 1`"
NULLS = ("null", "Null", "NULL", "~")  # an editor reads them so; outside a body a spec has no such value


class Quoted(str):
    """A scalar that is written between quotes, or as a block: a text, whatever it looks like."""

    __slots__ = ()


class Document(Struct):
    """What a file holds: the values, where each key and value stands, mistakes of form, and comments right behind a value."""

    value: Value = ""
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    dropped: set[Path] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)
    cut: list[Position] = field(default_factory=list)
    lines: tuple[str, ...] = ()

    def place(self, loc: Iterable[int | str]) -> Path:
        """Give the path of a validator's error as it is written: a single value may stand where a list is meant."""
        path: Path = ()
        for step in loc:
            if step not in (KEY, RATE, TOLD, LISTED, MAPPED) and (isinstance(step, str) or (*path, step) in self.values):
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

    def inside(self, at: Position, offset: int) -> Position:
        """Narrow the place of a value to a character of its text; an opening quote does not count."""
        line = self.lines[at.line - 1]
        first = line[at.column - 1 : at.column]
        if first in ("|", ">"):  # the text stands in the lines below
            return at
        return replace(at, column=at.column + offset + (first in ("'", '"')), width=1)

    def part(self, at: Position, text: str) -> Position:
        """Narrow the place of a value to a part of its text; the whole place where it is not found in the line."""
        start = self.lines[at.line - 1].find(text, at.column - 1, at.column - 1 + at.width)
        return at if start < 0 else replace(at, column=start + 1, width=len(text))


def read(raw: bytes, file: str, form: str = FORM) -> Document:
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
    document = _read_on(text, file)
    if not isinstance(document.value, dict):
        mistake = Mistake(form, Position(1, 1), "habeas new VENDOR writes a first one" if form is FORM else None)
        raise SpecError([*document.mistakes, mistake], file, document.lines)
    return document


def lines_of(raw: bytes) -> tuple[str, ...]:
    """Give the lines of a file as `read` counts them, to show a mistake in it; what is no UTF-8 is shown as replaced."""
    return tuple(raw.decode("utf-8-sig", "replace").splitlines())


def _read_on(text: str, file: str) -> Document:
    """Read to the end: a line whose value is no YAML gets a stand-in, and is told beside what else is wrong. Raises SpecError."""
    lines, told = text.splitlines(), dict[int, list[Mistake]]()
    document = Document(lines=tuple(lines))
    while True:
        here = Document(lines=tuple(lines))
        try:
            reader = _SpecReader(here)
            reader.follow("\n".join([*lines, ""]) if told else text)
        except yaml.YAMLError as error:
            fault = syntax(error, here.lines)
            instead = stand_in(lines, fault) if len(told) < MOST_ROUNDS else None
            if instead is None:
                follows = fault.at.line in told or fault.at.line - 1 in told
                found = [*(one for one in here.mistakes if one.at.line not in told), *(() if follows else (fault,))]
                raise SpecError([*_before(found, fault), *chain(*told.values())], file, document.lines) from None
            told[fault.at.line] = [one for one in here.mistakes if one.at.line == fault.at.line and quotes_wanted(one)] or [fault]
            lines[fault.at.line - 1] = instead
        else:
            break
    document.value, document.keys, document.values, document.cut = reader.result, here.keys, here.values, here.cut
    document.mistakes = [*chain(*told.values()), *(one for one in here.mistakes if one.at.line not in told)]
    document.dropped = here.dropped | {path for path, at in here.keys.items() if at.line in told}
    return document


def _before(found: list[Mistake], last: Mistake) -> list[Mistake]:
    """Leave out what follows from the mistake that ended the reading: a line that seems empty."""
    return [one for one in found if one is last or one.at.line != last.at.line - 1]


class _SpecNode(OpenNode):
    """A map or list of a spec with its place; `skip` says that the value of the key is left out."""

    path: Path = ()
    flow: bool = False
    skip: int | None = None


class _SpecReader(EventReader[_SpecNode]):
    """Reads a spec; remembers where everything stands, and what is not allowed in one."""

    deepest = DEEPEST

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document

    def second(self, event: Any) -> None:
        self.mistake("a second document: one file, one vendor", event, "put what follows the `---` into a file of its own")

    def alias(self, event: Any) -> None:
        hint = "write the value out where it is used, or put it in quotes if the text is meant"
        self.mistake(f"`*{event.anchor}` is an alias to YAML", event, hint)
        self.drop()

    def mistake(self, message: str, event: Any, hint: str | None = None) -> None:
        self.document.mistakes.append(Mistake(message, _position(event), hint))

    def open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        self.plain(event)
        self.admit(event)
        path = self.place()
        self.document.values[path] = _position(event)
        self.stack.append(_SpecNode(value, path=path, flow=bool(event.flow_style)))

    def close(self, done: _SpecNode, event: Any) -> None:
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
            hint = "write the value out in both places, or put it in quotes if the text is meant"
            self.mistake(f"`&{event.anchor}` is an anchor to YAML", event, hint)
        if event.tag:
            self.mistake(f"`{event.tag}` is a tag to YAML, and no text", event, "put the value in quotes")

    def scalar(self, event: Any) -> None:
        self.plain(event)
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
            self.put(Quoted(event.value) if event.style else self.meant(event))
            self.comment(event)

    def meant(self, event: Any) -> str:
        """Take a plain text, or a key, as it was meant: without typographic quotes and blanks. An item may be indented too far."""
        text, found = lookalike(event.value, _position(event)) or (event.value, None)
        found = found or runs_on(self.document.lines, event.start_mark.line, event.end_mark.line)
        self.document.mistakes += [found] if found is not None else []
        return str(text)

    def comment(self, event: Any) -> None:
        """Remember a comment that stands so near to a plain value that it may have been meant as a part of it."""
        end = event.end_mark
        rest = self.document.lines[end.line][end.column :] if end.line < len(self.document.lines) else ""
        if not event.style and rest.startswith(" #"):
            self.document.cut.append(Position(end.line + 1, end.column + 2, len(rest) - 1))

    def key(self, holder: _SpecNode, event: Any) -> None:
        """Take a key; a repeated one is a mistake and its value is left out."""
        self.plain(event)
        holder.key, path = event.value, (*holder.path, event.value)
        if event.value == "<<" and not event.style:
            self.mistake("`<<` merges keys from elsewhere", event, "write the keys out")
            holder.skip = -event.start_mark.line
        elif path in self.document.keys:
            first = self.document.keys[path].line
            self.mistake(f"`{event.value}` is written twice", event, f"the first is in line {first}")
            holder.skip = -event.start_mark.line
        else:
            self.document.keys[path] = _position(event)

    def empty(self, path: Path, event: Any) -> None:
        words = next((step for step in reversed(path) if isinstance(step, str)), "the file")
        name = f"`{words}`" if path and isinstance(path[-1], str) else f"an item of `{words}`" if path else words
        flow = bool(self.stack) and self.stack[-1].flow and isinstance(event, yaml.ScalarEvent) and not event.style
        at = self.document.keys.get(path) or _position(event)
        hint = without_value(str(words), Position(event.end_mark.line + 1, event.end_mark.column + 1), self.document.lines, flow=flow)
        if "body" in path and not isinstance(event, yaml.ScalarEvent):
            hint = f"write what stands in it; where only the next page is asked for in it, `{words}: {{NAME: null}}`"
        self.document.mistakes.append(Mistake(f"{name} has no value", at, hint if path else None))

    def place(self) -> Path:
        """Name the place where the next value goes."""
        if not self.stack:
            return ()
        holder = self.stack[-1]
        if holder.skip is not None:  # what is left out has places of its own: nothing in it is written twice for that
            return (*holder.path, str(holder.key), holder.skip)
        return (*holder.path, holder.key if isinstance(holder.value, dict) else len(holder.value))  # type: ignore[arg-type]

    def drop(self) -> None:
        """Leave a value out, and remember that it was written: it is not missing."""
        self.document.dropped.add(self.place())
        self.settle()

    def put(self, value: Value) -> None:
        if not self.stack or self.stack[-1].skip is None:
            super().put(value)
        self.settle()

    def settle(self) -> None:
        if self.stack:
            self.stack[-1].key = self.stack[-1].skip = None


def _position(event: Any) -> Position:
    mark, end = event.start_mark, event.end_mark
    width = end.column - mark.column if end.line == mark.line else 1
    return Position(mark.line + 1, mark.column + 1, max(1, width))
