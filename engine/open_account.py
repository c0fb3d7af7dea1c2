"""An account in use: one connection, opened once, over which one process asks for one person or for many.

All of them share its turn, its limits, its credential and what the account told of itself. Of many people the account is asked
first, so that what is said of a person does not hang on who went before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta

from engine.assembly import ChosenConnection, Order, digested, session_over, stored_probe
from engine.connection.open import Opened
from engine.core.http import NoAnswer, Response
from engine.core.ledger import Entry, Tally
from engine.core.request import Request
from engine.core.subject import possible
from engine.replaced import replace
from engine.runner import Report, Run, Session
from engine.runner.facts import AccountFacts

SIDE_BY_SIDE = 16
SOUND_FOR, UNSOUND_FOR = timedelta(hours=1), timedelta(minutes=1)
Watch = Callable[[Run], AbstractAsyncContextManager[object]]


class OpenAccount:
    """A connection in use. `notes` are what the operator should know of it, `answered` counts the vendor's answers to people's runs.

    People are let in one after the other, as long as the limits have room for one more, SIDE_BY_SIDE at most.
    """

    def __init__(self, session: Session, connection: Opened, *, many: bool, notes: list[str] | None = None) -> None:
        """`session` asks over the `connection`; with `many` people the account is asked before the first of them."""
        self.session, self.connection, self.many = session, connection, many
        self.notes = [] if notes is None else notes
        self.facts: AccountFacts | None = None
        self.answered = 0
        self._learnt = session.clock.now()
        self._asking, self._door, self._places = asyncio.Lock(), asyncio.Lock(), asyncio.Semaphore(SIDE_BY_SIDE)

    @property
    def end(self) -> str | None:
        """Say why nothing more can be asked over this connection; None while it can."""
        end = self.session.grant.state.end
        return end.words if end is not None else None

    async def fetch(self, order: Order, *, ended: Callable[[Entry], None] = lambda _: None, watch: Watch | None = None) -> Report:
        """Run an order of this connection, and give the report. Raises HabeasError before anything is sent for the person.

        `ended` is called with the entry of each endpoint when it has ended, `watch` wraps the run (signals, a live view).
        """
        async with self.place():
            return await self.carry_out(order, ended=ended, watch=watch)

    async def carry_out(
        self,
        order: Order,
        *,
        ended: Callable[[Entry], None] = lambda _: None,
        watch: Watch | None = None,
        heard: Callable[[Request, Response | NoAnswer], None] = lambda _, __: None,
        facts: AccountFacts | None = None,
    ) -> Report:
        """Do what `fetch` does in a `place` that the caller has; `heard` is called with each request of the run and its answer.

        `facts` are those of `learnt`, where the caller has them already.
        """
        order = replace(order, options=digested(order))
        facts = await self.learnt() if self.many and facts is None else facts
        session = replace(self.session, ended=ended, heard=heard, facts=facts, alone=not self.many)
        run = order.run(session, self.connection, order.out)
        async with watch(run) if watch is not None else nullcontext():
            report = await run.run()
        return replace(report, notes=tuple(self.notes))

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until there is room for one more person."""
        async with self._door:
            await self._places.acquire()
            try:
                await self.session.limiter.room()
            except BaseException:
                self._places.release()
                raise
        try:
            yield
        finally:
            self._places.release()

    async def learnt(self) -> AccountFacts:
        """Give what is known of the account; after an hour, or a minute where something was not answered, it is asked anew."""
        async with self._asking:
            facts = self.facts
            if facts is None or self.session.clock.now() - self._learnt >= (SOUND_FOR if facts.sound else UNSOUND_FOR):
                facts = self.session.own_facts(self.session.client())
                await self._ask(facts)
                self.facts, self._learnt = facts, self.session.clock.now()  # of a silent vendor it takes longer than its answer holds
            return facts

    async def _ask(self, facts: AccountFacts) -> None:
        vendor, client, probe = self.session.vendor, facts.client, stored_probe(self.connection)
        if self.session.credentials.from_token:
            await client.prepare()  # a new token may come with another address
        facts.teach(client)
        await facts.discover([vendor.verify, *possible(vendor, probe)], Tally())
        facts.teach(client)
        await facts.verify()
        if probe and not facts.listed:
            await facts.seek_probe(possible(vendor, probe), probe, Tally())


@asynccontextmanager
async def open_account(
    chosen: ChosenConnection,
    limits: tuple[str | None, float] = (None, 0.75),
    *,
    many: bool = True,
    wait: bool = True,
    waiting: Callable[[], None] = lambda: None,
    told: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[OpenAccount]:
    """Open a connection when no other process uses it. `limits` are the vendor's plan (None: the connection's) and our share of them.

    `waiting` is called once if another one uses it, `told` hears what `in_turn` has to say. Raises NotConnected; InUse without `wait`.
    """
    notes: list[str] = []

    def hear(words: str) -> None:
        notes.append(words)
        told(words)

    async with chosen.in_turn(waiting, wait=wait, told=hear) as connection, chosen.transport:
        yield OpenAccount(session_over(connection, chosen.transport, *limits), connection, many=many, notes=notes)


async def carry_out(
    order: Order,
    *,
    ended: Callable[[Entry], None] = lambda _: None,
    waiting: Callable[[], None] = lambda: None,
    told: Callable[[str], None] = lambda _: None,
    watch: Watch | None = None,
    before: Callable[[Order, Session], Awaitable[Order]] | None = None,
) -> Report:
    """Run one order when no other process uses its connection, and give the report. Raises HabeasError before anything is sent.

    The callbacks are those of `open_account` and of `OpenAccount.fetch`; `before` gives the order that is run once it is open.
    """
    limits = (order.plan, order.share)
    async with open_account(order.chosen, limits, many=False, wait=order.wait, waiting=waiting, told=told) as account:
        order = order if before is None else await before(order, account.session)
        report = await account.fetch(order, ended=ended, watch=watch)
    return replace(report, notes=tuple(account.notes))
