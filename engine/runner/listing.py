"""Read one list to its end before anything is concluded: for look-ups and `discover`, whose answers are short and decide what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.core.chain import Chain, Unresolved
from engine.core.ledger import MEANINGS, ChainEnd, Outcome, Tally
from engine.core.pagination import Broken, follow
from engine.core.request import Request, opening
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.runner.client import Answered, Client

MOST_PAGES = 1000


@dataclass(frozen=True)
class WholeList:
    """A whole list: each page with the request that asked for it."""

    pages: Sequence[tuple[Request, Page, Answered]] = field(repr=False)

    @property
    def others(self) -> int:
        """How many records of other people were among them."""
        return sum(page.others for _, page, _ in self.pages)


@dataclass(frozen=True, slots=True)
class NotListed:
    """Why there is no whole list; `nobody` where the vendor said at once that there is none, `dead` where the credential is refused."""

    words: str
    outcome: Outcome = Outcome.FAILED
    nobody: bool = False
    dead: bool = False

    def end(self) -> ChainEnd:
        """Give it as the end of a chain."""
        return ChainEnd(self.outcome, self.words)


async def listed(chain: Chain, client: Client, tally: Tally) -> WholeList | NotListed:
    """Read a chain's pages to the last one; a part of a list proves nothing."""
    try:
        request: Request | None = opening(chain)
    except Unresolved as error:
        return NotListed(str(error))
    pages: list[tuple[Request, Page, Answered]] = []
    marks, firsts = set[str](), set[int]()
    while request is not None:
        answer = await client.ask(request, tally)
        if isinstance(answer, GiveUp):
            return NotListed(answer.words, dead=answer.dead)
        page = answer.reading
        if not isinstance(page, Page):
            return _unanswered(page.means if isinstance(page, Refusal) else None, page.words, request.page)
        if page.first and page.first in firsts:
            return NotListed("the vendor gave the same page twice")
        firsts.add(page.first)
        own = replace(page, records=[bytes(record) for record in page.records])
        pages.append((request, own, answer.light(own)))
        following = follow(request, page, marks)
        if isinstance(following, Broken):
            return NotListed(following.words)
        if following is not None and request.page >= MOST_PAGES:
            return NotListed(f"its list goes on after {MOST_PAGES:,} pages")
        marks |= {following.mark} if following is not None else set()
        request = following.request if following is not None else None
    return _whole(pages)


async def side_by_side(works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Do several things at once; gives what each came to, in their order. Where one of them breaks, none of the others goes on."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in works]
    return [one.result() for one in tasks]


def _whole(pages: Sequence[tuple[Request, Page, Answered]]) -> WholeList | NotListed:
    received = sum(page.count for _, page, _ in pages)
    total = next((page.total for _, page, _ in reversed(pages) if page.total is not None), 0)
    if received < total:
        return NotListed(f"the vendor announced {total} records and delivered {received}")
    return WholeList(pages)


def _unanswered(means: str | None, words: str, page: int) -> NotListed:
    if page > 1:
        return NotListed(f"its list broke off at page {page} ({words})")
    return NotListed(words, MEANINGS.get(means or "", Outcome.FAILED), nobody=means in ("absent", "empty"))
