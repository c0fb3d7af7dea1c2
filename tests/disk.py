"""In which order things reach the disk: a rename is safe only after what it names, and lasts only when its folder was written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

Step = tuple[Any, ...]


def noted(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """Note what is written through to the disk, with its size then, and what is renamed; all by the numbers of their inodes."""
    steps: list[Step] = []
    fsync, replace = os.fsync, os.replace

    def synced(file: int) -> None:
        found = os.fstat(file)
        steps.append(("synced", found.st_ino, found.st_size))
        fsync(file)

    def renamed(old: Path, new: Path, **more: Any) -> None:
        steps.append(("renamed", Path(old).stat().st_ino))
        replace(old, new, **more)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    return steps


def in_place(path: Path) -> list[Step]:
    """Give the steps by which a file came into its place and stays there."""
    found, folder = path.stat(), path.parent.stat()
    return [("synced", found.st_ino, found.st_size), ("renamed", found.st_ino), ("synced", folder.st_ino, folder.st_size)]
