"""Put a cassette on the disk: whole, or not at all. Never over another one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.errors import OutputError
from engine.new_file import not_made, write_new
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
    """Give a hidden folder beside the target, which is gone at the end, whatever happens. Raises OutputError, DiskError."""
    try:
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise not_made(target, error, "name another folder with --out") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts below a folder, readable for its owner only. Raises OutputError, DiskError."""
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise not_made(path.parent, error, "name another folder with --out") from None
        write_new(path, text, PRIVATE_FILE)


def publish(folder: Path, target: Path) -> None:
    """Give a finished folder its name. Raises OutputError where the name was taken meanwhile, DiskError."""
    check_free(target)
    try:
        folder.rename(target)
    except OSError as error:
        raise not_made(target, error, "name another --cassette, or another folder with --out") from None
