"""`habeas connections export|import`: move one connection to another machine, sealed with a passphrase."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from engine.cli.connections import check_there, waiting, writable
from engine.cli.formatting import print_text
from engine.cli.prompt_secret import is_asked, secret_of
from engine.connection.open import parse_name
from engine.connection.transfer import checked_passphrase, export_connection, import_connection
from engine.errors import UsageError
from engine.net.clock import wall_clock

VARIABLE = "HABEAS_PASSPHRASE"


def export_command(name: str, out: Path | None) -> None:
    """Export a connection and disable it here. Raises UsageError, NotConnected, OutputError, DiskError."""
    store, which = writable(), parse_name(name)
    check_there(store, which)
    file = out or Path(f"{which.file}.habeas")
    passphrase = checked_passphrase(secret_of(VARIABLE, "passphrase"))
    if is_asked() and not any(os.environ.get(f"{VARIABLE}{end}") for end in ("", "_FILE")) and secret_of("", "same again") != passphrase:
        message = "the passphrases differ: nothing was exported"
        raise UsageError(message)
    asyncio.run(export_connection(store, which, passphrase, file, wall_clock(), waiting))
    print_text(
        f"{which} is in {file}, and is not used here any more.\n"
        f"There: habeas connections import {file.name}; then delete the file: whoever has it and the passphrase can use the connection."
    )


def import_command(file: Path, name: str | None) -> None:
    """Store an exported connection. Raises UsageError, NotConnected, OutputError, DiskError."""
    passphrase = secret_of(VARIABLE, "passphrase")
    which = asyncio.run(import_connection(writable(), file, passphrase, parse_name(name) if name is not None else None))
    print_text(f"{which} is stored here. Delete {file} now; then: habeas connections check {which}")
