"""A place for connections, whichever way they are kept: each `store` is what a process of its own would use."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.connection.chosen_store import store_of
from engine.connection.keeper import Keeper
from engine.connection.store import ConnectionStore, read
from engine.connection.stored import Name, StoredConnection
from engine.net.hosts import Hosts
from engine.net.transport import Transport
from tests.connection.commands import Command
from tests.connection.vendor import NAME, Acme, clock, spec

KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (7, 8))


@dataclass(frozen=True)
class Kept:
    """Files below a folder, or a database with what this machine keeps beside it."""

    folder: Path
    address: str | None = None

    @property
    def environ(self) -> dict[str, str]:
        """Give the variables that name it."""
        shared = {"HABEAS_STORE": self.address} if self.address else {}
        return {"HABEAS_HOME": str(self.folder / "state"), "HABEAS_KEY": KEY, **shared}

    def store(self, **environ: str) -> ConnectionStore:
        """Open it, as another process would."""
        return store_of({**self.environ, **environ})

    async def write(self, record: StoredConnection, name: Name = NAME) -> None:
        """Store a connection as `connect` does."""
        store = self.store()
        await store.ready()
        async with store.placing(name, plain=False) as place, place.opened() as save:
            await save(record)

    async def read(self, name: Name = NAME) -> StoredConnection:
        """Give what is stored."""
        return (await read(self.store(), name)).record

    def command(self, acme: Acme) -> Command:
        """Call the command line over it."""
        command = Command(self.folder, acme)
        command.environ |= self.environ
        return command


async def keeping(store: ConnectionStore, acme: Acme, name: Name = NAME, **times: Any) -> tuple[Keeper, Transport]:
    """Keep a stored connection alive."""
    transport = Transport(Hosts(spec().hosts, acme.address), None)
    return Keeper(store, await read(store, name), spec(), transport, clock(**times)), transport
