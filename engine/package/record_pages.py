"""Write the pages of one kind of record: a thousand records each, what is the same in all of a page said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, repeat

import msgspec
from markupsafe import Markup

from engine.package.cell import Cells, escaped
from engine.package.columns import Column, columns_of
from engine.package.content import RecordKind, Service
from engine.package.fields import FieldNode, ReadRecord, RecordFields
from engine.package.package_paths import PAGE_OF, data_path
from engine.pages.environment import marked_up
from engine.pages.languages import number_words
from engine.pages.texts import PageTexts
from engine.pages.visible import visible

MOST_COLUMNS = 12
HERE = "\0"  # stands in a text or a template for what is put there at the end
MANY_COLUMNS = 5  # beyond which a table is set smaller


class PageHead(msgspec.Struct):
    """What a field is called on one page: as HTML, and as plain text."""

    html: str
    plain: str


class RecordPage(msgspec.Struct):
    """The records of one page, ready for its template."""

    first: int
    number: int
    columns: Mapping[FieldNode, Column]
    same: Markup
    shown: Sequence[Column]
    heads: Sequence[PageHead]
    rows: str
    table: bool


class RecordPages:
    """The pages of one kind of record, one after another."""

    def __init__(self, service: Service, kind: RecordKind, texts: PageTexts) -> None:
        """Take whose they are."""
        self.kind = kind
        self._texts = texts
        self._caption = str(texts("record.caption_record", n=marked_up(HERE)))
        self._record = texts("record.record")
        self._fields = RecordFields(service.labels, kind.endpoint)
        self.cells = Cells(texts, service.title, data_path(service.vendor, kind.endpoint, "json"))

    def __iter__(self) -> Iterator[RecordPage]:
        """Read the records, and give page after page. Raises ValueError where they, or their places, are not as many as was said."""
        given, first, places = iter(self.kind.records()), 1, 0
        while chunk := [self._fields.read(record) for record in islice(given, PAGE_OF)]:
            yield self._page(first, chunk)
            first += len(chunk)
            places += sum(sum(map(len, record.marks.values())) for record in chunk)
        said = (self.kind.given, sum(self.kind.places.values()))
        if (first - 1, places) != said:
            there = f"{first - 1} with {places}"
            message = f"{self.kind.endpoint}: {said[0]} records with {said[1]} places withheld were said to be given, and {there} are there"
            raise ValueError(message)

    def _page(self, first: int, records: Sequence[ReadRecord]) -> RecordPage:
        every = columns_of(records)
        heads = self._heads([column.node for column in every])
        same = [column for column in every if column.is_same()]
        varying = [column for column in every if column not in same]
        if len(records) > 1 and not varying:
            same, varying = same[1:], same[:1]
        known = "".join(self._pair(column, heads) for column in same)
        table = len(varying) <= MOST_COLUMNS
        rows = "" if len(records) == 1 else "".join(self._rows(first, len(records), varying, heads, table=table))
        shown = [heads[column.node] for column in varying]
        return RecordPage(first, len(records), {column.node: column for column in every}, marked_up(known), varying, shown, rows, table)

    def _heads(self, nodes: Sequence[FieldNode]) -> dict[FieldNode, PageHead]:
        """Name the fields; where two would be called the same, each has its path beside it."""
        called = Counter((node.label or node.path[-1], node.place) for node in nodes)
        return {node: self._head(node, alone=called[node.label or node.path[-1], node.place] == 1) for node in nodes}

    def _head(self, node: FieldNode, *, alone: bool) -> PageHead:
        own = next((step for step in reversed(node.path) if isinstance(step, str)), "")
        told = " ".join((node.label or own).split())
        html = escaped(told) if node.label else f'<span class="id">{escaped(told)}</span>'
        if node.place:
            place = self._texts.plain("cell.item", n=node.place)
            html, told = f'{html} <span class="soft">{place}</span>', f"{told} {place}"
        if not alone and node.name != own:
            html, told = f'{html} <span class="id soft">{escaped(node.name)}</span>', f"{told} ({node.name})"
        return PageHead(html, visible(told))

    def _pair(self, column: Column, heads: Mapping[FieldNode, PageHead]) -> str:
        places = column.marks[0] if column.marks else ()
        return f"<dt>{heads[column.node].html}</dt><dd>{self.cells.html(column.values[0], column.node.codes, places)}</dd>\n"

    def _rows(self, first: int, number: int, shown: Sequence[Column], heads: Mapping[FieldNode, PageHead], *, table: bool) -> Iterator[str]:
        """Write each record: a row of a table, or a list of the fields that it has."""
        begins = [self._begin(at, table=table) for at in range(first, first + number)]
        write = self._cells if table else self._pairs
        ends = repeat("</tr>\n" if table else "</dl></section>\n", number)
        yield from map("".join, zip(begins, *(write(column, heads[column.node]) for column in shown), ends, strict=True))

    def _begin(self, number: int, *, table: bool) -> str:
        if table:
            return f'<tr role="row" id="r{number}"><th role="rowheader" scope="row" class="n" data-l="{self._record}">{number}</th>'
        caption = self._caption.replace(HERE, number_words(number, self._texts.language))
        return f'<section id="r{number}"><h3>{caption}</h3>\n<dl>\n'

    def _cells(self, column: Column, head: PageHead) -> list[str]:
        begin, absent = f'<td role="cell" data-l="{escaped(head.plain)}">', self.cells.absent
        return self._each(column, lambda html: f"{begin}{html or absent}</td>")

    def _pairs(self, column: Column, head: PageHead) -> list[str]:
        begin = f"<dt>{head.html}</dt><dd>"
        return self._each(column, lambda html: f"{begin}{html}</dd>\n" if html else "")

    def _each(self, column: Column, write: Callable[[str], str]) -> list[str]:
        """Write every value of a column; where they are few, each once."""
        few, codes = column.few(), column.node.codes
        if few is None:
            return list(map(write, self.cells.column(column.values, codes, column.marks)))
        known = dict(zip(few, map(write, self.cells.column(few, codes, None)), strict=True))
        return list(map(known.__getitem__, column.values))
