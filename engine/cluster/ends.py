"""Write down how people ended: their files on the disk first, then one transaction, which refuses what an owner of before still brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import psycopg

from engine.batch import results
from engine.batch.asking import EndedPerson
from engine.batch.batch_folder import OF, WORK
from engine.batch.states import Ending
from engine.cluster import people
from engine.cluster.drain import leased
from engine.cluster.lent_batches import LentBatches
from engine.cluster.people import LeasedEnd
from engine.cluster.pool import Pool
from engine.cluster.shared_folder import dropped, lying
from engine.errors import DiskError
from engine.net.clock import Clock
from engine.replaced import replace

AGAIN = 0.2


class LeasedEnds:
    """Writes groups of people who ended at any connection of this worker; `told` hears of each that was written."""

    def __init__(self, pool: Pool, batches: LentBatches, clock: Clock, told: Callable[[LeasedEnd], None], late: Callable[[], bool]) -> None:
        """`late` says that a database which is away is not waited for any longer."""
        self._pool, self._batches, self._clock, self._told, self._late = pool, batches, clock, told, late

    async def write(self, group: list[EndedPerson]) -> None:
        """Write a group; a database that is away is waited for."""
        ends = [self._end(one) for one in await self._synced(group)]
        while not self._late():
            try:
                lost = await people.end(self._pool, ends)
            except psycopg.Error:
                await asyncio.sleep(AGAIN)
                continue
            for written in ends:
                if written not in lost:
                    self._told(written)
            with suppress(psycopg.Error, OSError):  # they are written down; what cannot be deleted now stays for a later sweep
                for refused in lost:
                    await asyncio.to_thread(self._drop, refused)
                await self._sweep({one.person.batch for one in ends})
            return

    async def _sweep(self, among: set[str]) -> None:
        """Of batches in which nobody is left delete what no row names: an owner of before left it, who did not live to.

        Results of people who are in no row are another lending's, and stay.

        What lies there is listed first: whoever begins after that names it, or is under way, when the rows are read.
        """
        for batch in await people.batches_over(self._pool, sorted(among)):
            folder = self._batches.folders[batch]
            found = await asyncio.to_thread(lying, folder)
            owned = await people.owned_places(self._pool, batch)
            named = await people.named(self._pool, batch)
            for place in left_over(found, named, owned) if named is not None else ():
                await asyncio.to_thread(dropped, folder / place)

    async def _synced(self, group: list[EndedPerson]) -> list[EndedPerson]:
        """See that results are on the disk. Whose are not is queued again, and the batch left to other workers."""
        refused: dict[Path, str] = {}
        for folder in {self._batches.folders[leased(one.person).batch] for one in group if one.folder is not None}:
            try:
                await asyncio.to_thread(results.synced, folder)
            except (DiskError, OSError) as error:
                refused[folder] = str(error)
        for ended in group if refused else ():
            person = leased(ended.person)
            if self._batches.folders[person.batch] in refused:
                self._batches.leave(person.batch, person.connection, refused[self._batches.folders[person.batch]])
        return [one if self._batches.folders[leased(one.person).batch] not in refused else _again(one) for one in group]

    def _end(self, one: EndedPerson) -> LeasedEnd:
        person, now, end = leased(one.person), self._clock.timestamp(), one.ending
        kept = people.made_in(person.id, person.token) if end.state == "queued" and one.folder is None else None
        again, pause = (None if at is None else max(0.0, at - now) for at in (end.again, end.pause))
        return LeasedEnd(one, person, again, pause, kept)

    def _drop(self, lost: LeasedEnd) -> None:
        folder = self._batches.folders[lost.person.batch]
        for name in (lost.ended.folder, lost.kept):
            if name is not None:
                dropped(folder / name)


def left_over(found: AbstractSet[str], named: AbstractSet[str], owned: AbstractSet[str]) -> set[str]:
    """Give of what lies in a batch's folder what may be deleted: unfinished runs, and results of these people, that no row names."""
    runs = {place for place in found if place.startswith(f"{WORK}/")}
    brought = {place for place in found - runs if place[: place.rfind(OF) + 1] in owned}
    idle = {place for place in runs if place.rpartition(".")[0] not in named}
    return (idle | brought) - named


def _again(one: EndedPerson) -> EndedPerson:
    return replace(one, ending=Ending("queued", spent=False), folder=None, sha256=None)
