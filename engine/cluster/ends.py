"""Write down how people ended: their files on the disk first, then one transaction, which refuses what an owner of before still brings.

A file server that does not answer holds up those alone whose results lie there: what waits for it waits in a thread, and for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg

from engine.batch import results
from engine.batch.asking import EndedPerson
from engine.batch.batch_folder import OF, WORK
from engine.batch.states import Ending
from engine.cluster import people
from engine.cluster.drain import leased
from engine.cluster.lent_batches import ANSWERS_WITHIN, LentBatches
from engine.cluster.people import LeasedEnd
from engine.cluster.pool import Pool
from engine.cluster.shared_folder import dropped, lying
from engine.connection.uninterrupted import in_thread
from engine.errors import DiskError
from engine.net.clock import Clock
from engine.replaced import replace

AGAIN = 0.2


class LeasedEnds:
    """Writes groups of people who ended at any connection of this worker; `told` hears of each that was written."""

    def __init__(self, pool: Pool, batches: LentBatches, clock: Clock, told: Callable[[LeasedEnd], None], late: Callable[[], bool]) -> None:
        """`late` says that a database which is away is not waited for any longer."""
        self._pool, self._batches, self._clock, self._told, self._late = pool, batches, clock, told, late
        self._silent: dict[Path, asyncio.Future[None]] = {}
        self._tidying: set[asyncio.Task[None]] = set()

    async def write(self, group: list[EndedPerson]) -> list[EndedPerson]:
        """Write a group; a database that is away is waited for. Gives whose folder does not answer now, for a later group."""
        group, later = await self._synced(group)
        ends = [self._end(one) for one in group]
        while ends and not self._late():
            try:
                lost = await people.end(self._pool, ends)
            except psycopg.Error:
                await asyncio.sleep(AGAIN)
                continue
            for written in ends:
                if written not in lost:
                    self._told(written)
            await self._tidied(lost, {one.person.batch for one in ends})
            break
        return later

    async def _tidied(self, lost: list[LeasedEnd], among: set[str]) -> None:
        """Delete what is nobody's, and wait for that no longer than a folder is waited for."""
        tidying = asyncio.create_task(self._tidy(lost, among))
        self._tidying.add(tidying)
        tidying.add_done_callback(self._tidying.discard)
        done, _ = await asyncio.wait((tidying,), timeout=ANSWERS_WITHIN)
        for tidied in done:
            tidied.result()

    async def _tidy(self, lost: list[LeasedEnd], among: set[str]) -> None:
        with suppress(psycopg.Error, OSError):  # they are written down; what cannot be deleted now stays for a later sweep
            for refused in lost:
                await in_thread(partial(self._drop, refused))
            await self._sweep(among)

    async def _sweep(self, among: set[str]) -> None:
        """Of batches in which nobody is left delete what no row names: an owner of before left it, who did not live to.

        Results of people who are in no row are another lending's, and stay.

        What lies there is listed first: whoever begins after that names it, or is under way, when the rows are read.
        """
        for batch in await people.batches_over(self._pool, sorted(among)):
            folder = self._batches.folders[batch]
            found = await in_thread(partial(lying, folder))
            owned = await people.owned_places(self._pool, batch)
            named = await people.named(self._pool, batch)
            for place in left_over(found, named, owned) if named is not None else ():
                await in_thread(partial(dropped, folder / place))

    async def _synced(self, group: list[EndedPerson]) -> tuple[list[EndedPerson], list[EndedPerson]]:
        """See that results are on the disk. Whose are not is queued again, and the batch left to other workers.

        Gives who can be written down, and who cannot yet, because their folder does not answer: their batches are left alone too.
        """
        refused = await self._asked({self._folder(one) for one in group if one.folder is not None})
        words = {**refused, **{folder: f"{folder} does not answer here" for folder in self._silent}}
        for ended in group if words else ():
            person = leased(ended.person)
            if self._folder(ended) in words:
                self._batches.leave(person.batch, person.connection, words[self._folder(ended)])
        now, later = list[EndedPerson](), list[EndedPerson]()
        for ended in group:
            (later if ended.folder is not None and self._folder(ended) in self._silent else now).append(ended)
        return [_again(one) if self._folder(one) in refused else one for one in now], later

    async def _asked(self, folders: set[Path]) -> dict[Path, str]:
        """Write the file systems of folders to the disk; gives what those say that do not take it.

        One that does not answer is silent until it does, and is not asked again before that.
        """
        asked = {folder: in_thread(partial(results.synced, folder)) for folder in folders - self._silent.keys()}
        if asked:
            await asyncio.wait(asked.values(), timeout=ANSWERS_WITHIN)
        refused: dict[Path, str] = {}
        for folder, answer in asked.items():
            if not answer.done():
                self._silent[folder] = answer
                answer.add_done_callback(partial(self._heard, folder))
                continue
            try:
                answer.result()
            except (DiskError, OSError) as error:
                refused[folder] = str(error)
        return refused

    def _heard(self, folder: Path, answer: asyncio.Future[None]) -> None:
        """Note that a folder answers again. What it said was of before: those who wait are asked for anew."""
        answer.exception()
        del self._silent[folder]

    def _folder(self, one: EndedPerson) -> Path:
        return self._batches.folders[leased(one.person).batch]

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
