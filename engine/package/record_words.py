"""What the pages of one kind of record say beside the records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from engine.package.content import CaseAnswer, RecordKind, Service
from engine.package.missing import why_incomplete
from engine.package.package_paths import data_path, page_path, pages_of
from engine.package.record_pages import HERE, MANY_COLUMNS, RecordPage
from engine.package.summary import is_incomplete
from engine.pages.environment import marked_up
from engine.pages.languages import listed
from engine.pages.texts import PageTexts
from engine.release.reasons import IN_SHORT, Because

Link = tuple[str, str, str]  # what it is, its name, where it leads
NO_RECORDS: dict[str, Any] = {"same": "", "rows": "", "wide": False, "where": "", "links": [], "search": None}


def about(answer: CaseAnswer, service: Service, kind: RecordKind, t: PageTexts) -> dict[str, Any]:
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
        "count": t("record.count", n=kind.given, service=service.title) if kind.given else t("record.no_records"),
        "withheld": told,
        "missing": t("record.missing", why=why_incomplete(kind, t)) if is_incomplete(kind) else "",
        "data": t("record.data", n=kind.given, json=links[0], csv=links[1]) if kind.given else "",
        "files": Path(page_path(service.vendor, kind.endpoint, "files")).name if kind.files else "",
        "many": MANY_COLUMNS,
        "same_anchor": "",
    }


def _by_reason(counts: Mapping[Because, int], t: PageTexts) -> Markup:
    told = [t("record.reason_count", reason=IN_SHORT[because][t.language], n=number) for because, number in counts.items()]
    return listed(told, t.language)


def shown(page: RecordPage, service: Service, kind: RecordKind, number: int, t: PageTexts) -> dict[str, Any]:
    """Say what one page shows."""
    count = pages_of(kind.given)
    records = page.number
    whole = records == kind.given
    name = Path(page_path(service.vendor, kind.endpoint, "*")).name
    return {
        "same": page.same,
        "same_heading": t("record.same" if whole else "record.same_here", n=records)
        if whole or records > 1
        else t("record.caption_record", n=page.first),
        "same_anchor": f"r{page.first}" if records == 1 else "",
        "rows": marked_up(HERE if page.rows else ""),
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


def searching(answer: CaseAnswer, service: Service, kind: RecordKind, t: PageTexts) -> dict[str, Any]:
    """Say what stands on the page that searches the records of a kind."""
    first = Path(page_path(service.vendor, kind.endpoint)).name
    pages = Markup('<a href="{}">{}</a>').format(first, t("search.pages"))
    return {
        "title": t("search.title", kind=kind.title, service=service.title, reference=answer.reference),
        "heading": t("search.heading", kind=kind.title),
        "needs": t("search.needs", pages=pages),
        "page": Path(page_path(service.vendor, kind.endpoint, "*")).name,
    }
