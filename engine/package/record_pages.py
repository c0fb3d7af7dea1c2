"""Write the pages of one kind of record: a thousand records each, what is the same in all of a page said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat

import msgspec
from markupsafe import Markup

from engine.package.cell import Cells, escaped
from engine.package.columns import Column, columns_together
from engine.package.content import RecordKind, Service
from engine.package.csv_table import CsvTable
from engine.package.decoded_records import DecodedLater, FormDecoder, decoded
from engine.package.fields import FieldNode, RecordFields
from engine.package.package_paths import PAGE_OF, data_path
from engine.package.values import Together, all_together
from engine.pages.environment import marked_up
from engine.pages.languages import number_words
from engine.pages.texts import PageTexts
from engine.pages.visible import visible
from engine.release.given_record import GivenRecord

MOST_COLUMNS = 12
HERE = "\0"  # stands in a text or a template for what is put there at the end
PART = 32  # records
MANY_COLUMNS = 5  # beyond which a table is set smaller


class PageHead(msgspec.Struct):
    """What a field is called on one page: as HTML, and as plain text."""

    html: str
    plain: str


class RecordPage(msgspec.Struct):
    """The records of one page, ready for its template; `rows` are written one by one while they are read, which is possible once."""

    first: int
    number: int
    columns: Mapping[FieldNode, Column]
    same: Markup
    shown: Sequence[Column]
    heads: Sequence[PageHead]
    rows: Iterable[str]
    table: bool


class RecordPages:
    """The pages of one kind of record, one after another."""

    def __init__(self, service: Service, kind: RecordKind, texts: PageTexts, table: CsvTable | None = None) -> None:
        """Take whose they are; a table gets the same records while they are read."""
        self.kind = kind
        self._table = table
        self._texts = texts
        self._caption = str(texts("record.caption_record", n=marked_up(HERE)))
        self._record = texts("record.record")
        self._form: FormDecoder | None = None
        self._fields = RecordFields(service.labels, kind.endpoint)
        self.cells = Cells(texts, service.title, data_path(service.vendor, kind.endpoint, "json"))

    def __iter__(self) -> Iterator[RecordPage]:
        """Read the records, and give page after page. Raises ValueError where they, or their places, are not as many as was said."""
        every, first, places = iter(self.kind.records()), 1, 0
        while True:
            given = list[GivenRecord]()
            turned = all_together(self._parts(every, given))
            given += islice(every, PAGE_OF - len(given))
            if not given:
                break
            records = DecodedLater(given) if turned is not None else [decoded(one.line) for one in given]
            if self._table is not None:
                self._table.add_all(records, turned)
            page = self._page(first, len(given), columns_together(self._fields, given, records, turned))
            first += len(given)
            places += sum(len(together) for one in given for together in one.together)
            del given, records, turned  # so that one page is in memory, and not two
            yield page
            del page
        said = (self.kind.given, sum(self.kind.places.values()))
        if (first - 1, places) != said:
            there = f"{first - 1} with {places}"
            message = f"{self.kind.endpoint}: {said[0]} records with {said[1]} places withheld were said to be given, and {there} are there"
            raise ValueError(message)

    def _parts(self, every: Iterator[GivenRecord], given: list[GivenRecord]) -> Iterator[Together | None]:
        """Read the records of a page a few at a time, and keep their lines."""
        form: FormDecoder | None = None
        while part := list(islice(every, min(PART, PAGE_OF - len(given)))):
            given += part
            form = form or self._form_of(part[0])
            yield form.turned([one.line for one in part])

    def _form_of(self, first: GivenRecord) -> FormDecoder:
        """Give what decodes records like the first one of a page, whose fields are the same on most pages."""
        record = decoded(first.line)
        if self._form is None or type(record) is not dict or self._form.names != tuple(record):
            self._form = FormDecoder(record)
        return self._form

    def _page(self, first: int, number: int, every: Sequence[Column]) -> RecordPage:
        heads = self._heads([column.node for column in every])
        same = [column for column in every if column.is_same()]
        varying = [column for column in every if column not in same]
        if number > 1 and not varying:
            same, varying = same[1:], same[:1]
        known = "".join(self._pair(column, heads) for column in same)
        table = len(varying) <= MOST_COLUMNS
        rows: Iterable[str] = () if number == 1 else self._rows(first, number, varying, heads, table=table)
        shown = [heads[column.node] for column in varying]
        return RecordPage(first, number, {column.node: column for column in every}, marked_up(known), varying, shown, rows, table)

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
        parts: list[Iterable[str]] = [[self._begin(at, table=table) for at in range(first, first + number)]]
        for column in shown:
            head = heads[column.node]
            if table:
                parts += self._each(column, f'<td role="cell" data-l="{escaped(head.plain)}">', self.cells.absent, "</td>")
            else:
                parts += self._each(column, f"<dt>{head.html}</dt><dd>", "", "</dd>\n")
        parts.append(repeat("</tr>\n" if table else "</dl></section>\n", number))
        yield from map("".join, zip(*parts, strict=True))

    def _begin(self, number: int, *, table: bool) -> str:
        if table:
            return f'<tr role="row" id="r{number}"><th role="rowheader" scope="row" class="n" data-l="{self._record}">{number}</th>'
        caption = self._caption.replace(HERE, number_words(number, self._texts.language))
        return f'<section id="r{number}"><h3>{caption}</h3>\n<dl>\n'

    def _each(self, column: Column, begin: str, absent: str, end: str) -> Iterator[Iterable[str]]:
        """Write every value of a column, in parts; where they are few, each once. Where nothing is to be said, nothing stands there."""
        few, codes = column.few(), column.node.codes
        written = self.cells.column(column.values if few is None else few, codes, column.marks)
        if few is None and "" not in written:
            yield from (repeat(begin, len(written)), written, repeat(end, len(written)))
            return
        whole = [f"{begin}{html or absent}{end}" if html or absent else "" for html in written]
        yield whole if few is None else map(dict(zip(few, whole, strict=True)).__getitem__, column.values)
