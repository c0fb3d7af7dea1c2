"""What a package says by itself, whatever the records hold: a value that was withheld may be called like a word of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

import msgspec

from engine.package.content import CaseAnswer
from engine.package.pages import PACKAGE
from engine.package.records import DOCUMENTS
from engine.package.write import FILE_COLUMNS
from engine.pages.environment import environment, style
from engine.pages.languages import day_words
from engine.pages.texts import texts
from engine.release.reasons import IN_SHORT, PERSON, SENTENCES, WITHHELD

NAME = re.compile(r'"(\w+)"')


def prose(answer: CaseAnswer) -> Iterator[str]:
    """Give its texts: of pages and documents, labels, titles, days, and the operator's sentences."""
    language = answer.language
    for entry in texts(PACKAGE, language).entries.values():
        yield from (entry,) if isinstance(entry, str) else entry.values()
    yield from (*_form(), language, WITHHELD[language], PERSON[language])
    yield from (words[language] for told in (IN_SHORT, SENTENCES) for words in told.values())
    sender = answer.sender
    yield from (answer.law, answer.reference, sender.controller, sender.contact, sender.signature, sender.authority)
    for service in answer.services:
        yield from (
            service.vendor,
            service.title,
            service.how,
            service.why or "",
            *service.not_asked,
            *(one or "" for one in service.information.values()),
        )
        yield from service.labels.words()
        for kind in service.kinds:
            yield from (kind.endpoint, kind.title, kind.why or "")
    for day in _days(answer):
        yield from (day.isoformat(), day_words(day, language))


@cache
def _form() -> tuple[str, ...]:
    """Give the words of the form itself: what documents call their fields and states, and the templates of pages, with their marks."""
    pages = environment(PACKAGE)
    templates = [pages.loader.get_source(pages, name)[0] for name in pages.list_templates() if pages.loader is not None]
    schemas = msgspec.json.encode([msgspec.json.schema(kind) for kind in DOCUMENTS.values()]).decode()
    return (*templates, style(), *FILE_COLUMNS, *NAME.findall(schemas))


def _days(answer: CaseAnswer) -> Iterator[date]:
    yield from (answer.received, answer.made.date())
    for service in answer.services:
        yield from (service.asked,) if service.asked is not None else ()
        for kind in service.kinds:
            yield from kind.covered or ()
