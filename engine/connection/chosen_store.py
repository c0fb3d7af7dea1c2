"""Say which store is used: files of this machine keep the connections."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.connection.file_store import FileStore
from engine.connection.state_folder import home
from engine.connection.store import ConnectionStore
from engine.connection.vault import Vault


def store_of(environ: Mapping[str, str] = os.environ) -> ConnectionStore:
    """Give the store; nothing is opened yet. Raises UsageError where HABEAS_KEY cannot be read."""
    return FileStore(Vault(home(environ), environ))
