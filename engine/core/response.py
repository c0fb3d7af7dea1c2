"""What an answer means: a page of records, a refusal, or nothing that can be used. Follows nothing, writes nothing.

Reasons name status and the vendor's code, never its message: messages repeat identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.envelope import Envelope, Missing, NotJson, column, plain
from engine.core.http import Malformed, Response
from engine.core.request import Chain, text_of
from engine.spec import exact
from engine.spec.effective import Endpoint
from engine.spec.model import Answers, Rule
from engine.spec.select import Select
from engine.spec.words import Means

SHOWABLE_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True, slots=True)
class Page:
    """A good answer: its records as bytes, and what it says about the list it belongs to."""

    records: Sequence[Any] = field(repr=False)
    count: int
    others: int = 0
    cursor: Any = field(default=None, repr=False)
    link: Any = field(default=None, repr=False)
    more: Any = field(default=None, repr=False)
    total: int | None = None
    first: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The vendor said no; `means` is what the spec says about it, None where it says nothing."""

    means: Means | None
    words: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A 2xx answer that must not be taken for an empty one, or for this person's."""

    words: str


Reading = Page | Refusal | Malformed | Unusable


def read(chain: Chain, response: Response) -> Reading:
    """Read one answer of a chain."""
    endpoint = chain.endpoint
    try:
        envelope = Envelope(response.body, endpoint.tops, endpoint.listed)
    except NotJson:
        if 200 <= response.status < 300:
            return Malformed("an answer that is not JSON")
        return refusal(endpoint.answers, response, None)
    if not 200 <= response.status < 300 or _refused(endpoint.answers, envelope):
        return refusal(endpoint.answers, response, envelope)
    return _page(endpoint, chain, envelope)


def _refused(answers: Answers, envelope: Envelope) -> bool:
    return answers.refused is not None and envelope.find(answers.refused) not in (None, False, [], {}, "")


def refusal(answers: Answers, response: Response, envelope: Envelope | None) -> Refusal:
    """Find the first rule that holds for a refused request."""
    code = exact.text_of(envelope.find(answers.code)) if envelope else None
    message = exact.text_of(envelope.find(answers.message)) if envelope else None
    words = f"HTTP {response.status}"
    if code is not None and SHOWABLE_CODE.fullmatch(code):
        words += f", code {code}"
    for rule in answers.rules:
        if _holds(rule, response.status, code, message or ""):
            return Refusal(rule.means, words)
    return Refusal(None, words)


def _holds(rule: Rule, status: int, code: str | None, message: str) -> bool:
    return (
        (not rule.status or status in rule.status)
        and (not rule.code or code in rule.code)
        and (rule.message is None or rule.message.casefold() in message.casefold())
    )


def _page(endpoint: Endpoint, chain: Chain, envelope: Envelope) -> Page | Unusable:
    records = envelope.records(endpoint.records)
    if isinstance(records, Missing) or records is None:
        where = endpoint.records.text if endpoint.records else "the answer"
        fault = "the answer lacks" if isinstance(records, Missing) else "no records stand under"
        return Unusable(f"{fault} `{where}`")
    for select, template in endpoint.echo:
        if not _echoed(endpoint, envelope, records, select, text_of(template, chain)):
            return Unusable(f"the answer does not repeat what was asked (`{select.text}`)")
    kept = records
    for select, value in endpoint.match:
        if value is not None:
            kept = _kept(kept, select, text_of(value, chain))
    pagination = endpoint.pagination
    if pagination is None:
        return Page(kept, len(records), len(records) - len(kept))
    return Page(
        records=kept,
        count=len(records),
        others=len(records) - len(kept),
        cursor=envelope.find(pagination.cursor),
        link=envelope.find(pagination.link),
        more=envelope.find(pagination.more),
        total=_total(envelope.find(pagination.total)),
        first=hash(bytes(records[0])) if records else 0,
    )


def _total(value: Any) -> int | None:
    """A total that is no count says nothing."""
    text = exact.text_of(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


def _echoed(endpoint: Endpoint, envelope: Envelope, records: Sequence[Any], select: Select, asked: str) -> bool:
    """Whether the answer repeats a value: every element of a list, and there must be something to compare."""
    if select.column and endpoint.records is not None and select.column[0] == endpoint.records.steps:
        inner = Select(".".join(select.column[1]), select.column[1], None, None)
        return all(one is not None and plain(one) == asked for one in set(column(records, inner)))
    found = envelope.find(select)
    if isinstance(found, list):
        return all(exact.text_of(one) == asked for one in found)
    return exact.text_of(found) == asked


def _kept(records: Sequence[Any], select: Select, asked: str) -> list[Any]:
    """Keep the records in which the path equals the value; a list on the left: any element."""
    if select.steps is not None and len(select.steps) == 1:
        texts = column(records, select)
        return [one for one, text in zip(records, texts, strict=True) if text is not None and plain(text) == asked]
    return [one for one in records if _any_equal(select.search(exact.loads(bytes(one))), asked)]


def _any_equal(found: Any, asked: str) -> bool:
    values = found if isinstance(found, list) else [found]
    return any(exact.text_of(one) == asked for one in values)
