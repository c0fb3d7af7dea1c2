"""A portal on a case of a vendor that nobody described, with records and files of a test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.case.invented import CHUNKS, opened_with, run_folder
from tests.case.package_kit import open_here
from tests.case.test_commands import home_of
from tests.portal.served import ServedPortal

NONE: Mapping[str, bytes] = MappingProxyType({})
AT = "/case/DSR-17"


def lines(*records: object) -> bytes:
    """Write records as lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in records)


def served_with(serve, habeas, folder: Path, records: CHUNKS, files: CHUNKS = NONE, **said) -> ServedPortal:
    """Take a run in, look through it, serve its case and come in."""
    opened_with(habeas, run_folder(folder / "run", records, files, **said))
    portal = serve(home_of(habeas))
    portal.enter()
    return portal


def here(habeas, name: str) -> Path:
    """Give a file of the run as it lies in the case."""
    return open_here(habeas).folder / "runs" / "acme" / name
