"""Write a page as one HTML file for screen and paper. No script; nothing is loaded; all text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import escape

from engine.explain.blocks import Heading, Hyperlink, Inline, Line, Listing, PageBlock, TableBlock
from engine.pages.environment import environment

BREAK = re.compile(r"(?<=[^/:][/:])(?=[\w{])")
NARROW = 34  # characters of code that fit on the narrowest screens


class ContentsItem(msgspec.Struct):
    """A line of the contents: where it leads, and the lines below it."""

    anchor: str
    words: str
    below: list[ContentsItem]


def webpage(blocks: Sequence[PageBlock]) -> str:
    """Give the whole HTML file; its title is the page's first heading."""
    begins = next((index for index, block in enumerate(blocks) if isinstance(block, Heading) and block.level > 1), len(blocks))
    return (
        environment("engine.explain")
        .get_template("docs.html")
        .render(
            language="en",
            title=next((block.text for block in blocks if isinstance(block, Heading)), "Habeas"),
            before=blocks[:begins],
            after=blocks[begins:],
            contents=_contents(blocks),
            kind=lambda part: type(part).__name__,
            slug=_slug,
            code_class=_code_class,
            broken=lambda text: BREAK.sub("<wbr>", str(escape(text))),
        )
    )


def _code_class(text: str) -> str:
    """Say of a text of one word that no line ends in it, not even at a hyphen; where a page is too narrow for it, it does."""
    return "" if re.search(r"[\s/]", text) else "whole" if len(text) <= NARROW else "whole long"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _contents(blocks: Sequence[PageBlock]) -> list[ContentsItem]:
    """List the headings, below each the rows of its table and its listings that have a place of their own."""
    top: list[ContentsItem] = []
    levels = [top]
    for depth, item in _entries(blocks):
        del levels[depth:]
        levels[-1].append(item)
        levels.append(item.below)
    return top


def _entries(blocks: Sequence[PageBlock]) -> Iterator[tuple[int, ContentsItem]]:
    """Give the lines with their depth, of which none skips one."""
    level = 1
    for block in blocks:
        match block:
            case Heading() if block.level > 1:
                level = block.level
                yield level - 1, ContentsItem(_slug(block.text), block.text, [])
            case TableBlock():
                for anchor, row in zip(block.anchors, block.rows, strict=False):
                    yield level, ContentsItem(anchor, _words(row[0]), [])
            case Listing():
                yield level, ContentsItem(block.anchor, _words(block.caption[:1]), [])


def _words(line: Line) -> str:
    """Write the words of a line without what is in bold or leads elsewhere."""
    return "".join(_word(part) for part in line)


def _word(part: Inline) -> str:
    return part if isinstance(part, str) else "" if isinstance(part, Hyperlink) else part.text
