"""The table of what was asked for: every kind of record of every service that knows the person, those with none of them too."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from engine.package.cell import as_html
from engine.package.content import RECEIVED, CaseAnswer, PackageFile, RecordKind, Service
from engine.package.missing import TOLD_OUTCOMES
from engine.package.package_paths import data_path, page_path
from engine.package.summary import files_of, is_incomplete
from engine.pages.languages import listed
from engine.pages.texts import PageTexts

COLUMNS = ("found.kind", "found.records", "found.here", "found.withheld", "found.open")
NUMBERS = (1, 2, 3)


def found_table(answer: CaseAnswer, t: PageTexts) -> dict[str, Any]:
    """Give the table: a group a service, a row a kind of record, and the sums."""
    shown = [service for service in answer.services if is_shown(service)]
    every = [kind for service in shown for kind in service.kinds]
    files = sum(file.source is not None for service in shown for file in files_of(service))
    sums = [sum(kind.found for kind in every), sum(kind.given for kind in every), sum(sum(kind.places.values()) for kind in every)]
    return {
        "head": [t(name) for name in COLUMNS],
        "numbers": NUMBERS,
        "groups": [(service.title, _note(service, t), list(_rows(service, t))) for service in shown],
        "total": [t("found.total"), *(_number(number, t) for number in sums), t("found.and_files", n=files) if files else ""],
    }


def is_shown(service: Service) -> bool:
    """Whether a service has something to show: it knows the person, or something of it is here all the same."""
    found = any(kind.found for kind in service.kinds) or any(files_of(service))
    return found or service.subject == "matched" or (service.subject != "no_match" and bool(service.kinds))


def _note(service: Service, t: PageTexts) -> Markup | str:
    if service.asked is None:
        return ""
    if not service.kinds and not service.files:
        return t("found.asked_only", asked=service.asked)  # nothing of it is in the package, and no folder either
    return t("found.asked", asked=service.asked, folder=data_path(service.vendor, "", "").rpartition("/")[0])


def _rows(service: Service, t: PageTexts) -> list[list[Markup]]:
    rows = [_row(service, kind, t) for kind in service.kinds]
    if service.files:
        link = _link(page_path(service.vendor, RECEIVED, "files"), "found.open_files", "found.files_what", service.title, t)
        name = _noted(t("found.owner_files"), _counts_of_files(service.files, t))
        rows.append([name, *([_number(0, t)] * 3), _on_screen([link], t)])
    return rows


def _row(service: Service, kind: RecordKind, t: PageTexts) -> list[Markup]:
    covered = [t("found.covered", first=kind.covered[0], last=kind.covered[1])] if kind.covered is not None else []
    return [
        _noted(as_html(kind.title), [*covered, *_counts_of_files(kind.files, t)]),
        _found(kind, t),
        _number(kind.given, t),
        _number(sum(kind.places.values()), t),
        _open(service, kind, t),
    ]


def _noted(name: Markup, notes: list[Markup]) -> Markup:
    return name + Markup(' <span class="soft">{}</span>').format(Markup(", ").join(notes)) if notes else name


def _counts_of_files(files: tuple[PackageFile, ...], t: PageTexts) -> list[Markup]:
    """Say how many files are here, and how many are not."""
    here = sum(file.source is not None for file in files)
    counts = (("found.with_files", here), ("found.without_files", len(files) - here))
    return [t(name, n=number) for name, number in counts if number]


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
    """Lead to what is here, or to why it is not; where nothing was there, to nothing."""
    if not kind.found and not kind.files and not is_incomplete(kind):
        return _number(0, t)
    page = page_path(service.vendor, kind.endpoint)
    words = ("found.open_read", "found.read_what") if kind.found or not is_incomplete(kind) else ("found.open_why", "found.why_what")
    links = [_link(page, *words, kind.title, t)]
    if kind.files:
        links.append(_link(page_path(service.vendor, kind.endpoint, "files"), "found.open_files", "found.files_what", kind.title, t))
    if not kind.given:
        return _on_screen(links, t)
    name = data_path(service.vendor, kind.endpoint, "json").rpartition("/")[2]
    path = Markup(' <span class="soft">{}, .csv</span>').format(name)
    return _on_screen(links, t) + path


def _on_screen(links: list[Markup], t: PageTexts) -> Markup:
    """Leave links out where nobody can follow them."""
    return Markup('<span class="screen">{}</span>').format(listed(links, t.language))


def _link(address: str, words: str, whole: str, what: str, t: PageTexts) -> Markup:
    return Markup('<a href="{}" aria-label="{}">{}</a>').format(address, t(whole, what=what), t(words))
