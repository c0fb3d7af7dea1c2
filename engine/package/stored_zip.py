"""A zip of a bag: its files in one folder, sorted, stored as they are and dated alike, so that the same bag makes the same zip."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from engine.package.aside import PRIVATE, aside
from engine.package.bag import files_of

PIECE = 1 << 20
Date = tuple[int, int, int, int, int, int]
EPOCH: Date = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can name


def write_zip(folder: Path, path: Path, top: str) -> None:
    """Write the zip of a bag, whole or not at all; `top` is the folder inside it. Raises OutputError, InUse, DiskError."""
    with aside(path) as stream, zipfile.ZipFile(stream, "w") as zipped:
        fill_zip(folder, zipped, top)


def zip_into(folder: Path, stream: BinaryIO, top: str) -> None:
    """Write the zip of a bag into a file that can be sought. Raises OutputError, OSError."""
    with zipfile.ZipFile(stream, "w") as zipped:
        fill_zip(folder, zipped, top)


def fill_zip(folder: Path, zipped: Any, top: str, entry_of: Callable[[str, Date], Any] = zipfile.ZipInfo) -> None:
    """Put every file of a folder into a zip that is open for writing. Raises OutputError, OSError."""
    for name in files_of(folder):
        entry = entry_of(f"{top}/{name}", EPOCH)
        entry.create_system, entry.external_attr = 3, (stat.S_IFREG | PRIVATE) << 16  # 3 is Unix, whose modes follow
        entry.file_size = (folder / name).stat().st_size
        with (folder / name).open("rb") as source, zipped.open(entry, "w") as target:
            shutil.copyfileobj(source, target, PIECE)
