"""What a page consists of, before it is Markdown or HTML. Holds plain text only: each form escapes everything itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

ADDRESS = re.compile(r"https?://[^\s<>\"'`()]*[^\s<>\"'`(),.;:!?]")


@dataclass(frozen=True, slots=True)
class InlineCode:
    """What is typed or sent to the letter: a scope, an address, a command."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """What catches the eye."""

    text: str


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """An https address that can be opened."""

    address: str


Line = tuple["str | InlineCode | Strong | Hyperlink", ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title of level 1 to 3; a page has one of level 1, its first block."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    line: Line


@dataclass(frozen=True, slots=True)
class Items:
    """A list of lines; numbered where their order counts."""

    lines: tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows under a head, with a caption that says what they are."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


Block = Heading | Paragraph | Items | TableBlock


def prose(text: str) -> Line:
    """Split a text into what it says and the https addresses in it; plain http ones, of this machine, are code."""
    parts: list[str | InlineCode | Strong | Hyperlink] = []
    end = 0
    for found in ADDRESS.finditer(text):
        parts += [text[end : found.start()], Hyperlink(found[0]) if found[0].startswith("https://") else InlineCode(found[0])]
        end = found.end()
    return tuple(part for part in (*parts, text[end:]) if part != "")


def joined(texts: Iterable[str], word: str = "or") -> Line:
    """Name several things as code: `a`, `b` or `c`."""
    codes = [InlineCode(text) for text in texts]
    parts: list[str | InlineCode | Strong | Hyperlink] = []
    for index, one in enumerate(codes):
        parts += ["" if index == 0 else f" {word} " if index == len(codes) - 1 else ", ", one]
    return tuple(part for part in parts if part != "")
