"""Where connections are kept, as all that uses them sees it: asynchronous, and without a path.

`file_store` keeps them in files of this machine, `postgres_store` in a database that a team shares; `chosen_store` says which.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from engine.connection.keys import Where
from engine.connection.stored import Name, StoredConnection
from engine.errors import NotConnected, Unreachable
from engine.language.effective import Vendor
from engine.replaced import replace

if TYPE_CHECKING:  # the network is not needed to look at what is kept
    from engine.net.clock import Clock
    from engine.net.handover import Handover

Save = Callable[[StoredConnection], Awaitable[None]]
Waiting = Callable[[], None]
SAID_AFTER = 2.0
LONGEST_HOLD = 1800.0  # a renewal's whole patience: its tries and waits, each try as long as an answer may take


class StoreAway(NotConnected):
    """The store itself cannot be used now. It says nothing of a connection, which is kept: nothing was changed."""


class NotStored(Unreachable):
    """The vendor has answered, and its answer could not be stored where it belongs. The message says where it is."""


class KeptConnection(Struct, frozen=True):
    """A connection as it is stored. `key`: where its key is, None where it is not encrypted; `current`: new ones get that key too."""

    name: Name
    record: StoredConnection
    encrypted: bool = True
    key: Where | None = None
    current: bool | None = None


class Whereabouts(Struct, frozen=True):
    """Where connections are, in words for people: `store`; where the key of new ones is, None while there is none; the key's file."""

    store: str
    key: Where | None
    key_file: str


class HeldConnection(Protocol):
    """One connection that nobody else renews or changes meanwhile.

    `lost`: an earlier answer of the vendor may have been lost on its way to the store, so that the stored refresh token may be spent.
    Whoever sets it leaves that mark for those who come later.
    """

    lost: bool

    async def read(self) -> StoredConnection:
        """Give the connection as it is stored now. Raises NotConnected."""

    async def intend(self) -> None:
        """Make sure that the vendor's answer can be stored, and note that it is asked. Raises HabeasError: then it must not be asked."""

    async def keep(self, record: StoredConnection) -> None:
        """Put a newer record in the place of what was read. Raises HabeasError."""

    async def remove(self) -> None:
        """Delete the connection. Raises HabeasError."""


class Reservation(Protocol):
    """The place of one new connection. `replaced` is the connection whose place it took, as it was last; `stored`: it is there."""

    name: Name
    stored: bool
    replaced: StoredConnection | None

    def opened(self) -> AbstractAsyncContextManager[Save]:
        """Hold the connection while the vendor is asked, and give what stores it. Raises HabeasError."""


class ConnectionStore(Protocol):
    """The connections of an installation or of a team. Every method raises NotConnected where the store cannot be read."""

    def waits(self, *, busy: Waiting | None = None, patient: bool | None = None) -> None:
        """`busy` is called once when another process has held a connection for SAID_AFTER seconds; if not `patient` nobody waits for it."""

    async def ready(self) -> None:
        """Have what a new connection needs, the key above all, before a person is asked for anything."""

    async def where(self) -> Whereabouts:
        """Say where connections and their key are."""

    async def names(self, vendor: str | None = None) -> list[Name]:
        """Give the names of all connections, readable or not."""

    async def find(self, name: Name) -> KeptConnection | None:
        """Read a connection; None if there is none."""

    def turn(self, name: Name, clock: Clock, waiting: Waiting, *, wait: bool) -> AbstractAsyncContextManager[Handover]:
        """Wait until no other run uses a connection, `waiting` is called if one does. Raises Taken without `wait`.

        Gives what earlier runs handed on of the vendor's limits. The turn ends with its holder, however that ends.
        """

    def renewing(self, name: Name) -> AbstractAsyncContextManager[HeldConnection]:
        """Hold a connection against all who would renew or change it. Raises InUse after LONGEST_HOLD."""

    def changing(self, name: Name, waiting: Waiting | None = None) -> AbstractAsyncContextManager[HeldConnection]:
        """Hold it against runs too, `waiting` is called if one uses it: to remove it, or to take it elsewhere."""

    def placing(self, name: Name, *, plain: bool) -> AbstractAsyncContextManager[Reservation]:
        """Reserve the place of a new connection before a person is asked; nothing is held meanwhile."""

    async def rename(self, old: Name, new: Name, waiting: Waiting | None = None) -> None:
        """Give a connection another name. Raises UsageError if it is taken."""

    async def reseal(self) -> tuple[int, int]:
        """Encrypt every connection with a new key; gives how many were, and how many stay unencrypted."""


async def read(store: ConnectionStore, name: Name) -> KeptConnection:
    """Read a connection. Raises NotConnected, also where there is none."""
    found = await store.find(name)
    if found is None:
        raise absent(name)
    return found


def absent(name: Name) -> NotConnected:
    """Make the error for a connection that is not there."""
    return NotConnected(f"there is no connection {name}: habeas connect {name.vendor}{option(name)}")


def grown(record: StoredConnection, before: StoredConnection | None) -> StoredConnection:
    """Give a connection a higher serial number than the one it replaces, so that running processes notice the change."""
    return replace(record, serial=(before.serial if before else 0) + 1)


def option(name: Name) -> str:
    """Give the command-line option that names a connection; empty for the default one."""
    return "" if name.name == "default" else f" --connection {name.name}"


def connect_again(vendor: Vendor, name: Name | None = None) -> str:
    """Give the command that connects again, or for the first time, such as `habeas connect zoom --connection emea`."""
    return f"habeas connect {shlex.quote(vendor.word or vendor.name)}{option(name) if name else ''}"
