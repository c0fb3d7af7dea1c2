"""What the commands that use a connection share: the simulator's address, the clock, the store."""

from __future__ import annotations

import asyncio
import os
import random
import time

from engine.connection.keeper import Time
from engine.language.effective import Vendor


def at_of(vendor: Vendor, given: str | None) -> str | None:
    """Give the simulator's address: `--at`, else HABEAS_<VENDOR>_AT."""
    return given if given is not None else os.environ.get(f"HABEAS_{vendor.name.upper()}_AT") or None


def wall_time() -> Time:
    """Give the time that connections live by."""
    return Time(time.time, asyncio.sleep, random.random)
