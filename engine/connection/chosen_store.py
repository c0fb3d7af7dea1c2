"""Say which store is used: HABEAS_STORE names the database of a team, else files of this machine keep the connections."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.connection.file_store import FileStore
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.vault import Vault
from engine.errors import NotConnected, UsageError
from engine.net.secret import from_environment

NO_DRIVER = "a shared store needs what reads PostgreSQL: pip install 'habeas[cluster]'"


def store_of(environ: Mapping[str, str] = os.environ) -> ConnectionStore:
    """Give the store; nothing is opened yet. Raises UsageError where a variable cannot be read, NotConnected without the driver."""
    address = shared_store(environ)
    if address is None:
        return FileStore(Vault(home(environ), environ))
    try:
        from engine.connection.postgres_store import PostgresStore
    except ModuleNotFoundError:
        raise NotConnected(NO_DRIVER) from None
    return PostgresStore(address, home(environ), environ)


def shared_store(environ: Mapping[str, str] = os.environ) -> str | None:
    """Give the address of the database in which a team keeps its connections; None where there is none. Raises UsageError, NotConnected."""
    address = from_environment("HABEAS_STORE", environ) or None
    if address is not None and not address.startswith(("postgresql://", "postgres://")):
        message = "HABEAS_STORE names no store: it is the address of a PostgreSQL database, postgresql://USER@HOST/DATABASE"
        raise UsageError(message)
    return address


async def make_tables(address: str) -> str:
    """Make the tables of a shared store, or bring them up to date; gives what was done. Raises NotConnected."""
    try:
        from engine.connection.postgres_tables import create_tables
    except ModuleNotFoundError:
        raise NotConnected(NO_DRIVER) from None
    before, now = await create_tables(address)
    if before == now:
        return f"The tables are there already (version {now})."
    return f"Made the tables (version {now})." if before == 0 else f"Brought the tables from version {before} to {now}."
