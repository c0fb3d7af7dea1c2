"""What runs use of the vendor's limits, in a column of the shared store: written behind the run, the newest state alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg

from engine.connection.departure_file import UNKNOWN, nothing_known
from engine.connection.postgres_session import Session
from engine.connection.stored import Name
from engine.connection.uninterrupted import finished
from engine.core.departures import Departures, departures_of
from engine.net.clock import Clock
from engine.net.handover import Handover

READ = """select (select c.spent::text from habeas.connection c join habeas.connection own using (account) where own.name = %s
  order by c.served_at desc nulls last limit 1), extract(epoch from clock_timestamp())"""
GONE = (
    "the database did not answer at the run's end: what was used of the vendor's limits could not be written, "
    "and another run may have used the connection at the same time"
)


class SpentColumn:
    """The column of one connection, whose turn the session holds. Its moments are of the database's clock: machines' clocks differ."""

    def __init__(self, connection: Session, name: Name) -> None:
        """Write over the session."""
        self._session, self._name = connection, name
        self._next: bytes | None = None
        self._task: asyncio.Task[None] | None = None
        self.failed = False

    async def opened(self, clock: Clock, *, orderly: bool = True) -> Handover:
        """Read what earlier runs left, and write it back: so that it is known to be writable."""
        raw, theirs = await self._read()
        ahead = timedelta(seconds=theirs - clock.timestamp())
        clock = Clock(lambda ours=clock.now: ours() + ahead, clock.sleep, clock.dice)  # type: ignore[misc]
        now, words = int(clock.timestamp() * 1000), None
        try:
            departures = departures_of(raw.encode(), now) if raw else Departures()
        except ValueError:
            departures, words = None, f"what earlier runs used of the vendor's limits is ignored, {UNKNOWN}: its column is broken"
        try:
            await self._write((departures or Departures()).encode({}, now))
        except psycopg.Error as error:
            return nothing_known(clock, f"the database takes nothing ({error.sqlstate})")
        known = departures is not None
        return Handover(clock, departures or Departures(), lambda content, _: self.put(content), words, known=known, orderly=orderly)

    def put(self, content: bytes) -> None:
        """Write this state when the one before is written; of those that wait only the newest is."""
        self._next = content
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._writing())

    async def close(self, handover: Handover) -> None:
        """Write the last state, and say so where one could not be written."""
        handover.close()
        if self._task is not None:
            await finished(self._task)
        if self.failed:
            handover.words = GONE

    async def _writing(self) -> None:
        while self._next is not None and not self.failed:
            content, self._next = self._next, None
            try:
                await self._write(content)
            except psycopg.Error:
                self.failed = True

    async def _read(self) -> tuple[str | None, float]:
        """Give what was used last over any connection of this account, and the time."""
        found = await (await self._session.execute(READ, (str(self._name),))).fetchone()
        return (found[0], float(found[1])) if found else (None, 0.0)

    async def _write(self, content: bytes) -> None:
        spent = "update habeas.connection set spent = %s::text::jsonb, served_at = now() where name = %s"
        await self._session.execute(spent, (content.decode(), str(self._name)))
