"""Where the files that come with the engine lie: inside an installed wheel, or beside `engine/` in a checkout."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Give the folder `specs` or `fixtures`."""
    installed = Path(__file__).parent / "_data" / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name
