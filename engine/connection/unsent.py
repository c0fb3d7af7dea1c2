"""What the database of a shared store could not take: a vendor's answer, sealed, in a file of this machine until the database is back.

The vendor has spent the token before it, so the file is the only place of the new one. Each later use of the connection on this machine
sends it first.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from engine.connection.private_files import prepare, read_private, sync_folder, write_private
from engine.connection.stored import Name

FOLDER = "unsent"


class Unsent:
    """The files of one store."""

    def __init__(self, home: Path, store: str) -> None:
        """`store` tells this store from others: each has files of its own."""
        self._folder, self._of = home / FOLDER, blake2b(store.encode(), digest_size=8).hexdigest()

    def path(self, name: Name) -> Path:
        """Give the file of a connection."""
        return self._folder / f"{name.file}.{self._of}.json"

    def read(self, name: Name) -> bytes | None:
        """Give what was not sent; None if there is nothing. Raises NotConnected."""
        return read_private(self.path(name))

    def write(self, name: Name, sealed: bytes) -> None:
        """Write it through to the disk. Raises NotConnected, DiskError, OutputError."""
        prepare(self._folder.parent)
        prepare(self._folder)
        write_private(self.path(name), sealed)

    def drop(self, name: Name) -> None:
        """Delete it: it was sent, or something newer is there."""
        self.path(name).unlink(missing_ok=True)
        sync_folder(self._folder)
