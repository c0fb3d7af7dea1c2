"""What the database of a shared store could not take: a vendor's answer, sealed, in a file of this machine until the database is back.

The vendor has spent the token before it, so the file is the only place of the new one. Each later use of the connection on this machine
sends it first, and a worker as soon as it can: on another machine somebody would spend the old token again.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from engine.connection.private_files import prepare, read_private, sync_folder, write_private
from engine.connection.state_folder import named
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

    def names(self) -> list[Name]:
        """Name the connections that have one."""
        end = f".{self._of}.json"
        files = [path.name for path in self._folder.glob(f"*{end}")] if self._folder.is_dir() else []
        return [Name(*found) for found in named(f"{file.removesuffix(end)}.json" for file in files)]

    def read(self, name: Name) -> bytes | None:
        """Give what was not sent; None if there is nothing. Raises NotConnected."""
        return read_private(self.path(name))

    def ready(self) -> None:
        """Have the folder before a vendor is asked: afterwards it is too late. Raises NotConnected, DiskError, OutputError."""
        prepare(self._folder.parent)
        prepare(self._folder)

    def write(self, name: Name, sealed: bytes) -> None:
        """Write it through to the disk. Raises NotConnected, DiskError, OutputError."""
        self.ready()
        write_private(self.path(name), sealed)

    def drop(self, name: Name, sent: bytes | None = None) -> None:
        """Delete it: it was sent, or something newer is there. What was written since `sent` was read stays."""
        if sent is None or self.read(name) == sent:
            self.path(name).unlink(missing_ok=True)
            sync_folder(self._folder)
