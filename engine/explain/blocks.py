"""The parts of a page before it is Markdown or HTML: headings, paragraphs, lists, tables, listings, and the inline parts of their lines.

All text in them is plain: markdown.py and docs_page.py each escape what would be markup there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

ADDRESS = re.compile(r"https?://[^\s<>\"'`()]*[^\s<>\"'`(),.;:!?]")


class InlineCode(Struct, frozen=True):
    """Text that is typed or sent to the letter: a scope, an address, a command."""

    text: str


class Strong(Struct, frozen=True):
    """Text in bold."""

    text: str


class Hyperlink(Struct, frozen=True):
    """An https address that the reader can open."""

    address: str


class Pointer(Struct, frozen=True):
    """Words that lead to a place of the same page, where it can be leapt to."""

    anchor: str
    text: str


Inline = str | InlineCode | Strong | Hyperlink | Pointer
Line = tuple[Inline, ...]


class Heading(Struct, frozen=True):
    """A heading of level 1 to 3; a page begins with its only one of level 1."""

    level: int
    text: str


class Paragraph(Struct, frozen=True):
    """A paragraph."""

    line: Line


class Items(Struct, frozen=True):
    """A list, numbered where the order counts."""

    lines: tuple[Line, ...]
    numbered: bool = False


class TableBlock(Struct, frozen=True):
    """A table with a caption and a head; every row has as many cells as the head, and an anchor where there are anchors."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    anchors: tuple[str, ...] = ()


class Listing(Struct, frozen=True):
    """Lines of YAML under a caption."""

    caption: Line
    text: str
    anchor: str


PageBlock = Heading | Paragraph | Items | TableBlock | Listing


def prose(text: str, scopes: Iterable[str] = ()) -> Line:
    """Split a text at what is in it: https addresses become links; http ones, which are of this machine, and scopes become code."""
    parts: list[Inline] = []
    end = 0
    told = sorted((re.escape(scope) for scope in scopes if not scope.isalnum()), key=len, reverse=True)
    between = re.compile("|".join([ADDRESS.pattern, *(rf"(?<![\w:.-]){scope}(?![\w:-]|\.\w)" for scope in told)]))
    for found in between.finditer(text):
        parts += [text[end : found.start()], Hyperlink(found[0]) if found[0].startswith("https://") else InlineCode(found[0])]
        end = found.end()
    return tuple(part for part in (*parts, text[end:]) if part != "")


def joined(texts: Iterable[str], word: str = "or") -> Line:
    """List texts as code with a word before the last: `a`, `b` or `c`."""
    codes = [InlineCode(text) for text in texts]
    parts: list[Inline] = []
    for index, code in enumerate(codes):
        parts += ["" if index == 0 else f" {word} " if index == len(codes) - 1 else ", ", code]
    return tuple(part for part in parts if part != "")
