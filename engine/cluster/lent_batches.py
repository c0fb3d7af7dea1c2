"""The batches that a worker can work on: their keys, specs and folders, each looked at once, and those it leaves to other workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from engine.assembly import ChosenConnection
from engine.batch.batch_folder import KIND, BatchKey, key_lent
from engine.batch.targets import BatchTarget
from engine.catalogue import load
from engine.cluster.lease import boot_seconds
from engine.cluster.people import LentBatch
from engine.cluster.shared_folder import check_shared
from engine.connection.open import parse_name
from engine.connection.postgres_store import PostgresStore
from engine.connection.sealed_file import unsealed
from engine.connection.uninterrupted import in_thread
from engine.errors import HabeasError, UsageError
from engine.language.effective import Vendor
from engine.net.hosts import Hosts
from engine.net.transport import Transport

TRY_AGAIN, ANSWERS_WITHIN = 30.0, 10.0


class WorkableBatch(Struct, frozen=True):
    """A batch that can be worked on here."""

    lent: LentBatch
    key: BatchKey
    vendor: Vendor


class LentBatches:
    """What this worker knows of batches. What it cannot work on is told once, left to others, and looked at again after a while.

    `folders` are those of the batches that it has worked on.
    """

    def __init__(self, store: PostgresStore, told: Callable[[str], None]) -> None:
        """`told` hears, once each, what is left to others and why."""
        self._store, self.say = store, told
        self._keys, self._vendors = dict[str, BatchKey](), dict[str, Vendor]()
        self._left: dict[tuple[str, str], float] = {}
        self._said: set[str] = set()
        self.folders: dict[str, Path] = {}

    async def workable(self, found: list[LentBatch], name: str) -> list[WorkableBatch]:
        """Give those that can be worked on at a connection and have the limits of the first one."""
        able = [one for batch in found if (one := await self._able(batch, name)) is not None]
        return [one for one in able if one.lent.limits == able[0].lent.limits]

    def leave(self, batch: str, name: str, words: str) -> None:
        """Leave a batch at a connection to other workers."""
        self._left[batch, name] = boot_seconds() + TRY_AGAIN
        if words not in self._said:
            self._said.add(words)
            self.say(f"{name}: left to other workers: {words}")

    def target(self, batch: WorkableBatch, name: str) -> BatchTarget:
        """Give the connection as it is asked for a batch."""
        lent = batch.lent
        transport = Transport(Hosts(batch.vendor.hosts, lent.at), None)
        return BatchTarget(lent.word, lent.chosen, lent.at, ChosenConnection(batch.vendor, parse_name(name), self._store, transport))

    async def _able(self, batch: LentBatch, name: str) -> WorkableBatch | None:
        if boot_seconds() < self._left.get((batch.id, name), 0.0):
            return None
        try:
            key, vendor = self._key(batch), await asyncio.to_thread(self._vendor, batch)
            async with asyncio.timeout(ANSWERS_WITHIN):
                await in_thread(lambda: check_shared(batch))
        except (HabeasError, TimeoutError) as error:
            self.leave(batch.id, name, str(error) or f"{batch.folder} does not answer here")
            return None
        self.folders[batch.id] = Path(batch.folder)
        return WorkableBatch(batch, key, vendor)

    def _key(self, batch: LentBatch) -> BatchKey:
        if batch.id not in self._keys:
            place = f"the key of batch {batch.id} in {self._store.shared.where}"
            self._keys[batch.id] = key_lent(unsealed(self._store.shared.keys, place, batch.sealed, KIND, batch.id))
        return self._keys[batch.id]

    def _vendor(self, batch: LentBatch) -> Vendor:
        known = self._vendors.get(batch.word)
        if known is None or known.sha256 != batch.sha256:
            known = self._vendors[batch.word] = load(batch.word)
        if known.sha256 != batch.sha256:
            message = f"the spec {batch.word} is not the one here that batch {batch.id} was begun with ({Path(known.file).name} differs)"
            raise UsageError(message)
        return known
