"""Seal a package so that it can travel: as a page that any browser opens, as an encrypted zip, or as a plain zip.

A passphrase is made here, told to whoever asked, and kept nowhere.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from engine.errors import UsageError
from engine.package.bag import files_of
from engine.package.seal_page import write_page
from engine.package.seal_zip import write_sealed_zip
from engine.package.stored_zip import write_zip

SealKind = Literal["page", "zip", "none"]
ENDS: dict[SealKind, str] = {"page": ".html", "zip": ".zip", "none": ".zip"}
LARGEST_PAGE = 300_000_000
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 signs, none of which is taken for another
GROUPS, IN_GROUP = 4, 5  # 100 bits


def new_passphrase() -> str:
    """Make a passphrase that can be read out over a telephone: `7KQ2M-...`, of 100 random bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(IN_GROUP)) for _ in range(GROUPS))


def seal_for(folder: Path) -> SealKind:
    """Give how a package is sealed where nothing was chosen: as a page, or as a zip where it is too big for one."""
    return "page" if _size(folder) <= LARGEST_PAGE else "zip"


def seal(folder: Path, path: Path, kind: SealKind, language: Literal["en", "de"], passphrase: str | None = None) -> None:
    """Seal a bag into one new file; inside, it lies in a folder of the name that the file has without its end.

    Raises UsageError where the package is too big for a page or the extra `zip` is not installed, OutputError, InUse, DiskError.
    """
    if kind == "none":
        write_zip(folder, path, path.stem)
        return
    if passphrase is None:
        message = f"no passphrase was made for {path}: make one, or seal it as none"
        raise UsageError(message)
    if kind == "zip":
        write_sealed_zip(folder, path, passphrase)
        return
    size = _size(folder)
    if size > LARGEST_PAGE:
        message = f"{folder} holds {size} bytes, and browsers open a page of {LARGEST_PAGE}: seal it as zip"
        raise UsageError(message)
    write_page(folder, path, language, passphrase)


def _size(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in files_of(folder))
