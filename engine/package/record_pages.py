"""Write the pages of one kind of record: a thousand records each, what is the same in all of a page said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from markupsafe import Markup

from engine.package.cell import LEFT_OUT, Cells, escaped, visible
from engine.package.content import RecordKind, Service
from engine.package.fields import FieldNode, ReadRecord, RecordFields, in_their_order, same_in_all
from engine.package.package_paths import PAGE_OF, data_path
from engine.pages.environment import marked_up
from engine.pages.texts import PageTexts

MOST_COLUMNS = 12
MANY_COLUMNS = 5  # beyond which a table is set smaller


class PageHead(msgspec.Struct):
    """What a field is called on one page: as HTML, and as plain text."""

    html: str
    plain: str


class RecordPage(msgspec.Struct):
    """The records of one page, ready for its template."""

    first: int
    records: Sequence[ReadRecord]
    same: Markup
    shown: Sequence[FieldNode]
    heads: Sequence[PageHead]
    rows: Markup
    table: bool


class RecordPages:
    """The pages of one kind of record, one after another."""

    def __init__(self, service: Service, kind: RecordKind, texts: PageTexts) -> None:
        """Take whose they are."""
        self.kind = kind
        self._texts = texts
        self._fields = RecordFields(service.labels, kind.endpoint)
        self.cells = Cells(texts, service.title, data_path(service.vendor, kind.endpoint, "json"))

    def __iter__(self) -> Iterator[RecordPage]:
        """Read the records, and give page after page. Raises ValueError where they are not as many as was said."""
        given, first = iter(self.kind.records()), 1
        while chunk := [self._fields.read(record) for record in islice(given, PAGE_OF)]:
            yield self._page(first, chunk)
            first += len(chunk)
        if first - 1 != self.kind.given:
            message = f"{self.kind.endpoint}: {self.kind.given} records were said to be given, and {first - 1} are there"
            raise ValueError(message)

    def _page(self, first: int, records: Sequence[ReadRecord]) -> RecordPage:
        every = in_their_order(records)
        heads = self._heads(every)
        same = same_in_all(records)
        varying = [node for node in every if node not in set(same)]
        if len(records) > 1 and not varying:
            same, varying = same[1:], same[:1]
        known = "".join(self._pair(node, records[0], heads) for node in same)
        if len(records) == 1:
            rows, table = "", False
        else:
            table = len(varying) <= MOST_COLUMNS
            write = self._rows if table else self._lists
            rows = "".join(write(first, records, varying, heads))
        shown = [heads[node] for node in varying]
        return RecordPage(first, records, marked_up(known), varying, shown, marked_up(rows), table)

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

    def _pair(self, node: FieldNode, record: ReadRecord, heads: dict[FieldNode, PageHead]) -> str:
        value = self.cells.html(record.values[node], node.codes, record.marks.get(node, ()))
        return f"<dt>{heads[node].html}</dt><dd>{value}</dd>\n"

    def _rows(
        self, first: int, records: Iterable[ReadRecord], shown: Sequence[FieldNode], heads: dict[FieldNode, PageHead]
    ) -> Iterator[str]:
        """Write a row for each record."""
        html, absent, called = self.cells.html, self.cells.absent, self._texts.plain("record.record")
        begins = [(node, node.codes, f'<td role="cell" data-l="{escaped(heads[node].plain)}">') for node in shown]
        for number, record in enumerate(records, first):
            values, marks = record.values, record.marks
            parts = [f'<tr role="row" id="r{number}"><th role="rowheader" scope="row" class="n" data-l="{called}">{number}</th>']
            for node, codes, begin in begins:
                parts += (begin, html(values[node], codes, marks.get(node, ())) if node in values else absent, "</td>")
            parts.append("</tr>\n")
            yield "".join(parts)

    def _lists(
        self, first: int, records: Iterable[ReadRecord], shown: Sequence[FieldNode], heads: dict[FieldNode, PageHead]
    ) -> Iterator[str]:
        """Write a list of fields for each record."""
        html = self.cells.html
        begins = {node: f"<dt>{heads[node].html}</dt><dd>" for node in shown}
        for number, record in enumerate(records, first):
            marks = record.marks
            parts = [f'<h3 id="r{number}">{self._texts("record.caption_record", n=number)}</h3>\n<dl>\n']
            for node, value in record.values.items():
                begin = begins.get(node)
                if begin is not None:
                    parts += (begin, html(value, node.codes, marks.get(node, ())), "</dd>\n")
            parts.append("</dl>\n")
            yield "".join(parts)

    def plain(self, record: ReadRecord, nodes: Sequence[FieldNode], longest: int) -> list[str]:
        """Write some of a record's values as text, each cut to so many characters."""
        values = record.values
        return [
            self.cells.plain(values[node], node.codes)[:longest] if node in values and values[node] is not LEFT_OUT else ""
            for node in nodes
        ]
