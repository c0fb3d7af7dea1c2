"""Write the pages of a package: the first one, the records, what searches them, the lists of files, a README.

The same answer makes the same bytes. A page loads nothing but the style sheet, and no page but one that searches runs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import disk_error
from engine.package.content import RECEIVED, CaseAnswer, PackageFile, RecordKind, Service
from engine.package.csv_table import CsvTable
from engine.package.file_list import file_list
from engine.package.index_page import index
from engine.package.package_paths import page_path, pages_of
from engine.package.readme import readme
from engine.package.record_pages import HERE, RecordPages
from engine.package.record_words import NO_RECORDS, Link, about, searching, shown
from engine.package.search_page import SearchPage, encoded
from engine.package.summary import unaccounted
from engine.pages.environment import environment, style
from engine.pages.texts import PageTexts, texts

PACKAGE = "engine.package"
ROWS = 32  # that are written at once
Tables = Callable[[Service, RecordKind], AbstractContextManager[CsvTable | None]]


def write_pages(answer: CaseAnswer, folder: Path, table: Tables | None = None) -> list[str]:
    """Write every page into a folder that holds none of them; gives their names in it, sorted.

    `table` gives the table of a kind of record, to be filled beside its pages, so that each record is decoded once for both.
    Raises DiskError, and ValueError where the answer's counts do not agree with each other or with its records.
    """
    fault = unaccounted(answer)
    if fault is not None:
        raise ValueError(fault)
    try:
        if any(service.kinds or service.files for service in answer.services):  # else nothing would lie in it
            (folder / "read").mkdir(exist_ok=True)
        return sorted(_Pages(answer, folder, table or _no_table).written())
    except OSError as error:
        raise disk_error(error) from None


class _Pages:
    """Writes the pages of one answer."""

    def __init__(self, answer: CaseAnswer, folder: Path, table: Tables) -> None:
        self._answer = answer
        self._table = table
        self._folder = folder
        self._t = texts(PACKAGE, answer.language)

    def written(self) -> Iterator[str]:
        """Write page after page; gives their names."""
        answer, t = self._answer, self._t
        for name, content in (("index.html", index(answer, t)), ("README.txt", readme(answer, t)), ("style.css", style())):
            yield self._write(name, content)
        for service in answer.services:
            if service.files:
                yield self._files(service, RECEIVED, t.plain("found.owner_files"), service.files)
            for before, kind, after in zip((None, *service.kinds), service.kinds, (*service.kinds[1:], None), strict=False):
                yield from self._records(service, kind, _neighbours(service, before, after, t))
                if kind.files:
                    yield self._files(service, kind.endpoint, kind.title, kind.files)

    def _write(self, name: str, content: str, rows: Iterable[str] = ()) -> str:
        """Write a page; rows stand where it says so, a few at a time, so that no more of them are in memory."""
        before, here, after = content.partition(HERE)
        every = iter(rows if here else ())
        with (self._folder / name).open("xb") as file:
            file.write(encoded(before))
            while some := "".join(islice(every, ROWS)):
                file.write(encoded(some))
            file.write(encoded(after))
        return name

    def _frame(self, service: Service) -> dict[str, Any]:
        """Give what every page about a service says above."""
        up = self._t("record.up", reference=self._answer.reference)
        return {"t": self._t, "language": self._answer.language, "root": "../", "up": up, "service": service.title}

    def _files(self, service: Service, endpoint: str, title: str, files: tuple[PackageFile, ...]) -> str:
        frame = self._frame(service) | file_list(service, endpoint, title, files, self._t, self._answer.reference)
        return self._write(page_path(service.vendor, endpoint, "files"), environment(PACKAGE).get_template("files.html").render(frame))

    def _records(self, service: Service, kind: RecordKind, neighbours: list[Link]) -> Iterator[str]:
        """Write the pages of one kind of record, and the one that searches them where there are more than one."""
        t = self._t
        frame = self._frame(service) | about(self._answer, service, kind, t) | {"neighbours": neighbours}
        render = environment(PACKAGE).get_template("record.html").render
        with ExitStack() as opened:
            pages = RecordPages(service, kind, t, opened.enter_context(self._table(service, kind)))
            search: SearchPage | None = None
            for number, page in enumerate(pages, 1):
                html = render(frame | shown(page, service, kind, number, t))
                yield self._write(page_path(service.vendor, kind.endpoint, number), html, page.rows)
                if search is None and pages_of(kind.given) > 1:
                    name = page_path(service.vendor, kind.endpoint, "search")
                    file = opened.enter_context((self._folder / name).open("xb"))
                    search = SearchPage(file, pages.cells, page, t, frame | searching(self._answer, service, kind, t))
                    yield name
                if search is not None:
                    search.add(page)
                del page  # before the next one is made
            if search is not None:
                search.close()
        if not kind.given:
            yield self._write(page_path(service.vendor, kind.endpoint), render(frame | NO_RECORDS))


def _no_table(_: Service, __: RecordKind) -> AbstractContextManager[None]:
    return nullcontext()


def _neighbours(service: Service, before: RecordKind | None, after: RecordKind | None, t: PageTexts) -> list[Link]:
    """Lead to the kinds of record before and after."""
    return [
        (t(name), kind.title, page_path(service.vendor, kind.endpoint).removeprefix("read/"))
        for name, kind in (("record.before", before), ("record.after", after))
        if kind is not None
    ]
