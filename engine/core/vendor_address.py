"""Redirects and links to a next page: where they lead, and whether the person's own value still stands in the address.

A vendor that leads to an address with another person's value is not followed. One that leaves the value out may mean the same
person (`/users/<name>/repos` leads to `/user/<number>/repos`): it is followed, and what the answer does not prove is noted.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.core.chain import Chain, Unresolved
from engine.core.http import HttpRequest, NoAnswer, Response, resolved
from engine.core.identity import FORM, same_person
from engine.core.request import Request, opening

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
NO_ADDRESS = NoAnswer("forbidden", "the vendor redirected to what is no address")
TOO_MANY = NoAnswer("forbidden", f"the vendor redirected more than {MOST_REDIRECTS} times")
ANOTHER_PERSON = NoAnswer("forbidden", "the vendor led to an address with another person's value: nothing was asked there")
MARK = "735190246"
KINDS: dict[str, Literal["email", "phone"]] = {"EMAIL": "email", "PHONE": "phone"}
Standing = Literal["same", "other", "gone"]
Part = tuple[str, str]


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
    own = {name: value for name, value in chain.row if value and (name in personal or "." in name)}
    marks = {f"{MARK}{index:03}": name for index, name in enumerate(own)}
    marks |= {form(mark): name for mark, name in list(marks.items()) for form in FORM.values()}
    names = {name: mark for mark, name in reversed(marks.items())}
    try:
        written = opening(chain).http.url
        marked = opening(replace(chain, row=tuple((name, names.get(name, value)) for name, value in chain.row))).http.url
    except Unresolved:
        return "gone"
    found = _parts(url)
    verdicts: list[Standing] = []
    for (place, _), (_, text) in zip(_parts(written), _parts(marked), strict=True):
        if any(mark in text for mark in marks):
            values = [value for label, value in found if label == place and value]
            verdicts.append(_compared(chain, own, _pattern(text, marks), values))
    if "other" in verdicts:
        return "other"
    anywhere = any(_agrees(chain, name, value, text) for name, value in own.items() for _, text in found)
    return "same" if anywhere or not verdicts or "gone" not in verdicts else "gone"


def _parts(url: str) -> list[Part]:
    """Give the segments and parameters of an address, decoded, each with what names its place."""
    address = urlsplit(url)
    segments = [unquote(segment) for segment in address.path.split("/")]
    path = [(f"/{before}", segment) for before, segment in zip(["", *segments], segments, strict=False)]
    return [*path, *((f"?{name}", value) for name, value in parse_qsl(address.query, keep_blank_values=True))]


def _pattern(text: str, marks: dict[str, str]) -> tuple[re.Pattern[str], list[str]]:
    """Give an expression that finds the values in a text, and their names in its order."""
    pieces = re.split(f"({'|'.join(marks)})", text)
    pattern = "".join("(.*)" if piece in marks else re.escape(piece) for piece in pieces)
    return re.compile(pattern, re.DOTALL), [marks[piece] for piece in pieces if piece in marks]


def _compared(chain: Chain, own: dict[str, str], pattern: tuple[re.Pattern[str], list[str]], values: list[str]) -> Standing:
    """Compare what stands in one place with the own values there."""
    matches = [found for value in values if (found := pattern[0].fullmatch(value)) is not None]
    if not matches:
        return "gone"
    same = any(
        all(_agrees(chain, name, own[name], text) for name, text in zip(pattern[1], found.groups(), strict=True)) for found in matches
    )
    return "same" if same else "other"


def _agrees(chain: Chain, name: str, own: str, text: str) -> bool:
    """Whether a text is the own value, compared as the identifier is, or one of the forms in which the request writes it."""
    forms = {hole.form for hole in chain.endpoint.holes() if hole.name == name and hole.form}
    return same_person(KINDS.get(name, "username"), own, text) or text in {FORM[form](own) for form in forms if form in FORM}


def is_link(request: Request) -> bool:
    """Whether the vendor gave a request's address: that of a next page, by link."""
    return request.page > 1 and request.endpoint.pagination is not None and request.endpoint.pagination.link is not None


def address_source(request: Request, *, redirected: bool = False) -> str:
    """Say which request has an address, and who gave it: the spec, a link to a next page, or a redirect. Holds no value."""
    line = f"{request.http.method} {request.endpoint.line}" + (f", page {request.page}" if request.page > 1 else "")
    return f"a redirect of {line}" if redirected else f"the link to {line}" if is_link(request) else line


def proven(request: Request, personal: AbstractSet[str]) -> bool:
    """Whether `match` or `echo` proves of every answer whose it is."""
    checks = [template for _, template in (*request.endpoint.match, *request.endpoint.echo)]
    return any(hole.name in personal for one in checks for hole in one.holes()) or any(field for one in checks for field in one.fields())
