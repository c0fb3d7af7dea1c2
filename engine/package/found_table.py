"""The table of what was asked for: every kind of record of every service that knows the person, those with none of them too."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from engine.package.cell import as_html
from engine.package.content import RECEIVED, CaseAnswer, RecordKind, Service
from engine.package.missing import TOLD_OUTCOMES
from engine.package.package_paths import data_path, page_path
from engine.package.summary import files_of, is_incomplete
from engine.pages.languages import listed
from engine.pages.texts import PageTexts

COLUMNS = ("found.kind", "found.records", "found.here", "found.withheld", "found.open")
NUMBERS = (1, 2, 3)


def found_table(answer: CaseAnswer, t: PageTexts) -> dict[str, Any]:
    """Give the table: a group a service, a row a kind of record, and the sums."""
    shown = [service for service in answer.services if service.subject != "no_match" and (service.kinds or service.files)]
    every = [kind for service in shown for kind in service.kinds]
    files = sum(file.source is not None for service in shown for file in files_of(service))
    sums = [sum(kind.found for kind in every), sum(kind.given for kind in every), sum(sum(kind.places.values()) for kind in every)]
    return {
        "head": [t(name) for name in COLUMNS],
        "numbers": NUMBERS,
        "groups": [(service.title, _note(service, t), list(_rows(service, t))) for service in shown],
        "total": [t("found.total"), *(_number(number, t) for number in sums), t("found.with_files", n=files)],
    }


def _note(service: Service, t: PageTexts) -> Markup | str:
    return t("found.asked", asked=service.asked) if service.asked is not None else ""


def _rows(service: Service, t: PageTexts) -> list[list[Markup]]:
    rows = [_row(service, kind, t) for kind in service.kinds]
    if service.files:
        link = _link(page_path(service.vendor, RECEIVED, "files"), "found.open_files", "found.files_what", service.title, t)
        name = t("found.owner_files") + _count_of_files(sum(file.source is not None for file in service.files), t)
        rows.append([name, *([t("words.none")] * 3), link])
    return rows


def _row(service: Service, kind: RecordKind, t: PageTexts) -> list[Markup]:
    name = as_html(kind.title)
    if kind.covered is not None:
        covered = t("found.covered", first=kind.covered[0], last=kind.covered[1])
        name += Markup(' <span class="soft">{}</span>').format(covered)
    if kind.files:
        name += _count_of_files(sum(file.source is not None for file in kind.files), t)
    return [
        name,
        _found(kind, t),
        _number(kind.given, t),
        _number(sum(kind.places.values()), t),
        _open(service, kind, t),
    ]


def _count_of_files(number: int, t: PageTexts) -> Markup:
    return Markup(' <span class="soft">{}</span>').format(t("found.with_files", n=number))


def _found(kind: RecordKind, t: PageTexts) -> Markup:
    """Write how many were found; that of what is incomplete is never a bare number."""
    if not is_incomplete(kind):
        return _number(kind.found, t)
    if kind.found:
        return t("found.not_all", n=kind.found)
    return t("found.not_asked" if kind.outcome == TOLD_OUTCOMES[0] else "found.not_obtained")


def _number(number: int, t: PageTexts) -> Markup:
    return t("words.number", n=number) if number else Markup('<span class="soft">{}</span>').format(t("words.none"))


def _open(service: Service, kind: RecordKind, t: PageTexts) -> Markup:
    page = page_path(service.vendor, kind.endpoint)
    links = [_link(page, "found.open_read", "found.read_what", kind.title, t)]
    if kind.files:
        links.append(_link(page_path(service.vendor, kind.endpoint, "files"), "found.open_files", "found.files_what", kind.title, t))
    path = Markup(' <span class="soft">{}, .csv</span>').format(data_path(service.vendor, kind.endpoint, "json"))
    return listed(links, t.language) + path


def _link(address: str, words: str, whole: str, what: str, t: PageTexts) -> Markup:
    return Markup('<a class="screen" href="{}" aria-label="{}">{}</a>').format(address, t(whole, what=what), t(words))
