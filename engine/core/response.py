"""Read an answer by the words of the spec: a page of records, a refusal with its meaning, or an answer that cannot be used.

Reasons hold the status, and the vendor's error code if it is a number, a constant, or the spec names it. Of a message of the vendor they
hold what a rule of the spec has of it, else its length: messages repeat identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct

from engine.core.chain import Chain, Unresolved
from engine.core.envelope import (
    MOST_VALUES,
    NULL,
    Envelope,
    NotJson,
    PathMissing,
    TooDeep,
    TooMany,
    kinds_of,
    without_null,
)
from engine.core.failure import ERROR_NAMES
from engine.core.file_check import is_web_page
from engine.core.http import Malformed, Response
from engine.core.onward import GAP_WORDS, UNLED, beyond, count_of, form_of, gap, leads_nowhere, says, told_in_headers, unled
from engine.core.whose import parted, unrepeated
from engine.discreet import Alike, Discreet
from engine.language.effective import Endpoint
from engine.language.expressions import lossless_json
from engine.language.expressions.select import Select
from engine.language.model.spec import PaginationSpec, RefusalsSpec, RuleSpec
from engine.language.model.words import Means
from engine.language.text.mistakes import counted
from engine.replaced import replace

CONSTANT = re.compile(r"[A-Z]{2,32}(?:_[A-Z]{2,32}){1,6}")  # such as INSUFFICIENT_SCOPES: no name, address or number looks so
NUMBER = re.compile(r"[0-9]{1,6}")
AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
PARAMETER = r"""\s*;\s*([^\s;,=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s;,"]+))?"""
LINK = re.compile(f"<([^<>]*)>((?:{PARAMETER})*)")
HEADER = "header"
LINKED = "the answer tells of a next page (its `Link` header)"
WITHOUT_CONTENT = (204, 205)
NOT_WHOLE = {202: "an answer that is accepted and not yet given (HTTP 202)", 206: "a part of an answer (HTTP 206)"}
NOTHING_THERE = ("absent", "empty", "unlicensed")
NOT_JSON, TOO_DEEP = "an answer that is not JSON", "an answer nested deeper than Habeas reads"


class PointsTold(Struct, frozen=True):
    """What an answer reports of its rate limit: points left, points that come back per second, and what the request cost."""

    left: float
    refill: float
    cost: float


class Page(Discreet, Struct, frozen=True):
    """A good answer: its records as bytes, and what it says about the list it belongs to.

    `count` is the number of records before `match` dropped those of others; `first` recognises a page that comes again.
    `nulls` of them came as null: the vendor did not give them. `form` says in which form a total came that is no number of
    records, `lacks` that the member which would hold the cursor (or the `Link` header) is missing, `beyond` what an answer from
    which the spec reads no way on tells of a further page, `alone` that the one record stands in no list, `may_end` that nothing leads
    on from it, or that it is short, `gap` what it tells of records that it should hold and does not.

    `named`: one that `match` dropped says whose it is; `held`: the paths of `match` that the dropped ones hold where none does.
    """

    HIDDEN = ("records", "cursor", "link", "more", "dropped")

    records: Sequence[Any]
    count: int
    others: int = 0
    nulls: int = 0
    cursor: Any = None
    link: Any = None
    more: Any = None
    total: int | None = None
    first: int = 0
    points: PointsTold | None = None
    dropped: Sequence[Any] = ()
    form: str | None = None
    lacks: bool = False
    beyond: str | None = None
    alone: bool = False
    named: bool = False
    held: frozenset[str] = frozenset()
    may_end: bool = False
    gap: str | None = None


class Unreadable:
    """A `Link` header that holds `next` in a form that is not RFC 8288's."""


class Refusal(Alike, Discreet, Struct, frozen=True):
    """The vendor refused. `means` is the meaning that the spec's `rule` gives it; None if no rule holds."""

    HIDDEN = ("rule",)
    UNCOMPARED = ("rule", "status")

    means: Means | None
    words: str
    points: PointsTold | None = None
    rule: RuleSpec | None = None
    status: int = 0


class Unusable(Struct, frozen=True):
    """A 2xx answer that cannot be used: it must not pass for an empty list, or for this person's data."""

    words: str


Reading = Page | Refusal | Malformed | Unusable


def read(chain: Chain, response: Response) -> Reading:
    """Read one answer to a request of a chain: a refusal, by the rules, comes before the body."""
    endpoint, status = chain.endpoint, response.status
    envelope: Envelope | None
    unread = NOT_JSON
    try:
        envelope = Envelope(response.body, endpoint.tops, endpoint.listed)
    except TooMany:
        return Unusable(f"an answer of over {MOST_VALUES:,} values")
    except NotJson as error:
        envelope, unread = None, TOO_DEEP if isinstance(error, TooDeep) else unread
    points = _points(endpoint, envelope)
    if not 200 <= status < 300 or _refused(endpoint.refusals, envelope):
        return _refusal(endpoint, endpoint.refusals, response, envelope, points)
    tried = _for_success(endpoint.refusals, status)
    if tried is not None:
        named = _refusal(endpoint, tried, response, envelope, points)
        if isinstance(named, Unusable) or named.means is not None:
            return named
    if status in WITHOUT_CONTENT:
        return Unusable(f"an answer without content (HTTP {status})")
    if status in NOT_WHOLE or envelope is None:
        return Malformed(NOT_WHOLE.get(status, unread), response.headers)
    try:
        return _page(endpoint, chain, envelope, response.headers, points)
    except Unresolved as error:
        return Unusable(f"the answer cannot be checked: {error}")


def _for_success(refusals: RefusalsSpec, status: int) -> RefusalsSpec | None:
    """Give the rules that are tried on a 2xx answer which `refused` does not call a refusal; None where there are none, as mostly.

    Those that name its status; with 200 only those that also name a code, because 200 is what every good answer has. All of
    them where the status says that the answer is not the whole one: elsewhere `code` may read something else from a good answer.
    """
    if status in WITHOUT_CONTENT or status in NOT_WHOLE:
        return refusals
    rules = tuple(rule for rule in refusals.rules if status in rule.status and (status != 200 or rule.code))
    if not rules:
        return None
    return refusals.model_copy(update={"rules": rules}) if len(rules) < len(refusals.rules) else refusals


def _points(endpoint: Endpoint, envelope: Envelope | None) -> PointsTold | None:
    """Read what the answer reports of its rate limit; None unless it reports all three numbers."""
    if endpoint.points is None or envelope is None:
        return None
    found = [lossless_json.text_of(envelope.find(one)) for one in (endpoint.points.left, endpoint.points.refill, endpoint.points.cost)]
    numbers = [float(text) for text in found if text is not None and AMOUNT.fullmatch(text)]
    return PointsTold(*numbers) if len(numbers) == len(found) else None


def _refused(refusals: RefusalsSpec, envelope: Envelope | None) -> bool:
    return refusals.refused is not None and envelope is not None and envelope.find(refusals.refused) not in (None, False, [], {}, "")


def _refusal(
    endpoint: Endpoint, refusals: RefusalsSpec, response: Response, envelope: Envelope | None, points: PointsTold | None
) -> Refusal | Unusable:
    """Give a refusal. That there is nothing is not believed of a good status with records, nor of a web page: no API writes one.

    It comes from a proxy, or from a server that does not know the address at all.
    """
    found = refusal(refusals, response, envelope)
    if found.means in NOTHING_THERE and envelope is None and is_web_page(response.body):
        return Refusal(None, f"{found.words}, a web page", points, status=response.status)
    if response.status < 300 and found.means in NOTHING_THERE and envelope is not None and endpoint.records is not None:
        came = envelope.records(endpoint.records)
        count = len(without_null(came)) if isinstance(came, list) and not envelope.alone else 0
        if count:
            return Unusable(f"by a rule there is nothing ({found.words}, {found.means}), and the answer holds {counted(count, 'record')}")
    return replace(found, points=points)


def refusal(refusals: RefusalsSpec, response: Response, envelope: Envelope | None) -> Refusal:
    """Give a refusal with the first rule that holds for it: the request's own rules come before the spec's."""
    code = lossless_json.text_of(envelope.find(refusals.code)) if envelope else None
    message = lossless_json.text_of(envelope.find(refusals.message)) if envelope else None
    words = f"HTTP {response.status}"
    if code is not None and (NUMBER.fullmatch(code) or CONSTANT.fullmatch(code) or any(code in rule.code for rule in refusals.rules)):
        words += f", code {code}"
    rule = next((rule for rule in refusals.rules if rule.holds(response.status, code, message)), None)
    return Refusal(rule.means if rule is not None else None, words + _said(rule, message), rule=rule, status=response.status)


def _said(rule: RuleSpec | None, message: str | None) -> str:
    """Tell of the vendor's message what a rule has of it; where no rule holds, its length, so that a reader knows there is one."""
    if rule is not None and rule.message is not None:
        return f", message \u201c{rule.message}\u201d"
    return f", a message of {counted(len(message), 'character')}" if rule is None and message else ""


def _page(endpoint: Endpoint, chain: Chain, envelope: Envelope, headers: Mapping[str, str], points: PointsTold | None) -> Page | Unusable:
    came = envelope.records(endpoint.records)
    if isinstance(came, PathMissing) or came is None:
        where = endpoint.records.text if endpoint.records else "the answer"
        fault = "the answer lacks" if isinstance(came, PathMissing) else "no records stand under"
        return Unusable(f"{fault} `{where}`")
    place = _place(endpoint.pagination, envelope, headers, len(came))
    all_read = place.may_end or bool(endpoint.echo)
    if endpoint.records is not None:
        envelope.cut(came, roughly=not all_read)
    kinds = kinds_of(came)
    records = without_null(came) if NULL in kinds else came
    double = envelope.twice(endpoint.decisive) if all_read or not envelope.slow else None
    misfit = f"the answer holds {double} twice" if double else _misfit(endpoint, envelope, kinds - {NULL})
    if misfit is not None:
        return Unusable(misfit)
    unlike = unrepeated(chain, envelope, records)
    if unlike is not None:
        return Unusable(f"the answer does not repeat what was asked (`{unlike}`)")
    whose = parted(chain, records)
    return replace(
        place,
        records=whose.kept,
        others=len(whose.dropped),
        nulls=len(came) - len(records),
        points=points,
        dropped=whose.dropped,
        beyond=_beyond(endpoint, envelope, headers, place) if place.may_end else None,
        gap=gap(envelope.beside(endpoint.records)) if endpoint.pagination is not None and envelope.tells(GAP_WORDS) else None,
        alone=envelope.alone,
        named=whose.named,
        held=whose.held,
        first=_mark(came) if endpoint.pagination is not None else 0,
    )


def _place(pagination: PaginationSpec | None, envelope: Envelope, headers: Mapping[str, str], count: int) -> Page:
    """Give a page without its records: what the answer says about the list. Where it leads on, nothing is looked for beside the list."""
    if pagination is None:
        return Page((), count, may_end=True)
    total, link = envelope.find(pagination.total), _link(pagination.link, envelope, headers)
    cursor, more = envelope.find(pagination.cursor), envelope.find(pagination.more)
    return Page(
        (),
        count,
        cursor=cursor,
        link=link,
        more=more,
        total=count_of(total),
        form=form_of(total),
        lacks=_lacks(pagination, envelope, headers, count),
        may_end=says(more) is False or _may_end(pagination, count, cursor, link),
    )


def _may_end(pagination: PaginationSpec, count: int, cursor: Any, link: Any) -> bool:
    """Whether a list may end with a page: nothing leads on from it, or it is shorter than asked for."""
    if pagination.page is None and pagination.offset is None:
        return leads_nowhere(cursor) and leads_nowhere(link)
    return count < max((pagination.size or {"": 1}).values())


def _lacks(pagination: PaginationSpec, envelope: Envelope, headers: Mapping[str, str], count: int) -> bool:
    """Whether a page as full as asked for lacks the member that would hold the cursor, or the `Link` header."""
    path = pagination.cursor or pagination.link
    if path is None or pagination.size is None or count < max(pagination.size.values()):
        return False
    return "link" not in headers if pagination.link is not None and path.text == HEADER else envelope.lacks(path)


def _beyond(endpoint: Endpoint, envelope: Envelope, headers: Mapping[str, str], page: Page) -> str | None:
    """Say what the answer with which a list seems to end tells of a further page; None if nothing, or where `more` decides."""
    if endpoint.records is None or says(page.more) is not None:
        return None
    beside = [*envelope.beside(endpoint.records), told_in_headers(headers)]
    link = next_link(headers.get("link", ""))
    if endpoint.pagination is None:
        return f"{LINKED}, and the spec reads no further one" if link is not None else beyond(beside, page.count)
    proven = page.count == 0 and bool(endpoint.pagination.page or endpoint.pagination.offset)
    return f"{LINKED}, and {UNLED}" if link and not proven else unled(beside, proven=proven)


def _misfit(endpoint: Endpoint, envelope: Envelope, kinds: AbstractSet[str]) -> str | None:
    """Say why what stands in the records' place is no list of records, or may be an error's answer; None if nothing speaks so.

    `kinds` are those of the values that stand there, null aside.
    """
    select = endpoint.records
    if select is None:
        name = envelope.error_alone()
        return f"the answer holds nothing but `{name}`" if name else None
    if not kinds:
        name = envelope.error_beside(select.steps or ("",))
        said = f"the answer holds `{name}`" if name and name.rpartition(".")[2] in ERROR_NAMES else f"its `{name}` says that it failed"
        return f"no records stand under `{select.text}`, and {said}" if name else None
    if (endpoint.pagination is not None or select.text == "@") and envelope.alone:
        return f"a map stands under `{select.text}`, where a list is expected"
    return f"`{select.text}` holds {' and '.join(sorted(kinds))} where records are expected" if len(kinds) > 1 else None


def _mark(records: Sequence[Any]) -> int:
    """Give a number that recognises the same page when it comes again: from its first and last record and their count; 0 if empty."""
    return hash((bytes(records[0]), bytes(records[-1]), len(records))) or 1 if records else 0


def _link(select: Select | None, envelope: Envelope, headers: Mapping[str, str]) -> Any:
    """Give the next page's address: from the `Link` header (RFC 8288) if `link` is `header`, else from the body."""
    return next_link(headers.get("link", "")) if select is not None and select.text == HEADER else envelope.find(select)


def next_link(value: str) -> str | Unreadable | None:
    """Give the target of `rel=next` in a `Link` header (RFC 8288 section 3); None if there is none."""
    for target, parameters, *_ in LINK.findall(value):
        named = {name.lower(): text for name, text in reversed(re.findall(PARAMETER, parameters))}
        if "next" in named.get("rel", "").strip("\"'").lower().split():
            return str(target)
    return Unreadable() if "next" in LINK.sub("", value).lower() else None
