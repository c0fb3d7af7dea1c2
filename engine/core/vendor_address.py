"""Redirects and links to a next page: where they lead, and whether the person's own value still stands in the address.

A vendor that leads to an address with another person's value is not followed. One that leaves the value out may mean the same
person (`/users/<name>/repos` leads to `/user/<number>/repos`): it is followed, and what the answer does not prove is noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from engine.core.chain import Chain, Unresolved
from engine.core.http import HttpRequest, NoAnswer, Response, resolved
from engine.core.identity import FORM, Same, comparison
from engine.core.request import Request, opening
from engine.core.response import Page, Reading
from engine.language.effective import Row
from engine.replaced import replace

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
NO_ADDRESS = NoAnswer("forbidden", "the vendor redirected to what is no address")
TOO_MANY = NoAnswer("forbidden", f"the vendor redirected more than {MOST_REDIRECTS} times")
ANOTHER_PERSON = NoAnswer("forbidden", "the vendor led to an address with another person's value: nothing was asked there")
MARK = "735190246"
Standing = Literal["same", "other", "gone"]
WHOLE = re.compile("(.*)", re.DOTALL)
Part = tuple[str, str]


class ValuePlace(Struct, frozen=True):
    """A segment or parameter in which own values stand: what names it, an expression that finds them, and how each is compared."""

    label: str
    pattern: re.Pattern[str]
    checks: tuple[Same, ...]


def redirected(request: HttpRequest, answer: Response | NoAnswer, hops: int) -> HttpRequest | NoAnswer | None:
    """Give the request that a redirect of a GET asks for, why it cannot be followed, or None where the answer is no redirect."""
    location = answer.headers.get("location") if isinstance(answer, Response) else None
    if not isinstance(answer, Response) or answer.status not in REDIRECTS or not location or request.method != "GET":
        return None
    if hops >= MOST_REDIRECTS:
        return TOO_MANY
    url = resolved(request.url, location)
    return replace(request, url=url) if url is not None else NO_ADDRESS


def standing(chain: Chain, url: str, personal: AbstractSet[str]) -> Standing:
    """Say whose value stands in an address that the vendor gave: the `same`, an `other`, or none where ours stood (`gone`).

    Compared are the values of `personal` and of the parent's record, in the segment or parameter where the request had them:
    a segment is known by the one before it. An own value that stands elsewhere, such as a captured id, is the same person.
    """
    own = _own(chain.row, personal)
    marks = {f"{MARK}{index:03}": name for index, name in enumerate(own)}
    marks |= {form(mark): name for mark, name in list(marks.items()) for form in FORM.values()}
    names = {name: mark for mark, name in reversed(marks.items())}
    try:
        written = opening(chain).http.url
        marked = opening(replace(chain, row=tuple((name, names.get(name, value)) for name, value in chain.row))).http.url
    except Unresolved:
        return "gone"
    checks = {name: partial(_agrees, chain, name, value) for name, value in own.items()}
    parts = zip(_parts(written), _parts(marked), strict=True)
    places = [_place(label, text, marks, checks) for (label, _), (_, text) in parts if any(mark in text for mark in marks)]
    return _standing(places, url, lambda text: any(same(text) for same in checks.values()))


def own_values(rows: Iterable[Row], personal: AbstractSet[str]) -> dict[str, str]:
    """Give the names of the own values of some rows, by the values."""
    return {value: name for row in rows for name, value in _own(row, personal).items()}


def file_standing(own: Mapping[str, str], usernames: str, first: str, url: str) -> Standing:
    """Say the same of an address to which the address of a file led; that one, `first`, stood in a record.

    Nobody wrote it from values, so a place is known by what stands in it: a whole segment or parameter that is an own value.
    """
    checks = ((label, partial(comparison(own[text], usernames), text)) for label, text in _parts(first) if text in own)
    return _standing([ValuePlace(label, WHOLE, (same,)) for label, same in checks], url, own.__contains__)


def _own(row: Row, personal: AbstractSet[str]) -> dict[str, str]:
    return {name: value for name, value in row if value and (name in personal or "." in name)}


def _standing(places: Iterable[ValuePlace], url: str, ours: Same) -> Standing:
    found = _parts(url)
    verdicts = {_compared(place, [text for label, text in found if label == place.label and text]) for place in places}
    if "other" in verdicts:
        return "other"
    return "gone" if "gone" in verdicts and not any(ours(text) for _, text in found) else "same"


def _parts(url: str) -> list[Part]:
    """Give the segments and parameters of an address, decoded, each with what names its place."""
    address = urlsplit(url)
    segments = [unquote(segment) for segment in address.path.split("/")]
    path = [(f"/{before}", segment) for before, segment in zip(["", *segments], segments, strict=False)]
    return [*path, *((f"?{name}", value) for name, value in parse_qsl(address.query, keep_blank_values=True))]


def _place(label: str, text: str, marks: Mapping[str, str], checks: Mapping[str, Same]) -> ValuePlace:
    """Give the place of a text in which marks stand for the values."""
    pieces = re.split(f"({'|'.join(marks)})", text)
    pattern = "".join("(.*)" if piece in marks else re.escape(piece) for piece in pieces)
    return ValuePlace(label, re.compile(pattern, re.DOTALL), tuple(checks[marks[piece]] for piece in pieces if piece in marks))


def _compared(place: ValuePlace, values: list[str]) -> Standing:
    """Compare what stands in one place with the own values there."""
    matches = [found for value in values if (found := place.pattern.fullmatch(value)) is not None]
    if not matches:
        return "gone"
    same = any(all(check(text) for check, text in zip(place.checks, found.groups(), strict=True)) for found in matches)
    return "same" if same else "other"


def _agrees(chain: Chain, name: str, own: str, text: str) -> bool:
    """Whether a text is the own value, compared as the identifier is, or one of the forms in which the request writes it."""
    forms = {hole.form for hole in chain.endpoint.holes() if hole.name == name and hole.form}
    same = comparison(name, chain.endpoint.usernames)(own, text)
    return bool(same) or text in {FORM[form](own) for form in forms if form in FORM}


def is_link(request: Request) -> bool:
    """Whether the vendor gave a request's address: that of a next page, by link."""
    return request.page > 1 and request.endpoint.pagination is not None and request.endpoint.pagination.link is not None


def address_source(request: Request, *, redirected: bool = False) -> str:
    """Say which request has an address, and who gave it: the spec, a link to a next page, or a redirect. Holds no value."""
    line = f"{request.http.method} {request.endpoint.line}" + (f", page {request.page}" if request.page > 1 else "")
    return f"a redirect of {line}" if redirected else f"the link to {line}" if is_link(request) else line


def proven(request: Request, personal: AbstractSet[str], reading: Reading | None = None) -> bool:
    """Whether `match` or `echo` proves whose an answer is. None: of a page by link, which continues an answer that was asked for.

    After a redirect it is a matter of what came: by `match` records prove it, by `echo` a member too; a refusal and an empty list
    prove nothing.
    """
    match, echo = request.endpoint.match, request.endpoint.echo
    if reading is not None and not (isinstance(reading, Page) and reading.records):
        match, echo = (), tuple((path, template) for path, template in echo if isinstance(reading, Page) and path.steps)
    checks = [template for _, template in (*match, *echo)]
    return any(hole.name in personal for one in checks for hole in one.holes()) or any(field for one in checks for field in one.fields())
