"""Sizes in bytes as people write them: `10GB` read into a number, a number written as `45.1 kB`. Powers of 1000."""

from __future__ import annotations

import re

KILO = 1000
UNITS = ("kb", "mb", "gb", "tb")
SIZE = re.compile(r"([0-9]{1,15})\s*([kmgt]?b)?", re.IGNORECASE | re.ASCII)


def size_text(count: int) -> str:
    """Write a number of bytes: 993 bytes, 45.1 kB, 1.1 MB."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < KILO:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= KILO
    return f"{value:.1f} TB"


def size_of(text: str) -> int | None:
    """Read a size such as `10GB`, `500 MB` or `1048576`; None if it is none, or 0."""
    found = SIZE.fullmatch(text.strip())
    if found is None:
        return None
    unit = (found[2] or "b").lower()
    return int(found[1]) * (KILO ** (UNITS.index(unit) + 1) if unit != "b" else 1) or None
