"""Read a whole list into memory, all pages or nothing: for look-ups and `discover`, whose short answers decide what is asked next."""

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
    """Every page of a list, with its request and answer."""

    pages: Sequence[tuple[Request, Page, Answered]] = field(repr=False)

    @property
    def others(self) -> int:
        """How many records of other people were among them."""
        return sum(page.others for _, page, _ in self.pages)


@dataclass(frozen=True, slots=True)
class NotListed:
    """Why the list could not be read whole. `nobody`: the vendor says that nothing is there; `dead`: it refuses the credential."""

    words: str
    outcome: Outcome = Outcome.FAILED
    nobody: bool = False
    dead: bool = False

    def end(self) -> ChainEnd:
        """Give the same as a chain's end, for the ledger."""
        return ChainEnd(self.outcome, self.words)


async def listed(chain: Chain, client: Client, tally: Tally) -> WholeList | NotListed:
    """Read a chain's pages to the last one, at most MOST_PAGES."""
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
    """Await several coroutines at once and give their results in order. If one raises, the others are cancelled."""
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
