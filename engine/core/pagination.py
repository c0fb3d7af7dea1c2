"""Pagination: give the request for the next page, by cursor, link, page number or offset.

Keeps no state: the request holds what is needed, and the marks of earlier pages are an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from engine.core.http import MOST_ADDRESS, resolved
from engine.core.request import Request, at_address, with_param
from engine.core.response import Page
from engine.language.expressions import lossless_json
from engine.language.model.spec import PaginationSpec


@dataclass(frozen=True, slots=True)
class Broken:
    """The list cannot be read to its end; earlier pages are kept."""

    words: str


@dataclass(frozen=True, slots=True)
class Next:
    """The request for the next page, and a mark that recognises it if the vendor gives it again."""

    request: Request
    mark: str = field(repr=False)


def follow(request: Request, page: Page, marks: AbstractSet[str]) -> Next | Broken | None:
    """Decide what comes after a page: the next request, None at the end, or Broken. `marks` are those of the chain so far."""
    pagination = request.endpoint.pagination
    if pagination is None or _says_no_more(page):
        return None
    way = next(name for name in FOLLOW if getattr(pagination, name) is not None)
    found = FOLLOW[way](pagination, request, page)
    if found is None and _says_more(page):
        return Broken(f"`{pagination.more and pagination.more.text}` says that there is more, and nothing says where")
    if isinstance(found, Next) and found.mark in marks:
        return Broken(f"the vendor gave the same {NAMES[way]} twice")
    return found


def _says_no_more(page: Page) -> bool:
    return page.more is not None and page.more in (False, "false", 0, "")


def _says_more(page: Page) -> bool:
    return page.more is True or page.more == "true"


def _by_cursor(pagination: PaginationSpec, request: Request, page: Page) -> Next | Broken | None:
    if page.cursor is None or page.cursor == "" or page.cursor is False:
        return None
    cursor = lossless_json.text_of(page.cursor)
    if cursor is None:
        return Broken(f"`{pagination.cursor and pagination.cursor.text}` holds no page token but a list or a map")
    if len(cursor) > MOST_ADDRESS:
        return Broken(f"`{pagination.cursor and pagination.cursor.text}` holds a page token that no address could carry")
    value = page.cursor if request.http.method == "POST" else cursor
    return Next(with_param(request, pagination.param or "", value, request.received + page.count), f"cursor {cursor}")


def _by_link(pagination: PaginationSpec, request: Request, page: Page) -> Next | Broken | None:
    if page.link is None or page.link == "":
        return None
    if not isinstance(page.link, str):
        return Broken(f"`{pagination.link and pagination.link.text}` holds no address")
    url = resolved(request.http.url, page.link)
    if url is None:
        return Broken(f"`{pagination.link and pagination.link.text}` holds no address")
    return Next(at_address(request, url, request.received + page.count), f"link {url}")


def _by_page(pagination: PaginationSpec, request: Request, page: Page) -> Next | Broken | None:
    ((name, first),) = (pagination.page or {}).items()
    if not _says_more(page) and (page.count == 0 or _all_there(request, page)):
        return None
    number = first + request.page
    return Next(with_param(request, name, number, request.received + page.count), f"page {number}")


def _by_offset(pagination: PaginationSpec, request: Request, page: Page) -> Next | Broken | None:
    received = request.received + page.count
    if page.count == 0 or (not _says_more(page) and _all_there(request, page)):
        return None
    return Next(with_param(request, pagination.offset or "", received, received), f"offset {received}")


def _all_there(request: Request, page: Page) -> bool:
    return page.total is not None and request.received + page.count >= page.total


FOLLOW: dict[str, Callable[[PaginationSpec, Request, Page], Next | Broken | None]] = {
    "cursor": _by_cursor,
    "link": _by_link,
    "page": _by_page,
    "offset": _by_offset,
}
NAMES = {"cursor": "page token", "link": "link", "page": "page", "offset": "page"}
