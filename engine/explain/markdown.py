"""Write a page as Markdown (CommonMark, with GitHub's tables). All text is escaped, so that none of it becomes markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never

from engine.explain.blocks import (
    Heading,
    Hyperlink,
    Inline,
    InlineCode,
    Items,
    Line,
    Listing,
    PageBlock,
    Paragraph,
    Pointer,
    Strong,
    TableBlock,
)

SPECIAL = re.compile(r"[\\`*_\[\]<>|#~$]")
AT_THE_BEGINNING = re.compile(r"^([-+=]|\d+[.)])")


def markdown(blocks: Sequence[PageBlock]) -> str:
    """Write a page; gives text that ends with a line break."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: PageBlock) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {plain(block.text)}"
        case Paragraph():
            return _begun(_line(block.line))
        case Items():
            return "\n".join(
                f"{f'{number}.' if block.numbered else '-'} {_begun(_line(line))}" for number, line in enumerate(block.lines, start=1)
            )
        case TableBlock():
            rows = [" | ".join(_cell(cell) for cell in row) for row in block.rows]
            head = [" | ".join(plain(name) for name in block.head), " | ".join("---" for _ in block.head)]
            return f"*{plain(block.caption)}*\n\n" + "\n".join(f"| {row} |" for row in (*head, *rows))
        case Listing():
            fence = _fence(block.text, 3)
            return f"{_begun(_line(block.caption))}\n\n{fence}yaml\n{block.text}\n{fence}"
        case _:
            assert_never(block)


def _line(line: Line) -> str:
    return "".join(_part(part) for part in line)


def _part(part: Inline) -> str:
    match part:
        case str():
            return plain(part)
        case InlineCode():
            return code(part.text)
        case Strong():
            return f"**{plain(part.text.strip())}**"
        case Hyperlink():
            return f"<{part.address}>"
        case Pointer():
            return plain(part.text)
        case _:
            assert_never(part)


def plain(text: str) -> str:
    """Escape a text so that Markdown shows it as it is, on one line."""
    return SPECIAL.sub(r"\\\g<0>", re.sub(r"\s+", " ", text)).replace("&", "&amp;")


def code(text: str) -> str:
    """Write a code span, fenced by more backticks than any run in it has."""
    text = " ".join(text.split())
    fence = _fence(text)
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _fence(text: str, shortest: int = 1) -> str:
    """Give more backticks than any run in a text has."""
    return "`" * max(shortest, 1 + max((len(run) for run in re.findall("`+", text)), default=0))


def _begun(text: str) -> str:
    """Escape what would make a line a list item or an underline."""
    return AT_THE_BEGINNING.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", text.lstrip())


def _cell(line: Line) -> str:
    """Write a cell: a bar inside a code span would end it (one in plain text is escaped already)."""
    return "".join(_part(part).replace("|", r"\|") if isinstance(part, InlineCode) else _part(part) for part in line)
