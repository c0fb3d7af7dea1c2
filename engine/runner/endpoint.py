"""Read one endpoint to its end: its chains side by side, each page written as it comes.

How each chain ended becomes one outcome in `core/ledger.py`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from engine.core.account import Account
from engine.core.chain import Chain, Unresolved, join_rows
from engine.core.ledger import ChainEnd, Entry, Outcome, Tally, at_most_partial, latest, outcome_of, unclaimed
from engine.core.request import opening
from engine.core.response import Refusal
from engine.core.retry import GiveUp
from engine.core.scopes import told_by_refusals
from engine.core.window import Window, form, rfc3339
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row
from engine.replaced import replace
from engine.runner.chain_reader import ChainReader
from engine.runner.client import Answered, Client
from engine.runner.store import Store
from engine.runner.take_over import take_over

SIDE_BY_SIDE = 16
ENOUGH_DENIALS = 3
CANNOT_EXPLAIN = ("refresh", "wait", "again", "exhausted", "restart")


class EndpointRun(Discreet, Struct, dict=True):
    """One endpoint of one run: `rows` it is asked for, `windows` of time, `parent` entry if it is asked once per record of another.

    `resumed`: when the run went on after a break; `kept` counts the chains that had ended whole before it, `answered`: one of them was
    answered, so that no licence is missing.
    """

    HIDDEN = ("rows",)

    endpoint: Endpoint
    rows: Sequence[Row]
    windows: tuple[Window, ...]
    client: Client
    store: Store
    licensed: Callable[[], Awaitable[bool | None]]
    parent: Entry | None
    account: Account
    ends: list[ChainEnd] = field(default_factory=list)
    unasked: int = 0
    begun: int = 0
    stopped: ChainEnd | None = None
    covered: Counter[Window] = field(default_factory=Counter)
    finished: bool = False
    resumed: datetime | None = None
    kept: int = 0
    answered: bool = False
    taken_over: bool = False

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return self.store.tally

    @cached_property
    def joined(self) -> tuple[Row, ...]:
        """Give every combination of a row from above with an own row (`for`), each once."""
        return tuple(dict.fromkeys(join_rows(outer, own) for outer in self.rows for own in self.endpoint.rows))

    @property
    def slices(self) -> int:
        """Give the number of its chains: one for each row and window."""
        return len(self.joined) * max(1, len(self.windows))

    @property
    def unsent(self) -> int:
        """Give how many of its chains are not begun yet, each of them one request at least; 0 until one has ended well.

        Where every chain so far was refused the others may never be sent.
        """
        going = self.stopped is None and not self.finished and any(end.outcome.whole for end in self.ends)
        return self.slices - self.begun if going else 0

    def chains(self) -> Iterator[Chain]:
        """Give a chain for each row and window. A row for which the account lacks a value ends at once, with the reason."""
        for row in self.joined:
            completed = self.account.complete(self.endpoint, row)
            if isinstance(completed, ChainEnd):
                self.ends += [replace(completed, label=self.label(Chain(self.endpoint, row)))] * max(1, len(self.windows))
                self.begun += max(1, len(self.windows))
                continue
            for window in self.windows or (None,):
                self.begun += 1
                yield Chain(self.endpoint, completed, window)

    async def run(self) -> None:
        """Read every chain. Raises DiskError; on cancellation what was received is kept."""
        waiting = self.chains() if self.resumed is None else self._left(self.resumed)
        first = next(waiting, None) if self.stopped is None else None
        if first is not None:
            reader = self._reader(first)
            answer = await self._first_answer(reader) if self.endpoint.licence is not None and not self.answered else None
            if self.stopped is None:
                queue = itertools.chain([(first, reader, answer)], ((one, None, None) for one in waiting))
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self.slices, SIDE_BY_SIDE)):
                        group.create_task(self._work(queue))
        self.finished = True

    def _left(self, now: datetime) -> Iterator[Chain]:
        """Take over the chains that ended whole before the run broke off; give the others."""
        chains = list(self.chains())
        taken = take_over(self.store, chains, now)
        for place, end in taken.items():
            chain = chains[place]
            self.ends.append(ChainEnd(end.end, end.reason, end.received, self.label(chain), end.final))
            if chain.window is not None:
                self.covered[chain.window] += 1
            self.answered = self.answered or end.end in (Outcome.COMPLETE, Outcome.EMPTY)
            if end.final:
                self.stopped = self.stopped or self.ends[-1]
        self.kept, self.taken_over = len(taken), True
        return (chain for place, chain in enumerate(chains) if place not in taken)

    def _reader(self, chain: Chain) -> ChainReader:
        return ChainReader(chain, self.client, self.store.begin(chain), self.label(chain))

    async def _first_answer(self, reader: ChainReader) -> Answered | GiveUp | None:
        """Send the opening request alone; a refusal of a person who has no licence ends the endpoint as `unlicensed`."""
        try:
            request = opening(reader.chain)
        except Unresolved:
            return None
        answer = await self.client.ask(request, reader.pages.tally)
        if isinstance(answer, Answered) and isinstance(answer.reading, Refusal):
            final = 400 <= answer.response.status < 500 and answer.reading.means not in CANNOT_EXPLAIN
            if final and await self.licensed() is False:
                reader.pages.refused(request, answer)
                reader.pages.ended()
                words = f"the person has no licence for it ({answer.reading.words})"
                self.stopped = ChainEnd(Outcome.UNLICENSED, words, final=True)
                reader.pages.log(self.stopped, request)
                reader.pages.put_down()
                self.ends.append(self.stopped)
        return answer

    async def _work(self, queue: Iterator[tuple[Chain, ChainReader | None, Answered | GiveUp | None]]) -> None:
        for chain, reader, answer in queue:
            if self.stopped is not None:
                self.unasked += 1
            else:
                await self._read(reader or self._reader(chain), answer)

    async def _read(self, reader: ChainReader, answer: Answered | GiveUp | None) -> None:
        end = await reader.read(answer)
        self.ends.append(end)
        if end.outcome.whole and reader.chain.window is not None:
            self.covered[reader.chain.window] += 1
        if end.final or self._only_denied():
            self.stopped = self.stopped or end

    def _only_denied(self) -> bool:
        """Whether so far every chain was denied (at least ENOUGH_DENIALS): vendors lock out an app that keeps asking.

        False for an endpoint that is asked once per record of a parent: one record may be denied and the next allowed.
        """
        return self.parent is None and len(self.ends) >= ENOUGH_DENIALS and all(end.outcome is Outcome.DENIED for end in self.ends)

    def label(self, chain: Chain) -> str:
        """Name a chain by its `for` values and window, such as `live 2026-01-01..2026-01-29`; holds nothing personal."""
        own = {name for row in self.endpoint.rows for name, _ in row}
        words = [value for name, value in chain.row if name in own]
        if chain.window is not None:
            words.append(f"{form(chain.window.start, 'date')}..{form(chain.window.end, 'date')}")
        return " ".join(words)

    def entry(self, cut: str | None = None) -> Entry:
        """Give its entry; `cut` is the reason if the run ended before it did."""
        ends, unasked, tally = list(self.ends), self.unasked, self.tally
        if not self.finished:
            ends.append(ChainEnd(Outcome.FAILED, cut or "a defect of ours"))
            unasked = max(0, self.slices - len(ends))
        outcome, reason = outcome_of(ends, unasked, tally.records + tally.duplicates)
        outcome, reason = unclaimed(
            [select.text for select, _ in self.endpoint.match if select.text not in self.store.held], tally, outcome, reason
        )
        if self.parent is not None:
            outcome, reason = at_most_partial(self.parent, outcome, reason)
        left_out = told_by_refusals(self.endpoint, self.client.credentials.granted, self.ends) if outcome is Outcome.DENIED else None
        if left_out is not None:
            outcome, reason = Outcome.EXCLUDED, left_out
        return Entry(
            self.endpoint.name,
            outcome,
            reason,
            tally,
            covered=self._covered(),
            file=self.store.described(),
            again_at=latest(ends),
            notes=self.store.notes(),
        )

    def _covered(self) -> tuple[str, str] | None:
        """Give the newest span of time (start and end, RFC 3339) that was read without a gap for every row; None where there is none."""
        whole = [window for window, count in self.covered.items() if count == len(self.joined)]
        if not whole:
            return None
        spans = sorted(whole, key=lambda one: one.start, reverse=True)
        start, end = spans[0].start, spans[0].end
        for span in spans[1:]:
            if span.end < start:
                break
            start = min(start, span.start)
        return rfc3339(start), rfc3339(end)
