"""Which connections a batch asks, and what a person's row needs of each: found and checked before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from engine.assembly import ChosenConnection, Order, check_person, choose_connection, simulator_of
from engine.batch.batch_folder import BatchOptions
from engine.batch.database import Database, QueuedPerson
from engine.batch.people_csv import PersonLine, listed
from engine.catalogue import load
from engine.connection.open import ENVIRONMENT
from engine.connection.store import ConnectionStore, StoreAway, connect_again
from engine.connection.stored import Name
from engine.core.identity import Identifier
from engine.core.proof import kinds_of
from engine.core.selection import Selection, checked_plan, choose, since_of
from engine.core.subject import inside_texts, possible
from engine.decoding import decoder
from engine.errors import NotConnected, UsageError
from engine.language.effective import Vendor
from engine.runner import RunOptions

ALL = "all"
MOST = 1000


class Wish(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked about one person: fewer endpoints or fields than all, nothing before a moment."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    narrow: datetime | None = None


class BatchTarget(msgspec.Struct, dict=True):
    """A connection that people are asked for at: `word` is the vendor and `named` the connection as they were typed.

    `sound` are the kinds of identifiers and the wishes with which everybody can be asked for, whatever their values.
    """

    word: str
    named: str | None
    at: str | None
    chosen: ChosenConnection
    selections: dict[Wish, Selection] = {}
    sound: set[tuple[frozenset[str], Wish]] = set()

    @property
    def vendor(self) -> Vendor:
        """Give the vendor."""
        return self.chosen.vendor

    @cached_property
    def name(self) -> str:
        """Give the connection's name: `zoom/default`, `zoom/environment`."""
        found = self.chosen.found
        return str(found) if isinstance(found, Name) else f"{self.vendor.name}/{ENVIRONMENT}"

    def selection(self, wish: Wish) -> Selection:
        """Give the endpoints and fields that are asked. Raises UsageError."""
        if wish not in self.selections:
            if len(self.selections) >= MOST:  # every row may have a wish of its own, and there may be a million
                self.selections.clear()
                self.sound.clear()
            self.selections[wish] = choose(self.vendor.endpoints, wish.only, wish.without)
        return self.selections[wish]

    def check(self, person: Mapping[str, Identifier], wish: Wish) -> None:
        """See that the vendor can be asked for a person. Raises UsageError, Refused."""
        asked = (frozenset(person), wish)
        if asked not in self.sound:
            excluded = self.selection(wish).excluded
            if not possible(self.vendor, person):
                kinds = " or ".join(kinds_of(self.vendor))
                words = f"{self.vendor.title} finds people by {kinds}: fill in that column, or name whom else to ask in the column vendor"
                raise UsageError(words)
            check_person(self.vendor, person, excluded)
            if not any(inside_texts(self.vendor, person, excluded)):
                self.sound.add(asked)

    def order_plan(self, options: BatchOptions) -> str | None:
        """Give the plan whose limits apply; None: the connection's. Raises UsageError."""
        return checked_plan(self.vendor, options.plan)

    def order(self, person: QueuedPerson, who: Mapping[str, Identifier], options: BatchOptions, out: Path) -> Order:
        """Make the order for a row."""
        wish = decoder(Wish).decode(person.wish)
        wanted = RunOptions(selection=self.selection(wish), files=options.files, narrow=wish.narrow, reference=person.request)
        return Order(chosen=self.chosen, person=who, options=wanted, out=out, plan=self.order_plan(options))


