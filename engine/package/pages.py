"""Write the pages of a package: the first one, the records, what searches them, the lists of files, a README.

The same answer makes the same bytes. A page loads nothing but the style sheet, and no page but one that searches runs anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from engine.errors import disk_error
from engine.package.content import RECEIVED, CaseAnswer, PackageFile, RecordKind, Service
from engine.package.file_list import file_list
from engine.package.index_page import index
from engine.package.package_paths import PAGE_OF, data_path, page_path, pages_of
from engine.package.readme import readme
from engine.package.record_pages import HERE, MANY_COLUMNS, RecordPage, RecordPages
from engine.package.search_page import SearchPage, encoded
from engine.package.summary import unaccounted
from engine.pages.environment import environment, marked_up, style
from engine.pages.languages import listed
from engine.pages.texts import PageTexts, texts
from engine.release.reasons import IN_SHORT, Because

PACKAGE = "engine.package"


def write_pages(answer: CaseAnswer, folder: Path) -> list[str]:
    """Write every page into a folder that holds none of them; gives their names in it, sorted.

    Raises DiskError, and ValueError where the answer's counts do not agree with each other or with its records.
    """
    fault = unaccounted(answer)
    if fault is not None:
        raise ValueError(fault)
    try:
        (folder / "read").mkdir(exist_ok=True)
        return sorted(_written(answer, folder, texts(PACKAGE, answer.language)))
    except OSError as error:
        raise disk_error(error) from None


def _written(answer: CaseAnswer, folder: Path, t: PageTexts) -> Iterator[str]:
    for name, content in (("index.html", index(answer, t)), ("README.txt", readme(answer, t)), ("style.css", style())):
        yield _write(folder, name, content)
    for service in answer.services:
        if service.files:
            yield _file_list(answer, folder, t, (service, RECEIVED, t.plain("found.owner_files"), service.files))
        for kind in service.kinds:
            yield from _kind(answer, folder, t, (service, kind))
            if kind.files:
                yield _file_list(answer, folder, t, (service, kind.endpoint, kind.title, kind.files))


def _write(folder: Path, name: str, content: str, rows: str = "") -> str:
    """Write a page; rows stand where it says so."""
    with (folder / name).open("xb") as file:
        before, here, after = content.partition(HERE)
        file.writelines(map(encoded, (before, rows if here else "", after)))
    return name


def _file_list(answer: CaseAnswer, folder: Path, t: PageTexts, whose: tuple[Service, str, str, tuple[PackageFile, ...]]) -> str:
    service, endpoint, title, files = whose
    frame = _frame(answer, service, t) | file_list(service, endpoint, title, files, t, answer.reference)
    return _write(folder, page_path(service.vendor, endpoint, "files"), environment(PACKAGE).get_template("files.html").render(frame))


def _frame(answer: CaseAnswer, service: Service, t: PageTexts) -> dict[str, Any]:
    """Give what every page about a service says above."""
    return {
        "t": t,
        "language": answer.language,
        "root": "../",
        "up": t("record.up", reference=answer.reference),
        "service": service.title,
    }


def _kind(answer: CaseAnswer, folder: Path, t: PageTexts, whose: tuple[Service, RecordKind]) -> Iterator[str]:
    """Write the pages of one kind of record, and the one that searches them where there are more than one."""
    service, kind = whose
    pages = RecordPages(service, kind, t)
    frame = _frame(answer, service, t) | _about(answer, service, kind, t)
    template = environment(PACKAGE).get_template("record.html")
    search: SearchPage | None = None
    search_name, count = page_path(service.vendor, kind.endpoint, "search"), pages_of(kind.given)
    if kind.given <= PAGE_OF:
        for page in pages:
            html = template.render(frame | _shown(page, kind, t, (service, 1, 1)))
            yield _write(folder, page_path(service.vendor, kind.endpoint), html, page.rows)
        if not kind.given:
            yield _write(folder, page_path(service.vendor, kind.endpoint), template.render(frame | EMPTY))
        return
    with (folder / search_name).open("xb") as file:
        for number, page in enumerate(pages, 1):
            name = page_path(service.vendor, kind.endpoint, number)
            yield _write(folder, name, template.render(frame | _shown(page, kind, t, (service, number, count))), page.rows)
            if search is None:
                search = SearchPage(file, pages.cells, page, t, frame | _search(answer, service, kind, t))
            search.add(page)
        if search is not None:
            search.close()
    yield search_name


EMPTY: dict[str, Any] = {"same": "", "rows": "", "wide": False}


def _about(answer: CaseAnswer, service: Service, kind: RecordKind, t: PageTexts) -> dict[str, Any]:
    """Say what stands above the records of every page of a kind."""
    links = [
        Markup('<a href="../{}">{}</a>').format(data_path(service.vendor, kind.endpoint, end), f"{kind.endpoint}.{end}")
        for end in ("json", "csv")
    ]
    told = []
    if kind.places:
        told.append(t("record.withheld", n=sum(kind.places.values()), what=_by_reason(kind.places, t)))
    if kind.held:
        told.append(t("record.whole", n=sum(kind.held.values()), what=_by_reason(kind.held, t)))
    return {
        "title": t("record.title", kind=kind.title, service=service.title, reference=answer.reference),
        "kind": kind.title,
        "count": t("record.count", n=kind.given, service=service.title),
        "withheld": told,
        "missing": t("record.missing", why=kind.why) if kind.why else "",
        "data": t("record.data", json=links[0], csv=links[1]),
        "files": Path(page_path(service.vendor, kind.endpoint, "files")).name if kind.files else "",
        "many": MANY_COLUMNS,
        "same_anchor": "",
    }


def _by_reason(counts: Mapping[Because, int], t: PageTexts) -> Markup:
    told = [t("record.reason_count", reason=IN_SHORT[because][t.language], n=number) for because, number in counts.items()]
    return listed(told, t.language)


def _shown(page: RecordPage, kind: RecordKind, t: PageTexts, place: tuple[Service, int, int]) -> dict[str, Any]:
    """Say what one page shows."""
    service, number, count = place
    records = page.number
    whole = records == kind.given
    name = Path(page_path(service.vendor, kind.endpoint, "*")).name
    return {
        "same": page.same,
        "same_heading": t("record.same" if whole or records == 1 else "record.same_here", n=records),
        "same_anchor": f"r{page.first}" if records == 1 else "",
        "rows": HERE if page.rows else "",
        "table": page.table,
        "wide": page.table and len(page.heads) > MANY_COLUMNS,
        "heads": [t("record.number"), *(marked_up(head.html) for head in page.heads)],
        "where": t("record.where", first=page.first, last=page.first + records - 1, n=kind.given),
        "links": links_of(number, count, name, t),
        "search": (t("record.search"), name.replace("*", "search")) if count > 1 else None,
    }


def links_of(number: int, count: int, name: str, t: PageTexts) -> list[tuple[str, str]]:
    """Give the links to other pages: the ends, the neighbours, the ones before and after; one without an address is no link."""
    if count == 1:
        return []
    shown = sorted({1, count, *(near for near in range(number - 2, number + 3) if 1 <= near <= count)})
    links: list[tuple[str, str]] = []
    for before, page in zip([0, *shown], shown, strict=False):
        links += [("…", "")] if page > before + 1 else []
        links.append((str(page), name.replace("*", str(page)) if page != number else ""))
    first = [(t.plain("record.previous"), name.replace("*", str(number - 1)))] if number > 1 else []
    last = [(t.plain("record.next"), name.replace("*", str(number + 1)))] if number < count else []
    return [*first, *links, *last]


def _search(answer: CaseAnswer, service: Service, kind: RecordKind, t: PageTexts) -> dict[str, Any]:
    first = Path(page_path(service.vendor, kind.endpoint)).name
    pages = Markup('<a href="{}">{}</a>').format(first, t("search.pages"))
    return {
        "title": t("search.title", kind=kind.title, service=service.title, reference=answer.reference),
        "heading": t("search.heading", kind=kind.title),
        "needs": t("search.needs", pages=pages),
        "page": Path(page_path(service.vendor, kind.endpoint, "*")).name,
    }
