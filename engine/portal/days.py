"""Read a day as somebody types it: 30 Nov 2026 or 2026-11-30, never 11/12, which means two days."""

from __future__ import annotations

import re
from datetime import date

from engine.errors import UsageError
from engine.pages.languages import MONTHS

TYPED = re.compile(r"(?:[A-Za-z]{3,9},? )?(\d{1,2})\.? ([A-Za-z]{3,9})\.?,? (\d{4})")


def parse_day(text: str, what: str) -> date:
    """Give the day. Raises UsageError."""
    told = TYPED.fullmatch(text)
    try:
        if told is None:
            return date.fromisoformat(text)
        months = [name.lower() for name in MONTHS["en"] if name.lower().startswith(told[2].lower())]
        return date(int(told[3]), 1 + [name.lower() for name in MONTHS["en"]].index(months[0]), int(told[1]))
    except (ValueError, IndexError):
        message = f"{what}: write a day such as 30 Nov 2026 or 2026-11-30; nothing was written"
        raise UsageError(message) from None