class Targets:
    """The connections of a batch, each found once."""

    def __init__(self, options: BatchOptions, now: datetime, store: ConnectionStore | None = None) -> None:
        """Prepare; connections are found as rows name them. `now` is when the batch began; a `store` is where workers find them too."""
        self.options, self.now, self.store = options, now, store
        self.found: dict[tuple[str, str | None], BatchTarget] = {}
        self.missing: dict[tuple[str, str | None], str] = {}
        self._vendors: dict[str, Vendor] = {}
        self._of, self._wish = lru_cache(MOST)(self._found), lru_cache(MOST)(self._wished)

    def of(self, line: PersonLine) -> Sequence[BatchTarget]:
        """Give the connections of a row that there are; `all_there` tells of the others. Raises UsageError, SpecError."""
        return self._of(line.cells.get("vendor", ""), line.cells.get("connection", ""))

    def _found(self, vendors: str, connections: str) -> Sequence[BatchTarget]:
        words = listed(vendors) or self.options.vendors
        if not words:
            message = "no vendor is named: add --vendor, or a column vendor"
            raise UsageError(message)
        pairs = [pair for word in words for pair in self._pairs(word, listed(connections) or self.options.connections)]
        found = (self.sought(*pair) for pair in dict.fromkeys(pairs))
        return [target for target in found if target is not None]

    def wish(self, line: PersonLine) -> Wish:
        """Give what a row asks. Raises UsageError."""
        return self._wish(*(line.cells.get(name, "") for name in ("only", "without", "since")))

    def _wished(self, only: str, without: str, since: str) -> Wish:
        begin = since_of(since or self.options.since, self.now)
        return Wish(listed(only) or self.options.only, listed(without) or self.options.without, begin)

    def sought(self, word: str, named: str | None, at: str | None = None) -> BatchTarget | None:
        """Find a connection; None where it is missing, which `all_there` tells then. Raises UsageError, SpecError."""
        if (word, named) not in self.found and (word, named) not in self.missing:
            vendor = self._vendor(word)
            at = simulator_of(vendor, at or self.options.at.get(vendor.name))
            try:
                self.found[word, named] = BatchTarget(word, named, at, asyncio.run(self._chosen(vendor, named, at)))
            except StoreAway:
                raise
            except NotConnected as error:
                self.missing[word, named] = str(error)
        return self.found.get((word, named))

    def all_there(self) -> None:
        """See that no connection was missing. Raises NotConnected, which names all that were."""
        if self.missing:
            raise NotConnected("\n".join(dict.fromkeys(self.missing.values())))

    async def _chosen(self, vendor: Vendor, named: str | None, at: str | None) -> ChosenConnection:
        """Find a connection; for workers one that is in their store."""
        if self.store is None:
            return await choose_connection(vendor, named, at=at)
        place = (await self.store.where()).store
        try:
            chosen = await choose_connection(vendor, named, at=at, store=self.store)
        except StoreAway:
            raise
        except NotConnected as error:
            message = f"{error}, with HABEAS_STORE set to {place}, where workers look for it"
            raise NotConnected(message) from None
        if not isinstance(chosen.found, Name):
            message = (
                f"a token of {vendor.title} is set in this environment, and no worker has it: unset HABEAS_{vendor.name.upper()}_TOKEN "
                f"(or _SECRET), and use a connection of {place}: {connect_again(vendor)}, with HABEAS_STORE set to it"
            )
            raise NotConnected(message)
        return chosen

    def _vendor(self, word: str) -> Vendor:
        if word not in self._vendors:
            self._vendors[word] = load(word)
        return self._vendors[word]

    def _pairs(self, word: str, named: Sequence[str]) -> Iterator[tuple[str, str | None]]:
        """Name the connections of a vendor: those that are named for it, else its only one."""
        vendor = self._vendor(word).name
        mine = [one for one in named if one.partition("/")[0] == vendor or "/" not in one]
        yield from ((word, one) for one in mine)
        if not mine:
            yield word, None


def connected_vendors(names: Iterable[Name]) -> tuple[str, ...]:
    """Name the vendors of stored connections, for `--vendors all`. Raises UsageError where there are none."""
    found = tuple(dict.fromkeys(one.vendor for one in names))
    if not found:
        message = "--vendors all means every vendor with a stored connection, and there is none: habeas connect VENDOR"
        raise UsageError(message)
    return found


def kept(database: Database, targets: Targets, *, anyway: bool) -> dict[str, BatchTarget]:
    """Find the connections of a batch again, by name.

    Raises UsageError where a spec or a connection is another one than before, NotConnected with all that are missing.
    """
    found = {}
    rows = list(database.all("select name, word, chosen, at, sha256, simulated from connection order by name"))
    for name, word, named, at, sha256, simulated in rows:
        target = targets.sought(word, named, at)
        if target is None:
            continue
        if target.name != name:
            message = f"the batch was begun with the connection {name}, and now there is {target.name}: put it back"
            raise UsageError(message)
        _check_whom(target, begun_at_simulator=bool(simulated))
        if target.vendor.sha256 != sha256:
            if not anyway:
                title = target.vendor.title
                message = f"the spec of {title} has changed since the batch was begun: --anyway asks those who are left by the new one"
                raise UsageError(message)
            database.run("update connection set sha256=? where name=?", target.vendor.sha256, name)
        found[name] = target
    targets.all_there()
    return found


def _check_whom(target: BatchTarget, *, begun_at_simulator: bool) -> None:
    """See that a batch which was begun at a vendor does not go on at a simulator, nor the other way round. Raises UsageError."""
    if target.chosen.simulated == begun_at_simulator:
        return
    title, variable = target.vendor.title, f"HABEAS_{target.vendor.name.upper()}_AT"
    message = f"the batch was begun at {title} itself, and a simulator would be asked: unset {variable}; nothing was sent"
    if begun_at_simulator:
        message = (
            f"the batch was begun at a simulator of {title}, and {title} itself would be asked: set {variable} again; nothing was sent"
        )
    raise UsageError(message)
