"""Find the connection that a command means, and open it: put its credential into the transport."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from msgspec import Struct

from engine.connection.credential import credential, environment_record
from engine.connection.departure_file import handover_of, nothing_known, turn_of_unstored
from engine.connection.keeper import Fixed, Keeper
from engine.connection.private_files import locked
from engine.connection.settings import from_token, given
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore, connect_again, read
from engine.connection.stored import Name, StoredConnection, checked_name, lives_until, renewable
from engine.connection.uninterrupted import in_thread, written
from engine.connection.vault import Vault
from engine.core.oauth import NotRenewed, Renewed
from engine.core.window import rfc3339
from engine.errors import Exit, HabeasError, NotConnected, UsageError
from engine.language.effective import Row, Vendor
from engine.net.clock import Clock
from engine.net.handover import Handover
from engine.net.transport import Transport

ENVIRONMENT = "environment"


class Lifetime(Struct, frozen=True):
    """Whether a connection can be renewed (None for a key, and for a token of the environment), and its end in RFC 3339, if one is known.

    `again` is the command that makes the connection anew.
    """

    renewable: bool | None = None
    until: str | None = None
    again: str = ""

    @property
    def exit_code(self) -> Exit:
        """3 where the connection ends and nothing renews it."""
        return Exit.INCOMPLETE if self.until is not None else Exit.COMPLETE

    def words(self) -> Iterator[str]:
        """Say what is to be done, and until when."""
        if self.until is not None:
            yield f"It CANNOT BE RENEWED: the vendor gave no refresh token. It ends {self.until}; then: {self.again}"
        elif self.renewable is False:
            yield "It cannot be renewed: the vendor gave no refresh token, and no end of the token that it gave."


class Opened(Struct, frozen=True):
    """A connection in use: its name (`label`), what was stored, and what renews its credential.

    `handover`: what earlier runs used of the vendor's limits, where this use has the connection's turn.
    """

    vendor: Vendor
    label: str
    record: StoredConnection
    credentials: Keeper | Fixed
    handover: Handover | None = None

    @property
    def given(self) -> Row:
        """Give the connection's own values for requests: settings, and those that came with the token in use."""
        return given(self.vendor, self.now)

    @property
    def from_token(self) -> Row:
        """Give the values that came with the token in use; they may change when it is renewed."""
        return from_token(self.vendor, self.now)

    @property
    def granted(self) -> frozenset[str] | None:
        """Give the scopes that the vendor listed with the token in use; None where it listed none."""
        return self.credentials.granted

    @property
    def refused(self) -> str:
        """Say that the credential is refused though it was renewed, and what mends it."""
        return self.credentials.refused

    def due(self) -> bool:
        """Whether the token should be renewed before it is used again."""
        return self.credentials.due()

    async def refresh(self) -> Renewed | NotRenewed:
        """Get a newer credential into the transport."""
        return await self.credentials.refresh()

    @property
    def now(self) -> StoredConnection:
        """Give the record of the token in use, which a run may have renewed."""
        return self.credentials.record if isinstance(self.credentials, Keeper) else self.record

    @property
    def lifetime(self) -> Lifetime:
        """Say how long the connection lives by itself, as it is now."""
        if self.label == ENVIRONMENT:
            return Lifetime()
        end = lives_until(self.now)
        until = None if end is None else rfc3339(datetime.fromtimestamp(end, UTC))
        return Lifetime(renewable(self.now), until, connect_again(self.vendor, parse_name(self.label)))


async def find_connection(
    vendor: Vendor, wanted: str | None, at: str | None, store: ConnectionStore, environ: Mapping[str, str] = os.environ
) -> Name | StoredConnection:
    """Give the connection that `wanted` names, else that of the environment, else the only one stored. Raises UsageError, NotConnected."""
    if wanted is not None:
        name, there = parse_name(wanted, vendor.name), await store.names(vendor.name)
        if wanted == vendor.name and name not in there:
            name = parse_name(wanted)  # `zoom` is how people call zoom/default, as `connections show zoom` does
        if name not in there:
            message = f"there is no connection {name}: {connect_again(vendor, name)}"
            raise NotConnected(message)
        return name
    outside = environment_record(vendor, environ, at)
    if outside is not None:
        return outside
    names = await store.names(vendor.name)
    if len(names) > 1:
        message = f"there are several connections of {vendor.name}: add --connection {' or '.join(one.name for one in names)}"
        raise UsageError(message)
    if not names:
        message = f"not connected to {vendor.title}: {connect_again(vendor)}"
        raise NotConnected(message)
    return names[0]


def parse_name(text: str, vendor: str | None = None) -> Name:
    """Read the name of a connection: `zoom`, `zoom/emea` or, if the vendor is known, `emea`. Raises UsageError."""
    first, slash, second = text.partition("/")
    if vendor is None:
        return checked_name(first, second if slash else "default")
    if slash and first != vendor:
        message = f"`{text}` is no connection of {vendor}"
        raise UsageError(message)
    return checked_name(vendor, second if slash else first)


async def opened(vendor: Vendor, found: Name | StoredConnection, store: ConnectionStore, transport: Transport, clock: Clock) -> Opened:
    """Open a connection: put its credential into the transport. Raises NotConnected."""
    if isinstance(found, StoredConnection):
        key = "TOKEN" if found.tokens else "SECRET"
        mend = f"put a new one into HABEAS_{vendor.name.upper()}_{key}, or {connect_again(vendor)}"
        transport.credential = credential(vendor, found, mend)
        return Opened(vendor, ENVIRONMENT, found, Fixed(mend))
    keeper = Keeper(store, await read(store, found), vendor, transport, clock)
    return Opened(vendor, str(found), keeper.record, keeper)


def unsaved(vendor: Vendor, name: Name, record: StoredConnection, transport: Transport) -> Opened:
    """Open a connection that is not stored yet: put its key into the transport. Raises NotConnected."""
    again = connect_again(vendor, name)
    transport.credential = credential(vendor, record, again)
    return Opened(vendor, str(name), record, Fixed(again))


@asynccontextmanager
async def turn_of_token(found: StoredConnection, clock: Clock, waiting: Callable[[], None], *, wait: bool) -> AsyncIterator[Handover]:
    """Wait until no other run of this machine uses a token of the environment, `waiting` is called if one does.

    Raises Taken without `wait`. Gives what earlier runs handed on of the vendor's limits; it is closed at the turn's end. Where nothing
    can be written, runs do not wait for each other.
    """
    handover: Handover | None = None
    vault = Vault(home())
    async with AsyncExitStack() as stack:
        try:
            lock = await in_thread(lambda: turn_of_unstored(vault, found))
            await stack.enter_async_context(locked(lock, clock.sleep, waiting, wait=wait))
        except HabeasError as error:
            handover = nothing_known(clock, str(error))
        if handover is None:
            handover = await written(lambda: handover_of(vault, found, clock))
        try:
            yield handover
        finally:
            await written(handover.close)
