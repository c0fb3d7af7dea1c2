"""List the files of one kind of record, or those that an owner sent: where each is, and why one is not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from engine.package.cell import as_html
from engine.package.content import RECEIVED, PackageFile, Service
from engine.package.package_paths import PAGE_OF, file_path, page_path
from engine.pages.texts import PageTexts
from engine.release.reasons import IN_SHORT, SENTENCES, WITHHELD

COLUMNS = ("list.name", "list.record", "list.type", "list.size", "list.state")


def file_list(service: Service, endpoint: str, title: str, files: Sequence[PackageFile], t: PageTexts, reference: str) -> dict[str, Any]:
    """Give what the page says."""
    given = sum(file.source is not None for file in files)
    return {
        "title": t("list.title", kind=title, service=service.title, reference=reference),
        "heading": t("list.heading", kind=title),
        "count": t("list.count", n=len(files), given=given) if given else t("list.count_none", n=len(files)),
        "head": [t(name) for name in COLUMNS],
        "rows": [_row(service.vendor, endpoint, number, file, t) for number, file in enumerate(files, 1)],
    }


def _row(vendor: str, endpoint: str, number: int, file: PackageFile, t: PageTexts) -> list[Markup]:
    name = Markup('<bdi class="long">{}</bdi>').format(as_html(file.name)) if file.name else t("list.unnamed")
    return [
        name,
        _record(vendor, endpoint, file.record, t),
        as_html(file.media_type) if file.media_type else t("list.unknown"),
        t("list.bytes", n=file.size) if file.size is not None else t("list.unknown"),
        _state(vendor, number, file, t),
    ]


def _record(vendor: str, endpoint: str, record: int | None, t: PageTexts) -> Markup:
    if record is None or endpoint == RECEIVED:
        return t("list.none")
    page = page_path(vendor, endpoint, (record - 1) // PAGE_OF + 1).removeprefix("read/")
    return Markup('<a href="{}#r{}">{}</a>').format(page, record, record)


def _state(vendor: str, number: int, file: PackageFile, t: PageTexts) -> Markup:
    if file.source is not None:
        path = file_path(vendor, number, file)
        link = Markup('<a href="../{}">{}</a>').format(path, path.rpartition("/")[2])
        return link + Markup(" {}").format(as_html(file.why)) if file.why else link
    if file.because is None:
        return t("list.not_here", why=file.why) if file.why else t("list.not_here_unknown")
    words = WITHHELD[t.language].format(IN_SHORT[file.because][t.language])
    return Markup('<span class="gone">{}</span> {}').format(words, as_html(file.why or SENTENCES[file.because][t.language]))
