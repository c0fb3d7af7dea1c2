"""What the commands that use a connection share: the simulator's address."""

from __future__ import annotations

import os

from engine.language.effective import Vendor


def at_of(vendor: Vendor, given: str | None) -> str | None:
    """Give the simulator's address: `--at`, else HABEAS_<VENDOR>_AT."""
    return given if given is not None else os.environ.get(f"HABEAS_{vendor.name.upper()}_AT") or None
