"""Put a first spec together and write it as YAML, with a TODO above each key that must be confirmed.

A text from a document can never become anything but a value: it is written plain only where nothing in it means anything to YAML,
else in double quotes with escapes. Comments hold printable characters only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, field

from engine.language.text.mistakes import Position
from engine.openapi.document.operations import plain

WIDTH = 120
PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./<>@+-]|:(?=[A-Za-z0-9_/]))*|<[A-Z][A-Za-z0-9_.<>/-]*|[0-9]{1,4}(?:d|mo|-[0-9]{2}-[0-9]{2})")
MEANING = re.compile(r"(?i)true|false|null|yes|no|on|off|y|n|~")
MARK = re.compile(r"(?:^|\s)#\s*(TODO)\b")
Value = Any  # str, int, bool, list or dict of them, or DraftBlock


def marks(lines: Iterable[str]) -> Iterator[Position]:
    """Find the TODOs of a spec: the comments that begin with the mark."""
    for number, line in enumerate(lines, 1):
        found = MARK.search(line)
        if found is not None:
            yield Position(number, found.start(1) + 1, len(found[1]))


class DraftEntry(Struct):
    """A key with its value and its TODOs; without a key, lines of comment."""

    key: str
    value: Value = None
    todo: tuple[str, ...] = ()


class DraftBlock(Struct):
    """A map that is written with one key a line."""

    entries: list[DraftEntry] = field(default_factory=list)

    def add(self, key: str, value: Value, *todo: str) -> None:
        """Add a key with its TODOs; where its value is empty, only those."""
        reasons = tuple(one for one in todo if one)
        if value not in (None, "", [], {}):
            self.entries.append(DraftEntry(key, value, reasons))
        elif reasons:
            self.say(*(f"TODO {one}" for one in reasons))

    def say(self, *lines: str) -> None:
        """Add comments."""
        self.entries.append(DraftEntry("", None, lines))


def quoted(text: str) -> str:
    """Write a text as one YAML scalar, plain or in double quotes."""
    if PLAIN.fullmatch(text) and not MEANING.fullmatch(text):
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char == " " or (char.isprintable() and char != "\ufeff"):
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "?"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def flow(value: Value) -> str:
    """Write a value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)}: {flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    return quoted(value)


def render(block: DraftBlock, depth: int = 0) -> list[str]:
    """Write a map as lines."""
    lines: list[str] = []
    indent = "  " * depth
    for entry in block.entries:
        for reason in entry.todo:
            lines += comment(f"TODO {reason}" if entry.key else reason, indent)
        if not entry.key:
            continue
        head = f"{indent}{quoted(entry.key)}:"
        if isinstance(entry.value, DraftBlock):
            lines += [head, *render(entry.value, depth + 1)]
        else:
            lines += _valued(head, entry.value, depth)
    return lines


def _valued(head: str, value: Value, depth: int) -> list[str]:
    line = f"{head} {flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, (list, dict)):
        return [line]
    indent = "  " * (depth + 1)
    if isinstance(value, dict):
        return [head, *(one for name, inner in value.items() for one in _valued(f"{indent}{quoted(name)}:", inner, depth + 1))]
    return [head, *(f"{indent}- {flow(one)}" for one in value)]


def comment(text: str, indent: str) -> list[str]:
    """Write a comment, in as many lines as it needs."""
    lines, line = [], ""
    for word in plain(text, 600).split(" "):
        if line and len(indent) + len(line) + len(word) > WIDTH - 4:
            lines.append(f"{indent}# {line}")
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, f"{indent}# {line}"] if line else [""]
