"""Put a cassette on the disk: whole, or not at all. Never over another one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.errors import OutputError, disk_error
from engine.sink import PRIVATE_FILE, PRIVATE_FOLDER


def check_free(target: Path) -> None:
    """See that a cassette can be made. Raises OutputError."""
    if target.exists() or target.is_symlink():
        message = f"{target} exists already: name another --cassette, or remove it first; a cassette is never overwritten"
        raise OutputError(message)
    parent = next((one for one in target.parents if one.exists()), Path())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        message = f"{target} cannot be made: {parent} cannot be written to; name another folder with --out"
        raise OutputError(message)


@contextmanager
def draft(target: Path) -> Iterator[Path]:
    """Give a hidden folder beside the target, which is gone at the end, whatever happens. Raises OutputError."""
    try:
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        message = f"{target} cannot be made ({error.strerror}): name another folder with --out"
        raise OutputError(message) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts below a folder, readable for its owner only. Raises DiskError."""
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE), "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
    except OSError as error:
        raise disk_error(error) from None


def publish(folder: Path, target: Path) -> None:
    """Give a finished folder its name. Raises OutputError where the name was taken meanwhile."""
    check_free(target)
    try:
        folder.rename(target)
    except OSError as error:
        message = f"{target} cannot be made ({error.strerror}): name another --cassette, or another folder with --out"
        raise OutputError(message) from None
