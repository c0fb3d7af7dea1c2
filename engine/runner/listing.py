"""Read a whole list into memory, all pages or nothing: for look-ups and `discover`, whose short answers decide what is asked next."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.core.chain import Chain
from engine.core.ledger import MEANINGS, ChainEnd, Outcome, Tally
from engine.core.request import Request
from engine.core.response import Page, Refusal
from engine.core.retry import GiveUp
from engine.core.scopes import beyond_scopes, scope_remedy
from engine.core.trail import Trail
from engine.discreet import Discreet
from engine.replaced import replace
from engine.runner.client import Answered, Client
from engine.runner.list_reader import ListReader

MOST_PAGES = 1000
LED_ASTRAY = "the vendor led to an address without the value that was asked by, and what it answered there proves nothing"


class WholeList(Discreet, Struct, frozen=True):
    """Every page of a list, with its request and answer."""

    HIDDEN = ("pages",)

    pages: Sequence[tuple[Request, Page, Answered]]

    @property
    def others(self) -> int:
        """How many records of other people were among them."""
        return sum(page.others for _, page, _ in self.pages)

    @property
    def named(self) -> bool:
        """Whether one of them holds what `match` compares."""
        return any(page.named for _, page, _ in self.pages)


class NotListed(Struct, frozen=True):
    """Why the list could not be read whole.

    `nobody`: the vendor says that nothing is there; `dead`: it refuses the credential; `helpless`: no scope would mend that;
    `again_at`: when its limit, which is used up, allows more.
    """

    words: str
    outcome: Outcome = Outcome.FAILED
    nobody: bool = False
    dead: bool = False
    helpless: bool = False
    again_at: datetime | None = None

    def end(self) -> ChainEnd:
        """Give the same as a chain's end, for the ledger."""
        return ChainEnd(self.outcome, self.words, again_at=self.again_at, helpless=self.helpless)


class KeptPages(Struct):
    """Pages kept in memory, each record once: nothing is written before it is known whether it may be."""

    tally: Tally
    pages: list[tuple[Request, Page, Answered]] = []

    def take(self, request: Request, page: Page, answered: Answered, trail: Trail) -> None:
        """Keep one page."""
        sifted = trail.take(page)
        records = [bytes(record) for index, record in enumerate(page.records) if index not in sifted.known]
        own = replace(page, records=records, others=sifted.others, dropped=())
        self.pages.append((request, own, answered.light(own)))

    def refused(self, request: Request, answered: Answered) -> None:
        """Hear of an answer of which nothing is kept."""

    def put_down(self) -> None:
        """Hear that a page is wanted after the last one."""

    def read_again(self, trail: Trail) -> None:
        """Prepare to read the list again."""
        trail.again(page.records for _, page, _ in self.pages if page.records)


async def listed(chain: Chain, client: Client, tally: Tally) -> WholeList | NotListed:
    """Read a chain's pages to the last one; a part of a list proves nothing."""
    pagination, kept = chain.endpoint.pagination, KeptPages(tally)
    trail = Trail(chain.endpoint.key, counted=pagination is not None and pagination.total is not None)
    reader = ListReader(chain, client, kept, trail, MOST_PAGES)
    stopped = await reader.read()
    if stopped is None:
        empty = not any(page.records for _, page, _ in kept.pages)
        return NotListed(LED_ASTRAY) if reader.led and empty else WholeList(kept.pages)
    if isinstance(stopped.why, GiveUp):
        return NotListed(stopped.why.said, dead=stopped.why.dead, again_at=stopped.why.again_at)
    refusal = stopped.why if isinstance(stopped.why, Refusal) else None
    words = refusal.words if refusal is not None else str(stopped.why)
    if refusal is not None and refusal.means == "denied":
        words += scope_remedy(chain.endpoint.granted_by, client.credentials.granted, refusal.rule)
    found = _unanswered(refusal.means if refusal is not None else None, words, stopped.page, again=trail.readings > 1)
    if reader.led and found.nobody:
        return NotListed(f"{LED_ASTRAY} ({words})")
    return replace(found, helpless=refusal is not None and beyond_scopes(refusal.rule))


async def side_by_side(works: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Await several coroutines at once and give their results in order. If one raises, the others are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in works]
    return [one.result() for one in tasks]


def _unanswered(means: str | None, words: str, page: int, *, again: bool) -> NotListed:
    if page > 1:
        return NotListed(f"its list broke off at page {page} ({words})")
    if again:
        return NotListed(words)
    return NotListed(words, MEANINGS.get(means or "", Outcome.FAILED), nobody=means in ("absent", "empty"))
