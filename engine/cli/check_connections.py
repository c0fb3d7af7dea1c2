"""`habeas connections check`: renew each connection and ask its vendor whether it is alive, for a scheduled job."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from engine.assembly import choose_connection, verified
from engine.catalogue import load
from engine.cli.connections import missing
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.cli.progress import interruptible, renewing
from engine.connection.chosen_store import store_of
from engine.connection.open import Lifetime, parse_name
from engine.connection.store import ConnectionStore, StoreAway, read
from engine.connection.stored import Name
from engine.core.oauth import NotRenewed
from engine.errors import Exit, HabeasError, NotConnected, UsageError
from engine.language.text.mistakes import SpecError

MOVED = "it was exported, and is used elsewhere"
STATES = {True: "alive", False: "DEAD", None: "not known"}


class Health(Struct, frozen=True):
    """What a check found. `alive` is None where the vendor could not say; `renewed` is None where there is nothing to renew."""

    name: Name
    alive: bool | None
    words: str
    renewed: bool | None = None
    lifetime: Lifetime = field(default_factory=Lifetime)
    moved: bool = False

    @property
    def exit_code(self) -> Exit:
        """4 for a dead connection, 3 for one of which it is not known or that will end by itself, else 0."""
        if self.moved:
            return Exit.COMPLETE
        if self.alive is False:
            return Exit.NOT_CONNECTED
        return Exit.INCOMPLETE if self.alive is None else self.lifetime.exit_code

    def as_json(self) -> dict[str, Any]:
        """Give what programs read."""
        return {
            "connection": str(self.name),
            "alive": self.alive,
            "renewed": self.renewed,
            "renewable": self.lifetime.renewable,
            "lives_until": self.lifetime.until,
            "reason": self.words,
            "exit_code": int(self.exit_code),
        }


def check_command(words: Sequence[str], *, everything: bool, as_json: bool) -> Exit:
    """Check connections by name, or all, one after the other. Raises UsageError, NotConnected."""
    if everything == bool(words):
        message = "name the connections to check, or all of them with --all"
        raise UsageError(message)
    store = store_of()
    found = asyncio.run(interruptible(_all(store, None if everything else [parse_name(word) for word in words])))
    if isinstance(found, Exit):
        return found
    code = max((health.exit_code for health in found), default=Exit.COMPLETE)
    if as_json:
        print_json({"connections": [health.as_json() for health in found], "exit_code": int(code)})
    elif found:
        rows = [(str(health.name), STATES[health.alive], _why(health)) for health in found]
        print_text(table(("connection", "state", "why"), rows, width=width_of(sys.stdout)))
    else:
        print_text(f"No connections in {asyncio.run(store.where()).store}.")
    return code


def _why(health: Health) -> str:
    renewed = "renewed; " if health.renewed else ""
    return f"{renewed}{'. '.join([health.words, *health.lifetime.words()])}"


async def _all(store: ConnectionStore, wanted: Sequence[Name] | None) -> list[Health]:
    stored = await store.names()
    for name in wanted or ():
        if name not in stored:
            raise missing(name)
    return [await check(store, name) for name in (stored if wanted is None else wanted)]


async def check(store: ConnectionStore, name: Name) -> Health:
    """Renew a connection, if it can be, and send the vendor's `verify`; a simulator's connection is asked there."""
    try:
        record = (await read(store, name)).record
        if record.moved is not None:
            return Health(name, None, MOVED, moved=True)
        vendor = load(name.vendor)
        chosen = await choose_connection(vendor, str(name), at=record.bound.at, environ={})
        chosen.store.waits(busy=renewing)
        connection = await chosen.open()
        lifetime, renewed = connection.lifetime, None
        if lifetime.renewable:
            result = await connection.refresh()
            if isinstance(result, NotRenewed):
                return Health(name, False if result.dead else None, result.words, renewed=False, lifetime=lifetime)
            renewed = True
        found = await verified(connection, chosen.transport)
        return Health(name, found.alive, found.words, renewed, found.lifetime)
    except HabeasError as error:
        words = "its spec has mistakes: habeas check shows them" if isinstance(error, SpecError) else str(error)
        dead = isinstance(error, NotConnected) and not isinstance(error, StoreAway)
        return Health(name, False if dead else None, words)
