"""Write the page that searches the records of one kind: its data stand inside it, since a page that lies on a disk may load nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, BinaryIO

import msgspec
from markupsafe import Markup

from engine.package.cell import Cells
from engine.package.fields import FieldNode
from engine.package.package_paths import PAGE_OF
from engine.package.record_pages import HERE, MOST_COLUMNS, PageHead, RecordPage
from engine.pages.environment import environment, marked_up
from engine.pages.texts import PageTexts

LONGEST = 200  # characters of one value
DRAWN = 200  # rows at a time


class SearchPage:
    """A page that is written while the pages of its records are. It looks at the first columns that differ on the first page of them."""

    def __init__(self, file: BinaryIO, cells: Cells, first: RecordPage, texts: PageTexts, frame: dict[str, Any]) -> None:
        """Write all that stands before the records."""
        self._file = file
        self._cells = cells
        columns = list(zip(first.shown, first.heads, strict=True))[:MOST_COLUMNS]
        self._nodes = [column.node for column, _ in columns]
        names = [head.plain for _, head in columns]
        whole = environment("engine.package").get_template("search.html").render(frame | _said(texts, names, [head for _, head in columns]))
        before, self._after = whole.split(HERE)
        data = {
            "language": texts.language,
            "page": frame["page"],
            "size": PAGE_OF,
            "most": DRAWN,
            "heads": [texts.plain("record.number"), *names],
            "told": texts.entries["search.shown"],
        }
        file.write(encoded(before) + _inside_script(data)[:-1] + b',"rows":[')
        self._joint = b"\n"

    def add(self, page: RecordPage) -> None:
        """Write the records of a page."""
        shown = [self._texts(page, node) for node in self._nodes]
        rows = _inside_script(list(zip(*shown, strict=True)) if shown else [()] * page.number)
        self._file.write(self._joint + rows[1:-1])
        self._joint = b",\n"

    def _texts(self, page: RecordPage, node: FieldNode) -> Sequence[str]:
        column = page.columns.get(node)
        if column is None:
            return [""] * page.number
        few = column.of.few
        texts = self._cells.plain_column(column.values if few is None else few, node.codes, LONGEST)
        return texts if few is None else list(map(dict(zip(few, texts, strict=True)).__getitem__, column.values))

    def close(self) -> None:
        """Write what stands after the records."""
        self._file.write(b"\n]}" + encoded(self._after))


def _said(texts: PageTexts, names: Sequence[str], heads: Sequence[PageHead]) -> dict[str, Any]:
    return {
        "fields": texts("search.fields", fields=Markup(", ").join(names), data=Markup("<code>data</code>")),
        "shortened": texts("search.shortened", n=LONGEST),
        "heads": [texts("record.number"), *(marked_up(head.html) for head in heads)],
        "data": marked_up(HERE),
        "script": script(),
        "digest": b64encode(sha256(script().encode()).digest()).decode(),
    }


@cache
def script() -> Markup:
    """Give the script of the page."""
    text = resources.files("engine.package").joinpath("templates", "search.js").read_text("utf-8")
    return marked_up(text.rstrip("\n"))


def _inside_script(value: Any) -> bytes:
    """Write JSON that ends no script."""
    return msgspec.json.encode(value).replace(b"<", b"\\u003c")


def encoded(text: str) -> bytes:
    """Write a page's text; half a character is written as its escape."""
    return text.encode("utf-8", "backslashreplace")
