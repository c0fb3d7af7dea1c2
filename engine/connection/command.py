"""The command that makes or mends a connection, as it is typed: with the word that named the spec, and the connection's name."""

from __future__ import annotations

import shlex

from engine.connection.record import Name
from engine.connection.vault import option
from engine.spec.effective import Vendor


def connect_again(vendor: Vendor, name: Name | None = None) -> str:
    """Write the one command that mends a connection, or makes a vendor's first."""
    return f"habeas connect {shlex.quote(vendor.word or vendor.name)}{option(name) if name else ''}"
