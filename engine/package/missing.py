"""What is missing from an answer, and why, in words. What is not known to be whole is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from markupsafe import Markup

from engine.package.cell import as_html
from engine.package.content import RECEIVED, CaseAnswer, PackageFile, RecordKind, Service
from engine.package.package_paths import page_path
from engine.package.summary import is_doubtful, is_incomplete, is_missing
from engine.pages.texts import PageTexts

TOLD_OUTCOMES = ("excluded", "denied", "partial", "failed")


class Missing(msgspec.Struct):
    """What is missing, and why; `page` lists the files that are."""

    what: Markup
    why: Markup
    page: str | None = None


def missing(answer: CaseAnswer, t: PageTexts) -> list[Missing]:
    """Name all that was to be had and is not here."""
    return [found for service in answer.services for found in _of_service(service, t)]


def limits(answer: CaseAnswer, t: PageTexts) -> list[Missing]:
    """Name what services hold and were not asked for, or give nobody."""
    return [
        Missing(_named(service, what, t), t("missing.not_asked"))
        for service in answer.services
        for what in (*service.not_asked, *_outside(service, t))
    ]


def by_reason(gaps: Iterable[Missing]) -> list[tuple[list[Markup], Missing]]:
    """Put together what is missing for the same reason, in the order in which the reasons come: each is read once."""
    found: dict[tuple[Markup, str | None], tuple[list[Markup], Missing]] = {}
    for gap in gaps:
        found.setdefault((gap.why, gap.page), ([], gap))[0].append(gap.what)
    return [*found.values()]


def _outside(service: Service, t: PageTexts) -> Iterator[str]:
    """Name the times of a kind of record that were not asked for."""
    for kind in service.kinds:
        if kind.covered is not None:
            first, last = kind.covered
            until_now = service.asked is not None and last >= service.asked
            yield t("missing.before" if until_now else "missing.outside", kind=kind.title, first=first, last=last)


def _of_service(service: Service, t: PageTexts) -> Iterator[Missing]:
    if service.why is not None:
        yield Missing(_named(service, t("missing.everything"), t), as_html(service.why))
    elif service.subject == "unproven":
        how = service.how or t("missing.unproven")
        yield Missing(_named(service, t("missing.whether"), t), as_html(how))
    elif service.subject in ("none", "matched") and not service.kinds and not service.files:
        yield Missing(_named(service, t("missing.everything"), t), t("missing.not_here"))
    yield from _files(service, RECEIVED, t("found.owner_files"), service.files, t)
    for kind in service.kinds:
        if is_incomplete(kind) and not _follows(service, kind):
            what = t("missing.in_part", kind=kind.title) if kind.found else kind.title
            yield Missing(_named(service, what, t), why_incomplete(kind, t))
        yield from _files(service, kind.endpoint, as_html(kind.title), kind.files, t)


def _follows(service: Service, kind: RecordKind) -> bool:
    """Whether a kind of record is missing only because nobody was found, which is told already."""
    return service.subject == "unproven" and not kind.found and kind.why is None


def _named(service: Service, what: str, t: PageTexts) -> Markup:
    """Name the service before what is of it, unless that begins with the service's name."""
    return as_html(what) if what.startswith(f"{service.title} ") else t("words.colon", name=service.title, said=what)


def why_incomplete(kind: RecordKind, t: PageTexts) -> Markup:
    """Say why a kind of record is not here in full."""
    told = [as_html(kind.why) if kind.why is not None else t(f"outcomes.{kind.outcome if kind.outcome in TOLD_OUTCOMES else 'unknown'}")]
    if kind.expected is not None and kind.expected > kind.found:
        told.append(t("missing.expected", n=kind.expected))
    return Markup(" ").join(told)


def _files(service: Service, endpoint: str, title: Markup, files: tuple[PackageFile, ...], t: PageTexts) -> Iterator[Missing]:
    number = sum(is_missing(file) or is_doubtful(file) for file in files)
    if number:
        what = t("missing.files", n=number, what=title)
        yield Missing(_named(service, what, t), t("missing.files_why"), page_path(service.vendor, endpoint, "files"))
