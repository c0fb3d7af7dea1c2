"""Write down how people ended: their files on the disk first, then one transaction, which refuses what an owner of before still brings.

A file server that does not answer holds up those alone whose results lie there: what waits for it waits in a thread, and for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg
from msgspec import Struct

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


class AskedFolder(Struct, frozen=True):
    """A folder that was asked to be written to its disk, and the results that lay there before: these alone its answer is about."""

    answer: asyncio.Future[None]
    places: frozenset[Path]


class LeasedEnds:
    """Writes groups of people who ended at any connection of this worker; `told` hears of each that was written."""

    def __init__(self, pool: Pool, batches: LentBatches, clock: Clock, told: Callable[[LeasedEnd], None], late: Callable[[], bool]) -> None:
        """`late` says that a database which is away is not waited for any longer."""
        self._pool, self._batches, self._clock, self._told, self._late = pool, batches, clock, told, late
        self._silent: dict[Path, AskedFolder] = {}
        self._to_tidy: dict[str, list[LeasedEnd]] = {}
        self._tidying: dict[str, asyncio.Task[None]] = {}

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
        """Delete what is nobody's, and wait for that no longer than a folder is waited for.

        Of a batch that is being tidied already, because its folder does not answer, it is noted to be done after that.
        """
        begun = [batch for batch in sorted(among) if batch not in self._tidying]
        for batch in among:
            self._to_tidy.setdefault(batch, []).extend(refused for refused in lost if refused.person.batch == batch)
        self._tidying |= {batch: asyncio.create_task(self._tidy(batch)) for batch in begun}
        if begun:
            done, _ = await asyncio.wait([self._tidying[batch] for batch in begun], timeout=ANSWERS_WITHIN)
            for tidied in done:
                tidied.result()

    async def _tidy(self, batch: str) -> None:
        try:
            while (lost := self._to_tidy.pop(batch, None)) is not None:
                with suppress(psycopg.Error, OSError):  # they are written down; what cannot be deleted now stays for a later sweep
                    for refused in lost:
                        await in_thread(partial(self._drop, refused))
                    await self._sweep(batch)
        finally:
            del self._tidying[batch]

    async def _sweep(self, batch: str) -> None:
        """Of a batch in which nobody is left delete what no row names: an owner of before left it, who did not live to.

        Results of people who are in no row are another lending's, and stay.

        What lies there is listed first: whoever begins after that names it, or is under way, when the rows are read.
        """
        if not await people.batches_over(self._pool, [batch]):
            return
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
        places = dict[Path, set[Path]]()
        for ended in group:
            if ended.folder is not None:
                places.setdefault(self._folder(ended), set()).add(self._folder(ended) / ended.folder)
        safe, refused = await self._asked(places)
        words = {**refused, **{folder: f"{folder} does not answer here" for folder in self._silent}}
        now, later = list[EndedPerson](), list[EndedPerson]()
        for ended in group:
            person, folder = leased(ended.person), self._folder(ended)
            if folder in words:
                self._batches.leave(person.batch, person.connection, words[folder])
            if folder in refused:
                now.append(_again(ended))
            else:
                (now if ended.folder is None or folder / ended.folder in safe else later).append(ended)
        return now, later

    async def _asked(self, places: Mapping[Path, AbstractSet[Path]]) -> tuple[set[Path], dict[Path, str]]:
        """Have folders with these results written to the disk; gives which results are, and what folders say that do not take them.

        One that does not answer is silent until it does, and is not asked again before that. When it has answered, it is asked again for
        those alone who came after it was asked, and as one that may be slow again it is not waited for then.
        """
        safe, refused, asked = set[Path](), dict[Path, str](), list[asyncio.Future[None]]()
        late = self._hear(safe, refused)
        for folder, there in places.items():
            if folder not in self._silent and folder not in refused and not there <= safe:
                answer = in_thread(partial(results.synced, folder))
                answer.add_done_callback(lambda told: told.exception())  # looked at, or asyncio would complain where nobody waits any more
                self._silent[folder] = AskedFolder(answer, frozenset(there - safe))
                if folder not in late:
                    asked.append(answer)
        if asked:
            await asyncio.wait(asked, timeout=ANSWERS_WITHIN)
        self._hear(safe, refused)
        return safe, refused

    def _hear(self, safe: set[Path], refused: dict[Path, str]) -> set[Path]:
        """Add what folders have answered since they were asked; gives which ones.

        A refusal counts however late it comes, and for whoever came meanwhile too: a disk says once only that it has lost something.
        """
        answered = {folder: asked for folder, asked in self._silent.items() if asked.answer.done()}
        for folder, asked in answered.items():
            del self._silent[folder]
            try:
                asked.answer.result()
                safe |= asked.places
            except (DiskError, OSError) as error:
                refused[folder] = str(error)
        return set(answered)

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
