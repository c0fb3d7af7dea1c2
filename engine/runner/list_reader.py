"""Read one list of pages to its end, and once more where it broke off or fell short: for endpoints, look-ups and `discover` alike.

The next request comes from `pagination.follow`, what is whole from `trail`; this only goes where they point.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct, field

from engine.core.chain import Chain, Unresolved
from engine.core.ledger import Tally
from engine.core.pagination import Broken, Following, Next, again, follow, may_go_on
from engine.core.request import Request, halved, opening
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.core.trail import Trail
from engine.language.text.mistakes import counted
from engine.runner.client import Answered, Client

MOST_RESTARTS = 3
NO_WAY_ON = "the first page was full and did not say whether another follows; at half the size fewer records came, and no way on"


class Pages(Protocol):
    """Where pages go: the files of an endpoint, or memory."""

    tally: Tally

    def take(self, request: Request, page: Page, answered: Answered, trail: Trail) -> None:
        """Keep one page. Raises DiskError."""

    def refused(self, request: Request, answered: Answered) -> None:
        """Hear of an answer of which nothing is kept. Raises DiskError."""

    def put_down(self) -> None:
        """Hear that the next page is asked for now. Raises DiskError."""

    def read_again(self, trail: Trail) -> None:
        """Prepare to read the list again. Raises DiskError."""


class Stopped(Struct, frozen=True):
    """Why a list could not be read to its end, and on which page: given up, refused, or in words."""

    why: GiveUp | Refusal | str
    page: int = 1


class ListReader(Struct):
    """One list. `most` is the largest number of pages; `notes` say how it ended, `nulls` counts the records that came as null.

    `gap` is what a page told of records that did not come.
    `led`: a redirect led to where nothing proves whose the answer is. A link does so within an answer, which was the right one.
    `opened` is its first request.
    """

    chain: Chain
    client: Client
    pages: Pages
    trail: Trail
    most: int | None = None
    notes: list[str] = field(default_factory=list)
    nulls: int = 0
    gap: str | None = None
    led: bool = False
    opened: Request | None = None

    async def read(self, answer: Answered | GiveUp | None = None) -> Stopped | None:
        """Read to the end; None where the list is whole. `answer` is that of the opening request, if it was sent already."""
        restarts, short = 0, False
        while True:
            self.notes.clear()
            self.nulls, self.gap = 0, None
            stopped = await self._once(answer)
            answer = None
            self.pages.tally.same_key += self.trail.settle()
            if stopped is not None and isinstance(stopped.why, Refusal) and stopped.why.means == "restart":
                restarts += 1
                if restarts > MOST_RESTARTS:
                    return Stopped("the page token expired again and again")
            elif stopped is not None:
                return stopped
            elif self.nulls:
                return Stopped(f"{counted(self.nulls, 'record')} came as null: the vendor did not give what belongs there")
            elif self.gap is not None:
                return Stopped(self.gap)
            elif not self.trail.short:
                self.notes[:0] = self.trail.explained()
                return None
            elif short:
                return Stopped(self.trail.shortage)
            else:
                short = True
            self.pages.read_again(self.trail)

    async def _once(self, answer: Answered | GiveUp | None) -> Stopped | None:
        """Read the pages one after the other; None at the list's end."""
        try:
            request: Request | None = opening(self.chain)
        except Unresolved as error:
            return Stopped(str(error))
        self.opened = request
        while request is not None:
            answer = answer or await self.client.ask(request, self.pages.tally)
            if isinstance(answer, GiveUp):
                return Stopped(answer, request.page)
            page = self._page(request, answer)
            if isinstance(page, Stopped):
                return page
            doubt = None
            if may_go_on(request, page):
                request, page, answer, doubt = await self._at_half(request, page, answer)
            following = self._taken(request, page, answer)
            if doubt is not None:
                return doubt
            if isinstance(following, Stopped):
                return following
            request, answer = following, None
            if request is not None:
                self.pages.put_down()
        return None

    def _page(self, request: Request, answer: Answered) -> Page | Stopped:
        self.led = self.led or (answer.astray and bool(answer.redirects))
        if isinstance(answer.reading, Page):
            return answer.reading
        self.pages.refused(request, answer)
        return Stopped(answer.reading if isinstance(answer.reading, Refusal) else answer.reading.words, request.page)

    async def _at_half(self, request: Request, page: Page, answer: Answered) -> tuple[Request, Page, Answered, Stopped | None]:
        """Ask for a first page of half the size: some vendors leave out the way to the next page at the largest size.

        Gives the page to go on with, and why it is not to be believed.
        """
        half = halved(request)
        if half is None:
            return request, page, answer, None
        other = await self.client.ask(half, self.pages.tally)
        if isinstance(other, GiveUp):
            return request, page, answer, Stopped(other)
        found = self._page(half, other)
        if isinstance(found, Stopped):
            return request, page, answer, found
        if isinstance(follow(half, found, set()), Next):
            self.pages.refused(request, answer)
            return half, found, other, None
        self.pages.refused(half, other)
        return request, page, answer, Stopped(NO_WAY_ON) if found.count < page.count else None

    def _taken(self, request: Request, page: Page, answer: Answered) -> Request | Stopped | None:
        """Keep a page, and give the request for the next one; None at the list's end."""
        trail = self.trail
        if page.first and page.first in trail.firsts:
            self.pages.refused(request, answer)
            return self._at(again(request, page, trail.progress, "the vendor gave the same page twice", last=trail.is_last(page)))
        trail.firsts.add(page.first)
        self.nulls, self.gap = self.nulls + page.nulls, self.gap or page.gap
        try:
            self.pages.take(request, page, answer, trail)
        except RecursionError:
            return Stopped("a record is nested deeper than Habeas reads")
        if trail.endless is not None:
            return Stopped(trail.endless)
        following = self._at(follow(request, page, trail.marks, trail.progress))
        if isinstance(following, Request) and self.most is not None and request.page >= self.most:
            return Stopped(f"its list goes on after {self.most:,} pages")
        return following

    def _at(self, following: Following) -> Request | Stopped | None:
        if isinstance(following, Next):
            self.trail.mark = following.mark
            self.trail.marks.add(following.mark)
            return following.request
        if isinstance(following, Broken):
            return Stopped(following.words)
        if following is not None:
            self.notes.append(following.note)
        return None
