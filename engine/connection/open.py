"""Which connection a command means, and that connection ready for use."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from engine.connection.credential import credential, environment_record
from engine.connection.keeper import Fixed, Keeper
from engine.connection.lock import locked
from engine.connection.settings import given, told
from engine.connection.stored import Name, StoredConnection, checked_name
from engine.connection.vault import Vault, connect_again
from engine.core.oauth import NotRenewed, Renewed
from engine.errors import NotConnected, UsageError
from engine.language.effective import Row, Vendor
from engine.net.clock import Clock
from engine.net.transport import Transport

ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Opened:
    """A connection in use: its name for people, what is known of it, and how it stays alive."""

    vendor: Vendor
    label: str
    record: StoredConnection
    credentials: Keeper | Fixed

    @property
    def given(self) -> Row:
        """Give the connection's own values for requests: settings, and what the token in use came with."""
        return given(self.vendor, self._now)

    @property
    def from_token(self) -> Row:
        """Give what the token in use came with: another one than at the beginning may have brought newer values."""
        return told(self.vendor, self._now)

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
    def _now(self) -> StoredConnection:
        return self.credentials.record if isinstance(self.credentials, Keeper) else self.record


def find_connection(
    vendor: Vendor, wanted: str | None, at: str | None, vault: Vault, environ: Mapping[str, str] = os.environ
) -> Name | StoredConnection:
    """Give the connection that is named, else the environment's, else the only one. Raises UsageError, NotConnected."""
    if wanted is not None:
        name = parse_name(wanted, vendor.name)
        if not vault.path(name).exists():
            message = f"there is no connection {name}: {connect_again(vendor, name)}"
            raise NotConnected(message)
        return name
    outside = environment_record(vendor, environ, at)
    if outside is not None:
        return outside
    names = vault.names(vendor.name)
    if len(names) > 1:
        message = f"there are several connections of {vendor.name}: add --connection {' or '.join(one.name for one in names)}"
        raise UsageError(message)
    if not names:
        message = f"not connected to {vendor.title}: {connect_again(vendor)}"
        raise NotConnected(message)
    return names[0]


def parse_name(text: str, vendor: str | None = None) -> Name:
    """Read `zoom`, `zoom/emea` or, where the vendor is known, `emea`. Raises UsageError."""
    first, slash, second = text.partition("/")
    if vendor is None:
        return checked_name(first, second if slash else "default")
    if slash and first != vendor:
        message = f"`{text}` is no connection of {vendor}"
        raise UsageError(message)
    return checked_name(vendor, second if slash else first)


def opened(vendor: Vendor, found: Name | StoredConnection, vault: Vault, transport: Transport, clock: Clock) -> Opened:
    """Put a connection's credential into a transport. Raises NotConnected."""
    if isinstance(found, StoredConnection):
        key = "TOKEN" if found.tokens else "SECRET"
        mend = f"put a new one into HABEAS_{vendor.name.upper()}_{key}, or {connect_again(vendor)}"
        transport.credential = credential(vendor, found, mend)
        return Opened(vendor, ENVIRONMENT, found, Fixed(mend))
    keeper = Keeper(vault, found, vendor, transport, clock)
    return Opened(vendor, str(found), keeper.record, keeper)


def unsaved(vendor: Vendor, name: Name, record: StoredConnection, transport: Transport) -> Opened:
    """Put the key of a connection that is not stored yet into a transport. Raises NotConnected."""
    again = connect_again(vendor, name)
    transport.credential = credential(vendor, record, again)
    return Opened(vendor, str(name), record, Fixed(again))


@asynccontextmanager
async def turn(
    vault: Vault, found: Name | StoredConnection, clock: Clock, waiting: Callable[[], None], *, wait: bool
) -> AsyncIterator[None]:
    """Wait until no other run uses a connection; a token of the environment knows of no other. Raises Taken."""
    if isinstance(found, StoredConnection):
        yield
        return
    vault.prepare()
    async with locked(vault.turn(found), clock.sleep, waiting, wait=wait):
        yield
