"""Say which store is used: HABEAS_STORE names the database of a team, else files of this machine keep the connections."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.connection.file_store import FileStore
from engine.connection.outside_secret import from_environment
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.store_address import FORM, checked_address, checked_word, identity
from engine.connection.vault import Vault
from engine.errors import NotConnected, UsageError

NO_DRIVER = "a shared store needs what reads PostgreSQL: pip install 'habeas[cluster]'"


def store_of(environ: Mapping[str, str] = os.environ, address: str | None = None) -> ConnectionStore:
    """Give the store, that at an `address` if one is given; nothing is opened yet.

    Raises UsageError where a variable cannot be read, NotConnected without the driver.
    """
    address = address or shared_store(environ)
    if address is None:
        return FileStore(Vault(home(environ), environ))
    needs_driver()
    from engine.connection.postgres_store import PostgresStore

    return PostgresStore(address, home(environ), environ)


def needs_driver() -> None:
    """See that what talks to PostgreSQL is installed. Raises NotConnected."""
    try:
        import engine.connection.postgres_tables  # noqa: F401
    except ModuleNotFoundError:
        raise NotConnected(NO_DRIVER) from None


def shared_store(environ: Mapping[str, str] = os.environ) -> str | None:
    """Give the address of the database in which a team keeps its connections; None where there is none. Raises UsageError, NotConnected."""
    address = from_environment("HABEAS_STORE", environ) or None
    return None if address is None else checked_address(address, "HABEAS_STORE")


def known_address(address: str, environ: Mapping[str, str] = os.environ) -> str:
    """Give the address of a database that was named without its password: HABEAS_STORE's where that names the same one."""
    if environ.get("HABEAS_STORE") or environ.get("HABEAS_STORE_FILE"):
        told = shared_store(environ)
        return told if told is not None and identity(told) == identity(address) else address
    return address


def named_store(word: str, where: str, environ: Mapping[str, str] = os.environ) -> str:
    """Give the address of a database that the command line names, its password as `known_address` does. Raises UsageError, NotConnected."""
    return known_address(checked_word(word, where), environ)


def wanted_store(word: str | None, command: str, environ: Mapping[str, str] = os.environ) -> str:
    """Give the address of the database that `command` is to use: the one it names, else HABEAS_STORE's. Raises UsageError, NotConnected."""
    address = named_store(word, "the address", environ) if word else shared_store(environ)
    if address is None:
        message = f"name the database: {command} {FORM}, or set HABEAS_STORE"
        raise UsageError(message)
    return address


async def make_tables(address: str) -> str:
    """Make the tables of a shared store, or bring them up to date; gives what was done. Raises NotConnected."""
    needs_driver()
    from engine.connection.postgres_tables import create_tables

    before, now = await create_tables(address)
    if before == now:
        return f"The tables are there already (version {now})."
    return f"Made the tables (version {now})." if before == 0 else f"Brought the tables from version {before} to {now}."
