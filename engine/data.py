"""Find the files that come with the engine: in an installed wheel inside `engine/`, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """Give the path of the folder `specs` or `fixtures`."""
    installed = Path(__file__).parent / "_data" / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name
