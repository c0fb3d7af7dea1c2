"""Pagination: give the request for the next page, by cursor, link, page number or offset.

Keeps no state: the request holds what is needed, and the marks of earlier pages are an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from msgspec import Struct

from engine.core.http import MOST_ADDRESS, resolved
from engine.core.onward import leads_nowhere, says
from engine.core.request import Request, at_address, with_param
from engine.core.response import Page, Unreadable
from engine.discreet import Discreet
from engine.language.expressions import lossless_json
from engine.language.model.spec import PaginationSpec


class Broken(Struct, frozen=True):
    """The list cannot be read to its end; earlier pages are kept."""

    words: str


class ListEnd(Struct, frozen=True):
    """The list is at its end, by something that a reader of the result should know."""

    note: str


class Next(Discreet, Struct, frozen=True):
    """The request for the next page, and a mark that recognises it if the vendor gives it again."""

    HIDDEN = ("mark",)

    request: Request
    mark: str


class Progress(Discreet, Struct, frozen=True):
    """How far a list was read: its longest page, whether a total holds, whether as many different records came, the page's own mark.

    A total holds that was announced and not exceeded: one that is capped, or counts the page, says nothing about the end.
    """

    HIDDEN = ("mark",)

    longest: int = 0
    announced: bool = False
    met: bool = False
    mark: str = ""


Following = Next | Broken | ListEnd | None
UNPROVEN_END = "an empty page ended the list, and no total shows that it was the last"
SAME_AGAIN = "the list ended with its last page given again"
LED_BACK = "the list ended by leading back to an earlier page, when all that was announced had come"
START = Progress()


def follow(request: Request, page: Page, marks: AbstractSet[str], progress: Progress = START) -> Following:
    """Decide what comes after a page. `marks` are those of the reading so far, `progress` includes this page.

    Gives the next request; None or ListEnd at the end; Broken if there is more and nothing says where.
    """
    pagination = request.endpoint.pagination
    if pagination is None:
        return Broken(page.beyond) if page.beyond is not None else None
    more = says(page.more)
    if more is False:
        return None
    way = next(name for name in FOLLOW if getattr(pagination, name) is not None)
    found = FOLLOW[way](pagination, request, page, progress)
    if (found is None or isinstance(found, ListEnd)) and page.beyond is not None:
        return Broken(page.beyond)
    if found is None and more:
        return Broken(f"`{pagination.more and pagination.more.text}` says that there is more, and nothing says where")
    if isinstance(found, Next) and found.mark in marks:
        return again(request, page, progress, f"the vendor gave the same {NAMES[way]} twice", last=found.mark == progress.mark)
    return found


def may_go_on(request: Request, page: Page) -> bool:
    """Whether a first page as full as asked for leaves open if another follows: what would tell is missing, which is not null."""
    full = request.page == 1 and request.size is not None and page.count >= request.size
    return full and page.lacks and says(page.more) is None


def again(request: Request, page: Page, progress: Progress, words: str, *, last: bool) -> ListEnd | Broken:
    """Decide what it means that a page, or the way to it, comes again: a list's end, or a list that goes round.

    `last`: it is the page just read, not an earlier one.
    """
    asked = request.size or 0
    ends = (page.count < asked and progress.met) if progress.announced else (last and page.count < progress.longest)
    if says(page.more) or not (ends or not page.count):
        return Broken(words)
    return ListEnd(SAME_AGAIN if last or not page.count else LED_BACK)


def _by_cursor(pagination: PaginationSpec, request: Request, page: Page, _: Progress) -> Next | Broken | None:
    if leads_nowhere(page.cursor):
        return None
    cursor = lossless_json.text_of(page.cursor)
    if cursor is None:
        return Broken(f"`{pagination.cursor and pagination.cursor.text}` holds no page token but a list or a map")
    if len(cursor) > MOST_ADDRESS:
        return Broken(f"`{pagination.cursor and pagination.cursor.text}` holds a page token that no address could carry")
    value = page.cursor if request.http.method == "POST" else cursor
    return Next(with_param(request, pagination.param or "", value, request.received + page.count), f"cursor {cursor}")


def _by_link(pagination: PaginationSpec, request: Request, page: Page, _: Progress) -> Next | Broken | None:
    if leads_nowhere(page.link):
        return None
    if isinstance(page.link, Unreadable):
        return Broken("the `Link` header holds `next` and cannot be read")
    if not isinstance(page.link, str):
        return Broken(f"`{pagination.link and pagination.link.text}` holds no address")
    url = resolved(request.http.url, page.link)
    if url is None:
        return Broken(f"`{pagination.link and pagination.link.text}` holds no address")
    return Next(at_address(request, url, request.received + page.count), f"link {url}")


def _by_page(pagination: PaginationSpec, request: Request, page: Page, progress: Progress) -> Following:
    ((name, first),) = (pagination.page or {}).items()
    if not says(page.more) and _last(request, page, progress):
        return _at_the_end(request, page, progress)
    number = first + request.page
    return Next(with_param(request, name, number, request.received + page.count), f"page {number}")


def _by_offset(pagination: PaginationSpec, request: Request, page: Page, progress: Progress) -> Following:
    received = request.received + page.count
    if page.count == 0 or (not says(page.more) and _last(request, page, progress)):
        return None if says(page.more) else _at_the_end(request, page, progress)
    return Next(with_param(request, pagination.offset or "", received, received), f"offset {received}")


def _last(request: Request, page: Page, progress: Progress) -> bool:
    """Whether a page is the last: empty, or shorter than asked for and than the longest, with the total met. A full page never is."""
    short = request.size is not None and page.count < min(request.size, progress.longest)
    return page.count == 0 or (short and progress.met)


def _at_the_end(request: Request, page: Page, progress: Progress) -> ListEnd | None:
    """Say what an empty page leaves unproven: that nothing follows it."""
    return ListEnd(UNPROVEN_END) if page.count == 0 and request.received and not progress.announced else None


FOLLOW: dict[str, Callable[[PaginationSpec, Request, Page, Progress], Following]] = {
    "cursor": _by_cursor,
    "link": _by_link,
    "page": _by_page,
    "offset": _by_offset,
}
NAMES = {"cursor": "page token", "link": "link", "page": "page", "offset": "page"}
